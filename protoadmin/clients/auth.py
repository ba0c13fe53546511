"""How a request shows who it comes from. Always an AuthBase: anything else loses to an entry in a .netrc file."""

from __future__ import annotations

import requests
from requests.auth import AuthBase

from protoadmin.clients.errors import UnusableSecret


def usable_secret(secret: str) -> str:
    """Return the secret without surrounding space.

    Raises UnusableSecret, without naming it, if it is empty or cannot be written into a header.
    """
    stripped = secret.strip()
    if not stripped:
        raise UnusableSecret("The secret or token of this connection is empty.")
    if not all("!" <= character <= "~" for character in stripped):
        raise UnusableSecret("The secret or token contains a space or a character that cannot be sent in a header.")
    return stripped


class HeaderAuth(AuthBase):
    """Sets one header, for example `X-PROTO-TOKEN`."""

    def __init__(self, header: str, value: str) -> None:
        self._header = header
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self._header] = self._value
        return request

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._header!r}, ***)"


class BearerAuth(HeaderAuth):
    """Sets `Authorization: Bearer …`."""

    def __init__(self, secret: str) -> None:
        super().__init__("Authorization", f"Bearer {secret}")


class NoAuth(AuthBase):
    """Sends nothing, and keeps a .netrc file from sending something."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request
