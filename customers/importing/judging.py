"""What a row would do: make a person, change one, nothing, or why it is refused. Nothing is changed here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from customers.history import LABELS
from customers.importing.columns import ID, TAGS, TEAMSPACE
from customers.importing.records import Record
from customers.importing.sniffing import Layout
from customers.models import REMOTE_FIELDS, Customer, Tag
from customers.spreadsheets import plain, tags_of_cell
from protoadmin.clients.paths import path_segment
from protoadmin.connections.models import Teamspace

DETAILS = ("gateway_profile_id", *REMOTE_FIELDS)
MAX_LENGTHS: dict[str, int] = {
    name: getattr(Customer._meta.get_field(name), "max_length", None) or 200 for name in (ID, *DETAILS)
}
MAX_TAG: int = getattr(Tag._meta.get_field("name"), "max_length", None) or 100
# What a spreadsheet program makes of a long number in a narrow column: 4.36605E+11
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+")


class Kind(StrEnum):
    """What becomes of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Rules:
    """What the rows of one import are judged by."""

    teamspace: Teamspace
    layout: Layout
    may_add_tags: bool
    empty_clears: bool = False


@dataclass(frozen=True)
class Known:
    """What is known of a person who is here already."""

    pk: int
    details: dict[str, str]
    tags: frozenset[str]
    at_proto: bool


@dataclass
class Verdict:
    """One row, judged: `values` and `tags` are what there is to write, without what is so already."""

    record: Record
    unique_id: str = ""
    kind: Kind = Kind.REFUSED
    reason: str = ""
    person: Known | None = None
    values: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    @property
    def saves(self) -> bool:
        """Whether the person is to be saved at Proto: something that Proto keeps changed, or Proto never had them."""
        if self.person is None:
            return self.kind == Kind.CREATED
        return any(name in REMOTE_FIELDS for name in self.values) or (bool(self.tags) and not self.person.at_proto)

    @property
    def calls(self) -> int:
        """How many requests the row makes."""
        return self.saves + bool(self.tags)


def cell_of(record: Record, layout: Layout, name: str) -> str | None:
    """Return what a row says of a field: None without such a column, "" where the row ends before it."""
    place = layout.places.get(name)
    if place is None:
        return None
    return plain(record.cells[place]).strip() if place < len(record.cells) else ""


def note_ids(rows: Iterable[Record], layout: Layout, seen: dict[str, int]) -> None:
    """Remember the line on which each id comes first."""
    for row in rows:
        unique_id = cell_of(row, layout, ID)
        if unique_id and not row.problem:
            seen.setdefault(unique_id, row.line)


def judge(rows: Sequence[Record], rules: Rules, seen: dict[str, int]) -> list[Verdict]:
    """Judge the next rows of a file; `seen` are the ids of the rows before them, and gets theirs."""
    note_ids(rows, rules.layout, seen)
    people = _people(rows, rules)
    known = _known_tags(rows, rules)
    return [_verdict(row, rules, people, known, seen) for row in rows]


def _people(rows: Sequence[Record], rules: Rules) -> dict[str, Known]:
    """Return the people with the ids of these rows; an id is looked for as it stands there too, with its blanks."""
    place = rules.layout.places[ID]
    exact = {plain(row.cells[place]) for row in rows if place < len(row.cells)}
    ids = {unique_id for unique_id in exact | {unique_id.strip() for unique_id in exact} if _storable(unique_id)}
    people = Customer.objects.filter(teamspace=rules.teamspace, provided_unique_id__in=ids).order_by()
    found = list(people.values_list("pk", ID, "proto_id", "sent_at", "synced_at", *DETAILS))
    tags = _tags([pk for pk, *_ in found]) if TAGS in rules.layout.places else {}
    return {
        unique_id or "": Known(
            pk,
            {name: value or "" for name, value in zip(DETAILS, details, strict=True)},
            frozenset(tags.get(pk, ())),
            bool(proto_id or sent_at or synced_at),
        )
        for pk, unique_id, proto_id, sent_at, synced_at, *details in found
    }


