"""People, as each of Proto's systems knows them."""

from customers.models.fields import CustomField, CustomFieldValue, FieldType, value_text
from customers.models.helpdesk import Company, Contact
from customers.models.humans import Human
from customers.models.notsame import NotSame
from customers.models.people import REMOTE_FIELDS, Customer, CustomerChange, SearchTerm, Tag, index_people
from customers.models.protocol import ProtocolCustomer
from customers.models.states import MOVING, SyncState, at_proto

__all__ = [
    "MOVING",
    "REMOTE_FIELDS",
    "Company",
    "Contact",
    "CustomField",
    "CustomFieldValue",
    "Customer",
    "CustomerChange",
    "FieldType",
    "Human",
    "NotSame",
    "ProtocolCustomer",
    "SearchTerm",
    "SyncState",
    "Tag",
    "at_proto",
    "index_people",
    "value_text",
]
