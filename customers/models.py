"""People of a teamspace, their tags and custom fields, as Proto's Developer API knows them (seeds 000, 001)."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from customers.phones import to_e164
from customers.terms import SEARCHED, terms_of
from protoadmin.connections.models import Teamspace


class SyncState(models.TextChoices):
    """Whether Proto has what we have: the state of the person's last save."""

    LOCAL = "local", "Only here"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"


# A page that shows one of these asks again soon, also when the call itself has ended meanwhile.
MOVING = (SyncState.QUEUED, SyncState.SENDING)
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
    phone_e164 = models.CharField(max_length=20, blank=True, default="", editable=False)
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
            models.Index(fields=["teamspace", "-id"], name="customer_newest"),
            models.Index(fields=["teamspace", "name"], name="customer_by_name"),
            models.Index(fields=["name"], name="customer_all_by_name"),
            models.Index(fields=["teamspace", "-updated_at"], name="customer_by_change"),
            models.Index(fields=["updated_at"], name="customer_all_by_change"),
            models.Index(fields=["teamspace", "sync_state", "-id"], name="customer_by_state"),
            models.Index(fields=["email"], name="customer_by_email"),
            models.Index(fields=["phone_e164"], name="customer_by_phone"),
        )

    def __str__(self) -> str:
        return self.name or self.email or self.phone_number or self.provided_unique_id or f"Person {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep what follows from the details true: the normalised phone, an absent unique id as NULL, the terms."""
        fields = kwargs.get("update_fields")
        if fields is not None and SEARCHED.isdisjoint(fields):
            return super().save(*args, **kwargs)
        self.provided_unique_id = self.provided_unique_id or None
        self.phone_e164 = to_e164(self.phone_number)
        if fields is not None and "phone_number" in fields:
            kwargs["update_fields"] = {*fields, "phone_e164"}
        with transaction.atomic():
            super().save(*args, **kwargs)
            index_people([self])

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


def index_people(customers: Iterable[Customer]) -> None:
    """Write the search terms of these people: `Customer.save` does; bulk writers call it, inside their transaction."""
    wanted = {customer.pk: terms_of(customer) for customer in customers}
    known: dict[int, set[str]] = {pk: set() for pk in wanted}
    stale = []
    for pk, customer_id, term in SearchTerm.objects.filter(customer__in=wanted).values_list("pk", "customer", "term"):
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


class FieldType(models.TextChoices):
    """The types that Proto's own screens offer; the API documents the word `select` alone (seed 000)."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    TOGGLE = "toggle", "Toggle"
    SELECT = "select", "Select"
    DATE = "date", "Date"


class CustomField(models.Model):
    """A custom field of people. An unknown type is kept as it came and edited as text."""

    teamspace = models.ForeignKey(Teamspace, on_delete=models.CASCADE, related_name="custom_fields")
    remote_id = models.CharField("Proto id", max_length=200, blank=True, default="")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=50, default=FieldType.TEXT)
    select_options: Any = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True, default="")
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.LOCAL, editable=False)
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    gone_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When Proto no longer listed it; its values are kept."
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    change_note = models.CharField(max_length=300, blank=True, default="", editable=False)

    class Meta:
        ordering = ("teamspace", "name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["teamspace", "remote_id"], condition=~models.Q(remote_id=""), name="field_remote_id"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def options(self) -> list[str]:
        """Return the options of a select as texts; some answers carry objects with a name or a value."""
        if not isinstance(self.select_options, list):
            return []
        return [_option_text(option) for option in self.select_options]


def _option_text(option: Any) -> str:
    if isinstance(option, dict):
        return str(option.get("value") or option.get("name") or option.get("label") or option)
    return str(option)


def at_proto(record: Any) -> str:
    """Return the state of a record that has a Proto id: with one it is there, whoever wrote the row."""
    known = record.remote_id and record.sync_state == SyncState.LOCAL
    return SyncState.DONE if known else record.sync_state


class CustomFieldValue(models.Model):
    """What was last sent from here: the API does not return custom field values."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="field_values")
    field = models.ForeignKey(CustomField, on_delete=models.CASCADE, related_name="values")
    value: Any = models.JSONField()
    text = models.CharField(max_length=500, blank=True, default="", editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "field"], name="value_of_field"),)
        indexes = (models.Index(fields=["field", "text"], name="value_by_text"),)

    def __str__(self) -> str:
        return self.text

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the text by which values are filtered."""
        self.text = value_text(self.value)
        super().save(*args, **kwargs)


def value_text(value: Any) -> str:
    """Return a value as people read and filter it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return ("" if value is None else str(value))[:500]


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
