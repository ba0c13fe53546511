"""An array as an answer: a page, a whole small one, or a stream; each with an ETag, and a way to the next page.

What fits into one chunk has the hash of its own bytes as ETag. A stream's is made before its first byte from the keys
of its rows and what a change of them shows in (weak: it says nothing about the bytes).
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

from protoadmin.api.cursors import cursor_of
from protoadmin.api.shapes import encode
from protoadmin.api.sources import CHUNK, START, Listing, Place

JSON = "application/json"
Answer = TypeVar("Answer", bound=HttpResponseBase)
Rows = Iterable[tuple[Place, dict[str, Any]]]


def array(request: HttpRequest, listing: Listing, *, limit: int | None, after: Place = START) -> HttpResponseBase:
    """Answer with the rows behind a place: so many, or all that there are."""
    if limit is not None:
        found = list(islice(listing.walk(after, min(CHUNK, limit + 1)), limit + 1))
        link = _next(request, cursor_of(found[limit - 1][0], listing.resource)) if len(found) > limit else ""
        return _whole(request, found[:limit], link)
    rows = listing.walk(after)
    beginning = list(islice(rows, CHUNK))
    if len(beginning) < CHUNK:
        return _whole(request, beginning, "")
    tag = f'W/"{listing.version(after)[:32]}"'
    if _is_known(request, tag):
        return _headed(HttpResponse(status=304), tag)
    if request.method == "HEAD":
        return _headed(HttpResponse(content_type=JSON), tag)
    return _headed(StreamingHttpResponse(_pieces(chain(beginning, rows)), content_type=JSON), tag)


def _whole(request: HttpRequest, rows: Rows, link: str) -> HttpResponse:
    body = b"[" + b",".join(encode(row) for _, row in rows) + b"]"
    tag = f'"{hashlib.sha256(body + link.encode()).hexdigest()[:32]}"'
    if _is_known(request, tag):
        return _headed(HttpResponse(status=304), tag, link)
    return _headed(HttpResponse(body, content_type=JSON), tag, link)


def _pieces(rows: Rows) -> Iterator[bytes]:
    """Yield the array in pieces of some hundred rows: never more than one chunk is held."""
    written, sign = [], b"["
    for _, row in rows:
        written.append(sign + encode(row))
        sign = b","
        if len(written) == CHUNK // 4:
            yield b"".join(written)
            written.clear()
    yield b"".join(written) + b"]"


def _is_known(request: HttpRequest, tag: str) -> bool:
    """Tell whether the client has this already (If-None-Match, compared weakly)."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or tag.removeprefix("W/") in {each.removeprefix("W/") for each in known}


def _headed(response: Answer, tag: str, link: str = "") -> Answer:
    if response.status_code == 304:
        del response.headers["Content-Type"]
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    if link:
        response.headers["Link"] = link
    return response


def _next(request: HttpRequest, cursor: str) -> str:
    query = request.GET.copy()
    query["after"] = cursor
    return f'<{request.build_absolute_uri(request.path)}?{query.urlencode()}>; rel="next"'
