"""Sending one request to a remote system: bounded in time and size, never redirected, never repeated by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from protoadmin.clients.answers import Answer, Reply, judge, reply_of
from protoadmin.clients.errors import ApiError, InvalidBaseUrl, NotSendable, UnsafeIdentifier, UnusableSecret
from protoadmin.clients.failures import NETWORK_ERRORS, kind_of, reason_of
from protoadmin.clients.paths import base_address, checked_path, path_segment
from protoadmin.clients.redaction import printable, redact
from protoadmin.clients.wire import Exchange, Stage, Timeouts, carrying, session_for

__all__ = [
    "MOST_BYTES",
    "Answer",
    "ApiError",
    "Client",
    "InvalidBaseUrl",
    "NotSendable",
    "Request",
    "Timeouts",
    "UnsafeIdentifier",
    "UnusableSecret",
    "path_segment",
    "redact",
]

DEFAULT_TIMEOUTS = Timeouts()
MOST_BYTES = 4 * 1024 * 1024
_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "Proto-Admin/1"}

logger = logging.getLogger("protoadmin.clients")


def anything(data: Any) -> Any:
    """Accept an answer of any shape, or none."""
    return data


@dataclass(frozen=True)
class Request:
    """One request, not yet sent.

    `path` is quoted already (see `path_segment`) and begins with a slash. At most one of `json` and `form` is the body;
    `json=None` means no body. `read` checks that a parsed answer (None if empty) has the documented shape and returns
    the data; it raises UnexpectedShape. Raises UnsafeIdentifier for a path that would not arrive as it is written.
    """

    operation: str
    method: str
    path: str
    json: Any = None
    form: Mapping[str, str] | None = None
    params: Mapping[str, str] | None = None
    idempotent: bool = cast("bool", None)  # given by the method unless said otherwise
    read: Callable[[Any], Any] = anything

    def __post_init__(self) -> None:
        checked_path(self.path)
        if self.json is not None and self.form is not None:
            raise ValueError("A request has one body: json or form.")
        if self.idempotent is None:
            object.__setattr__(self, "idempotent", self.method.upper() in _IDEMPOTENT_METHODS)


class Client:
    """Sends requests to one base URL in the name of one connection.

    `secrets` are masked in everything that comes back. A client is cheap and holds no connection: those belong to the
    thread. It may be shared between threads. Raises InvalidBaseUrl.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: AuthBase,
        secrets: tuple[str, ...],
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._base = base_address(base_url)
        parts = urlsplit(self._base)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc
        self._auth = auth
        self._secrets = secrets
        self._timeouts = timeouts
        self._most_bytes = most_bytes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({redact(self._base, self._secrets)!r})"

    def send(self, request: Request) -> Answer:
        """Send the request once and return the answer.

        Raises ApiError for everything that can happen on the way, and NotSendable (nothing was sent) if the request
        cannot be written down.
        """
        session = session_for(self._origin)
        prepared = self._prepared(session, request)
        exchange = Exchange(self._timeouts, request.idempotent)
        with carrying(exchange):
            outcome = self._outcome(session, prepared, request, exchange)
        self._log(prepared, outcome, exchange)
        # Raised here and not where it was found, so that no exception of the libraries, which know the token, hangs on.
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    def _prepared(self, session: requests.Session, request: Request) -> requests.PreparedRequest:
        meant = self._base + request.path
        draft = requests.Request(
            request.method,
            meant,
            headers=_HEADERS,
            json=request.json,
            data=request.form,
            params=request.params,
            auth=self._auth,
        )
        prepared, problem = None, ""
        try:
            prepared = session.prepare_request(draft)
        except (requests.RequestException, ValueError, TypeError) as error:
            problem = type(error).__name__
        if prepared is None:
            raise NotSendable(f"The request could not be written down ({problem}).")
        if str(prepared.url).partition("?")[0] != meant:
            raise UnsafeIdentifier("The address of the request would be changed on the way.")
        return prepared

    def _outcome(
        self, session: requests.Session, prepared: requests.PreparedRequest, request: Request, exchange: Exchange
    ) -> Answer | ApiError:
        reply = self._reply(session, prepared, exchange)
        if isinstance(reply, ApiError):
            return reply
        return judge(reply, request.read, host=self._host, secrets=self._secrets, exchange=exchange)

    def _reply(
        self, session: requests.Session, prepared: requests.PreparedRequest, exchange: Exchange
    ) -> Reply | ApiError:
        timeout = (self._timeouts.connect, self._timeouts.read)
        try:
            settings = session.merge_environment_settings(str(prepared.url), {}, True, None, None)
            response = session.send(prepared, allow_redirects=False, timeout=timeout, **settings)
        except NETWORK_ERRORS as error:
            reason = printable(redact(reason_of(error), self._secrets))
            kind = kind_of(error, exchange.stage)
            return kind(reason, host=self._host, seconds=exchange.seconds, idempotent=exchange.idempotent)
        exchange.stage = Stage.ANSWERED
        try:
            return reply_of(response, self._most_bytes)
        finally:
            response.close()

    def _log(self, prepared: requests.PreparedRequest, outcome: Answer | ApiError, exchange: Exchange) -> None:
        status = outcome.status if outcome.status is not None else type(outcome).__name__
        url = redact(str(prepared.url), self._secrets)
        logger.info("%s %s %s %d ms", prepared.method, url, status, exchange.seconds * 1000)
