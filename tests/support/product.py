"""The whole product as processes of its own, for tests that click in it or kill parts of it.

    with Product(tmp_path) as product:
        product.url, product.sandbox_url
        product.manage("migrate")                        a management command in it, its output
        product.python("print(Customer.objects.count())") lines of Python in it, what they print
        product.kill("task-worker")                      SIGKILL one process of a kind; `product.pids` lists them
        product.crash(); product.start()                 `serve` itself killed, and started again

Nothing here uses the ORM in the test's own process, so it goes together with synchronous Playwright.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from tests.support import environment, process_tree
from tests.support.servers import LOOPBACK, free_port_pair, new_database_beside

ROOT = Path(__file__).resolve().parents[2]
READY = "Proto Admin is ready"
START_PATIENCE = 90.0

Part = Literal["serve", "undertaker", "web", "web-worker", "cluster", "sentinel", "task-worker", "helper", "sandbox"]


class Product:
    """`manage.py serve` on a data folder, database and ports of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        redis_url: str = "",
        env: Mapping[str, str] | None = None,
        options: Sequence[str] = ("--sandbox",),
        prefix: Sequence[str] = (),
    ) -> None:
        self.var_dir = folder / "var"
        self.log = folder / "serve.log"
        self.port = free_port_pair()
        self._options = list(options)
        self._prefix = list(prefix)
        self._said_before = 0
        self._serve: subprocess.Popen[bytes] | None = None
        self._is_own_sqlite = not database_url
        self.database_url = database_url
        self.env = _environment(self.var_dir, self.port, database_url, redis_url, env or {})

    @property
    def url(self) -> str:
        """The address of the product, without a slash at its end."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """The address of the sandbox, without a slash at its end."""
        return f"http://{LOOPBACK}:{self.port + 1}"

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def start(self, *, until_ready: bool = True) -> None:
        """Start `serve`, and wait until it says that it is ready."""
        self.var_dir.mkdir(parents=True, exist_ok=True)
        if self._is_own_sqlite:
            self._start_from_template()
        self._said_before = self.output().count(READY)
        with self.log.open("ab") as log:
            self._serve = subprocess.Popen(
                [
                    *self._prefix,
                    *(sys.executable, "manage.py", "serve", "--with-parent", "--port", str(self.port)),
                    *self._options,
                ],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if until_ready:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it says so, after the last start."""
        self.wait_for(lambda: self.output().count(READY) > self._said_before, "the product to be ready", START_PATIENCE)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does; return the exit code."""
        assert self._serve is not None
        with suppress(ProcessLookupError):
            self._serve.send_signal(number)
        code = self._serve.wait(timeout=60)
        self._serve = None
        return code

    def crash(self) -> None:
        """Kill `serve` itself, and wait until what it started is gone too."""
        assert self._serve is not None
        self._serve.kill()
        self._serve.wait()
        self._serve = None
        self.wait_for(lambda: not self.all_pids(), "every process to end after serve was killed", 30)

    def lose_power(self) -> None:
        """SIGKILL every process at once, as a power cut does."""
        assert self._serve is not None
        process_tree.kill_all(self.all_pids)
        self._serve.wait()
        self._serve = None

    def restart(self) -> None:
        """Stop and start again, with the same data on the same ports."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End every process that carries this product's data folder in its environment, however it was started."""
        if self._serve is not None:
            with suppress(ProcessLookupError):
                self._serve.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._serve.wait(timeout=15)
        process_tree.kill_all(self.all_pids)
        if self._serve is not None:
            self._serve.wait()
            self._serve = None

    # --- looking inside -------------------------------------------------------------------------

    def output(self) -> str:
        """Return what the product has printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def manage(self, *arguments: str, timeout: float = 120) -> str:
        """Run a management command on the product's data; return what it printed."""
        return self._run(["manage.py", *arguments], timeout)

    def python(self, code: str, *, timeout: float = 120) -> str:
        """Run Python with Django set up and all models imported (`manage.py shell`); return what it printed."""
        return self._run(["manage.py", "shell", "--verbosity", "0", "--command", code], timeout)

    def _run(self, arguments: list[str], timeout: float) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def status_of(self, path: str) -> int:
        """Return the HTTP status of a page; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def login(self) -> tuple[str, str]:
        """Return the name and the password of the first administrator."""
        lines = dict(line.split(": ", 1) for line in (self.var_dir / "login.txt").read_text().splitlines())
        return lines["login"], lines["password"]

    def wait_for(self, happens: Callable[[], object], what: str, timeout: float = 30.0) -> None:
        """Wait until something is true; fail with the product's output when it does not become so."""
        end = time.monotonic() + timeout
        while not happens():
            if time.monotonic() > end:
                raise AssertionError(f"waited {timeout:.0f} s in vain for {what}\n{self.output()[-4000:]}")
            if self._serve is not None and self._serve.poll() is not None:
                raise AssertionError(f"serve ended, waiting for {what}\n{self.output()[-4000:]}")
            time.sleep(0.1)

    # --- processes ------------------------------------------------------------------------------

    def all_pids(self) -> list[int]:
        """Return every live process of this product."""
        return process_tree.pids_with(f"VAR_DIR={self.var_dir}")

    def pids(self, part: Part) -> list[int]:
        """Return the live processes of one kind.

        `task-worker`s are the cluster's processes that run tasks and sweepers; `helper`s its pusher and monitor.
        """
        return [pid for pid in self.all_pids() if process_tree.part_of(pid) == part]

    def kill(self, part: Part, *, every: bool = False, number: int = signal.SIGKILL) -> list[int]:
        """Kill one process of a kind, or every one; return their pids."""
        self.wait_for(lambda: self.pids(part), f"a process of the kind {part}")
        chosen = self.pids(part)[: None if every else 1]
        for pid in chosen:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return chosen

    # --- database -------------------------------------------------------------------------------

    def _start_from_template(self) -> None:
        """Begin with a migrated copy: the migrations run once for all tests."""
        database = self.var_dir / "proto-admin.sqlite3"
        if not database.exists():
            shutil.copyfile(_migrated_template(), database)


