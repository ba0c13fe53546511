"""The whole array of contacts as the read API serves it, against a bare json.dumps of the same rows.

Both are done by one process inside the database, so that memory is told apart from everything else: what it holds at
most beyond what it held before.
"""

from pathlib import Path

from tests.bench.figures import Figure, median, milliseconds
from tests.bench.inside import Inside
from tests.support.servers import Postgres

CONTACTS = 100_000
ROUNDS = 3
MEBIBYTE = 1024 * 1024


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures of each database."""
    places = {"SQLite": ""} | ({"PostgreSQL": server.new_database()} if server else {})
    return [figure for place, url in places.items() for figure in _figures(folder / place, place, url)]


def _figures(folder: Path, place: str, url: str) -> list[Figure]:
    with Inside(folder, database_url=url) as inside:
        token = inside.ask("fill_contacts", number=CONTACTS)
        inside.ask("serve_contacts", token=token)
        taken = [(inside.ask("serve_contacts", token=token), inside.ask("dump_contacts")) for _ in range(ROUNDS)]
        served_memory = inside.ask("serve_contacts", token=token, traced=True)["memory"]
        dumped_memory = inside.ask("dump_contacts", traced=True)["memory"]
    first = median([served["first"] for served, _ in taken])
    whole = median([served["seconds"] for served, _ in taken])
    bare = median([dumped["seconds"] for _, dumped in taken])
    rate = f"{CONTACTS / whole:.0f} rows/s, bare {CONTACTS / bare:.0f}"
    memory = f"{served_memory / MEBIBYTE:.1f} MiB, bare {dumped_memory / MEBIBYTE:.0f} MiB"
    return [
        Figure("read API: 100,000 contacts / bare json.dumps", place, whole / bare, "", rate),
        Figure("read API: first byte / the whole bare dump", place, first / bare, "", milliseconds(first)),
        Figure("read API: memory / bare json.dumps", place, served_memory / dumped_memory, "flat", memory),
    ]
