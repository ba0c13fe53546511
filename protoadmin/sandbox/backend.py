"""Everything behind the HTTP: the state with its parts, and a table of routes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from protoadmin.sandbox import demo
from protoadmin.sandbox.faults import Faults
from protoadmin.sandbox.fields import Fields
from protoadmin.sandbox.journal import Journal
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.records import Records
from protoadmin.sandbox.state import State
from protoadmin.sandbox.wire import Answer, Request, json_answer

Handler = Callable[..., Answer]
PARAMETER = re.compile(r"\\{(\w+)\\}")


class Backend:
    """The remote systems' data. `url` is where the server answers."""

    def __init__(self, directory: Path, *, fresh: bool = False) -> None:
        self.url = ""
        self.state = State(directory, fresh=fresh)
        self.records = Records(self.state)
        self.fields = Fields(self.state)
        self.faults = Faults(self.state)
        self.journal = Journal(self.state)
        if self.state.setting("demo") is None:
            self.reset()

    def reset(self) -> None:
        """Back to the demo data: nothing else, no fault, no request noted."""
        with self.state.transaction():
            self.state.clear()
            demo.fill(self.state, self.records, self.fields)
            self.state.set_setting("demo", "1")
        self.records.reload()
        self.faults.reload()


class Routes:
    """Paths with parameters in braces; a parameter is one path segment, unquoted after it was cut out."""

    def __init__(self, *groups: tuple[str, list[tuple[str, str, Handler]]]) -> None:
        self.table: list[tuple[re.Pattern[str], dict[str, Handler]]] = []
        by_template: dict[str, dict[str, Handler]] = {}
        for base, routes in groups:
            for method, template, handler in routes:
                by_template.setdefault(base + template, {})[method] = handler
        for template, handlers in by_template.items():
            pattern = PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(template))
            self.table.append((re.compile(pattern), handlers))

    def answer(self, backend: Backend, request: Request) -> Answer:
        """Let the handler answer; what it refuses becomes `{"detail": …}` with its status."""
        try:
            handler, parameters = self._find(request)
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
