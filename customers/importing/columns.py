"""What the columns of a file mean: their names as people write them, in any case and with any signs between words."""

import unicodedata
from dataclasses import dataclass

from customers.spreadsheets import plain

ID = "provided_unique_id"
TAGS = "tags"
TEAMSPACE = "teamspace"

# Other names that a column may have, folded. The column's own name always wins over them.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    ID: ("id", "uniqueid", "personid", "peopleid", "userid", "providedid"),
    "external_customer_id": ("externalid",),
    "gateway_profile_id": ("gatewayprofile",),
    "name": ("fullname", "displayname", "customername", "personname"),
    "location": ("place",),
    "email": ("mail", "emailaddress", "mailaddress"),
    "phone_number": ("phone", "phoneno", "mobile", "mobilephone", "mobilenumber", "telephone", "tel"),
    "avatar": ("avatarurl", "picture", "photo"),
    TAGS: ("tag",),
    TEAMSPACE: (),
}
# Columns of our own files that say something and are not taken in.
TOLD_ONLY = ("line", "reason")


class UnreadableFile(Exception):
    """The file cannot be imported; the message says why and what to do."""


@dataclass(frozen=True)
class Columns:
    """Which column holds which field, and which are left out."""

    places: dict[str, int]
    ignored: list[str]


def fold(name: str) -> str:
    """Return a column's name without what people write differently: case, spaces, signs, width."""
    return "".join(c for c in unicodedata.normalize("NFKC", plain(name)).casefold() if c.isalnum())


def match_columns(header: list[str]) -> Columns:
    """Return what each column of the header means; raises UnreadableFile when that cannot be told."""
    folded = [fold(name) for name in header]
    places: dict[str, int] = {}
    for field, others in OTHER_NAMES.items():
        found = [n for n, name in enumerate(folded) if name == fold(field)]
        found = found or [n for n, name in enumerate(folded) if name in others]
        if len(found) > 1:
            raise UnreadableFile(_twice(field, [header[place] for place in found]))
        if found:
            places[field] = found[0]
    if ID not in places:
        raise UnreadableFile(_no_id(header))
    used = set(places.values())
    ignored = [
        name.strip()[:100]
        for place, name in enumerate(header)
        if place not in used and folded[place] and folded[place] not in TOLD_ONLY
    ]
    return Columns(places, ignored)


def known_columns(header: list[str]) -> int:
    """Return how many of these names mean something."""
    names = {fold(field) for field in OTHER_NAMES}.union(*OTHER_NAMES.values())
    return sum(fold(name) in names for name in header)


def _twice(field: str, names: list[str]) -> str:
    listed = " and ".join(f"“{name.strip()[:60]}”" for name in names[:4])
    return f"The columns {listed} both mean {field}. Remove or rename all but one of them, and upload the file again."


def _no_id(header: list[str]) -> str:
    names = [f"“{name.strip()[:40]}”" for name in header if name.strip()]
    found = ", ".join(names[:8]) + (", …" if len(names) > 8 else "") if names else "nothing"
    return (
        "The first line has to name the columns, and one of them has to be provided_unique_id (or id): your own id of "
        f"each person. It says: {found}. Add the line or the column, and upload the file again."
    )
