"""Keep the started programs running, and end them in good order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from django.conf import settings

from protoadmin.serving.child import Child
from protoadmin.serving.problems import ServeError
from protoadmin.serving.watchdog import Watchdog, Watcher

LOOK_EVERY = 0.2
WEB = "web server"
WORKER = "worker"
SANDBOX = "sandbox"
GIVE_UP_AFTER = 5
"""So many quick deaths of a web server that never answered mean that it cannot start at all."""

Say = Callable[[str], None]


class Supervisor:
    """Starts the children, replaces dead and deadlocked ones, stops them: the first child first."""

    def __init__(self, children: list[Child], *, mark: str, say: Say) -> None:
        self.children = children
        self.web_has_answered = False
        self._mark = mark
        self._say = say
        self._asked_to_stop = 0
        self._undertaker: subprocess.Popen[bytes] | None = None
        self._watcher = Watcher(Watchdog())

    # --- signals --------------------------------------------------------------------------------

    def take_signals(self) -> None:
        """Stop in good order when asked once, at once when asked again."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup a closed terminal is nothing to stop for.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop += 1

    @property
    def is_asked_to_stop(self) -> bool:
        """Whether somebody pressed Ctrl-C, or the system wants an end."""
        return self._asked_to_stop > 0

    def ask_to_stop(self) -> None:
        """Stop in good order, as by a signal."""
        self._asked_to_stop = max(self._asked_to_stop, 1)

    # --- running --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start all programs and what watches over them."""
        self._keep_undertaker()
        for child in self.children:
            self._start(child)
        if any(child.name == WORKER for child in self.children):
            self._watcher.start()

    def _start(self, child: Child) -> None:
        child.start()
        if child.name == WORKER:
            self._watcher.watch(child.pid)

    def tend(self) -> None:
        """Look after everything once, and rest for a moment."""
        self._keep_undertaker()
        for child in self.children:
            self._tend(child)
        time.sleep(LOOK_EVERY)

    def _tend(self, child: Child) -> None:
        if how := child.death():
            if child.name == WEB and not self.web_has_answered and child.quick_deaths >= GIVE_UP_AFTER:
                raise ServeError(
                    f"The web server cannot start: it {how}, {GIVE_UP_AFTER} times. The lines above say why."
                )
            self._say(f"The {child.name} {how}; it is started again.")
        elif child.name == WORKER and child.is_running and (reason := self._watcher.verdict(child.pid)):
            self._say(f"The {child.name} {reason}; it is killed and started anew.")
            child.kill()
        if child.is_due():
            self._start(child)

    def _keep_undertaker(self) -> None:
        if self._undertaker is None or self._undertaker.poll() is not None:
            self._undertaker = subprocess.Popen(
                [sys.executable, "-m", "protoadmin.serving.undertaker", self._mark],
                stdin=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
            )

    # --- stopping -------------------------------------------------------------------------------

    def stop(self) -> None:
        """End one program after the other; a further signal ends all that is left at once."""
        signals_so_far = self._asked_to_stop
        for child in self.children:
            child.ask_to_end()
            end = time.monotonic() + child.patience
            while child.is_running and time.monotonic() < end and self._asked_to_stop == signals_so_far:
                child.death()
                time.sleep(0.05)
            if child.is_running and self._asked_to_stop == signals_so_far:
                self._say(f"The {child.name} did not end within {child.patience:.0f} s and is killed.")
            child.kill()
        self._dismiss_undertaker()

    def _dismiss_undertaker(self) -> None:
        """Close the pipe: it finds nothing to do and ends."""
        if self._undertaker is not None and self._undertaker.stdin is not None:
            with suppress(OSError):
                self._undertaker.stdin.close()
            self._undertaker.wait()
            self._undertaker = None
