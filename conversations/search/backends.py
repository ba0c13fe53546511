"""The index in either database: how a message's tokens are written, and the question for a stretch of ids.

SQLite: an FTS5 table without content of its own, filled by triggers with the text, whose trigrams its tokenizer makes
itself; other tokens are written as three characters of which two are private, so that each is a trigram too.
PostgreSQL: a GIN index over an array of hashed tokens, and over the blocks of ids that a message lies in: together
with a block only that stretch of the index is read, however common a token is. No extension, no locale.
"""

import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zlib import crc32

from django.db import connection

from conversations.search.grams import FACETS, LEAST, Facet, short_grams

Sql = tuple[str, list[Any]]
BLOCK_BITS = (12, 16, 20, 24)


@dataclass
class Sought:
    """What the index is asked for: every one of `grams`, and of each group of `facets` at least one."""

    grams: list[str] = field(default_factory=list)
    facets: list[list[Facet]] = field(default_factory=list)

    @property
    def is_indexed(self) -> bool:
        """Whether the index knows anything of it."""
        return bool(self.grams or self.facets)


@dataclass
class Among:
    """Where rows come from: FROM, WHERE with its values, and by what they are put in order."""

    source: str
    where: str
    values: list[Any]
    order: str


class Backend(Protocol):
    """What a database has to offer."""

    def grams(self, text: str) -> str:
        """Return the second column of a searched text, without facets."""

    def facets(self, facets: Sequence[Facet]) -> str:
        """Return facets as they stand in that column."""

    def with_facets(self, grams: str, facets: str) -> str:
        """Return the column with them."""

    def among(self, table: str, sought: Sought, low: int, high: int) -> Among:
        """Return where the rows `m` come from that the index has between two ids."""

    def contains(self, needle: str) -> Sql:
        """Return the condition of a row `m` that has this in its text."""


class Sqlite:
    """FTS5."""

    SHORT, BASE, PLANE = "\ue000", 30_000, 0xF0000

    def grams(self, text: str) -> str:
        """Return the short ones as groups of three characters; the tokenizer makes the others."""
        return "".join(map(self._short, short_grams(text)))

    def facets(self, facets: Sequence[Facet]) -> str:
        """Return groups of three characters."""
        return "".join(map(self._facet, facets))

    def with_facets(self, grams: str, facets: str) -> str:
        """Add them."""
        return grams + facets

    def among(self, table: str, sought: Sought, low: int, high: int) -> Among:
        """Return the join with the index, which walks from the newest on and only as far as it is read."""
        if not sought.is_indexed:
            return _walked(table, low, high)
        groups = [[gram if len(gram) == LEAST else self._short(gram)] for gram in sought.grams]
        groups += [[self._facet(facet) for facet in group] for group in sought.facets]
        match = " AND ".join(f"({' OR '.join(map(_quoted, group))})" for group in groups)
        index = f"{table}_index"
        return Among(
            f"{index} f CROSS JOIN {table} m ON m.id = f.rowid",
            f"f.{index} MATCH %s AND f.rowid BETWEEN %s AND %s",
            [match, low, high],
            "f.rowid",
        )

    def contains(self, needle: str) -> Sql:
        """Compare characters, not patterns."""
        return "instr(m.search_text, %s) > 0", [needle]

    def _facet(self, facet: Facet) -> str:
        kind, number = facet
        high, low = divmod(number % self.BASE**2, self.BASE)
        return chr(ord(self.SHORT) + 1 + FACETS.index(kind)) + chr(self.PLANE + high) + chr(self.PLANE + low)

    def _short(self, gram: str) -> str:
        return (self.SHORT + gram).ljust(3, self.SHORT)


class Postgres:
    """GIN over an array of hashes."""

    def grams(self, text: str) -> str:
        """Return the array as PostgreSQL reads it."""
        codes = array.array("I", text.encode("utf-32-le"))
        # Written out: this is done for every character of every message.
        hashed = {
            (one * 1_000_003 ^ two * 8_191 ^ three * 31) & 0x7FFFFFFF
            for one, two, three in zip(codes, codes[1:], codes[2:], strict=False)
        }
        hashed.update(map(self._gram, short_grams(text)))
        return f"{{{str(hashed)[1:-1]}}}" if hashed else "{}"

    def facets(self, facets: Sequence[Facet]) -> str:
        """Return their hashes, which are negative."""
        return ",".join(str(self._facet(facet)) for facet in facets)

    def with_facets(self, grams: str, facets: str) -> str:
        """Add them to the array."""
        return f"{{{','.join(filter(None, (grams[1:-1], facets)))}}}"

    def among(self, table: str, sought: Sought, low: int, high: int) -> Among:
        """Return what the index has in the smallest block around these ids."""
        if not sought.is_indexed:
            return _walked(table, low, high)
        conditions = ["m.id + 0 BETWEEN %s AND %s", f"{blocks('m.id')} @> ARRAY[%s]::bigint[]"]
        values: list[Any] = [low, high, _block_around(low, high)]
        if sought.grams:
            conditions.append("m.search_tokens @> %s::integer[]")
            values.append(list(map(self._gram, sought.grams)))
        for group in sought.facets:
            conditions.append("m.search_tokens && %s::integer[]")
            values.append(list(map(self._facet, group)))
        # Not by the bare id: a planner that misjudges a word would walk the table instead.
        return Among(f"{table} m", " AND ".join(conditions), values, "m.id + 0")

    def contains(self, needle: str) -> Sql:
        """Compare characters, not patterns."""
        return "strpos(m.search_text, %s) > 0", [needle]

    def _gram(self, gram: str) -> int:
        return _hash(*(ord(character) for character in gram.ljust(3, "\0")))

    def _facet(self, facet: Facet) -> int:
        kind, number = facet
        return -1 - crc32(f"{kind}{number}".encode()) % (1 << 31)


def backend(vendor: str = "") -> Backend:
    """Return the database's."""
    return Postgres() if (vendor or connection.vendor) == "postgresql" else Sqlite()


def blocks(column: str) -> str:
    """Return the blocks of ids that an id lies in, from small to large, in PostgreSQL's words."""
    parts = [f"(({column} >> {bits}) * {len(BLOCK_BITS)} + {number})" for number, bits in enumerate(BLOCK_BITS)]
    return f"(ARRAY[{', '.join(parts)}]::bigint[])"


def block_start(pk: int, level: int) -> int:
    """Return the first id of the block of this size in which an id lies."""
    return pk >> BLOCK_BITS[level] << BLOCK_BITS[level]


def _walked(table: str, low: int, high: int) -> Among:
    """Return every row between two ids: for what the index knows nothing of."""
    return Among(f"{table} m", "m.id BETWEEN %s AND %s", [low, high], "m.id")


def _block_around(low: int, high: int) -> int:
    for number, bits in enumerate(BLOCK_BITS):
        if low >> bits == high >> bits:
            return (low >> bits) * len(BLOCK_BITS) + number
    raise ValueError(f"no block has both {low} and {high}")


def _hash(one: int, two: int, three: int) -> int:
    return (one * 1_000_003 ^ two * 8_191 ^ three * 31) & 0x7FFFFFFF


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'
