"""Rows that are found by words in their columns, each through a table of terms; people have their own (people.py)."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models import QuerySet

from customers.terms import TERM_LENGTH

# How the terms of each searched column are made of its text.
Makers: TypeAlias = Mapping[str, Callable[[str], set[str]]]
BATCH = 1000


class RowTerm(models.Model):
    """A folded word by which a row is found; `row` is the row, and `term` with `row` is an index."""

    # Bytes, because both databases compare them alike whatever the locale: a prefix is a range of the index.
    term = models.BinaryField(max_length=4 * TERM_LENGTH)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return bytes(self.term).decode("utf-8", "replace")


class Searched(models.Model):
    """A row whose terms are kept by `save`; who writes many at once calls `index_rows`."""

    searched: ClassVar[Makers] = {}

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the terms true."""
        fields = kwargs.get("update_fields")
        if fields is not None and self.searched.keys().isdisjoint(fields):
            return super().save(*args, **kwargs)
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            index_rows([self])

    def search_terms(self) -> set[bytes]:
        """Return the terms by which the row is found, as they are stored."""
        return terms_by(self.searched, (getattr(self, name) for name in self.searched))


def terms_by(searched: Makers, texts: Iterable[str]) -> set[bytes]:
    """Return the terms of these texts, each made as `searched` says in the same order."""
    found = {term for make, text in zip(searched.values(), texts, strict=True) for term in make(text)}
    return {term.encode("utf-8", "replace") for term in found}


def terms_model(model: type[models.Model]) -> Any:
    """Return the model of a searched model's terms."""
    return model._meta.get_field("terms").related_model


def index_rows(rows: Iterable[Searched]) -> None:
    """Write the terms of these rows of one model, inside the caller's transaction: what is right already stays."""
    wanted: dict[int, set[bytes]] = {}
    terms: Any = None
    for row in rows:
        wanted[row.pk] = row.search_terms()
        terms = terms or terms_model(type(row))
    if not wanted:
        return
    stale = []
    for pk, row_id, term in terms.objects.filter(row__in=list(wanted)).values_list("pk", "row", "term"):
        if bytes(term) in wanted[row_id]:
            wanted[row_id].remove(bytes(term))
        else:
            stale.append(pk)
    if stale:
        terms.objects.filter(pk__in=stale).delete()
    insert_terms(terms, [(pk, term) for pk, missing in wanted.items() for term in missing])


def index_all(rows: QuerySet[Any], terms: Any, searched: Makers) -> None:
    """Write the terms of rows that have none, some at a time: what a migration does for those of before."""
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", *searched)[:BATCH]):
        pairs = [(pk, term) for pk, *texts in found for term in terms_by(searched, texts)]
        insert_terms(terms, pairs, rows.db)
        last = found[-1][0]


def insert_terms(model: Any, pairs: list[tuple[int, bytes]], using: str = DEFAULT_DB_ALIAS) -> None:
    """Insert (row, term), all as one parameter: as objects, ten of them a row would be most of the work of a pull."""
    if not pairs:
        return
    connection = connections[using]
    into = f"INTO {connection.ops.quote_name(model._meta.db_table)} (row_id, term)"
    if connection.vendor == "postgresql":
        statement = f"INSERT {into} SELECT * FROM unnest(%s::bigint[], %s::bytea[]) ON CONFLICT DO NOTHING"  # noqa: S608 - names of ours
        given: list[Any] = [[row for row, _ in pairs], [term for _, term in pairs]]
    else:
        each = "SELECT json_extract(value, '$[0]'), CAST(json_extract(value, '$[1]') AS BLOB) FROM json_each(%s)"
        statement = f"INSERT OR IGNORE {into} {each}"
        given = [json.dumps([(row, term.decode()) for row, term in pairs])]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
