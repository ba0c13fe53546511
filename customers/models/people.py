"""People of a teamspace and their tags, as Proto's Developer API knows them (seeds 000, 001)."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from customers.mails import normal_mail
from customers.models.states import SyncState
from customers.phones import to_e164
from customers.terms import SEARCHED, terms_of
from protoadmin.connections.models import Teamspace

# The six fields of the API's upsert (seed 000, "Insert customer"), in its order.
REMOTE_FIELDS = ("external_customer_id", "name", "location", "email", "phone_number", "avatar")


class Tag(models.Model):
    """A tag of a teamspace. The API adds tags to people and cannot take them away again."""

    teamspace = models.ForeignKey(Teamspace, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["teamspace", "name"], name="tag_name"),)

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """A person of a teamspace."""

    teamspace = models.ForeignKey(Teamspace, on_delete=models.CASCADE, related_name="customers")
    provided_unique_id = models.CharField(
        "unique id",
        max_length=200,
        null=True,
        blank=True,
        help_text="Your own id of the person: the key under which Proto keeps them. It cannot be changed once sent.",
    )
    proto_id = models.CharField("Proto id", max_length=200, blank=True, default="")
    external_customer_id = models.CharField("external id", max_length=200, blank=True, default="")
    gateway_profile_id = models.CharField(max_length=200, blank=True, default="")
    name = models.CharField(max_length=300, blank=True, default="")
    location = models.CharField(max_length=300, blank=True, default="")
    email = models.EmailField("mail", max_length=254, blank=True, default="")
    phone_number = models.CharField("phone", max_length=60, blank=True, default="")
    avatar = models.CharField("avatar URL", max_length=1000, blank=True, default="")
    # By these they are found again in other systems (customers/linking).
    email_normal = models.CharField(max_length=254, blank=True, default="", editable=False)
    phone_e164 = models.CharField(max_length=20, blank=True, default="", editable=False)
    has_suggestions = models.BooleanField(default=False, editable=False)
    tags: Any = models.ManyToManyField(Tag, blank=True, related_name="customers")
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.LOCAL, editable=False)
    synced_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When a save was first queued: from then on the unique id stays.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-id",)
        permissions = (
            ("import_customers", "Can import people"),
            ("export_customers", "Can export people"),
            ("change_many_customers", "Can work on many people at once"),
        )
        constraints = (models.UniqueConstraint(fields=["teamspace", "provided_unique_id"], name="customer_unique_id"),)
        indexes = (
            # Each order of the list, for one teamspace and for several; the id, since many have no name or no mail.
            models.Index(fields=["teamspace", "-id"], name="customer_newest"),
            models.Index(fields=["teamspace", "name", "-id"], name="customer_by_name"),
            models.Index(fields=["name", "-id"], name="customer_all_by_name"),
            models.Index(fields=["teamspace", "-updated_at"], name="customer_by_change"),
            models.Index(fields=["updated_at"], name="customer_all_by_change"),
            models.Index(fields=["teamspace", "sync_state", "-id"], name="customer_by_state"),
            models.Index(fields=["sync_state", "-id"], name="customer_all_by_state"),
            models.Index(fields=["teamspace", "email", "-id"], name="customer_by_email"),
            models.Index(fields=["email", "-id"], name="customer_all_by_email"),
            models.Index(fields=["provided_unique_id", "-id"], name="customer_all_by_unique_id"),
            models.Index(fields=["teamspace", "gateway_profile_id"], name="customer_by_gateway_id"),
            models.Index(fields=["teamspace", "external_customer_id"], name="customer_by_external_id"),
            models.Index(fields=["teamspace", "proto_id"], name="customer_by_proto_id"),
            models.Index(fields=["teamspace", "email_normal"], name="customer_by_mail"),
            models.Index(fields=["teamspace", "phone_e164"], name="customer_by_phone"),
            # Few rows: their list comes from an index of them alone.
            models.Index(
                fields=["teamspace", "-id"], name="customer_suggested", condition=models.Q(has_suggestions=True)
            ),
            models.Index(fields=["-id"], name="customer_all_suggested", condition=models.Q(has_suggestions=True)),
        )

    def __str__(self) -> str:
        return self.name or self.email or self.phone_number or self.provided_unique_id or f"Person {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep what follows from the details true: normalised mail and phone, no unique id as NULL, the terms."""
        fields = kwargs.get("update_fields")
        if fields is not None and SEARCHED.isdisjoint(fields):
            return super().save(*args, **kwargs)
        self.provided_unique_id = self.provided_unique_id or None
        self.phone_e164, self.email_normal = to_e164(self.phone_number), normal_mail(self.email)
        if fields is not None and not {"phone_number", "email"}.isdisjoint(fields):
            kwargs["update_fields"] = {*fields, "phone_e164", "email_normal"}
        is_new = self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            index_people([self], are_new=is_new)

    def remote_values(self) -> dict[str, str]:
        """Return the six documented fields as the upsert sends them: an emptied one as ""."""
        return {name: getattr(self, name) or "" for name in REMOTE_FIELDS}

    @property
    def can_be_sent(self) -> bool:
        """Whether Proto can be told of the person: their unique id is the key of every request."""
        return bool(self.provided_unique_id)


class SearchTerm(models.Model):
    """A word by which a person is found, folded (customers/terms.py)."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="terms")
    # Bytes, because both databases compare them alike whatever the locale: a prefix is a range of the index.
    term = models.BinaryField(max_length=240)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "term"], name="customer_term"),)
        indexes = (models.Index(fields=["term", "customer"], name="term_customer"),)

    def __str__(self) -> str:
        return bytes(self.term).decode("utf-8", "replace")


def index_people(customers: Iterable[Customer], *, are_new: bool = False) -> None:
    """Write the search terms of these people: `Customer.save` does; bulk writers call it, inside their transaction."""
    wanted = {customer.pk: terms_of(customer) for customer in customers}
    known: dict[int, set[str]] = {pk: set() for pk in wanted}
    stale = []
    found = SearchTerm.objects.none() if are_new else SearchTerm.objects.filter(customer__in=wanted)
    for pk, customer_id, term in found.values_list("pk", "customer", "term"):
        known[customer_id].add(bytes(term).decode())
        if bytes(term).decode() not in wanted[customer_id]:
            stale.append(pk)
    if stale:
        SearchTerm.objects.filter(pk__in=stale).delete()
    SearchTerm.objects.bulk_create(
        [SearchTerm(customer_id=pk, term=term.encode()) for pk, terms in wanted.items() for term in terms - known[pk]],
        batch_size=2000,
        ignore_conflicts=True,
    )


class CustomerChange(models.Model):
    """History of one person: who changed what, from what to what."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    what = models.CharField(max_length=100)
    before = models.TextField(blank=True, default="")
    after = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["customer", "-id"], name="change_of_customer"),)

    def __str__(self) -> str:
        return f"{self.what}: {self.before} → {self.after}"
