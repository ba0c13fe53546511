"""Count everything anew: the figures go in one transaction, and every chat is due again."""

from collections.abc import Iterator

from django.db import connection, transaction

from conversations.figures.counting import count_batch
from conversations.figures.reading import to_count
from conversations.models import AnswerTally, Chat, ChatFigures, ChatQuarter, Tally
from conversations.models.chats import UNCOUNTED


def rebuild() -> Iterator[tuple[int, int]]:
    """Forget all figures and count them again; yields how many chats are counted, and of how many."""
    _forget()
    total, done = to_count().count(), 0
    while number := count_batch():
        done += number
        yield min(done, total), total


@transaction.atomic
def _forget() -> None:
    if connection.features.has_select_for_update:
        # In the order in which everybody locks them, so that nobody waits for somebody who waits for us.
        for _ in Chat.objects.select_for_update(no_key=True).order_by("pk").values_list("pk").iterator():
            pass
    for model in (ChatQuarter, ChatFigures, Tally, AnswerTally):
        model._base_manager.all()._raw_delete(connection.alias)
    Chat.objects.update(figured_version=UNCOUNTED)
