"""Where our requests and the platform's published OpenAPI document differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from protoadmin.clients.auth import NoAuth
from protoadmin.clients.endpoints import Endpoint, Property
from protoadmin.clients.errors import UnexpectedShape
from protoadmin.clients.openapi import Document, Published, Shape, as_list, as_object, names_in
from protoadmin.clients.platform import ENDPOINTS
from protoadmin.clients.transport import Client, Request, Timeouts

Severity = Literal["breaks", "differs", "note"]
Finding = tuple[Severity, str]

_MOST_BYTES = 32 * 1024 * 1024
_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Difference:
    """`breaks`: the request will fail or do nothing; `differs`: it may; `note`: worth knowing."""

    operation: str
    severity: Severity
    sentence: str


def find_document(base_url: str, **timeouts: float) -> dict[str, Any]:
    """Fetch `openapi.json`, which a FastAPI service has beside its docs (seed 000 names the docs).

    No token is sent. `timeouts` are seconds: connect, read, total. Raises InvalidBaseUrl and ApiError.
    """
    client = Client(base_url, auth=NoAuth(), secrets=(), timeouts=Timeouts(**timeouts), most_bytes=_MOST_BYTES)
    return as_object(client.send(Request("openapi_document", "GET", "/openapi.json", read=_a_document)).data)


def compare(
    openapi: dict[str, Any], endpoints: Sequence[Endpoint] = ENDPOINTS, *, base_url: str = ""
) -> list[Difference]:
    """Compare our endpoints with an OpenAPI 3 document, in the order of the endpoints. Never raises.

    A document may publish its paths with the server's own prefix; it is noted unless `base_url` ends with it.
    """
    document = Document(as_object(openapi))
    if not str(document.openapi.get("openapi", "")).startswith("3") or not list(document.paths()):
        return [Difference("document", "breaks", "This is not an OpenAPI 3 document with paths.")]
    return [
        Difference(endpoint.operation, severity, sentence)
        for endpoint in endpoints
        for severity, sentence in _endpoint_findings(endpoint, document, base_url)
    ]


def _a_document(data: Any) -> Any:
    if not isinstance(data, dict) or not isinstance(data.get("paths"), dict):
        raise UnexpectedShape("an OpenAPI document was expected")
    return data


def _endpoint_findings(endpoint: Endpoint, document: Document, base_url: str) -> Iterator[Finding]:
    found = sorted(
        (published for published in document.paths() if _same_path(published, endpoint)),
        key=lambda published: (endpoint.method.lower() not in published.item, len(published.path)),
    )
    if not found:
        yield _elsewhere(endpoint, document)
        return
    published = found[0]
    yield from _path_findings(endpoint, published, base_url)
    operation = document.resolved(published.item.get(endpoint.method.lower()))
    if not operation:
        methods = ", ".join(method.upper() for method in _METHODS if method in published.item) or "no method"
        yield "breaks", f"{published.path} is published with {methods}; we send {endpoint.method}."
        return
    parameters = document.parameters(published, operation)
    in_address = {str(parameter.get("name")) for parameter in parameters if parameter.get("in") == "query"}
    yield from _parameter_findings(endpoint, parameters)
    yield from _body_findings(endpoint, operation, document, in_address)
    yield from _security_findings(operation, parameters, document)


def _same_path(published: Published, endpoint: Endpoint) -> bool:
    """Whether the published path is ours, whatever stands before it and whatever its parameters are called."""
    ours = endpoint.path.strip("/").split("/")
    theirs = published.segments[-len(ours) :]
    return [_literal(part) for part in theirs] == [_literal(part) for part in ours]


def _literal(segment: str) -> str:
    return "{}" if segment.startswith("{") and segment.endswith("}") else segment


def _elsewhere(endpoint: Endpoint, document: Document) -> Finding:
    """Say that the path is missing, and where the same operation seems to be now."""
    name = [part for part in endpoint.path.split("/") if not part.startswith("{")][-1]
    others = [published.path for published in document.paths() if name in published.segments]
    if others:
        return "breaks", f"The path differs: {', '.join(others[:3])} is published; we send to {endpoint.path}."
    return "breaks", f"The path is missing: nothing like {endpoint.path} is published."


def _path_findings(endpoint: Endpoint, published: Published, base_url: str) -> Iterator[Finding]:
    ours = names_in(endpoint.path)
    theirs = names_in(published.path)[-len(ours) :]
    prefix = "/" + "/".join(published.segments[: -len(endpoint.path.strip("/").split("/"))])
    if published.path.endswith("/"):
        yield "breaks", f"{published.path} ends with a slash; our path does not."
    if theirs != ours:
        yield "note", f"The ids in the path are called {', '.join(theirs)}; we call them {', '.join(ours)}."
    if prefix != "/" and not base_url.rstrip("/").endswith(prefix):
        yield "note", f"The path is published under {prefix}; the base URL has to end with that."


def _parameter_findings(endpoint: Endpoint, parameters: list[dict[str, Any]]) -> Iterator[Finding]:
    ours = {part.name for part in endpoint.body}
    for parameter in parameters:
        name, place = str(parameter.get("name")), parameter.get("in")
        if place == "query" and name in ours:
            yield "breaks", f'"{name}" is expected in the query of the address; we send it in the body.'
        elif place in ("query", "header", "cookie") and parameter.get("required") and name.lower() != "authorization":
            yield "breaks", f'The {place} parameter "{name}" is required; we do not send it.'


def _body_findings(
    endpoint: Endpoint, operation: dict[str, Any], document: Document, in_address: set[str]
) -> Iterator[Finding]:
    ours = tuple(part for part in endpoint.body if part.name not in in_address)
    body = document.resolved(operation.get("requestBody"))
    content = as_object(body.get("content"))
    if not body:
        if ours:
            yield "breaks", f"No body is published; we send {_listed(ours)}."
        return
    if not endpoint.body:
        if body.get("required"):
            yield "breaks", "A body is required; we send none."
        return
    media = next((content[name] for name in content if "json" in str(name).lower() or name == "*/*"), None)
    if media is None:
        yield "breaks", f"The body is expected as {', '.join(map(str, content)) or 'something else'}; we send JSON."
        return
    schema = document.resolved(media).get("schema")
    yield from _value_findings(Property("body", "object", parts=ours), schema, document, "The body")


def _value_findings(part: Property, schema: Any, document: Document, where: str) -> list[Finding]:
    """Return what is wrong with our value under the shape that fits it best."""
    judged = [_shape_findings(part, shape, document, where) for shape in document.shapes(schema)]
    return min(judged, key=lambda findings: [sum(kind == level for kind, _ in findings) for level in _SEVERITIES])


_SEVERITIES: tuple[Severity, ...] = ("breaks", "differs", "note")


def _shape_findings(part: Property, shape: Shape, document: Document, where: str) -> list[Finding]:
    if part.type and shape.types and part.type not in shape.types:
        return [("breaks", f"{where} is expected as {' or '.join(sorted(shape.types))}; we send {part.type}.")]
    findings: list[Finding] = []
    if shape.allowed and part.type == "string":
        findings.append(("note", f"{where} may only be one of: {', '.join(map(str, shape.allowed[:20]))}."))
    if part.items and shape.items is not None:
        element = Property(part.name, part.items, parts=part.parts)
        findings += _value_findings(element, shape.items, document, f"Each element of {where}")
    elif part.parts and (shape.types or shape.properties):
        findings += _property_findings(part.parts, shape, document, where)
    return findings


def _property_findings(parts: tuple[Property, ...], shape: Shape, document: Document, where: str) -> list[Finding]:
    findings: list[Finding] = []
    for part in parts:
        if part.name in shape.properties:
            findings += _value_findings(part, shape.properties[part.name], document, f'"{part.name}"')
        elif shape.closed:
            findings.append(("breaks", f'{where} does not allow "{part.name}"; we send it.'))
        elif not shape.open:
            findings.append(("differs", f'{where} does not know "{part.name}"; we send it, and it may be ignored.'))
    ours = {part.name: part for part in parts}
    for name in sorted(shape.required):
        if name not in ours:
            findings.append(("breaks", f'{where} requires "{name}"; we do not send it.'))
        elif not ours[name].required:
            findings.append(("differs", f'{where} requires "{name}"; we send it only when it is given.'))
    return findings


def _security_findings(
    operation: dict[str, Any], parameters: list[dict[str, Any]], document: Document
) -> Iterator[Finding]:
    schemes = as_object(as_object(document.openapi.get("components")).get("securitySchemes"))
    choices = as_list(operation.get("security", document.openapi.get("security")))
    if not choices:
        named = {str(parameter.get("name")).lower() for parameter in parameters if parameter.get("in") == "header"}
        if "authorization" not in named:
            yield "note", "No authentication is published; we send Authorization: Bearer."
        return
    asked = [[document.resolved(schemes.get(name)) for name in as_object(choice)] for choice in choices]
    if not any(all(_takes_bearer(scheme) for scheme in schemes_of) for schemes_of in asked):
        described = " or ".join(" and ".join(map(_described, schemes_of)) for schemes_of in asked)
        yield "breaks", f"Authentication is expected as {described}; we send Authorization: Bearer."


def _takes_bearer(scheme: dict[str, Any]) -> bool:
    kind = scheme.get("type")
    if kind == "http":
        return str(scheme.get("scheme")).lower() == "bearer"
    if kind == "apiKey":
        return scheme.get("in") == "header" and str(scheme.get("name")).lower() == "authorization"
    return kind in ("oauth2", "openIdConnect")


def _described(scheme: dict[str, Any]) -> str:
    if scheme.get("type") == "apiKey":
        return f"the {scheme.get('in')} parameter {scheme.get('name')}"
    return f"{scheme.get('type', 'something undeclared')} {scheme.get('scheme', '')}".strip()


def _listed(parts: tuple[Property, ...]) -> str:
    return ", ".join(part.name for part in parts)
