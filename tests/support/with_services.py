"""Run a command with a throw-away PostgreSQL and Redis.

    python -m tests.support.with_services -- python -m pytest tests/outbox

The command finds them in DATABASE_URL and REDIS_URL, runs under LC_ALL=C, and both servers end with it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType

from tests.support.servers import postgres, redis_server

PATIENCE = 90.0
"""How long an interrupted command may take to tidy up."""


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Run both servers as long as the block runs; give the variables that lead to them."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        queue = stack.enter_context(redis_server())
        yield {"DATABASE_URL": database.url(), "REDIS_URL": queue.url, "LC_ALL": "C"}


def run_to_its_end(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command; when this process is interrupted, the command is too, once, and has time to tidy up.

    In a process group of its own: Ctrl-C would reach it from the terminal as well, and pytest, interrupted a second
    time, leaves its fixtures as they are.
    """
    process = subprocess.Popen(command, env=dict(env), process_group=0)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=PATIENCE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
        raise


def take_signals() -> None:
    """Have every way to ask for an end raise KeyboardInterrupt, so that all that was started is stopped."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """The command line."""
    command = sys.argv[1:]
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        print(__doc__)
        return 2
    take_signals()
    try:
        with services() as variables:
            return run_to_its_end(command, {**os.environ, **variables})
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
