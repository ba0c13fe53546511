"""Which base URLs a secret may be sent to."""

import ipaddress
from urllib.parse import urlsplit

from protoadmin.clients.paths import base_address


def is_loopback(host: str) -> bool:
    """Tell whether a host, as a URL names it, is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(url: str, *, allow_http: bool) -> str:
    """Return `url` in normal form, without its trailing slash; ValueError says what is wrong with it.

    It must be https; http is taken on loopback, or everywhere with `allow_http` (DEBUG).
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("This is not a URL.") from error
    if parts.scheme not in {"http", "https"} or not host or any(character.isspace() for character in url):
        raise ValueError("Give a full URL, such as https://api.example.com/path.")
    if "@" in parts.netloc:
        raise ValueError("Leave user name and password out of the URL; secrets have fields of their own.")
    if "?" in url or "#" in url:
        raise ValueError("A base URL has no ? or # part.")
    if parts.scheme == "http" and not (allow_http or is_loopback(host)):
        raise ValueError("Use https: over http the secret would travel in the clear. (http is taken on this machine.)")
    # What the client would refuse when it sends is refused here, while somebody can correct it.
    return base_address(url)
