"""Load the demo data, once the sandbox that it talks about answers."""

import subprocess
from collections.abc import Mapping
from contextlib import suppress

from django.core.management import get_commands

from protoadmin.serving.ports import answers
from protoadmin.serving.preparing import manage_command
from protoadmin.serving.supervisor import Say

COMMAND = "load_demo"


class DemoData:
    """Runs `manage.py load_demo` beside the supervisor's loop; asked about it again and again until it is done."""

    def __init__(self, sandbox_port: int, *, env: Mapping[str, str], say: Say) -> None:
        self._sandbox_port = sandbox_port
        self._env = dict(env)
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._done = False
        if COMMAND not in get_commands():
            say("There is no demo data to load: this version has no `load_demo` command.")
            self._done = True

    def is_done(self) -> bool:
        """Go on with it, and tell whether it is over, well or not."""
        if self._done:
            return True
        if self._process is None:
            if answers("127.0.0.1", self._sandbox_port):
                self._process = subprocess.Popen(
                    [*manage_command(), COMMAND], env=self._env, stdin=subprocess.DEVNULL, start_new_session=True
                )
        elif self._process.poll() is not None:
            self._done = True
            if self._process.returncode:
                self._say("The demo data could not be loaded: the lines above say why. All else works.")
        return self._done

    def abandon(self) -> None:
        """Stop it, when the product is stopped."""
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
