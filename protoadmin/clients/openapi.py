"""Reading an OpenAPI 3 document that may be incomplete or wrong: references, combined schemas, parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

_DEEPEST = 12
_MOST_ALTERNATIVES = 24


@dataclass(frozen=True)
class Shape:
    """One way in which a value may look. No types mean any; `closed` allows no other properties, `open` any."""

    types: frozenset[str] = frozenset()
    properties: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Any = None
    allowed: tuple[Any, ...] = ()
    closed: bool = False
    open: bool = False

    def merged(self, other: Shape) -> Shape:
        """Return the shape of a value that must have both shapes."""
        types = self.types & other.types if self.types and other.types else self.types | other.types
        return Shape(
            types,
            {**self.properties, **other.properties},
            self.required | other.required,
            self.items if self.items is not None else other.items,
            self.allowed or other.allowed,
            self.closed or other.closed,
            self.open or other.open,
        )


@dataclass(frozen=True)
class Published:
    """One published path."""

    path: str
    item: dict[str, Any]

    @property
    def segments(self) -> list[str]:
        """The path's parts."""
        return self.path.strip("/").split("/")


class Document:
    """An OpenAPI document."""

    def __init__(self, openapi: dict[str, Any]) -> None:
        self.openapi = openapi

    def paths(self) -> Iterator[Published]:
        """Yield what is published."""
        for path, item in as_object(self.openapi.get("paths")).items():
            if isinstance(path, str) and isinstance(item, dict):
                yield Published(path, self.resolved(item))

    def resolved(self, node: Any) -> dict[str, Any]:
        """Return the object that a node is or refers to; an empty one if there is none."""
        for _ in range(_DEEPEST):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                break
            node = self._at(node["$ref"])
        return as_object(node)

    def parameters(self, published: Published, operation: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the parameters of an operation, the path's own included."""
        both = [*as_list(published.item.get("parameters")), *as_list(operation.get("parameters"))]
        return [self.resolved(parameter) for parameter in both]

    def shapes(self, schema: Any, within: tuple[int, ...] = ()) -> list[Shape]:
        """Return the shapes that a schema allows, null left out. A schema within itself allows anything."""
        node = self.resolved(schema)
        if not node or id(node) in within or len(within) > _DEEPEST:
            return [Shape()]
        within = (*within, id(node))
        shapes = [_own_shape(node)]
        for part in as_list(node.get("allOf")):
            shapes = _combined(shapes, self.shapes(part, within))
        for choice in ("anyOf", "oneOf"):
            parts = as_list(node.get(choice))
            if parts:
                chosen = [shape for part in parts for shape in self.shapes(part, within)]
                shapes = _combined(shapes, chosen)
        return [shape for shape in shapes if shape.types != {"null"}] or [Shape()]

    def _at(self, reference: str) -> Any:
        """Return what a reference within this document points to."""
        node: Any = self.openapi
        for part in reference.removeprefix("#").strip("/").split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        return node


def as_object(value: Any) -> dict[str, Any]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return the value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def names_in(path: str) -> list[str]:
    """Return the parameter names of a path template."""
    return re.findall(r"\{([^{}]*)\}", path)


def _own_shape(node: dict[str, Any]) -> Shape:
    declared = node.get("type")
    types = {kind for kind in (declared if isinstance(declared, list) else [declared]) if isinstance(kind, str)}
    properties = as_object(node.get("properties"))
    if not types and properties:
        types = {"object"}
    if len(types) > 1:
        types -= {"null"}
    extra = node.get("additionalProperties")
    return Shape(
        frozenset(types),
        properties,
        frozenset(name for name in as_list(node.get("required")) if isinstance(name, str)),
        node.get("items"),
        tuple(as_list(node.get("enum"))),
        closed=extra is False,
        open=extra is True or isinstance(extra, dict),
    )


def _combined(some: list[Shape], others: list[Shape]) -> list[Shape]:
    return [one.merged(other) for one in some for other in others][:_MOST_ALTERNATIVES]