_templates: dict[str, str] = {}


def _migrated_template() -> Path:
    """Return a SQLite file with all tables; made once."""
    if "sqlite" not in _templates:
        folder = Path(tempfile.mkdtemp(prefix="proto-admin-template-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _migrate(folder, "")
        _templates["sqlite"] = str(folder / "proto-admin.sqlite3")
    return Path(_templates["sqlite"])


def migrated_database_beside(url: str) -> str:
    """Make a database with all tables on the PostgreSQL of this DATABASE_URL; return the new one's URL."""
    if url not in _templates:
        template = new_database_beside(url)
        with tempfile.TemporaryDirectory(prefix="proto-admin-template-") as folder:
            _migrate(Path(folder), template)
        _templates[url] = urlsplit(template).path.lstrip("/")
    return new_database_beside(url, template=_templates[url])


def _migrate(var_dir: Path, database_url: str) -> None:
    env = _environment(var_dir, 1, database_url, "", {})
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def _environment(
    var_dir: Path, port: int, database_url: str, redis_url: str, more: Mapping[str, str]
) -> dict[str, str]:
    """Return an environment in which nothing of the test's own settings is left but the keys."""
    env = {name: value for name, value in os.environ.items() if name not in environment.FOREIGN}
    for name in ("DATABASE_URL", "REDIS_URL", "SQLITE_SYNCHRONOUS", "PYTEST_CURRENT_TEST"):
        env.pop(name, None)
    env |= environment.KEYS | {"VAR_DIR": str(var_dir), "PORT": str(port), "PYTHONUNBUFFERED": "1", "WORKERS": "2"}
    if database_url:
        env["DATABASE_URL"] = database_url
    if redis_url:
        env["REDIS_URL"] = redis_url
    return env | dict(more)


def engine_of(database_url: str) -> str:
    """Return "postgres" or "sqlite"."""
    return "postgres" if urlsplit(database_url).scheme.startswith("postgres") else "sqlite"
