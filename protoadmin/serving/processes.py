"""Look at and end processes of this machine, by /proc. Free of Django; where there is no /proc nothing is found."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MARK = "PROTOADMIN_SERVE_MARK"
"""Every process that `serve` starts, and what those start, carries this in its environment."""


def _all_pids() -> Iterable[int]:
    with suppress(OSError):
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())


def parent_of(pid: int) -> int | None:
    """Return the parent of a live process; None when it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    state, parent = stat.rpartition(")")[2].split()[:2]
    return None if state in {"Z", "X"} else int(parent)


def children_of(pid: int) -> list[int]:
    """Return the live child processes of `pid`."""
    return [child for child in _all_pids() if parent_of(child) == pid]


def descendants_of(pid: int) -> list[int]:
    """Return the live processes below `pid`, parents first."""
    found = children_of(pid)
    for child in found:
        found.extend(children_of(child))
    return found


def marked(mark: str) -> list[int]:
    """Return the live processes that carry this mark: surely ours, whatever their number was before."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for pid in _all_pids():
        with suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") and parent_of(pid) is not None:
                found.append(pid)
    return found


def end_marked(mark: str, patience: float) -> int:
    """End all processes with this mark: asked first, killed after `patience` seconds. Return how many there were."""
    pids = marked(mark)
    for pid in pids:
        with suppress(OSError):
            # Only those that lead a session: they end their own helpers in good order.
            if os.getsid(pid) == pid:
                os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + patience
    while time.monotonic() < end and marked(mark):
        time.sleep(0.1)
    while left := marked(mark):
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return len(pids)


def holders_of(path: Path) -> list[tuple[int, str]]:
    """Return the processes that have a file open, as (pid, name), as far as one may look into them."""
    wanted = str(path.resolve())
    found = []
    for pid in _all_pids():
        with suppress(OSError):
            if any(_is_open_as(f"/proc/{pid}/fd/{number}", wanted) for number in os.listdir(f"/proc/{pid}/fd")):
                found.append((pid, Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()))
    return found


def _is_open_as(link: str, wanted: str) -> bool:
    with suppress(OSError):
        return os.readlink(link) == wanted
    return False
