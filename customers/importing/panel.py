"""What the page of an import tells: how far it is, what it would do or did, and the first rows of each kind."""

from typing import Any

from customers.importing.judging import Kind
from customers.importing.preview import FIRST, preview_of
from protoadmin.runs.models import Run, RunState

WORDS = {
    Kind.CREATED: ("New people", "They are not here yet, and are made."),
    Kind.CHANGED: ("Changed people", "They are here already; what differs is replaced."),
    Kind.UNCHANGED: ("Unchanged", "They are here already, just as the file has them."),
    Kind.REFUSED: ("Refused rows", "They are left out. Correct them in the file of refused rows and upload that."),
}
# What one has to look at comes first.
READ_FIRST = (Kind.REFUSED, Kind.CHANGED, Kind.CREATED, Kind.UNCHANGED)


def panel_context(run: Run) -> dict[str, Any]:
    """Return what the template needs."""
    layout = run.parameters.get("layout", {})
    phase = run.cursor.get("phase", "look")
    judged = "counts" in run.parameters
    working = bool(run.parameters.get("working"))
    counts = _counts(run)
    # The rows are shown while they help to decide, and of an import that came to nothing.
    first = preview_of(run) if judged and not working else {}
    return {
        "checking": not judged and run.state in (RunState.QUEUED, RunState.RUNNING),
        "checked_percent": _checked_percent(run, layout.get("size", 0)),
        "waiting": run.state == RunState.WAITING,
        "nothing_to_do": judged and run.state == RunState.DONE and not working,
        "awaiting": phase == "answers" and run.state == RunState.RUNNING,
        "cards": [(kind.value, WORDS[kind][0], counts.get(kind, 0)) for kind in Kind] if counts else [],
        "groups": [_group(kind, counts.get(kind, 0), first[kind]) for kind in READ_FIRST if first.get(kind)],
        "refused": counts.get(Kind.REFUSED, 0) if judged else 0,
        "refused_file": run.files.filter(purpose="refused").exists(),
        # What to know before one decides.
        "ignored": [] if working else layout.get("ignored", []),
        "notes": [] if working else layout.get("notes", []),
        "empty_clears": bool(run.parameters.get("empty_clears")),
    }


def _counts(run: Run) -> dict[str, int]:
    """Return the counts of the phase that the run is in: while it checks, while it works, or at its end."""
    tally: dict[str, Any] = run.cursor.get("tally", {})
    now: dict[str, int] | None = tally.get("counts")
    working: dict[str, int] | None = run.cursor.get("counts") if run.parameters.get("working") else None
    found: dict[str, int] = now or working or run.parameters.get("counts", {})
    return found


def _checked_percent(run: Run, size: int) -> int:
    reached = run.cursor.get("at", [0])[0]
    return min(100, reached * 100 // size) if size else 0


def _group(kind: Kind, count: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    label, explanation = WORDS[kind]
    return {
        "kind": kind.value,
        "label": label,
        "explanation": explanation,
        "count": count,
        "rows": rows,
        "shown": FIRST if count > FIRST else 0,
        "open": kind != Kind.UNCHANGED,
    }
