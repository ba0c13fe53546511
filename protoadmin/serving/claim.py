"""One `serve` per role and data folder: a lock, and beside it the mark of what it started."""

import fcntl
import os
import secrets
from pathlib import Path

from protoadmin.serving.problems import ServeError
from protoadmin.serving.processes import end_marked

PATIENCE_WITH_LEFT_OVERS = 5.0


class Claim:
    """The right to run a role ("web", "worker") on a data folder.

    `var/serve-<role>.pid` is locked as long as the process lives, and holds its pid and the mark of its processes.
    Whoever gets the lock knows that the one before has ended, and ends what that one left behind.
    """

    def __init__(self, var_dir: Path, roles: list[str]) -> None:
        self.mark = secrets.token_hex(16)
        self.left_overs = 0
        self._handles: list[int] = []
        try:
            for role in roles:
                self._take(var_dir / f"serve-{role}.pid", var_dir, role)
        except BaseException:
            self.release()
            raise

    def _take(self, path: Path, var_dir: Path, role: str) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._handles.append(handle)
        before = os.read(handle, 200).decode(errors="replace").split()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = f" (process {before[0]})" if before else ""
            raise ServeError(
                f"The {role} part already runs on {var_dir}{who}. Stop that one first, "
                f"or give this one data of its own: VAR_DIR=another/folder PORT=8010 make run"
            ) from None
        if len(before) == 2:
            self.left_overs += end_marked(before[1], PATIENCE_WITH_LEFT_OVERS)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {self.mark}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one have it."""
        for handle in self._handles:
            os.close(handle)
        self._handles.clear()
