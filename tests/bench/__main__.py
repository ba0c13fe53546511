"""The benchmarks: `make bench`, or `BENCH="clicks disk" make bench` for some of them.

    clicks      from pressing Save or Create ticket to the remote system's receipt
    outbox      calls a second through the workers, against bare posts
    pages       lists and customer page at 1,000 and at 100,000 rows; BENCH_PAGES=companies for those that begin so
    receiver    webhooks taken, against a bare Django view on the same server; and while a drain runs
    draining    deliveries made into messages, against a bare loop; BENCH_BACKLOG=100000 for the large backlog
    lag         from a delivery to its messages, under 50 a second
    api         100,000 contacts through the read API, against a bare json.dumps
    protocol    Protocol customers pulled, against bare requests and writes in bulk; BENCH_CUSTOMERS=10000 for fewer
    export      1,000,000 messages to CSV, against a bare cursor and csv.writer; BENCH_MESSAGES=100000 for fewer
    helpdesk_pull  companies, contacts, conversations pulled, against the same; BENCH_CONTACTS=10000 for fewer
    search      search at 10,000 and at 1,000,000 messages, and the stock admin's; BENCH_MESSAGES=100000 for fewer
    linking     the same people found among 100,000 people and 100,000 contacts; BENCH_PEOPLE=10000 for fewer
    dashboard   dashboard and reports at 10,000 and at 1,000,000 messages; BENCH_MESSAGES=100000 for fewer
    disk        the price of a commit that survives a power cut

Nothing here asserts a time: the table says what was promised beside what was found.
"""

import os
import platform
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import django

from tests.support import environment

PARTS = (
    *("disk", "clicks", "outbox", "pages", "receiver", "draining", "protocol", "helpdesk_pull", "lag", "api"),
    "export",
    "search",
    "linking",
    "dashboard",
)


def main() -> int:
    """Run what is asked for and print one table."""
    wanted = os.environ.get("BENCH", "").replace(",", " ").split() or list(PARTS)
    if unknown := [name for name in wanted if name not in PARTS]:
        print(f"No part is named {', '.join(unknown)}.\n{__doc__}")
        return 2
    with environment.prepare():
        django.setup()
        return _run([name for name in PARTS if name in wanted])


def _run(wanted: list[str]) -> int:
    from tests.bench import (  # noqa: PLC0415 - Django is set up only now
        clicks,
        dashboard,
        disk,
        draining,
        exporting,
        figures,
        helpdesk_pull,
        lag,
        linking,
        pages,
        protocol_pull,
        receiver,
        searching,
        served_api,
        throughput,
    )
    from tests.support.servers import find_postgres, find_redis, postgres, redis_server  # noqa: PLC0415
    from tests.support.with_services import take_signals  # noqa: PLC0415

    take_signals()
    start, found = time.monotonic(), []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="proto-admin-bench-")))
        server = stack.enter_context(postgres()) if find_postgres() else None
        queue = stack.enter_context(redis_server()) if find_redis() else None
        measures = {
            "disk": lambda: disk.measure(folder / "disk"),
            "clicks": lambda: clicks.measure(folder, server, queue),
            "outbox": lambda: throughput.measure(folder, server, queue),
            "pages": lambda: pages.measure(folder / "pages", server),
            "draining": lambda: draining.measure(folder, server),
            "api": lambda: served_api.measure(folder / "api", server),
            "lag": lambda: lag.measure(folder, server, queue),
            "receiver": lambda: receiver.measure(folder),
            "export": lambda: exporting.measure(folder, server),
            "helpdesk_pull": lambda: helpdesk_pull.measure(folder, server),
            "search": lambda: searching.measure(folder / "search", server),
            "linking": lambda: linking.measure(folder / "linking", server),
            "protocol": lambda: protocol_pull.measure(folder, server),
        }
        measures["dashboard"] = lambda: dashboard.measure(folder / "dashboard", server)
        for name in wanted:
            print(f"Measuring {name} …", file=sys.stderr, flush=True)
            found += measures[name]()
    print()
    print(figures.show(found))
    print(f"\n{os.cpu_count()} processors, Python {platform.python_version()}, {time.monotonic() - start:.0f} s.")
    if server is None:
        print("PostgreSQL is not installed and was left out.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
