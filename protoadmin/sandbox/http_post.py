"""One POST over a connection of its own, without a proxy, a cookie or a redirect."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from protoadmin.sandbox.wire import MAX_HEAD, Refused, read_body

TIMEOUT = 10.0
MOST = 256 * 1024


@dataclass
class Posted:
    """What came back: a status with a body, or an error in words."""

    status: int | None = None
    body: bytes = b""
    error: str = ""


async def post(url: str, body: bytes, headers: dict[str, str], *, timeout: float = TIMEOUT) -> Posted:
    """Send a body and read the answer; never raises for what the other side does."""
    try:
        async with asyncio.timeout(timeout):
            return await _post(url, body, headers)
    except TimeoutError:
        return Posted(error=f"no answer in {timeout:g} s")
    except ConnectionRefusedError:
        return Posted(error="connection refused")
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, Refused) as error:
        return Posted(error=f"{type(error).__name__}: {error}"[:200])


async def _post(url: str, body: bytes, headers: dict[str, str]) -> Posted:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_tls or None, limit=MAX_HEAD)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "Connection: close"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + body)
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Posted:
    status = 100
    while 100 <= status < 200:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip("\r\n").split("\r\n")
        status = int(first.split(" ")[1])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "content-length" in headers or "transfer-encoding" in headers:
        return Posted(status, (await read_body(reader, headers))[:MOST])
    return Posted(status, await reader.read(MOST))
