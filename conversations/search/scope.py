"""A question put to the messages that somebody may see: what the index is asked, and what a row has to fulfil."""

import datetime
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from conversations.inbox.filters import Filters
from conversations.search.backends import Sought, Sql, backend
from conversations.search.grams import Facet, author_facet, facets_between, grams_of_word, trigrams
from conversations.search.query import Query, Term, parse
from conversations.search.text import folded
from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible, teamspace_ids
from protoadmin.ids import as_id

FIRST_DAY = datetime.date(1970, 1, 1)
CHANNELS = 200


@dataclass
class Scope:
    """What is looked for. `teamspaces` and `channels`: None stands for all; `chats`: for some chats alone."""

    query: Query
    teamspaces: list[int] | None = None
    channels: list[int] | None = None
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    chats: list[int] | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether no message can be meant."""
        span = self.since is not None and self.until is not None and self.since >= self.until
        return self.query.is_empty or [] in (self.teamspaces, self.channels, self.chats) or span

    def sought(self) -> Sought:
        """Return what the index is asked for."""
        grams = [gram for term in self.query.terms for gram in _grams_of(term)]
        facets: list[list[Facet]] = []
        if self.channels is not None:
            facets.append([("channel", pk) for pk in self.channels])
        elif self.teamspaces is not None:
            facets.append([("teamspace", pk) for pk in self.teamspaces])
        if self.query.authors:
            facets.append([author_facet(author) for author in self.query.authors])
        if days := self._days():
            facets.append(days)
        return Sought(list(dict.fromkeys(grams)), facets)

    def conditions(self) -> Sql:
        """Return what a row `m`, its chat beside it as `c`, has to fulfil; the index has only narrowed it down."""
        parts: list[Sql] = [("m.repeat_of_id IS NULL AND c.id = m.chat_id", [])]
        parts += [_term(term) for term in self.query.terms]
        for word in self.query.excluded:
            condition, values = backend().contains(word)
            parts.append((f"NOT {condition}", values))
        if self.query.authors:
            parts.append(_one_of("m.author_type", list(self.query.authors)))
        if self.channels is not None:
            parts.append(_one_of("c.channel_id + 0", self.channels))
        if self.teamspaces is not None:
            parts.append(_one_of("c.teamspace_id + 0", self.teamspaces))
        as_stored = connection.ops.adapt_datetimefield_value
        parts += [("m.received_at >= %s", [as_stored(self.since)])] if self.since else []
        parts += [("m.received_at < %s", [as_stored(self.until)])] if self.until else []
        return " AND ".join(part for part, _ in parts), [value for _, values in parts for value in values]

    def _days(self) -> list[Facet]:
        if self.since is None and self.until is None:
            return []
        today = datetime.datetime.now(datetime.UTC).date()
        first = self.since.astimezone(datetime.UTC).date() if self.since else FIRST_DAY
        last = self.until.astimezone(datetime.UTC).date() if self.until else today.replace(year=today.year + 1)
        return facets_between(first, last.replace(month=12, day=31) if self.until is None else last)


def scope_of(user: User, filters: Filters) -> Scope:
    """Return what `filters.q` and the filters that are about messages' chats as such ask for."""
    query = parse(filters.q)
    scope = Scope(query, problems=list(query.problems))
    scope.teamspaces = None if user.is_superuser else teamspace_ids(user)
    if chosen := as_id(filters.teamspace):
        is_theirs = scope.teamspaces is None or chosen in scope.teamspaces
        scope.teamspaces = [chosen] if is_theirs else []
    if query.channels:
        scope.channels = _channels_named(scope, query.channels, user)
    if channel := as_id(filters.channel):
        is_theirs = only_visible(Channel.objects.filter(pk=channel), user).exists()
        is_meant = scope.channels is None or channel in scope.channels
        scope.channels = [channel] if is_theirs and is_meant else []
    scope.since = _start_of(query.since) if query.since else None
    scope.until = _start_of(query.until) if query.until else None
    return scope


def _channels_named(scope: Scope, names: tuple[str, ...], user: User) -> list[int] | None:
    """Return the channels that are called so, or have it in their names where none is."""
    known = [(pk, folded(name)) for pk, name in only_visible(Channel.objects.all(), user).values_list("pk", "name")]
    found: list[int] = []
    for name in names:
        wanted = folded(name)
        here = [pk for pk, each in known if each == wanted] or [pk for pk, each in known if wanted and wanted in each]
        if not here:
            scope.problems.append(f"“in:{name}”: no channel is called that.")
        found += here[:CHANNELS]
    # A name that is no channel's is said and left out; the rest still works.
    return list(dict.fromkeys(found)) or None


def _grams_of(term: Term) -> list[str]:
    words = [gram for needle in term.needles for gram in grams_of_word(needle)]
    if not term.number:
        return words
    number = trigrams(term.number)
    # What is in the text whichever way the number is written.
    common = [gram for gram in number if any(gram in needle for needle in term.needles)]
    return number if term.only_number else common


def _term(term: Term) -> Sql:
    asked = [backend().contains(needle) for needle in term.needles]
    condition, values = " AND ".join(each for each, _ in asked), [value for _, some in asked for value in some]
    if not term.number:
        return condition, values
    number, more = backend().contains(term.number)
    return (number, more) if term.only_number else (f"(({condition}) OR {number})", [*values, *more])


def _one_of(column: str, values: list[int] | list[str]) -> Sql:
    return f"{column} IN ({', '.join(['%s'] * len(values))})", list(values)


def _start_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
