"""What an import would do, counted, with the first rows of each kind: bounded, whatever the size of the file."""

import json
from typing import Any

from django.core.files.base import ContentFile

from customers.history import LABELS
from customers.importing.judging import Kind, Verdict
from protoadmin.runs.models import Run, RunFile
from protoadmin.storable import storable_text

FIRST = 50
SHOWN = 160
PURPOSE = "preview"


def tally_new() -> dict[str, Any]:
    """Return an empty tally, in values that JSON holds: it travels in the run's cursor."""
    return {"counts": dict.fromkeys(Kind, 0), "calls": 0, "first": {kind: [] for kind in Kind}}


def tally_add(tally: dict[str, Any], verdict: Verdict) -> None:
    """Count a row, and keep it when it is one of the first of its kind."""
    tally["counts"][verdict.kind] += 1
    if verdict.kind != Kind.REFUSED:
        tally["calls"] += max(verdict.calls, 1)
    if len(tally["first"][verdict.kind]) < FIRST:
        tally["first"][verdict.kind].append(_shown(verdict))


def _short(text: str) -> str:
    text = storable_text(text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _shown(verdict: Verdict) -> dict[str, Any]:
    person = verdict.person
    # A new person's name stands before the rest anyway.
    changes = [
        [LABELS[name], _short(person.details[name] if person else ""), _short(value)]
        for name, value in verdict.values.items()
        if person or name != "name"
    ]
    name = (person.details["name"] if person else "") or verdict.values.get("name", "")
    return {
        "line": verdict.record.line,
        "id": _short(verdict.unique_id),
        "name": _short(name),
        "changes": changes,
        "tags": [_short(tag) for tag in verdict.tags[:20]],
        "reason": _short(verdict.reason) if len(verdict.reason) <= SHOWN else storable_text(verdict.reason)[:400],
    }


def preview_keep(run: Run, tally: dict[str, Any]) -> None:
    """Keep the first rows as a file of the run; the counts stay with the run itself."""
    run.parameters["counts"] = tally["counts"]
    content = ContentFile(json.dumps(tally["first"]).encode())
    file, _ = RunFile.objects.get_or_create(run=run, purpose=PURPOSE, defaults={"name": "preview.json"})
    file.content.save(file.name, content, save=True)


def preview_of(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Return the first rows of each kind; empty before they are known."""
    file = run.files.filter(purpose=PURPOSE).first()
    if file is None:
        return {}
    with file.content.open("rb") as content:
        first: dict[str, list[dict[str, Any]]] = json.loads(content.read())
        return first
