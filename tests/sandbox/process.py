"""A sandbox as a process of its own, to be killed with -9 and started again on the same state."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]


class SandboxProcess:
    """`python -m protoadmin.sandbox` in a directory; the port stays the same over restarts."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self.options = options
        self.port = 0
        self.url = ""
        self.process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        """Start and wait until it says where it answers."""
        command = [sys.executable, "-m", "protoadmin.sandbox", "--port", str(self.port)]
        command += ["--state-dir", str(self.directory), *self.options, *options]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("COV_")}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:(\d+))/", said)
        assert found, said
        self.url, self.port = found[1], int(found[2])

    def kill(self) -> None:
        """The end that nobody can prepare for."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """A polite end; the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None
        return status

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.kill()
