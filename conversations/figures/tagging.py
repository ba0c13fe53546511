"""The tags of the people with whom chats began."""

from dataclasses import dataclass

from django.db.models import Count

from conversations.figures.folding import moment_of, quarter_of
from conversations.figures.reading import Scope
from conversations.models import ChatFigures

# So many chats are looked at, the newest of a span.
LOOKED_AT = 5_000
SHOWN = 30


@dataclass(frozen=True)
class TopTags:
    """Tags as (id, name, teamspace, chats), among the chats that began from a quarter on."""

    start: int
    chats: int
    tags: list[tuple[int, str, str, int]]


def top_tags(scope: Scope, start: int, end: int) -> TopTags:
    """Return the tags of most chats that began in a span; in a very full one, in as much of its end as is looked at."""
    rows = ChatFigures.objects.filter(scope.rows(), started_at__lt=moment_of(end), chat__isnull=False)
    newest = rows.filter(started_at__gte=moment_of(start)).order_by("-started_at").values_list("started_at", flat=True)
    times = list(newest[: LOOKED_AT + 1])
    if len(times) > LOOKED_AT:
        # From a full quarter on, so that the list of the same span has the same chats.
        start = max(quarter_of(times[-1]) + 1, start)
    within = rows.filter(started_at__gte=moment_of(start)).order_by()
    tag = "chat__human__customer__tags"
    grouped = within.exclude(**{tag: None}).values(tag, f"{tag}__name", f"{tag}__teamspace__name")
    found = grouped.annotate(chats=Count("pk")).order_by("-chats", f"{tag}__name")[:SHOWN]
    return TopTags(
        start,
        sum(time >= moment_of(start) for time in times),
        [(row[tag], row[f"{tag}__name"], row[f"{tag}__teamspace__name"], row["chats"]) for row in found],
    )
