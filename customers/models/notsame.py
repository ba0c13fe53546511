"""What people said about who is who: remembered, so that nothing is linked or suggested again against their word."""

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from customers.models.helpdesk import Contact
from customers.models.humans import Human
from customers.models.people import Customer
from customers.models.protocol import ProtocolCustomer

_ONE_RECORD = (
    models.Q(human__isnull=False, protocol_customer__isnull=True, contact__isnull=True)
    | models.Q(human__isnull=True, protocol_customer__isnull=False, contact__isnull=True)
    | models.Q(human__isnull=True, protocol_customer__isnull=True, contact__isnull=False)
)


class NotSame(models.Model):
    """A person and one record of another system are not the same: somebody said so, or unlinked them."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="not_same")
    human = models.ForeignKey(Human, null=True, blank=True, on_delete=models.CASCADE, related_name="not_same")
    protocol_customer = models.ForeignKey(
        ProtocolCustomer, null=True, blank=True, on_delete=models.CASCADE, related_name="not_same"
    )
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="not_same")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "not the same person"
        verbose_name_plural = "records said to be somebody else"
        constraints = (
            models.UniqueConstraint(fields=["customer", "human"], name="not_same_human"),
            models.UniqueConstraint(fields=["customer", "protocol_customer"], name="not_same_protocol"),
            models.UniqueConstraint(fields=["customer", "contact"], name="not_same_contact"),
            models.CheckConstraint(condition=_ONE_RECORD, name="not_same_one_record"),
        )

    def __str__(self) -> str:
        return f"{self.customer} is not {self.human or self.protocol_customer or self.contact}"
