"""The words that were looked for, marked in the text where they stand. Everything that is printed is escaped."""

import unicodedata
from collections.abc import Iterable, Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from conversations.search.query import Query
from conversations.search.text import NUMBER, digits_in, folded

Span = tuple[int, int]
# So much of a text is looked through, and so much is shown around the first word.
LOOKED_AT = 20_000
BEFORE, SHOWN = 50, 180


def needles_of(query: Query) -> list[str]:
    """Return what is marked, the longest first."""
    return sorted({needle for term in query.terms for needle in term.shown}, key=len, reverse=True)


def spans_of(text: str, needles: Iterable[str]) -> list[Span]:
    """Return where these folded words stand in a text as it was written, without overlaps."""
    text = text[:LOOKED_AT]
    flat, places = _flattened(text)
    found: list[Span] = []
    for needle in needles:
        start = flat.find(needle) if needle else -1
        while start >= 0:
            found.append((places[start][0], places[start + len(needle) - 1][1]))
            start = flat.find(needle, start + len(needle))
        if needle.isdecimal():
            found += [
                (places[each.start()][0], places[each.end() - 1][1])
                for each in NUMBER.finditer(flat)
                if needle in digits_in(each[0])
            ]
    return _joined(found)


def marked(text: str, spans: list[Span], start: int = 0, end: int | None = None) -> SafeString:
    """Return a part of a text, escaped, with these spans of it marked."""
    end = len(text) if end is None else end
    # Every part was escaped on its own.
    return mark_safe("".join(_parts(text, spans, start, end)))  # noqa: S308


def snippet(text: str, needles: Iterable[str]) -> SafeString:
    """Return a line of the text around the first word that was looked for."""
    line = " ".join(text[:LOOKED_AT].split())
    spans = spans_of(line, needles)
    first = spans[0][0] if spans else 0
    start = max(0, first - BEFORE) if len(line) > SHOWN else 0
    end = min(len(line), start + SHOWN)
    before, after = "…" if start else "", "…" if end < len(line) else ""
    return mark_safe(f"{before}{marked(line, spans, start, end)}{after}")  # noqa: S308


def _parts(text: str, spans: list[Span], start: int, end: int) -> Iterator[str]:
    for low, high in spans:
        low, high = max(low, start), min(high, end)
        if low < high:
            yield escape(text[start:low])
            yield f"<mark>{escape(text[low:high])}</mark>"
            start = high
    yield escape(text[start:end])


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for low, high in sorted(spans):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _flattened(text: str) -> tuple[str, list[Span]]:
    """Return the folded text, and of each of its characters where it comes from."""
    signs: list[str] = []
    places: list[Span] = []
    for low, high in _clusters(text):
        flat = folded(text[low:high]) or (" " if text[low:high].isspace() else "")
        if flat == " " and signs[-1:] == [" "]:
            continue
        signs += flat
        places += [(low, high)] * len(flat)
    return "".join(signs), places


def _clusters(text: str) -> Iterator[Span]:
    """Yield each character with the marks that belong to it."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or not _goes_on(text[place]):
            yield start, place
            start = place


def _goes_on(character: str) -> bool:
    # Marks, and the later letters of a Korean syllable that was written in parts.
    return character > "\u02ff" and (unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff")
