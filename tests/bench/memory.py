"""How much memory of its own this process has had at the most while something was done.

Anonymous memory (RssAnon): what is not a file. SQLite maps its file into memory, and those pages are the system's to
take back whenever it likes.
"""

import threading
from pathlib import Path
from typing import Self

EVERY = 0.01
_STATUS = Path("/proc/self/status")


def own_mib() -> float:
    """Return the anonymous memory of this process, in MiB."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("RssAnon:"))
    return int(line.split()[1]) / 1024


class MemoryWatch:
    """Looks a hundred times a second; `most` is the largest that it saw, in MiB."""

    def __init__(self) -> None:
        self.most = own_mib()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(EVERY):
            self.most = max(self.most, own_mib())
