"""The ids that a run has seen so far, kept in the worker's memory between two slices and read again when they are not.

They follow from the file alone, so nothing is lost with a worker: another one reads the rows before its place once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Seen = dict[str, int]

KEPT_RUNS = 2
_kept: dict[int, tuple[str, int, Seen]] = {}


@contextmanager
def seen_ids(run_id: int, phase: str, offset: int, read_again: Callable[[], Seen]) -> Iterator[tuple[Seen, list[int]]]:
    """Give the ids on the lines before `offset`, and a list into which the slice puts the offset that it has reached.

    A slice that breaks off leaves nothing behind: what it noted was never committed.
    """
    phase_kept, offset_kept, seen = _kept.pop(run_id, ("", -1, {}))
    if (phase_kept, offset_kept) != (phase, offset):
        seen = read_again()
    reached: list[int] = []
    yield seen, reached
    if reached:
        while len(_kept) >= KEPT_RUNS:
            _kept.pop(next(iter(_kept), 0), None)
        _kept[run_id] = phase, reached[-1], seen


def forget(run_id: int) -> None:
    """Drop what is kept for a run."""
    _kept.pop(run_id, None)
