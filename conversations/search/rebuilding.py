"""Fill the search columns of rows that have none: written before there was an index, or past the ORM."""

import time
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from conversations.models import Message, Ticket, VisitorConversation
from conversations.search.fields import tokens_of
from conversations.search.text import searchable
from customers.models import Company, Contact, index_rows

BATCH = 1_000
# A sweep ends after so many seconds; the next one goes on.
SWEEP_SECONDS = 5.0
MODELS: tuple[Any, ...] = (Message, Ticket)
# Those that are found by a table of terms; whoever writes them writes that too.
WITH_TERMS: tuple[Any, ...] = (Company, Contact, VisitorConversation)


def index_some() -> int:
    """Index rows that are not indexed, for a while (sweeper); return how many."""
    done, end = 0, time.monotonic() + SWEEP_SECONDS
    for model in MODELS:
        while time.monotonic() < end and (count := _index_batch(model)):
            done += count
    return done


def is_complete() -> bool:
    """Tell whether every message is in the index."""
    return not to_index(Message).exists()


def to_index(model: Any) -> QuerySet[Any]:
    """Return the rows that are not in the index, in the order of the partial index that has these alone.

    The second condition, which every row fulfils, is what makes SQLite search that index: else it looks at every row
    as soon as its statistics come from a time when many were waiting.
    """
    rows: QuerySet[Any] = model.objects.filter(search_tokens=None, sync_state__gte="")
    return rows.order_by("sync_state")


def rebuild(model: Any) -> Iterator[tuple[int, int]]:
    """Index every row of a model anew; yield up to which id, and the highest one."""
    last = model.objects.aggregate(last=Max("pk"))["last"] or 0
    reached, write = 0, _write if model in MODELS else _write_terms
    while pks := list(model.objects.filter(pk__gt=reached).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        write(model, pks)
        reached = pks[-1]
        yield reached, max(last, reached)


def _index_batch(model: Any) -> int:
    pks = list(to_index(model).values_list("pk", flat=True)[:BATCH])
    _write(model, pks)
    return len(pks)


@transaction.atomic
def _write(model: Any, pks: list[int]) -> None:
    """Fold these rows, locked as everybody who changes their text locks them, and write the two columns."""
    if not pks:
        return
    rows = model.objects.filter(pk__in=pks).select_for_update(of=("self",), no_key=True)
    if model is Message:
        rows = rows.select_related("chat").defer("data", "reply_token", "chat__chat_token", "chat__data")
    values = []
    for row in rows:
        row.search_text = searchable(getattr(row, model._meta.get_field("search_text").of))
        values.append((row.search_text, tokens_of(row), row.pk))
    with connection.cursor() as cursor:
        table = model._meta.db_table
        cursor.executemany(f"UPDATE {table} SET search_text = %s, search_tokens = %s WHERE id = %s", values)  # noqa: S608


@transaction.atomic
def _write_terms(model: Any, pks: list[int]) -> None:
    """Make the terms of these rows anew; locked, so that a pull of the same rows comes before or after."""
    index_rows(model.objects.filter(pk__in=pks).select_for_update(of=("self",), no_key=True).defer("remote_data"))
