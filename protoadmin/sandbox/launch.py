"""Starting the sandbox from a command line."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from protoadmin.sandbox.server import SandboxServer
from protoadmin.sandbox.state import StateInUse

STATE_DIR = Path("var") / "sandbox"


class CannotStart(Exception):
    """The sandbox cannot start; the sentence says why."""


def add_arguments(parser: argparse.ArgumentParser, *, state_dir: Path = STATE_DIR) -> None:
    """The options, for both ways to start."""
    parser.add_argument("--port", type=int, default=8001, help="port to listen on, 0 for a free one (default: 8001)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--state-dir", type=Path, default=state_dir, help="where the sandbox keeps its data (default: %(default)s)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget everything and start with the demo data")


def serve(*, host: str, port: int, state_dir: Path, fresh: bool, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; CannotStart when the port or the directory is taken."""
    server = SandboxServer(host=host, port=port, state_dir=state_dir, fresh=fresh)
    try:
        asyncio.run(_until_signal(server, say))
    except StateInUse as error:
        raise CannotStart(f"Sandbox: {error}.") from None
    except OSError as error:
        raise CannotStart(f"Sandbox: cannot listen on {host}:{port}: {error.strerror or error}.") from None


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m protoadmin.sandbox", description="The remote systems' stand-in")
    add_arguments(parser)
    options = parser.parse_args(argv)
    try:
        serve(host=options.host, port=options.port, state_dir=options.state_dir, fresh=options.fresh, say=_say)
    except CannotStart as error:
        _say(str(error))
        return 1
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


async def _until_signal(server: SandboxServer, say: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.request_stop)
    await server.run(lambda: say(f"Sandbox at {server.url}/ (data in {server.state_dir})"))
