"""What a run of the suite left out and why, passed on by a file to whoever started it (PROTO_ADMIN_LEFT_OUT)."""

import os
from collections import Counter
from pathlib import Path

import pytest

VARIABLE = "PROTO_ADMIN_LEFT_OUT"


def remember(report: pytest.TestReport) -> None:
    """Write one skipped test's reason down, when somebody wants to know."""
    path = os.environ.get(VARIABLE)
    if path and report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        with Path(path).open("a") as file:
            file.write(reason.replace("\n", " ") + "\n")


def summary(path: Path) -> str:
    """Return the reasons and how often each was given, in one line; "" when nothing was left out."""
    counted = Counter(path.read_text().splitlines()) if path.exists() else Counter[str]()
    return "; ".join(f"{number} x {reason}" for reason, number in counted.most_common())
