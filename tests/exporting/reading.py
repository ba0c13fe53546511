"""Exports made as workers make them, and read back with readers that are not ours."""

import csv
import io
import json
from typing import Any

import openpyxl
from django.contrib.auth.models import User

from conversations.exporting.services import chats_export
from conversations.inbox.filters import Filters
from protoadmin.runs.models import ACTIVE_STATES, Run
from protoadmin.runs.working import work_due


def asked(by: User, what: str = "messages", format: str = "csv", query: str = "", **more: Any) -> Run:
    """An export that somebody has asked for."""
    return chats_export(what=what, format=format, by=by, filters=Filters.parse(query), words=[], **more)


def drive(run: Run) -> Run:
    """Work on a run until it ends or waits."""
    for _ in range(50):
        Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
        work_due()
        run.refresh_from_db()
        if run.state not in ACTIVE_STATES:
            return run
    raise AssertionError(f"the run does not come to an end: {run.state} {run.cursor} {run.error}")


def exported(by: User, what: str = "messages", format: str = "csv", query: str = "", **more: Any) -> Run:
    """An export that has ended."""
    run = drive(asked(by, what, format, query, **more))
    assert run.state == "done", run.error
    return run


def content(run: Run) -> bytes:
    """The bytes of its file."""
    with run.files.get(purpose="result").content.open("rb") as file:
        data: bytes = file.read()
        return data


def rows(run: Run) -> list[dict[str, Any]]:
    """Its rows, by the names of the columns."""
    data = content(run)
    match run.parameters["format"]:
        case "csv":
            return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        case "jsonl":
            return [json.loads(line) for line in data.decode().splitlines()]
        case _:
            return sheet_rows(data)


def sheet_rows(data: bytes) -> list[dict[str, Any]]:
    """The rows of all sheets of a workbook; an empty cell is ""."""
    found = []
    for sheet in openpyxl.load_workbook(io.BytesIO(data), read_only=True):
        names, *lines = sheet.iter_rows(values_only=True)
        found += [
            {name: "" if cell is None else cell for name, cell in zip(names, line, strict=True)} for line in lines
        ]
    return found
