"""A process of its own with Django on one database, asked over a pipe: two databases side by side need two of them.

    with Inside(database_url, folder) as inside:
        inside.ask("people", number=1000)

What can be asked is in tests/bench/asked.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.support import environment
from tests.support.product import ROOT


class Inside:
    """The parent's end of the pipe."""

    def __init__(self, folder: Path, *, database_url: str = "", env: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        variables = {name: value for name, value in os.environ.items() if name not in environment.FOREIGN}
        for name in ("DATABASE_URL", "REDIS_URL", "SQLITE_SYNCHRONOUS"):
            variables.pop(name, None)
        variables |= environment.KEYS | {
            "DJANGO_SETTINGS_MODULE": "protoadmin.settings",
            "VAR_DIR": str(folder),
            "LOG_LEVEL": "WARNING",
        }
        if database_url:
            variables["DATABASE_URL"] = database_url
        variables |= env or {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.asked"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def ask(self, task: str, **arguments: Any) -> Any:
        """Have something done there; return what came of it."""
        self.begin(task, **arguments)
        return self.finish()

    def begin(self, task: str, **arguments: Any) -> None:
        """Have something done there, and do not wait for it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([task, arguments]) + "\n")
        self._process.stdin.flush()

    def finish(self) -> Any:
        """Wait for what was begun."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process ended; what it printed says why")
        return json.loads(line)
