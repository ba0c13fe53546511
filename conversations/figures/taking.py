"""Write counted chats: their figures, and the difference that they make to the sums. In the caller's transaction."""

from collections import Counter
from typing import Any

from django.db import connection

from conversations.figures.folding import Quarters, counted, steps_of
from conversations.figures.looking import Count, said_in
from conversations.figures.sums import Lane, Sums, add_quarters
from conversations.models import Chat, ChatFigures

BATCH = 500


def take_over(counts: list[Count]) -> None:
    """Write the figures of these locked chats, and what has changed by them in the sums."""
    ChatFigures.objects.bulk_create([count.now for count in counts if count.before is None], batch_size=BATCH)
    _update([count.now for count in counts if count.before is not None])
    sums, quarters = Sums(), {}
    for count in counts:
        for start, difference in _differences(count.said, count.said_before).items():
            quarters[count.now.pk, count.now.teamspace_pk, start] = difference
        _add(sums, count.now, count.said, 1)
        if count.before is not None:
            _add(sums, count.before, count.said_before, -1)
    add_quarters(quarters)
    sums.write()
    chats = [count.chat for count in counts if count.chat.figured_version != count.chat.version]
    if chats:
        table = connection.ops.quote_name(Chat._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {table} SET figured_version = %s WHERE id = %s",  # noqa: S608 - our own name
                [(chat.version, chat.pk) for chat in chats],
            )


def take_away(gone: list[ChatFigures]) -> None:
    """Take what these chats added out of the sums, and their figures away."""
    said = said_in([figures.pk for figures in gone])
    sums = Sums()
    for figures in gone:
        _add(sums, figures, said.get(figures.pk, {}), -1)
    sums.write()
    ChatFigures.objects.filter(pk__in=[figures.pk for figures in gone]).delete()


def _add(sums: Sums, figures: ChatFigures, said: Quarters, sign: int) -> None:
    """Add what a chat adds, or subtract it."""
    lane: Lane = (figures.teamspace_pk, figures.channel_pk, figures.lang)
    for quarters in (counted(figures), said):
        for start, counts in quarters.items():
            sums.add(lane, start, {name: sign * count for name, count in counts.items()})
    for place, chats in steps_of(figures).items():
        sums.add_answer(lane, place, sign * chats)


def _differences(now: Quarters, before: Quarters) -> Quarters:
    found: Quarters = {}
    for start in now.keys() | before.keys():
        found[start] = Counter(now.get(start, {}))
        found[start].subtract(before.get(start, {}))
    return found


def _update(figures: list[ChatFigures]) -> None:
    """Write the rows back: one prepared statement for all of them."""
    fields: list[Any] = [field for field in ChatFigures._meta.concrete_fields if not field.primary_key]
    assigned = ", ".join(f"{connection.ops.quote_name(field.column)} = %s" for field in fields)
    rows = [
        [*(field.get_db_prep_save(getattr(each, field.attname), connection) for field in fields), each.pk]
        for each in figures
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {ChatFigures._meta.db_table} SET {assigned} WHERE id = %s", rows)  # noqa: S608
