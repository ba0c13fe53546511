"""People, as each of Proto's systems knows them."""

from customers.models.fields import CustomField, CustomFieldValue, FieldType, value_text
from customers.models.helpdesk import Company, CompanyTerm, Contact, ContactTerm
from customers.models.humans import Human
from customers.models.notsame import NotSame
from customers.models.people import REMOTE_FIELDS, Customer, CustomerChange, SearchTerm, Tag, index_people
from customers.models.protocol import ProtocolCustomer
from customers.models.searched import RowTerm, Searched, index_rows, insert_terms, terms_model
from customers.models.states import MOVING, SyncState, at_proto

__all__ = [
    "MOVING",
    "REMOTE_FIELDS",
    "Company",
    "CompanyTerm",
    "Contact",
    "ContactTerm",
    "CustomField",
    "CustomFieldValue",
    "Customer",
    "CustomerChange",
    "FieldType",
    "Human",
    "NotSame",
    "ProtocolCustomer",
    "RowTerm",
    "SearchTerm",
    "Searched",
    "SyncState",
    "Tag",
    "at_proto",
    "index_people",
    "index_rows",
    "insert_terms",
    "terms_model",
    "value_text",
]
