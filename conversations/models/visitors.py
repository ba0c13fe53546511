"""Conversations of a helpdesk account with visitors (seed 003), mirrored."""

from typing import Any, ClassVar

from django.db import models

from customers.models import Company, RowTerm, Searched
from customers.terms import whole_id, words_in
from protoadmin.connections.models import HelpdeskAccount


class VisitorConversation(Searched):
    """A conversation of the helpdesk; what a visitor's browser says of itself is text and nothing more."""

    searched: ClassVar[Any] = {"visitor_name": words_in, "visitor_email": words_in, "remote_id": whole_id}

    account = models.ForeignKey(HelpdeskAccount, on_delete=models.CASCADE, related_name="conversations")
    remote_id = models.CharField("id", max_length=200)
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations")
    remote_company_id = models.CharField(max_length=200, blank=True, default="")
    visitor_name = models.CharField(max_length=300, blank=True, default="")
    visitor_email = models.CharField(max_length=254, blank=True, default="")
    visitor_ip = models.CharField("visitor IP", max_length=100, blank=True, default="")
    user_agent = models.TextField(blank=True, default="")
    referrer_url = models.TextField("referrer", blank=True, default="")
    page_url = models.TextField("page", blank=True, default="")
    status = models.CharField(max_length=50, blank=True, default="")
    assigned_to_user_id = models.CharField("assigned to", max_length=200, blank=True, default="")
    is_read = models.BooleanField("read", default=False)
    trust_uploads = models.BooleanField(default=False)
    tags: Any = models.JSONField(default=list, blank=True)
    last_message_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    seen_run = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("-last_message_at", "-id")
        constraints = (models.UniqueConstraint(fields=["account", "remote_id"], name="conversation_of_account"),)
        indexes = (
            models.Index(fields=["account", "-last_message_at"], name="visitor_newest"),
            models.Index(fields=["account", "remote_company_id"], name="visitor_of_company"),
            # The list's order for who sees several accounts, and what its filter offers.
            models.Index(fields=["-last_message_at", "id"], name="visitor_in_order"),
            models.Index(fields=["account", "status"], name="visitor_statuses"),
        )

    def __str__(self) -> str:
        return self.visitor_name or self.visitor_email or self.remote_id


class VisitorTerm(RowTerm):
    """A word by which a conversation with a visitor is found."""

    row = models.ForeignKey(VisitorConversation, on_delete=models.CASCADE, related_name="terms", db_index=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["row", "term"], name="visitor_term"),)
        indexes = (models.Index(fields=["term", "row"], name="term_visitor"),)
