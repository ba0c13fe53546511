"""Re-encrypt every stored secret with the newest of FIELD_ENCRYPTION_KEYS, after a rotation."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.db.models.functions import Cast

from protoadmin.encryption import EncryptedTextField, encrypted_fields, with_newest_key

BATCH = 100
TRIES = 3


@dataclass
class Tally:
    """What became of the secrets in one column."""

    written: int = 0
    new_already: int = 0
    locked: list[Any] = field(default_factory=list)
    busy: list[Any] = field(default_factory=list)


class Command(BaseCommand):
    """Safe to run again, and while the product runs: only a secret that is still the one that was read is replaced."""

    help = "Re-encrypts all stored secrets with the newest key; afterwards the older keys can be taken away."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every encrypted column; fail when a secret could not be opened."""
        left = 0
        for model, column in _columns():
            tally = reencrypt(model, column)
            name = f"{model._meta.label}.{column.name}"
            self.stdout.write(f"{name}: {tally.written} re-encrypted, {tally.new_already} had the newest key already.")
            for pk in tally.locked:
                self.stderr.write(f"{name} of row {pk}: none of the keys opens it. Add its key, or enter it again.")
            for pk in tally.busy:
                self.stderr.write(f"{name} of row {pk}: it was changed all the while. Run this again.")
            left += len(tally.locked) + len(tally.busy)
        if left:
            raise CommandError(f"{left} not re-encrypted. Keep every key until this command ends without an error.")
        self.stdout.write("Every secret has the newest key; the older ones can be taken out of FIELD_ENCRYPTION_KEYS.")


def _columns() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    for model in apps.get_models():
        for column in encrypted_fields(model):
            yield model, column


def reencrypt(model: type[models.Model], column: EncryptedTextField) -> Tally:
    """Re-encrypt one column, batch by batch, each in a transaction of its own."""
    tally = Tally()
    stored = _stored(model, column).exclude(ciphertext="").order_by("pk").values_list("pk", "ciphertext")
    last = None
    while batch := list((stored if last is None else stored.filter(pk__gt=last))[:BATCH]):
        with transaction.atomic():
            for pk, ciphertext in batch:
                _reencrypt_row(model, column, pk, ciphertext, tally)
        last = batch[-1][0]
    return tally


def _stored(model: type[models.Model], column: EncryptedTextField) -> "models.QuerySet[Any]":
    """Return the rows with the column as it is in the database, under the name `ciphertext`."""
    rows: models.QuerySet[Any] = model._base_manager.annotate(ciphertext=Cast(column.name, models.TextField()))
    return rows.filter(ciphertext__isnull=False)


def _reencrypt_row(
    model: type[models.Model], column: EncryptedTextField, pk: Any, ciphertext: str, tally: Tally
) -> None:
    for _ in range(TRIES):
        try:
            new = with_newest_key(ciphertext)
        except ValueError:
            tally.locked.append(pk)
            return
        if new == ciphertext:
            tally.new_already += 1
            return
        unchanged = _stored(model, column).filter(pk=pk, ciphertext=ciphertext)
        if unchanged.update(**{column.name: models.Value(new, output_field=models.TextField())}):
            tally.written += 1
            return
        # Somebody entered it anew in between: look at what is there now.
        now_there = _stored(model, column).filter(pk=pk).values_list("ciphertext", flat=True).first()
        if not now_there:
            return
        ciphertext = now_there
    tally.busy.append(pk)
