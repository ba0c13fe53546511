"""The server: one thread, one event loop, real HTTP/1.1 over TCP.

A request is carried out and noted in one transaction before its answer goes out, so what the journal says to have
had an effect had it, also after `kill -9`.
"""

import asyncio
import contextlib
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from protoadmin.sandbox import (
    chat_control,
    console,
    control,
    guard,
    helpdesk,
    messaging,
    openapi,
    platform,
    protocol,
    protocol_control,
    remote_data,
    webhook_control,
)
from protoadmin.sandbox.backend import Backend, Options, Routes
from protoadmin.sandbox.courier import Courier
from protoadmin.sandbox.faults import Rule
from protoadmin.sandbox.misbehave import replaced, seen_status, send, takes_effect, too_many
from protoadmin.sandbox.wire import MAX_HEAD, Answer, Refused, Request, json_answer, read_request, render

REMOTE = Routes(
    (platform.BASE, platform.ROUTES),
    (platform.BASE, openapi.ROUTES),
    ("", messaging.ROUTES),
    ("", protocol.ROUTES),
    (helpdesk.BASE, helpdesk.ROUTES),
)


def _help(backend: Backend, request: Request) -> Answer:
    """What can be told to the sandbox, and what is shown of it."""
    return json_answer([route for route in OWN.described if "/page/" not in route["path"]])


OWN = Routes(
    ("", console.ROUTES),
    ("", control.ROUTES),
    ("", remote_data.ROUTES),
    ("", chat_control.ROUTES),
    ("", protocol_control.ROUTES),
    ("", helpdesk.CONTROL_ROUTES),
    ("", webhook_control.ROUTES),
    ("", [("GET", "/_sandbox/help", _help)]),
)
IDLE_SECONDS = 75.0


class SandboxServer:
    """A sandbox in a thread of this process: `with SandboxServer(port=0) as sandbox: … sandbox.url`.

    Without `state_dir` the state lives in a directory that goes with the server. `idle_seconds` is how long a
    keep-alive connection may be silent before it is closed. `options` is about webhooks, bot and customers.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        state_dir: Path | str | None = None,
        host: str = "127.0.0.1",
        fresh: bool = False,
        idle_seconds: float = IDLE_SECONDS,
        options: Options | None = None,
    ) -> None:
        self.options = options or Options()
        self.host = host
        self.port = port
        self.idle_seconds = idle_seconds
        self._temporary = None if state_dir else tempfile.TemporaryDirectory(prefix="sandbox-")
        self.state_dir = Path(state_dir or (self._temporary.name if self._temporary else ""))
        self._fresh = fresh
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where the server answers, without a slash at the end."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
        return f"http://{_in_url(everywhere.get(self.host, self.host))}:{self.port}"

    def start(self) -> None:
        """Start in a thread and return when connections are accepted."""
        self._thread = threading.Thread(target=self._thread_main, name="sandbox", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Close every connection and the state."""
        if self._loop and self._stop and self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.request_stop)
            self._thread.join()
        if self._temporary:
            self._temporary.cleanup()

    def request_stop(self) -> None:
        """Let `run` come to its end; only from the thread of the loop."""
        if self._stop:
            self._stop.set()

    def __enter__(self) -> "SandboxServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _thread_main(self) -> None:
        try:
            asyncio.run(self.run())
        except BaseException as error:  # noqa: BLE001 - `start` raises it in the thread that asked
            self._failure = error
        finally:
            self._started.set()

    async def run(self, on_ready: Callable[[], None] | None = None) -> None:
        """Serve until `stop` or cancellation; `on_ready` is called once connections are accepted."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.backend = Backend(self.state_dir, fresh=self._fresh, options=self.options)
        courier: asyncio.Task[None] | None = None
        try:
            server = await asyncio.start_server(self._connected, self.host, self.port, limit=MAX_HEAD, backlog=512)
            self.port = server.sockets[0].getsockname()[1]
            self.backend.url = self.url
            courier = asyncio.create_task(Courier(self.backend).run())
            self._started.set()
            if on_ready:
                on_ready()
            await self._stop.wait()
            server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
        finally:
            if courier is not None:
                courier.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await courier
            self.backend.state.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            async with asyncio.timeout(self.idle_seconds):
                request = await read_request(reader, writer)
        except Refused as error:
            answer = json_answer({"detail": error.detail}, status=error.status)
            writer.write(render(answer, Request("", "", "", {}, keep_alive=False)))
            await writer.drain()
            return False
        if request is None:
            return False
        if console.is_own(request):
            writer.write(render(self._own(request), request))
            await writer.drain()
            return request.keep_alive
        return await self._remote(request, writer)

    def _own(self, request: Request) -> Answer:
        try:
            with self.backend.state.transaction():
                return guard.refusal(request, _in_url(self.host)) or OWN.answer(self.backend, request)
        except Exception:  # noqa: BLE001 - one request must not end the server
            return _broken()

    async def _remote(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        faults = self.backend.faults
        wait = faults.over_limit(request.at)
        if wait is not None:
            self.backend.journal.add(request, status=429, effect=False, fault="limit")
            return await send(None, too_many(wait), request, writer)
        slow, rule = faults.pick(request.line)
        if slow and slow.options["late"]:
            await asyncio.sleep(slow.options["seconds"])
        try:
            answer = self._carry_out(request, slow, rule)
        except Exception:  # noqa: BLE001 - one request must not end the server
            answer, rule = _broken(), None
        if slow and not slow.options["late"]:
            await asyncio.sleep(slow.options["seconds"])
        return await send(rule, answer, request, writer)

    def _carry_out(self, request: Request, slow: Rule | None, rule: Rule | None) -> Answer:
        names = "+".join(each.kind for each in (slow, rule) if each)
        with self.backend.state.transaction():
            true = REMOTE.answer(self.backend, request) if takes_effect(rule) else Answer()
            shown = replaced(rule, true)
            self.backend.journal.add(request, status=seen_status(rule, shown), effect=true.effect, fault=names or None)
        return shown


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _broken() -> Answer:
    traceback.print_exc(file=sys.stderr)
    return json_answer({"detail": "The sandbox itself failed; its output says why"}, status=500)
