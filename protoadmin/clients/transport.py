"""Sending one request to a remote system: bounded in time and size, never redirected, never repeated by itself."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from protoadmin.clients.answers import Answer, Reply, judge, reply_of
from protoadmin.clients.errors import (
    ApiError,
    InvalidBaseUrl,
    NotSendable,
    UnexpectedShape,
    UnsafeIdentifier,
    UnusableSecret,
)
from protoadmin.clients.failures import NETWORK_ERRORS, kind_of, reason_of
from protoadmin.clients.paths import base_address, checked_path, path_segment
from protoadmin.clients.redaction import excerpt, printable, redact
from protoadmin.clients.streaming import Limits, ListReader, Wrong
from protoadmin.clients.wire import Exchange, Stage, Timeouts, carrying, session_for

__all__ = [
    "MOST_BYTES",
    "Answer",
    "ApiError",
    "Client",
    "InvalidBaseUrl",
    "Limits",
    "NotSendable",
    "Request",
    "Timeouts",
    "UnsafeIdentifier",
    "UnusableSecret",
    "path_segment",
    "redact",
]

DEFAULT_TIMEOUTS = Timeouts()
DEFAULT_LIMITS = Limits()
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
    # Of a list of any length only what comes first is read: `read` gets its first items, or none.
    only_beginning: bool = False
    shows_answer: bool = True  # whether a good answer comes with an excerpt, for people to see

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
        if request.only_beginning:
            return self._beginning(request)
        session = session_for(self._origin)
        prepared = self._prepared(session, request)
        exchange = Exchange(self._timeouts, request.idempotent)
        with carrying(exchange):
            outcome = self._outcome(session, prepared, request, exchange)
        self._log(prepared, outcome.status if outcome.status is not None else type(outcome).__name__, exchange)
        # Raised here and not where it was found, so that no exception of the libraries, which know the token, hangs on.
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    def stream(self, request: Request, limits: Limits = DEFAULT_LIMITS) -> Iterator[list[Any]]:
        """Send the request once and yield the items of the list that it is answered with, as they arrive.

        Each yield is what one piece of the answer brought, often nothing, so that the caller can do something beside.
        The request's `read` is not asked. Raises as `send`, also in the middle; then the list did not come whole.
        """
        session = session_for(self._origin)
        prepared = self._prepared(session, request)
        exchange = Exchange(replace(self._timeouts, total=limits.seconds), request.idempotent)
        with carrying(exchange):
            response = self._response(session, prepared, exchange)
        wrong: ApiError | None = response if isinstance(response, ApiError) else None
        if isinstance(response, requests.Response):
            reader = ListReader(response, limits)
            try:
                if 200 <= response.status_code < 300:
                    yield from reader
                else:
                    wrong = self._refusal(response, request, exchange)
            except Wrong as error:
                wrong = self._broken_off(error, reader, response, exchange)
            finally:
                response.close()
        status = response.status if isinstance(response, ApiError) else response.status_code
        self._log(prepared, f"{status} {type(wrong).__name__}" if wrong else status, exchange)
        # As in `send`: no exception of the libraries hangs on.
        if wrong is not None:
            raise wrong

    def _beginning(self, request: Request) -> Answer:
        started = time.monotonic()
        pieces = self.stream(request, Limits(seconds=self._timeouts.total))
        try:
            items = next((items for items in pieces if items), [])[:1]
        finally:
            pieces.close()  # type: ignore[attr-defined]  # it is a generator
        seconds, shown = (
            time.monotonic() - started,
            excerpt(json.dumps(redact(items, self._secrets), ensure_ascii=False), self._secrets),
        )
        reason = None
        try:
            data = request.read(items)
        except UnexpectedShape as error:
            reason = error.reason
        if reason is not None:
            raise UnexpectedShape(reason, host=self._host, excerpt=shown, seconds=seconds, idempotent=True)
        return Answer(200, data, CaseInsensitiveDict(), seconds, shown)

    def _refusal(self, response: requests.Response, request: Request, exchange: Exchange) -> ApiError | None:
        reply = reply_of(response, self._most_bytes)
        outcome = judge(reply, request.read, host=self._host, secrets=self._secrets, exchange=exchange)
        return outcome if isinstance(outcome, ApiError) else None

    def _broken_off(
        self, wrong: Wrong, reader: ListReader, response: requests.Response, exchange: Exchange
    ) -> ApiError:
        return wrong.kind(
            printable(redact(wrong.reason, self._secrets)),
            host=self._host,
            status=response.status_code,
            excerpt=excerpt(reader.beginning.decode("utf-8", "replace"), self._secrets),
            seconds=exchange.seconds,
            idempotent=exchange.idempotent,
        )

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
        return judge(
            reply,
            request.read,
            host=self._host,
            secrets=self._secrets,
            exchange=exchange,
            shows_answer=request.shows_answer,
        )

    def _reply(
        self, session: requests.Session, prepared: requests.PreparedRequest, exchange: Exchange
    ) -> Reply | ApiError:
        response = self._response(session, prepared, exchange)
        if isinstance(response, ApiError):
            return response
        try:
            return reply_of(response, self._most_bytes)
        finally:
            response.close()

    def _response(
        self, session: requests.Session, prepared: requests.PreparedRequest, exchange: Exchange
    ) -> requests.Response | ApiError:
        timeout = (self._timeouts.connect, self._timeouts.read)
        try:
            settings = session.merge_environment_settings(str(prepared.url), {}, True, None, None)
            response = session.send(prepared, allow_redirects=False, timeout=timeout, **settings)
        except NETWORK_ERRORS as error:
            reason = printable(redact(reason_of(error), self._secrets))
            kind = kind_of(error, exchange.stage)
            return kind(reason, host=self._host, seconds=exchange.seconds, idempotent=exchange.idempotent)
        exchange.stage = Stage.ANSWERED
        return response

    def _log(self, prepared: requests.PreparedRequest, status: int | str | None, exchange: Exchange) -> None:
        url = redact(str(prepared.url), self._secrets)
        logger.info("%s %s %s %d ms", prepared.method, url, status, exchange.seconds * 1000)
