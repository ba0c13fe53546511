"""A declared endpoint: what its address looks like and what its body holds. Requests are built from it, and
`schema` compares it with what the remote system publishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protoadmin.clients.paths import path_segment
from protoadmin.clients.transport import Request, anything


@dataclass(frozen=True)
class Property:
    """One property of a body. `type` is a JSON Schema type; `items` is the type of a list's elements, `parts` are
    their properties. An empty `type` means any."""

    name: str
    type: str = "string"
    required: bool = False
    items: str = ""
    parts: tuple[Property, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """One endpoint; `path` is a template with `{names}`."""

    operation: str
    method: str
    path: str
    body: tuple[Property, ...] = ()

    def request(
        self, ids: Mapping[str, str], body: Mapping[str, Any] | None = None, read: Callable[[Any], Any] = anything
    ) -> Request:
        """Return the request for these ids and this body, without the body's values that are None.

        Raises UnsafeIdentifier for an id, and ValueError for a body that is not the declared one.
        """
        path = self.path.format(**{name: path_segment(value) for name, value in ids.items()})
        content = None
        if self.body:
            content = {name: value for name, value in (body or {}).items() if value is not None}
            unknown = content.keys() - {part.name for part in self.body}
            missing = {part.name for part in self.body if part.required} - content.keys()
            if unknown or missing:
                raise ValueError(f"The body of {self.operation} is wrong in: {', '.join(sorted(unknown | missing))}.")
        return Request(self.operation, self.method, path, json=content, read=read)
