"""The way through the rows that a run was given when its button was pressed."""

from protoadmin.runs.models import Run, RunChunk
from protoadmin.runs.registry import Slice


def next_ids(run: Run, *, size: int) -> list[int] | None:
    """Return the ids of the next rows and move the run's cursor behind them; None behind the last."""
    number, offset = run.cursor.get("chunk", 0), run.cursor.get("offset", 0)
    chunk = RunChunk.objects.filter(run=run, position=number).first()
    if chunk is None:
        return None
    ids: list[int] = chunk.ids[offset : offset + size]
    at_end = offset + size >= len(chunk.ids)
    place = {"chunk": number + 1, "offset": 0} if at_end else {"chunk": number, "offset": offset + size}
    run.cursor = {**run.cursor, **place}
    return ids


def all_asked(run: Run) -> Slice:
    """Return what a run says that has asked for everything: it ends when the last answer is counted."""
    run.refresh_from_db(fields=["done", "failed"])
    return Slice.FINISHED if run.done + run.failed >= (run.total or 0) else Slice.ASKED
