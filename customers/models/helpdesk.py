"""Companies and contacts of a helpdesk account (seed 003), mirrored."""

from typing import Any, ClassVar

from django.db import models

from customers.models.people import Customer
from customers.models.searched import RowTerm, Searched
from customers.terms import address_words, phone_ends, whole_id, words_in
from protoadmin.connections.models import HelpdeskAccount


class Company(Searched):
    """A company of an account; all documented fields."""

    searched: ClassVar[Any] = {"name": words_in, "website": address_words, "industry": words_in, "remote_id": whole_id}

    account = models.ForeignKey(HelpdeskAccount, on_delete=models.CASCADE, related_name="companies")
    remote_id = models.CharField("id", max_length=200)
    name = models.CharField(max_length=300, blank=True, default="")
    website = models.CharField(max_length=1000, blank=True, default="")
    industry = models.CharField(max_length=200, blank=True, default="")
    deal_value = models.DecimalField(max_digits=20, decimal_places=2, null=True, blank=True)
    stage_id = models.CharField("stage", max_length=200, blank=True, default="")
    # `position` is a word of the remote's: where the company stands in its stage.
    position = models.IntegerField(null=True, blank=True)
    logo_url = models.CharField("logo URL", max_length=1000, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    last_contact = models.DateTimeField(null=True, blank=True)
    is_customer = models.BooleanField("customer", default=False)
    created_by = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True, help_text="When the helpdesk no longer listed it.")
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    seen_run = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "companies"
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["account", "remote_id"], name="company_of_account"),)
        indexes = (
            models.Index(fields=["account", "name"], name="company_by_name"),
            models.Index(fields=["remote_id"], name="company_by_remote_id"),
            # The list's order for who sees several accounts, and its filters.
            models.Index(fields=["name", "id"], name="company_in_order"),
            models.Index(fields=["industry"], name="company_by_industry"),
            models.Index(fields=["stage_id"], name="company_by_stage"),
            # What the filters offer (customers/helpdesk/used.py).
            models.Index(fields=["account", "industry"], name="company_industries"),
            models.Index(fields=["account", "stage_id"], name="company_stages"),
        )

    def __str__(self) -> str:
        return self.name or self.remote_id


class CompanyTerm(RowTerm):
    """A word by which a company is found."""

    row = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="terms", db_index=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["row", "term"], name="company_term"),)
        indexes = (models.Index(fields=["term", "row"], name="term_company"),)


class Contact(Searched):
    """A contact of an account; `remote_company_id` stays when the company itself is not known."""

    searched: ClassVar[Any] = {"name": words_in, "email": words_in, "phone": phone_ends, "remote_id": whole_id}

    account = models.ForeignKey(HelpdeskAccount, on_delete=models.CASCADE, related_name="contacts")
    remote_id = models.CharField("id", max_length=200)
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts")
    remote_company_id = models.CharField(max_length=200, blank=True, default="")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts")
    name = models.CharField(max_length=300, blank=True, default="")
    email = models.CharField("mail", max_length=254, blank=True, default="")
    email_normal = models.CharField(max_length=254, blank=True, default="", editable=False)
    phone = models.CharField(max_length=60, blank=True, default="")
    phone_e164 = models.CharField(max_length=20, blank=True, default="", editable=False)
    title = models.CharField(max_length=200, blank=True, default="")
    role = models.CharField(max_length=200, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    is_primary = models.BooleanField("primary", default=False)
    user_id = models.CharField("user id", max_length=200, blank=True, default="")
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    seen_run = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["account", "remote_id"], name="contact_of_account"),)
        indexes = (
            models.Index(fields=["account", "remote_company_id"], name="contact_of_remote_company"),
            models.Index(fields=["email_normal"], name="contact_by_email"),
            models.Index(fields=["phone_e164"], name="contact_by_phone"),
            models.Index(fields=["name", "id"], name="contact_in_order"),
            models.Index(fields=["account", "name"], name="contact_by_name"),
        )

    def __str__(self) -> str:
        return self.name or self.email or self.remote_id


class ContactTerm(RowTerm):
    """A word by which a contact is found."""

    row = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="terms", db_index=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["row", "term"], name="contact_term"),)
        indexes = (models.Index(fields=["term", "row"], name="term_contact"),)
