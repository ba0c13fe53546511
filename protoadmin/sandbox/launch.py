"""Starting the sandbox from a command line."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from protoadmin.sandbox.backend import Options
from protoadmin.sandbox.server import SandboxServer
from protoadmin.sandbox.state import StateInUse
from protoadmin.sandbox.talk import REPLY_DELAY
from protoadmin.sandbox.traffic import MOST_PER_MINUTE

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
    parser.add_argument(
        "--webhook-base",
        default="",
        metavar="URL",
        help="where the product answers: every channel delivers to URL/webhooks/<channel id>/",
    )
    parser.add_argument(
        "--traffic", type=float, default=0.0, metavar="N", help="simulated customers write N messages a minute"
    )
    parser.add_argument(
        "--reply-delay",
        type=_seconds,
        default=REPLY_DELAY,
        metavar="MIN-MAX",
        help="how many seconds the bot takes to answer, 0 for at once (default: 0.4-1.2)",
    )


def chosen(given: Mapping[str, Any]) -> Options:
    """What was chosen on the command line about webhooks, bot and customers; CannotStart for what cannot be."""
    base = given["webhook_base"]
    parts = urlsplit(base)
    if base and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise CannotStart(f"Sandbox: --webhook-base has to be a URL such as http://127.0.0.1:8000, not {base}")
    if not 0 <= given["traffic"] <= MOST_PER_MINUTE:
        raise CannotStart(f"Sandbox: --traffic has to be a number from 0 to {MOST_PER_MINUTE}")
    return Options(webhook_base=base, traffic=given["traffic"], reply_delay=given["reply_delay"])


def serve(
    *, host: str, port: int, state_dir: Path, fresh: bool, say: Callable[[str], None], options: Options | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; CannotStart when the port or the directory is taken."""
    server = SandboxServer(host=host, port=port, state_dir=state_dir, fresh=fresh, options=options)
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
        serve(
            host=options.host,
            port=options.port,
            state_dir=options.state_dir,
            fresh=options.fresh,
            say=_say,
            options=chosen(vars(options)),
        )
    except CannotStart as error:
        _say(str(error))
        return 1
    return 0


def _seconds(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    try:
        pair = float(low), float(high or low)
    except ValueError:
        raise argparse.ArgumentTypeError("write it as 0.4-1.2") from None
    if not 0 <= pair[0] <= pair[1] <= 3600:
        raise argparse.ArgumentTypeError("write it as 0.4-1.2, the smaller number first")
    return pair


def _say(text: str) -> None:
    print(text, flush=True)


async def _until_signal(server: SandboxServer, say: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.request_stop)
    await server.run(lambda: say(f"Sandbox at {server.url}/ (data in {server.state_dir})"))
