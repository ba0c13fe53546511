"""Throw-away PostgreSQL and Redis servers on free ports."""

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def free_port_pair() -> int:
    """Return a port that is free together with the next one."""
    while True:
        port = free_port()
        with socket.socket() as probe, suppress(OSError, OverflowError):
            probe.bind((LOOPBACK, port + 1))
            return port


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest version first; None when there is none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_of, reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("postgres") else None


def _version_of(folder: Path) -> float:
    with suppress(ValueError):
        return float(folder.parent.name)
    return 0.0


def find_redis() -> str | None:
    """Return the path of redis-server; None when there is none."""
    return shutil.which("redis-server")


@dataclass
class Postgres:
    """A running PostgreSQL, its data in a temporary folder, LC_ALL=C."""

    bin: Path
    folder: Path
    port: int
    user: str | None
    is_durable: bool = False
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "protoadmin") -> str:
        """Return a DATABASE_URL."""
        return f"postgres://protoadmin@{LOOPBACK}:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database; return its DATABASE_URL."""
        return new_database_beside(self.url())

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": self.folder,
            "max_connections": 200,
        }
        if not self.is_durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.bin / "postgres"), "-D", str(self.folder / "data"), *settings],
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                env=_plain_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        _wait(self._answers, f"PostgreSQL did not start: see {self.folder / 'log'}")

    def _answers(self) -> bool:
        with suppress(psycopg.Error), psycopg.connect(self.url("postgres"), connect_timeout=2):
            return True
        return False

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop the server; SIGINT ends its connections, SIGKILL (to all of its processes) is a crash."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)
        _end(self._process)
        self._process = None

    def restart(self, number: int = signal.SIGINT) -> None:
        """Stop and start again, with the same data on the same port."""
        self.stop(number)
        self.start()


@dataclass
class Redis:
    """A running Redis that keeps nothing on disk."""

    program: str
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """A REDIS_URL."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = ["--port", str(self.port), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [self.program, *options, "--dir", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _wait(self._answers, "Redis did not start")

    def _answers(self) -> bool:
        with suppress(redis.exceptions.RedisError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the server."""
        if self._process is not None:
            self._process.send_signal(number)
            _end(self._process)
            self._process = None

    def restart(self) -> None:
        """Stop and start again on the same port: it has forgotten everything."""
        self.stop()
        self.start()


_numbers = itertools.count(1)


def new_database_beside(url: str, *, template: str = "template0") -> str:
    """Make a database, empty or a copy of another, on the server of this DATABASE_URL; return the new one's URL."""
    server = urlsplit(url)
    name = f"product_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server._replace(path="/postgres").geturl(), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return server._replace(path=f"/{name}").geturl()


@contextmanager
def postgres(*, is_durable: bool = False) -> Iterator[Postgres]:
    """Run a PostgreSQL as long as the block runs; LookupError when it is not installed.

    A durable one waits for the disk, as PostgreSQL does when nobody has told it otherwise; tests have no need of it.
    """
    programs = find_postgres()
    if programs is None:
        raise LookupError("PostgreSQL is not installed")
    # As root, which PostgreSQL refuses to run as, it runs as the user that its package made.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="proto-admin-pg-"))
    server = Postgres(programs, folder, free_port(), user, is_durable)
    try:
        if user:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        _initialise(server)
        server.start()
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE protoadmin")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(server: Postgres) -> None:
    options = ["--username=protoadmin", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        [str(server.bin / "initdb"), "-D", str(server.folder / "data"), *options],
        user=server.user,
        group=server.user,
        extra_groups=[] if server.user else None,
        env=_plain_environment(),
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")


@contextmanager
def redis_server() -> Iterator[Redis]:
    """Run a Redis as long as the block runs; LookupError when it is not installed."""
    program = find_redis()
    if program is None:
        raise LookupError("Redis is not installed")
    with tempfile.TemporaryDirectory(prefix="proto-admin-redis-") as folder:
        server = Redis(program, Path(folder), free_port())
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}


def _wait(is_ready: object, complaint: str) -> None:
    assert callable(is_ready)
    end = time.monotonic() + PATIENCE
    while not is_ready():
        if time.monotonic() > end:
            raise RuntimeError(complaint)
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
