"""The other end of tests/bench/inside.py: Django on one database, doing what it is asked for."""

import json
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first

from tests.bench import (  # noqa: E402
    dashboard_inside,
    draining_inside,
    exporting_inside,
    helpdesk_inside,
    linking_inside,
    people,
    protocol_inside,
    queued,
    searching_inside,
    serving_inside,
    talks,
    visits,
)


def prepare(number: int) -> None:
    """Make the tables and fill them."""
    call_command("migrate", verbosity=0, interactive=False)
    people.fill(number)


TASKS: dict[str, Callable[..., Any]] = {
    "prepare": prepare,
    "visits": visits.visits,
    "visit": visits.visit,
    "queries": visits.queries,
    "sendable_people": queued.sendable_people,
    "queue": queued.queue,
    "fill_figures": dashboard_inside.fill_figures,
    "dashboard_pages": dashboard_inside.dashboard_pages,
    "visit_dashboard": dashboard_inside.visit_dashboard,
    "resume": queued.resume,
    "progress": queued.progress,
    "open_channel": draining_inside.open_channel,
    "pile": draining_inside.pile,
    "left": draining_inside.left,
    "clear": draining_inside.clear,
    "drain_for": draining_inside.drain_for,
    "drain_all": draining_inside.drain_all,
    "migrate": draining_inside.migrate,
    "messages": draining_inside.messages,
    "bare_loop": draining_inside.bare_loop,
    "protocol_project": protocol_inside.protocol_project,
    "protocol_floor": protocol_inside.protocol_floor,
    "protocol_pulled": protocol_inside.protocol_pulled,
    "protocol_forget": protocol_inside.protocol_forget,
    "helpdesk_account": helpdesk_inside.helpdesk_account,
    "helpdesk_floor": helpdesk_inside.helpdesk_floor,
    "helpdesk_pulled": helpdesk_inside.helpdesk_pulled,
    "helpdesk_forget": helpdesk_inside.helpdesk_forget,
    "fill_street": linking_inside.fill_street,
    "link_street": linking_inside.link_street,
    "fill_contacts": serving_inside.fill_contacts,
    "serve_contacts": serving_inside.serve_contacts,
    "fill_messages": searching_inside.fill_messages,
    "search_questions": searching_inside.search_questions,
    "search": searching_inside.search,
    "search_alone": searching_inside.search_alone,
    "stock_search": searching_inside.stock_search,
    "dump_contacts": serving_inside.dump_contacts,
    "fill_talks": talks.fill_talks,
    "bare_csv": exporting_inside.bare_csv,
    "whole_export": exporting_inside.whole_export,
}


def main() -> None:
    """Answer line by line until the pipe is closed."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(TASKS[name](**arguments)), flush=True)


if __name__ == "__main__":
    main()
