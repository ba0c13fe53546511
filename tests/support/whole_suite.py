"""`make test`: the whole suite on SQLite, and again on PostgreSQL and Redis; says what was left out and why."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import left_out
from tests.support.with_services import run_to_its_end, services, take_signals

ROOT = Path(__file__).resolve().parents[2]
ENGINE_INDEPENDENT = "browser or slow or bench"
WITHOUT_DATABASE = ("tests/clients", "tests/sandbox")


def main() -> int:
    """Run everything, however the part before it ended; 0 only when all passed."""
    os.chdir(ROOT)
    take_signals()
    subprocess.run(["sh", ".ci/prepare"], check=False, stdin=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="proto-admin-suite-") as folder:
        lines = [_on_sqlite(Path(folder) / "sqlite"), _on_postgres(Path(folder) / "postgres")]
    print("\n== The whole suite")
    for line, _ in lines:
        print(f"   {line}")
    return 0 if all(passed for _, passed in lines) else 1


def _on_sqlite(report: Path) -> tuple[str, bool]:
    print("\n== SQLite, the database as the queue: everything", flush=True)
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return _pytest("SQLite", [], env, report)


def _on_postgres(report: Path) -> tuple[str, bool]:
    name = "PostgreSQL (LC_ALL=C) and Redis"
    print(f"\n== {name}: all but {ENGINE_INDEPENDENT}, and what has no database", flush=True)
    try:
        with services() as variables:
            options = ["-m", f"not ({ENGINE_INDEPENDENT})", *(f"--ignore={folder}" for folder in WITHOUT_DATABASE)]
            return _pytest(name, options, {**os.environ, **variables}, report)
    except LookupError as error:
        return f"{name}: left out whole, since {error}", True


def _pytest(name: str, options: list[str], env: dict[str, str], report: Path) -> tuple[str, bool]:
    command = [sys.executable, "-m", "pytest", *options]
    code = run_to_its_end(command, {**env, left_out.VARIABLE: str(report)})
    verdict = "passed" if code == 0 else f"FAILED (pytest's exit code {code})"
    skipped = left_out.summary(report)
    return f"{name}: {verdict}; left out: {skipped or 'nothing'}", code == 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
