"""Who may use the sandbox's own paths, and reading what they send.

State changes only by POST (a field also goes by DELETE), only without an Origin or with the server's own, and only
for a Host on loopback, so that no web page of somebody else can reach it.
"""

import ipaddress
import math
from typing import Any
from urllib.parse import urlsplit

from protoadmin.sandbox.problems import ApiError, read_object
from protoadmin.sandbox.wire import Answer, Request, json_answer

MOST = 100_000


def refusal(request: Request, bound_to: str) -> Answer | None:
    """The 403 for a request that another site's page may have made, None for a good one."""
    reads = request.method in ("GET", "HEAD")
    host = request.headers.get("host", "")
    if not on_loopback(host) and not (reads and not on_loopback(bound_to)):
        return json_answer({"detail": "Only for a Host on loopback"}, status=403)
    origin = request.headers.get("origin")
    if not reads and origin is not None and origin.lower() != f"http://{host.lower()}":
        return json_answer({"detail": "Only from this page"}, status=403)
    return None


def on_loopback(host: str) -> bool:
    """Whether a Host header or an address means this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def given(request: Request, *, keep_empty: bool = False) -> dict[str, Any]:
    """What a request wants, from JSON or from a form; nothing is an empty object."""
    if not request.body:
        return {}
    return dict(request.form(keep_empty=keep_empty)) if is_form(request) else read_object(request)


def is_form(request: Request) -> bool:
    """Whether the body is that of an HTML form."""
    return request.media_type == "application/x-www-form-urlencoded"


def done(request: Request, payload: Any, *, status: int = 200) -> Answer:
    """JSON to programs; a form of the page is led back to the page."""
    if is_form(request) and "text/html" in request.headers.get("accept", ""):
        return Answer(303, content_type="text/plain", headers=[("Location", _back(request))])
    return json_answer(payload, status=status)


def _back(request: Request) -> str:
    """The view of the page that a form was on."""
    came_from = urlsplit(request.headers.get("referer", ""))
    return f"/?{came_from.query}" if came_from.netloc == request.headers.get("host") and came_from.query else "/"


def whole(args: dict[str, str], key: str, default: int) -> int:
    """A number out of the query; `limit` is held down to what one answer can carry."""
    text = args.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ApiError(422, f"{key} has to be a whole number")
    return min(int(text), MOST) if key == "limit" else int(text)


def number(body: dict[str, Any], key: str, default: float, most: float, *, low: float = 0) -> float:
    """A number out of JSON or a form."""
    value = body.get(key, default)
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not low <= found <= most:
        raise ApiError(422, f"{key} has to be a number from {low:g} to {most:g}")
    return found


def string(body: dict[str, Any], key: str) -> str:
    """A text that has to be there."""
    value = body.get(key)
    if not isinstance(value, str) or any("\ud800" <= char <= "\udfff" for char in value):
        raise ApiError(422, f"{key} has to be text")
    return value


def array(body: dict[str, Any], key: str) -> list[Any]:
    """A list, empty where there is none."""
    value = body.get(key) or []
    if not isinstance(value, list):
        raise ApiError(422, f"{key} has to be an array")
    return value


def flag(value: Any) -> bool:
    """Yes or no, out of JSON or a form."""
    return str(value).lower() in ("true", "1", "on")
