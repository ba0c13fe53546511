"""The kinds of run, by name. Apps register theirs when Django starts; runs imports no app."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.contrib.auth.models import User

from protoadmin.runs.models import Run


class Slice(Enum):
    """What a slice of work says about the run."""

    MORE = "more"  # there is more to do
    WAITING = "waiting"  # a person has to say something first
    ASKED = "asked"  # everything was asked for; the run ends when the last answer is counted
    FINISHED = "finished"  # nothing more to do


class RunFailed(Exception):
    """The whole run cannot go on; the message says why and what to do."""


class ReadAgain(Exception):
    """The remote does not answer just now: `read` is called again after `seconds`; the message is shown meanwhile."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True)
class RunKind:
    """How one kind of run works.

    `work` does one slice (a second or two at most) inside a transaction that the caller opened, moves `run.cursor`
    and the counts, and saves none of them; `after` runs outside any transaction when the run has ended, and again
    when its worker died in it or it raised.
    """

    name: str
    label: str
    work: Callable[[Run], Slice]
    # Called before each slice, outside any transaction: what it returns (a page of a remote list) is `run.page` in
    # `work`. It may raise RunFailed, and ReadAgain to be called again after a pause.
    read: Callable[[Run], Any] | None = None
    after: Callable[[Run], None] | None = None
    # what else has to end when a person stops the run, inside the same transaction (calls that wait, for example)
    stop: Callable[[Run], None] | None = None
    permission: str = ""
    # what the run's page tells beside progress, errors and files: a template, and what it gets as `extra`
    panel_template: str = ""
    panel_context: Callable[[Run], dict[str, Any]] | None = None
    # a stylesheet (the name of a static file) that this template needs
    panel_style: str = ""
    # whether it may wait for the word of whoever asked, given by the button Start on its page
    asks: bool = False
    # whether it is told of on the page Exports
    exports: bool = False
    # whether a person may have its files, beside being the one who asked or settling everybody's calls
    may_fetch: Callable[[User, Run], bool] | None = None


_kinds: dict[str, RunKind] = {}


def register(kind: RunKind) -> None:
    """Add a kind; its name must be new."""
    if kind.name in _kinds:
        raise ValueError(f"a run kind named {kind.name} exists")
    _kinds[kind.name] = kind


def run_kind(name: str) -> RunKind | None:
    """Return the kind named so, or None."""
    return _kinds.get(name)


def kinds() -> Iterable[RunKind]:
    """Return every registered kind."""
    return _kinds.values()
