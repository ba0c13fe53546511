"""Find the product's processes and tell their kinds, from outside: by /proc alone."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from protoadmin.serving.processes import parent_of


def pids_with(variable: str) -> list[int]:
    """Return the live processes that have this NAME=value in their environment, except this one."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with suppress(OSError):
                if variable.encode() in Path(f"/proc/{name}/environ").read_bytes().split(b"\0") and parent_of(
                    int(name)
                ):
                    found.append(int(name))
    return sorted(found)


def command_of(pid: int) -> str:
    """Return the command line of a process; "" when it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def part_of(pid: int) -> str:
    """Return which part of the product a process is; "" for any other."""
    command = command_of(pid)
    parent = parent_of(pid)
    is_below = parent is not None and command_of(parent) == command
    if "manage.py qcluster" in command:
        return _part_of_cluster(pid, parent or 0, command) if is_below else "cluster"
    if "granian" in command:
        return "web-worker" if is_below else "web"
    for sign, part in (
        ("protoadmin.serving.undertaker", "undertaker"),
        ("manage.py serve", "serve"),
        ("manage.py sandbox", "sandbox"),
    ):
        if sign in command:
            return part
    return ""


def _part_of_cluster(pid: int, parent: int, command: str) -> str:
    grandparent = parent_of(parent)
    if grandparent is None or command_of(grandparent) != command:
        return "sentinel"
    # The processes of a cluster are forks with one command line. Those that run tasks have the sweepers' threads.
    return "task-worker" if thread_count(pid) > 2 else "helper"


def thread_count(pid: int) -> int:
    """Return how many threads a process has; 0 when it has ended."""
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/task"))
    return 0


def kill_all(find: Callable[[], list[int]], *, patience: float = 15.0) -> None:
    """Kill until none is found any more."""
    end = time.monotonic() + patience
    while pids := find():
        if time.monotonic() > end:
            raise RuntimeError(f"these processes do not end: {pids}")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
