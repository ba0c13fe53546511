"""Everything behind the HTTP: the state with its parts, and a table of routes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from protoadmin.sandbox import demo, helpdesk_demo
from protoadmin.sandbox.chats import Chats
from protoadmin.sandbox.faults import Faults
from protoadmin.sandbox.fields import Fields
from protoadmin.sandbox.journal import Journal
from protoadmin.sandbox.outbound import PAUSES, Outbound
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.protocol_records import ProtocolCustomers
from protoadmin.sandbox.records import Records
from protoadmin.sandbox.state import State
from protoadmin.sandbox.talk import REPLY_DELAY, Talk
from protoadmin.sandbox.traffic import Traffic
from protoadmin.sandbox.wire import Answer, Request, json_answer

Handler = Callable[..., Answer]
PARAMETER = re.compile(r"\\{(\w+)\\}")


@dataclass(frozen=True)
class Options:
    """How the sandbox was started: where the product's webhooks are, how the bot and its customers behave.

    `webhook_base` sets the URLs of all channels; `reply_delay` is how long the bot takes, in seconds; `retry_pauses`
    is how long a delivery that was not taken waits; `traffic` is how many messages customers write a minute.
    """

    webhook_base: str = ""
    reply_delay: tuple[float, float] = REPLY_DELAY
    retry_pauses: tuple[float, ...] = PAUSES
    traffic: float = 0.0


class Backend:
    """The remote systems' data. `url` is where the server answers."""

    def __init__(self, directory: Path, *, fresh: bool = False, options: Options | None = None) -> None:
        self.url = ""
        self.options = options or Options()
        self.state = State(directory, fresh=fresh)
        self.records = Records(self.state)
        self.fields = Fields(self.state)
        self.faults = Faults(self.state)
        self.journal = Journal(self.state)
        self.chats = Chats(self.state)
        self.protocol = ProtocolCustomers(self.state)
        self.outbound = Outbound(self.state, base=self.options.webhook_base, pauses=self.options.retry_pauses)
        self.talk = Talk(self.state, self.records, self.chats, self.outbound, delay=self.options.reply_delay)
        self.traffic = Traffic(self.state, self.records, self.chats, self.talk)
        if self.state.setting("demo") is None:
            self.reset()
        else:
            if not self.protocol.projects():
                # A state of before there were any.
                with self.state.transaction():
                    self.protocol.fill()
            self._start()

    def reset(self) -> None:
        """Back to the demo data: nothing else, no fault, no request noted; webhooks as the start options say."""
        with self.state.transaction():
            self.state.clear()
            demo.fill(self.state, self.records, self.fields)
            helpdesk_demo.fill(self.state)
            self.protocol.fill()
            self.state.set_setting("demo", "1")
        self.records.reload()
        self.faults.reload()
        self.outbound.reload()
        self.traffic.reload()
        self._start()

    def _start(self) -> None:
        with self.state.transaction():
            self.outbound.point_at_base(self.records.channels)
            if self.options.traffic:
                self.traffic.start(self.options.traffic)


class Routes:
    """Paths with parameters in braces; a parameter is one path segment, unquoted after it was cut out."""

    def __init__(self, *groups: tuple[str, list[tuple[str, str, Handler]]]) -> None:
        self.table: list[tuple[re.Pattern[str], dict[str, Handler]]] = []
        self.described = [
            {"method": method, "path": base + template, "does": (handler.__doc__ or "").strip()}
            for base, routes in groups
            for method, template, handler in routes
        ]
        by_template: dict[str, dict[str, Handler]] = {}
        for base, routes in groups:
            for method, template, handler in routes:
                by_template.setdefault(base + template, {})[method] = handler
        for template, handlers in by_template.items():
            pattern = PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(template))
            self.table.append((re.compile(pattern), handlers))

    def answer(self, backend: Backend, request: Request) -> Answer:
        """Let the handler answer; what it refuses becomes `{"detail": …}` with its status, and changes nothing."""
        try:
            handler, parameters = self._find(request)
            with backend.state.transaction():
                return handler(backend, request, **parameters)
        except ApiError as error:
            return json_answer({"detail": error.detail}, status=error.status, headers=error.headers)

    def _find(self, request: Request) -> tuple[Handler, dict[str, Any]]:
        for pattern, handlers in self.table:
            if found := pattern.fullmatch(request.path):
                if handler := handlers.get(request.method):
                    return handler, {name: unquote(value) for name, value in found.groupdict().items()}
                raise ApiError(405, "Method Not Allowed", [("Allow", ", ".join(handlers))])
        raise ApiError(404, "Not Found")