def _tags(people: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for pk, name in Customer.tags.through.objects.filter(customer__in=people).values_list("customer", "tag__name"):
        found.setdefault(pk, []).append(name.strip())
    return found


def _known_tags(rows: Sequence[Record], rules: Rules) -> set[str]:
    if rules.may_add_tags or TAGS not in rules.layout.places:
        return set()
    names = {name for row in rows for name in tags_of_cell(cell_of(row, rules.layout, TAGS) or "") if _storable(name)}
    return set(Tag.objects.filter(teamspace=rules.teamspace, name__in=names).values_list("name", flat=True))


def _storable(text: str) -> bool:
    return bool(text) and "\x00" not in text


def _verdict(
    row: Record, rules: Rules, people: dict[str, Known], known_tags: set[str], seen: dict[str, int]
) -> Verdict:
    verdict = Verdict(row, cell_of(row, rules.layout, ID) or "")
    verdict.reason = _row_problem(row, rules) or _repeated(verdict, seen)
    if verdict.reason:
        return verdict
    exact = plain(row.cells[rules.layout.places[ID]])
    person = verdict.person = people.get(exact) or people.get(verdict.unique_id)
    verdict.values = _values(row, rules, person)
    verdict.tags = _missing_tags(row, rules, person)
    verdict.reason = _id_problem(verdict) or _value_problem(verdict.values)
    verdict.reason = verdict.reason or _tag_problem(verdict.tags, rules, known_tags)
    if not verdict.reason:
        something = bool(verdict.values or verdict.tags)
        verdict.kind = Kind.CREATED if person is None else Kind.CHANGED if something else Kind.UNCHANGED
    return verdict


def _row_problem(row: Record, rules: Rules) -> str:
    if row.problem:
        return f"The row cannot be read: {row.problem}."
    width = len(rules.layout.header)
    if any(cell.strip() for cell in row.cells[width:]):
        return f"The row has {len(row.cells)} cells, the first line names {width}: is a text with a comma not quoted?"
    teamspace = cell_of(row, rules.layout, TEAMSPACE)
    if teamspace and teamspace != rules.teamspace.name.strip():
        return f"The column teamspace says “{teamspace[:100]}”, and you chose “{rules.teamspace}”."
    return ""


def _repeated(verdict: Verdict, seen: dict[str, int]) -> str:
    if not verdict.unique_id:
        return "There is no provided_unique_id, which is the key of every person."
    first = seen[verdict.unique_id]
    return f"The same provided_unique_id is on line {first} already." if first != verdict.record.line else ""


def _values(row: Record, rules: Rules, person: Known | None) -> dict[str, str]:
    """Return the details that the row changes. An absent column and, unless asked for, an empty cell say nothing."""
    values = {}
    for name in DETAILS:
        value = cell_of(row, rules.layout, name)
        if value is None or not (value or rules.empty_clears):
            continue
        if value != (person.details[name].strip() if person else ""):
            values[name] = value
    return values


def _missing_tags(row: Record, rules: Rules, person: Known | None) -> list[str]:
    names = tags_of_cell(cell_of(row, rules.layout, TAGS) or "")
    return [name for name in names if person is None or name not in person.tags]


def _id_problem(verdict: Verdict) -> str:
    if verdict.person is None and len(verdict.unique_id) > MAX_LENGTHS[ID]:
        return _too_long("provided_unique_id", verdict.unique_id, MAX_LENGTHS[ID])
    if verdict.person is None and _SHORTENED.fullmatch(verdict.unique_id):
        return f"The id {verdict.unique_id} is a number that a spreadsheet program has shortened. Make the column text."
    try:
        path_segment(verdict.unique_id)
    except ValueError as error:
        return str(error)
    return ""


def _value_problem(values: dict[str, str]) -> str:
    """Return what is wrong with the first wrong value; one that we have already is not asked about."""
    for name, value in values.items():
        if "\x00" in value:
            return f"{LABELS[name]} contains a NUL character, which cannot be kept."
        if len(value) > MAX_LENGTHS[name]:
            return _too_long(LABELS[name], value, MAX_LENGTHS[name])
    if values.get("email") and not _is_mail(values["email"]):
        return f"“{values['email'][:100]}” is not a mail address."
    if _SHORTENED.fullmatch(values.get("phone_number", "")):
        return f"The phone number {values['phone_number']} was shortened by a spreadsheet. Make the column text."
    return _avatar_problem(values.get("avatar", ""))


def _avatar_problem(value: str) -> str:
    try:
        good = not value or urlsplit(value).scheme in {"http", "https"}
    except ValueError:
        good = False
    return "" if good else f"The avatar “{value[:100]}” is not a web address that begins with https://."


def _is_mail(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True


def _tag_problem(tags: list[str], rules: Rules, known_tags: set[str]) -> str:
    for name in tags:
        if "\x00" in name:
            return "A tag contains a NUL character, which cannot be kept."
        if len(name) > MAX_TAG:
            return _too_long("A tag", name, MAX_TAG)
    unknown = [] if rules.may_add_tags else [name for name in tags if name not in known_tags]
    if unknown:
        return f"There is no tag named {', '.join(unknown[:5])} in {rules.teamspace}, and you may not make tags."
    return ""


def _too_long(what: str, value: str, limit: int) -> str:
    return f"{what} is {len(value):,} characters long; at most {limit:,} fit."
