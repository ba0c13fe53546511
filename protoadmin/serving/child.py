"""One supervised program: started in a session of its own, so that its whole tree can be ended at once."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_AFTER = 30.0
"""Who lived this many seconds is started again without a long pause."""


class Child:
    """A program that is started, watched, started again with growing pauses, and stopped."""

    def __init__(
        self, name: str, argv: Sequence[str], env: Mapping[str, str], *, patience: float, is_quiet: bool = False
    ) -> None:
        self.name = name
        self.patience = patience
        self.started_at = 0.0
        self.starts = 0
        self.quick_deaths = 0
        self._argv = list(argv)
        self._is_quiet = is_quiet
        self.env = dict(env)
        self._next_start = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that was started; 0 when there is none."""
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        """Whether the started process lives, as of the last `death`."""
        return self._process is not None

    def start(self) -> None:
        """Start the program."""
        self._process = subprocess.Popen(
            self._argv,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self._is_quiet else None,
            start_new_session=True,
        )
        self.started_at = time.monotonic()
        self.starts += 1

    def is_due(self) -> bool:
        """Tell whether the program should run, does not, and its pause is over."""
        return self._process is None and time.monotonic() >= self._next_start

    def death(self) -> str:
        """Return how the program ended, if it has since the last look; what it left behind is ended too."""
        if self._process is None or not _has_ended(self._process.pid):
            return ""
        # Before the number of the group can belong to anybody else: as long as its leader is not waited for.
        self._kill_group()
        code = self._process.wait()
        self._process = None
        self._plan_next(time.monotonic() - self.started_at)
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _plan_next(self, lived: float) -> None:
        self.quick_deaths = 0 if lived >= STEADY_AFTER else self.quick_deaths + 1
        pause = FIRST_PAUSE if not self.quick_deaths else min(FIRST_PAUSE * 2 ** (self.quick_deaths - 1), LONGEST_PAUSE)
        self._next_start = time.monotonic() + pause

    def ask_to_end(self) -> None:
        """Ask the program to end in good order."""
        if self._process is not None and not _has_ended(self._process.pid):
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the program and everything it started, at once."""
        if self._process is not None:
            self._kill_group()
            self._process.wait()
            self._process = None
            self._next_start = 0.0

    def _kill_group(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _has_ended(pid: int) -> bool:
    """Tell whether a child process has ended, without taking its exit code."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
