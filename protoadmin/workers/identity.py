"""Who does a piece of work, and whether that process still lives, so that a killed one's work is taken up at once."""

import os
import socket
from pathlib import Path


def _start_of(pid: int) -> str:
    """Return when a process of this machine started, in clock ticks since boot; "" when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    # A zombie has ended: it only waits for its parent to notice.
    return "" if fields[0] in {"Z", "X"} else fields[19]


def this_worker() -> str:
    """Return `host:pid:start` of this process; with the start a pid that is used again is not mistaken."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_start_of(pid)}"


def is_surely_dead(worker: str) -> bool:
    """Tell whether the process named by `this_worker` ended. False when one cannot know (another host)."""
    host, _, rest = worker.rpartition(":")[0].rpartition(":")
    start = worker.rpartition(":")[2]
    if not start or host != socket.gethostname() or not rest.isdigit():
        return False
    return _start_of(int(rest)) != start
