"""What can go wrong with a request to a remote system, as types.

Every error says in `explanation` what happened and what to do next, and in `may_have_had_effect` whether the remote
system may have carried the request out. No error holds a secret: whoever makes one redacts what it puts in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

LOOK_FIRST = "the request may have been carried out, so look in Proto before sending it again"
TRY_AGAIN = "trying again does no harm"


class NotSendable(ValueError):
    """A request that cannot be built from what was given; nothing was sent. The message is meant for people."""


class UnsafeIdentifier(NotSendable):
    """An id that would change the address of a request."""


class InvalidBaseUrl(NotSendable):
    """A base URL that no request can go to."""


class UnusableSecret(NotSendable):
    """A token that is empty or cannot be written into a header. The message does not contain it."""


class ApiError(Exception):
    """A request that did not succeed.

    `reason` is our own technical detail, `words` what the remote system said (redacted, bounded), `fields` its words
    for each field, `retry_after` and `seconds` are seconds, `excerpt` the redacted first bytes of the answer (2 KiB).
    `idempotent` says whether sending the same request again does no harm.
    """

    may_have_had_effect: bool = True
    sentence: ClassVar[str] = "The request to {host} failed{because}{said}; {next}."

    def __init__(
        self,
        reason: str = "",
        *,
        host: str = "the remote system",
        status: int | None = None,
        words: str = "",
        fields: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        excerpt: str = "",
        seconds: float = 0.0,
        idempotent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.host = host
        self.status = status
        self.words = words
        self.fields: dict[str, str] = dict(fields or {})
        self.retry_after = retry_after
        self.excerpt = excerpt
        self.seconds = seconds
        self.idempotent = idempotent

    @property
    def explanation(self) -> str:
        """One plain sentence: what went wrong and what to do next."""
        return self.sentence.format(
            host=self.host,
            status=self.status,
            reason=self.reason,
            seconds=_whole_seconds(self.seconds),
            because=f" ({self.reason})" if self.reason else "",
            said=f" (it says: {self.words})" if self.words else "",
            wait="try again in " + ("a minute" if self.retry_after is None else _whole_seconds(self.retry_after)),
            next=TRY_AGAIN if self.idempotent else LOOK_FIRST,
        )

    def __str__(self) -> str:
        return self.explanation

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status!r}, reason={self.reason!r}, words={self.words!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        rest = {name: value for name, value in vars(self).items() if name not in ("reason", "may_have_had_effect")}
        return _rebuild, (type(self), self.reason, rest)


def _rebuild(kind: type[ApiError], reason: str, rest: dict[str, Any]) -> ApiError:
    return kind(reason, **{name: value for name, value in rest.items() if not name.startswith("_")})


def _whole_seconds(seconds: float) -> str:
    return f"{max(1, round(seconds))} s"


class NotSent(ApiError):
    """No connection was made: the request surely had no effect."""

    may_have_had_effect = False
    sentence = (
        "Nothing was sent, because no connection to {host} could be made{because}; check the network and try again."
    )


class NameNotResolved(NotSent):
    """The host's name was not found, or not in time."""

    sentence = (
        "The name {host} was not found{because}; check the base URL for a typing mistake, "
        "and the network of this server if other hosts are not found either."
    )


class ConnectionRefused(NotSent):
    """The host is there and nothing listens on the port."""

    sentence = "{host} refused the connection; check the host and port of the base URL, or try again when it is up."


class ConnectTimedOut(NotSent):
    """No connection within the connect timeout."""

    sentence = (
        "No connection to {host} came about within {seconds}; check the base URL, "
        "and whether a firewall stands between, then try again."
    )


class TlsFailed(NotSent):
    """The certificate was not accepted or the TLS handshake failed."""

    sentence = (
        "No secure connection to {host} could be made{because}; check that the base URL names the right host "
        "and that its certificate is valid."
    )


class ProxyFailed(NotSent):
    """The proxy named by this server's environment made no connection."""

    sentence = "The proxy on the way to {host} made no connection{because}; have this server's proxy settings checked."


class NoAnswer(ApiError):
    """The request went out, wholly or in part, and no answer came."""

    sentence = "{host} did not answer{because}; {next}."


class ReadTimedOut(NoAnswer):
    """No answer, or not the whole answer, in time."""

    sentence = "{host} had not answered in full after {seconds}; {next}."


class ConnectionDropped(NoAnswer):
    """The connection ended before an answer came."""

    sentence = "The connection to {host} broke before an answer came; {next}."


class Rejected(ApiError):
    """A 4xx answer: understood and refused, without effect."""

    may_have_had_effect = False
    sentence = "{host} refused the request with status {status}{said}; correct what it is about and send it again."


class Unauthorized(Rejected):
    """401."""

    sentence = "{host} did not accept the secret{said}; enter the current secret or token of this connection."


class Forbidden(Rejected):
    """403."""

    sentence = (
        "{host} does not allow this{said}; API access needs Proto's Total plan or above, "
        "so check the plan and what this secret may do."
    )


class NotFound(Rejected):
    """404."""

    sentence = (
        "{host} knows nothing under this address{said}; check the record's id, "
        "the id of the teamspace or channel, and the base URL."
    )


class ValidationFailed(Rejected):
    """422: `fields` says what is wrong with which field."""

    sentence = "{host} found a mistake in the data{said}; correct it and send it again."


class RateLimited(Rejected):
    """429."""

    sentence = "{host} asks for fewer requests{said}; nothing was done, {wait}."


class ServerFailed(ApiError):
    """A 5xx answer."""

    sentence = "{host} failed with status {status}{said}; {next}."


class Unavailable(ServerFailed):
    """503; with a usable Retry-After it surely had no effect."""

    def __init__(self, reason: str = "", **rest: Any) -> None:
        super().__init__(reason, **rest)
        self.may_have_had_effect = self.retry_after is None

    @property
    def explanation(self) -> str:
        if self.may_have_had_effect:
            return super().explanation
        said = f" (it says: {self.words})" if self.words else ""
        return f"{self.host} is busy{said}; nothing was done, try again in {_whole_seconds(self.retry_after or 0)}."


class Unreadable(ApiError):
    """An answer came and cannot be understood."""

    sentence = "The answer of {host} could not be understood{because}; {next}."


class AnswerIsHtml(Unreadable):
    """A web page where data was expected."""

    sentence = "{host} answered with a web page instead of data; check that the base URL is the API's address."


class AnswerTruncated(Unreadable):
    """The connection broke within the answer."""

    sentence = "The answer of {host} broke off{because}; {next}."


class AnswerTooLarge(Unreadable):
    """More bytes than allowed, counted after decompression."""

    sentence = (
        "The answer of {host} is too large{because}; check that the base URL is the API's address, or ask for less."
    )


class NotJson(Unreadable):
    """A successful status with a body that is not JSON."""

    sentence = (
        "{host} answered with something other than JSON{because}; check that the base URL is the API's address, "
        "and if it is, {next}."
    )


class UnexpectedShape(Unreadable):
    """JSON of another shape than the documented one."""

    sentence = (
        "{host} answered in an unexpected form{because}; check that the base URL is the API's address, "
        "and if it is, {next}."
    )


class Redirected(ApiError):
    """A 3xx answer. It is never followed; `reason` is the address that it points to."""

    sentence = (
        "{host} redirects to {reason}, and a secret is never carried to another address; "
        "if that address belongs to Proto, enter it as the base URL of this connection."
    )
