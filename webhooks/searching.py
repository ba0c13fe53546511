"""Text in the bodies: looked for byte by byte, in so many of the newest deliveries and no further."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.db.models import BinaryField, BooleanField, F, Func, Q, QuerySet, Value

from webhooks.models import Delivery

LOOKED_THROUGH = 20_000
MOST_BYTES = 256 * 1024 * 1024
MOST_FOUND = 1_000


@dataclass(frozen=True)
class Looked:
    """How far a search looked: over so many deliveries, and whether there were more than that."""

    through: int
    is_cut: bool
    found_more: bool = False


class Holds(Func):
    """Whether a column of bytes holds these bytes."""

    template = "(POSITION(%(expressions)s) > 0)"
    arg_joiner = " IN "
    output_field = BooleanField()

    def __init__(self, sought: bytes, column: str) -> None:
        super().__init__(Value(sought, output_field=BinaryField()), F(column))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite's function takes them the other way round."""
        turned = self.copy()
        turned.set_source_expressions(self.get_source_expressions()[::-1])
        return super(Holds, turned).as_sql(
            compiler, connection, template="(INSTR(%(expressions)s) > 0)", arg_joiner=", ", **context
        )


def spellings(text: str) -> list[bytes]:
    r"""Return how a text may be written in a body: as UTF-8, or escaped as JSON allows (`\u00e9`, `\u00E9`, `\/`)."""
    short = json.dumps(text, ensure_ascii=False)[1:-1]
    escaped = json.dumps(text)[1:-1]
    upper = re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), escaped)
    forms = [text, short, escaped, upper]
    forms += [form.replace("/", "\\/") for form in forms[1:]]
    return list(dict.fromkeys(form.encode("utf-8", "replace") for form in forms))


def newest_of(rows: QuerySet[Delivery]) -> tuple[QuerySet[Delivery], Looked]:
    """Narrow to the newest of these rows, as many as are looked through."""
    sizes = rows.order_by("-pk").values_list("pk", "size")[: LOOKED_THROUGH + 1]
    lowest, through, total = 0, 0, 0
    for pk, size in sizes.iterator(chunk_size=1000):
        total += size
        if through == LOOKED_THROUGH or (through and total > MOST_BYTES):
            return rows.filter(pk__gte=lowest), Looked(through, is_cut=True)
        lowest, through = pk, through + 1
    return rows, Looked(through, is_cut=False)


def search(rows: QuerySet[Delivery], text: str) -> tuple[QuerySet[Delivery], Looked]:
    """Return those of the newest of these rows whose body holds the text, and how far that looked."""
    newest, looked = newest_of(rows)
    condition = Q()
    for form in spellings(text):
        condition |= Q(Holds(form, "body"))
    found = list(newest.filter(condition).order_by("-pk").values_list("pk", flat=True)[: MOST_FOUND + 1])
    more = len(found) > MOST_FOUND
    return rows.filter(pk__in=found[:MOST_FOUND]), Looked(looked.through, looked.is_cut, found_more=more)
