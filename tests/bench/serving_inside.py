"""What tests/bench/served_api.py asks for inside the database."""

import json
import time
import tracemalloc
from typing import Any

from django.core.management import call_command
from django.test import Client

from customers.models import Contact
from tests.api import house

FIELDS = (
    *("remote_id", "remote_company_id", "name", "email", "phone", "title", "role", "notes", "is_primary", "user_id"),
    *("created_at", "updated_at"),
)


def fill_contacts(number: int) -> str:
    """Make the tables, a key and contacts; return the key."""
    call_command("migrate", verbosity=0, interactive=False)
    home = house.new_house()
    house.many_contacts(home.account, number)
    return home.token


def serve_contacts(token: str, traced: bool = False) -> dict[str, Any]:
    """Read the array through the whole of Django, throwing each piece away; seconds to the first and to the last."""
    client = Client(headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
    if traced:
        tracemalloc.start()
    begin = time.perf_counter()
    response: Any = client.get("/api/v1/contacts")
    pieces = iter(response.streaming_content)
    size = len(next(pieces))
    first = time.perf_counter() - begin
    size += sum(len(piece) for piece in pieces)
    return {"first": first, "seconds": time.perf_counter() - begin, "size": size, "memory": _peak(traced)}


def dump_contacts(traced: bool = False) -> dict[str, Any]:
    """Fetch the same rows in one query, as plain as the ORM can, and dump them in one piece."""
    if traced:
        tracemalloc.start()
    begin = time.perf_counter()
    size = len(json.dumps(list(Contact.objects.order_by("pk").values(*FIELDS)), default=str))
    return {"seconds": time.perf_counter() - begin, "size": size, "memory": _peak(traced)}


def _peak(traced: bool) -> int:
    if not traced:
        return 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
