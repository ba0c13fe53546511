"""Cells of CSV files: made harmless for spreadsheet programs on the way out, and exactly so undone on the way in."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BOM = "\ufeff"

# A spreadsheet program takes a cell for a formula when it begins with one of these signs (or a wide, small or raised
# form of one), also after blanks and invisible characters; a leading tab or line break can do the same.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207c\u207a\u207b\u208c\u208a\u208b\u2212"
_UNSEEN = "\\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
# Apostrophes are looked through: what follows them decides, so that `plain` can tell ours from the person's own.
_DANGEROUS = re.compile(f"'*[\t\r\n]|[{_UNSEEN}']*[{_SIGNS}]")
_TAG_PARTS = re.compile(r"\\[\\;]|;|[^\\;]+|\\")


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet program calculates: a dangerous one gets a leading apostrophe."""
    # No letter or digit is dangerous, and most texts begin with one.
    return text if text[:1].isalnum() or not _DANGEROUS.match(text) else f"'{text}"


def plain(text: str) -> str:
    """Return what `harmless` was given: one leading apostrophe goes where it would have been put."""
    return text[1:] if text.startswith("'") and _DANGEROUS.match(text) else text


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """Return rows as CSV, every cell harmless."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def tags_cell(names: Iterable[str]) -> str:
    """Return tag names as one cell, separated by semicolons; one inside a name is written with a backslash."""
    return ";".join(name.replace("\\", "\\\\").replace(";", "\\;") for name in names)


def tags_of_cell(cell: str) -> list[str]:
    """Return the names in a cell of tags, each once."""
    names = [""]
    for part in _TAG_PARTS.findall(cell):
        if part == ";":
            names.append("")
        else:
            names[-1] += part[1] if part in ("\\\\", "\\;") else part
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))
