"""A receiver of webhooks on a real socket: it notes what comes and answers what it is told to."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

PROFILE = {"result": {"name": "Ann Profile", "email": "ann@example.com", "tags": []}}


@dataclass
class Post:
    """One request that came in."""

    path: str
    signature: str | None
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def texts(self) -> list[str]:
        """The texts of all messages in all events."""
        found = [message["data"].get("text", "") for event in self.json["events"] for message in event["messages"]]
        return [str(text) for text in found]


class Receiver:
    """Listens from the start; `answers` are the statuses of the next requests, after them 200."""

    def __init__(self, port: int = 0) -> None:
        self.posts: list[Post] = []
        self.answers: list[int] = []
        self.slow = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append(Post(self.path, self.headers.get("X-PROTO-SIGNATURE"), body, time.time()))
                status = receiver.answers.pop(0) if receiver.answers else 200
                time.sleep(receiver.slow)
                self.send_response(status)
                if self.path.endswith("/chunked/"):
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self.wfile.write(b"2\r\nok\r\n0\r\n\r\n")
                    return
                answer = json.dumps(PROFILE if self.path.endswith("/profile/") else {}).encode()
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def messages(self) -> list[Post]:
        """What came with events in it."""
        return [post for post in list(self.posts) if b'"events"' in post.body]

    @property
    def profiles(self) -> list[Post]:
        """The profile requests."""
        return [post for post in list(self.posts) if post.path.endswith("/profile/")]

    def wait(self, count: int, *, seconds: float = 20) -> list[Post]:
        """The deliveries, once there are so many."""
        eventually(lambda: len(self.messages) >= count, seconds=seconds)
        return self.messages


def eventually(holds: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait until something holds, and fail if it does not."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def digest(secret: str, body: bytes) -> str:
    """HMAC-SHA1, written out by hand after RFC 2104, so that it is not the sandbox's own."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha1(bytes(byte ^ 0x36 for byte in key) + body).digest()  # noqa: S324 - the vendor's choice
    return hashlib.sha1(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()  # noqa: S324


def is_signed(post: Post, secret: str, style: str = "hex") -> bool:
    """Whether a delivery is signed with the secret, in this style exactly."""
    hexadecimal = digest(secret, post.body)
    assert hexadecimal == hmac.new(secret.encode(), post.body, "sha1").hexdigest()
    expected = {
        "hex": hexadecimal,
        "HEX": hexadecimal.upper(),
        "prefixed": f"sha1={hexadecimal}",
        "base64": base64.b64encode(bytes.fromhex(hexadecimal)).decode(),
    }
    return post.signature == expected[style]
