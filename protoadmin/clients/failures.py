"""From the exceptions of the libraries below to our own errors.

What counts is how far the exchange got, not the name of the exception: the same reset connection surely had no effect
during the handshake and may have had one after the first byte of the request.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions as lower

from protoadmin.clients import errors
from protoadmin.clients.wire import Stage

#: Everything that the libraries below may raise for what happens on a network.
NETWORK_ERRORS: tuple[type[Exception], ...] = (
    requests.RequestException,
    lower.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
_MOST_CAUSES = 30


def kind_of(error: BaseException, stage: Stage) -> type[errors.ApiError]:
    """Return the kind of ApiError that an exception means at this stage of an exchange."""
    causes = list(causes_of(error))
    if stage >= Stage.ANSWERED:
        return _while_reading(causes)
    if stage == Stage.SENT:
        return _while_waiting(causes)
    return _before_sending(causes, stage)


def reason_of(error: BaseException) -> str:
    """Return the innermost useful text of an exception: never a URL, a header or the name of an object."""
    for cause in reversed(list(causes_of(error))):
        if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_message:
            return cause.verify_message
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, requests.RequestException):
            return cause.strerror
    return ""


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and everything that it wraps, each once, outermost first."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting and len(seen) < _MOST_CAUSES:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _timed_out(causes: list[BaseException]) -> bool:
    # NewConnectionError calls itself a timeout, whatever the reason was.
    kinds = (TimeoutError, lower.TimeoutError, requests.Timeout)
    return any(isinstance(cause, kinds) and not isinstance(cause, lower.NewConnectionError) for cause in causes)


def _before_sending(causes: list[BaseException], stage: Stage) -> type[errors.NotSent]:
    if _any(causes, lower.ProxyError, requests.exceptions.ProxyError):
        return errors.ProxyFailed
    if _any(causes, lower.NameResolutionError):
        return errors.NameNotResolved
    if _timed_out(causes):
        return errors.ConnectTimedOut
    if stage == Stage.HANDSHAKE:
        return errors.TlsFailed
    return errors.ConnectionRefused if _any(causes, ConnectionRefusedError) else errors.NotSent


def _while_waiting(causes: list[BaseException]) -> type[errors.ApiError]:
    if _timed_out(causes):
        return errors.ReadTimedOut
    # RemoteDisconnected is a BadStatusLine and a ConnectionError: the end of the connection, not a strange answer.
    strange = [cause for cause in causes if isinstance(cause, http.client.HTTPException | lower.InvalidHeader)]
    return errors.Unreadable if strange and not _any(causes, ConnectionError) else errors.ConnectionDropped


def _while_reading(causes: list[BaseException]) -> type[errors.ApiError]:
    if _timed_out(causes):
        return errors.ReadTimedOut
    return errors.Unreadable if _any(causes, lower.DecodeError) else errors.AnswerTruncated
