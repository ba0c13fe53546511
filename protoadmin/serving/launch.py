"""The whole life of one `manage.py serve`: claim, prepare, start, greet, tend, stop."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.db import connections

from protoadmin.serving.child import Child
from protoadmin.serving.claim import Claim
from protoadmin.serving.demo import DemoData
from protoadmin.serving.ports import answers, reachable, require_free_port
from protoadmin.serving.preparing import (
    Login,
    StaticFiles,
    first_login,
    manage_command,
    one_at_a_time,
    prepare_database,
)
from protoadmin.serving.processes import MARK
from protoadmin.serving.supervisor import SANDBOX, WEB, WORKER, Say, Supervisor

WEB_PATIENCE = 10.0
WORKER_PATIENCE = 25.0
SANDBOX_PATIENCE = 3.0
LOOPBACK = "127.0.0.1"
# Messages a minute of the sandbox' simulated customers: enough that the inbox moves.
DEMO_TRAFFIC = "6"


@dataclass(frozen=True)
class Options:
    """What the person who starts it asks for."""

    host: str
    port: int
    sandbox_port: int
    web: bool = True
    worker: bool = True
    sandbox: bool = False
    demo: bool = False
    with_parent: bool = False

    @property
    def roles(self) -> list[str]:
        """The names under which the data folder is claimed."""
        return [name for name, wanted in (("web", self.web), ("worker", self.worker)) if wanted]


def serve(options: Options, *, say: Say) -> None:
    """Run the product until somebody asks it to stop; raises ServeError when it cannot run."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    parent = os.getppid()
    var_dir = Path(settings.VAR_DIR).resolve()
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    claim = Claim(var_dir, options.roles)
    try:
        if claim.left_overs:
            say(f"{claim.left_overs} processes that an earlier start left behind were ended.")
        _require_ports(options)
        login = _prepare(var_dir)
        _run(options, Supervisor(_children(options, var_dir, claim.mark), mark=claim.mark, say=say), login, parent, say)
    except KeyboardInterrupt:
        say("Stopped before it was ready.")
    finally:
        claim.release()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _require_ports(options: Options) -> None:
    if options.web:
        hint = "Choose another one: PORT=8010 make run"
        require_free_port(options.host, options.port, use="the web server", hint=hint)
    if options.sandbox:
        hint = "Choose another one: SANDBOX_PORT=8011 make run; without it the sandbox takes the one after PORT."
        require_free_port(LOOPBACK, options.sandbox_port, use="the sandbox", hint=hint)


def _prepare(var_dir: Path) -> Login:
    static_files = StaticFiles()
    try:
        with one_at_a_time(var_dir):
            static_files.start(manage_command())
            prepare_database()
            login = first_login(var_dir)
            static_files.finish()
    finally:
        static_files.abandon()
        connections.close_all()
    return login


def _children(options: Options, var_dir: Path, mark: str) -> list[Child]:
    """Return the programs to run, in the order in which they are started and stopped."""
    env = {
        **os.environ,
        MARK: mark,
        "VAR_DIR": str(var_dir),
        "PORT": str(options.port),
        "SANDBOX_PORT": str(options.sandbox_port),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",
    }
    children = []
    if options.web:
        children.append(Child(WEB, _granian(options), env, patience=WEB_PATIENCE))
    if options.worker:
        children.append(Child(WORKER, [*manage_command(), "qcluster"], env, patience=WORKER_PATIENCE))
    if options.sandbox:
        state = ["--port", str(options.sandbox_port), "--state-dir", str(var_dir / "sandbox")]
        state += ["--webhook-base", f"http://{LOOPBACK}:{options.port}"]
        if options.demo:
            state += ["--traffic", DEMO_TRAFFIC]
        children.append(
            Child(SANDBOX, [*manage_command(), "sandbox", *state], env, patience=SANDBOX_PATIENCE, is_quiet=True)
        )
    return children


def _granian(options: Options) -> list[str]:
    """Return the web server's command line.

    Several threads a process, so that slow downloads do not hold up webhooks; they are kept for long, since each
    holds a database connection of its own. A worker process that dies is replaced by granian itself.
    """
    given = {
        "--interface": "wsgi",
        "--host": options.host,
        "--port": options.port,
        "--workers": os.environ.get("WEB_WORKERS") or 2,
        "--blocking-threads": os.environ.get("WEB_THREADS") or 4,
        "--blocking-threads-idle-timeout": 600,
        "--workers-kill-timeout": 6,
        "--respawn-interval": 0.2,
        "--log-level": "warning",
    }
    flat = [str(part) for option in given.items() for part in option]
    switches = ["--no-ws", "--no-access-log", "--respawn-failed-workers"]
    return [sys.executable, "-m", "granian", *flat, *switches, "protoadmin.wsgi:application"]


def _run(options: Options, supervisor: Supervisor, login: Login, parent: int, say: Say) -> None:
    supervisor.take_signals()
    demo = DemoData(options.sandbox_port, env=supervisor.children[-1].env, say=say) if options.demo else None
    greeted = False
    try:
        supervisor.start()
        while not supervisor.is_asked_to_stop:
            supervisor.tend()
            if not supervisor.web_has_answered:
                supervisor.web_has_answered = not options.web or answers(options.host, options.port)
            is_loaded = demo is None or demo.is_done()
            if not greeted and supervisor.web_has_answered and is_loaded:
                say(greeting(options, login))
                greeted = True
            if options.with_parent and os.getppid() != parent:
                supervisor.ask_to_stop()
        say("Stopping.")
    finally:
        if demo is not None:
            demo.abandon()
        supervisor.stop()
    say("Stopped.")


def greeting(options: Options, login: Login) -> str:
    """Return what a person reads when all is ready: one address and one login."""
    lines = ["", "Proto Admin is ready. Ctrl-C ends it.", ""]
    if options.web:
        lines.append(f"  Address:   {_address(options)}")
    if options.web or login.is_new:
        lines += [f"  Login:     {login.name}", f"  Password:  {_password_line(options, login)}"]
    if options.sandbox:
        lines.append(f"  Sandbox:   stands in for Proto on port {options.sandbox_port}")
    return "\n".join([*lines, ""])


def _address(options: Options) -> str:
    public = os.environ.get("PUBLIC_URL", "").rstrip("/")
    host = reachable(options.host)
    own = f"http://[{host}]:{options.port}" if ":" in host else f"http://{host}:{options.port}"
    return f"{public or own}/admin/"


def _password_line(options: Options, login: Login) -> str:
    where = Path(settings.VAR_DIR) / "login.txt"
    if not login.password:
        return "as it was set in the admin (forgotten: python manage.py changepassword)"
    if login.is_new or options.demo:
        return login.password
    return f"in {where}"
