"""Whether a port can be had, and whether something answers on it."""

import errno
import http.client
import socket

from protoadmin.serving.problems import ServeError


def require_free_port(host: str, port: int, *, use: str, hint: str) -> None:
    """Raise ServeError, in plain words, when nothing can listen on this port."""
    if not 1 <= port <= 65535:
        raise ServeError(f"{port} is no port for {use}: it has to be between 1 and 65535. {hint}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise ServeError(f"The host {host!r} is not known on this machine: {error.strerror}.") from None
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise ServeError(_why(error, host, port, use, hint)) from None


def _why(error: OSError, host: str, port: int, use: str, hint: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port}, wanted for {use}, is taken by another program. {hint}"
    if error.errno == errno.EACCES:
        return f"Port {port}, wanted for {use}, may be opened by the system's administrator only. {hint}"
    return f"{use.capitalize()} cannot listen on {host} port {port}: {error.strerror}. {hint}"


def answers(host: str, port: int) -> bool:
    """Tell whether an HTTP server answers, whatever it says."""
    connection = http.client.HTTPConnection(reachable(host), port, timeout=2)
    try:
        connection.request("HEAD", "/", headers={"Connection": "close"})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def reachable(host: str) -> str:
    """Return an address by which this machine reaches itself: "all addresses" is none."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - looked up, not bound
