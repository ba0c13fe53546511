"""`make test`: the whole suite on SQLite and, meanwhile, on PostgreSQL and Redis; says what was left out and why.

Much of the suite waits for processes and browsers, so the two share the machine well. What the second one prints
comes when it has ended.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import left_out
from tests.support.with_services import PATIENCE, run_to_its_end, services, take_signals

ROOT = Path(__file__).resolve().parents[2]
ENGINE_INDEPENDENT = "browser or slow or bench"
WITHOUT_DATABASE = ("tests/clients", "tests/sandbox")


def main() -> int:
    """Run everything, however each part ends; 0 only when all passed."""
    os.chdir(ROOT)
    take_signals()
    subprocess.run(["sh", ".ci/prepare"], check=False, stdin=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="proto-admin-suite-") as name:
        folder = Path(name)
        with (folder / "output").open("wb") as output:
            other = subprocess.Popen(
                [sys.executable, "-m", "tests.support.whole_suite", str(folder / "verdict")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        try:
            lines = [_on_sqlite(folder / "sqlite")]
            print("\n== Waiting for the part on PostgreSQL and Redis", flush=True)
            code = other.wait()
        except KeyboardInterrupt:
            other.send_signal(signal.SIGINT)
            other.wait(PATIENCE)
            raise
        print((folder / "output").read_text(errors="replace"), flush=True)
        verdict = folder / "verdict"
        words = json.loads(verdict.read_text()) if verdict.exists() else f"PostgreSQL and Redis: ended with {code}"
        lines.append((words, code == 0))
    print("\n== The whole suite")
    for line, _ in lines:
        print(f"   {line}")
    return 0 if all(passed for _, passed in lines) else 1


def second_part(verdict: Path) -> int:
    """Run the part on PostgreSQL and Redis; leave one line about it in `verdict`."""
    take_signals()
    with tempfile.TemporaryDirectory(prefix="proto-admin-suite-") as folder:
        line, passed = _on_postgres(Path(folder) / "postgres")
    verdict.write_text(json.dumps(line))
    return 0 if passed else 1


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
        sys.exit(second_part(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
    except KeyboardInterrupt:
        sys.exit(130)
