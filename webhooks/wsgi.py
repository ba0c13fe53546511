"""The receivers' short way through a WSGI server: past sessions, users, messages and every other middleware."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from webhooks.receiving import Answer, receive

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]
PATH = re.compile(r"/webhooks/(?P<channel_id>[^/]+)/?(?P<profile>profile/?)?\Z")


def with_receivers(application: Application) -> Application:
    """Return an application that answers the receivers' addresses itself and leaves the others to `application`."""

    def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        match = PATH.match(path) if path.startswith("/webhooks/") else None
        if match is None:
            return application(environ, start_response)
        channel_id = match["channel_id"].encode("latin-1", "replace").decode("utf-8", "replace")
        return _send(
            receive(channel_id, environ, environ["wsgi.input"], profile_only=bool(match["profile"])), start_response
        )

    return answer


def _send(answer: Answer, start_response: Start) -> Iterable[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer.body))), *answer.headers]
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
    return [answer.body]
