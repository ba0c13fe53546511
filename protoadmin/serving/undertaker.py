"""End what is left of a `serve` that was itself killed: `python -m protoadmin.serving.undertaker MARK`.

A process that is killed cannot tidy up after itself, and a cluster whose parent is gone would live on and
go on working. So `serve` starts this small process, which waits at the end of a pipe. When `serve` ends, for
whatever reason, the kernel closes the pipe, and every process that still carries the mark is ended.
Free of Django, so that it stays small.
"""

import signal
import sys

from protoadmin.serving.processes import end_marked

PATIENCE = 5.0


def main() -> None:
    """Wait for the end of `serve`, then tidy up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_marked(sys.argv[1], PATIENCE)


if __name__ == "__main__":
    main()
