"""The receivers of a running server, over a socket: the signature suite, chunked bodies, and a database that goes."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.product import Product, engine_of, migrated_database_beside
from tests.webhooks.posting import SECRET, signature
from tests.webhooks.signature_cases import BEFORE, CASES, OTHER_CHANNEL, OTHER_SECRET, Case
from tests.webhooks.ways import Reply, Socket, ask, path_of

CONNECT = f"""
from customers.models import Human
place = Teamspace.objects.create(name="Acme", subcompany_id="01ACME")
channel = Channel.objects.create(
    name="Web", channel_id="channel-1", teamspace=place, secret={SECRET!r}, previous_secret={BEFORE!r}
)
Channel.objects.create(name="Other", channel_id={OTHER_CHANNEL!r}, teamspace=place, secret={OTHER_SECRET!r})
Human.objects.create(channel=channel, human_id="human_1", name="Ann")
"""
TELL = """
import json
from collections import Counter
from webhooks.models import Delivery
print(json.dumps(Counter(Delivery.objects.values_list("state", flat=True))))
"""
BODY = b'{"events": []}'


def start(product: Product) -> Socket:
    """Start a product that knows two channels and a human."""
    product.start()
    product.python(CONNECT)
    return Socket(product.port)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Socket]:
    """A web server without a worker, on the engine that the suite runs with."""
    own = os.environ["DATABASE_URL"]
    url = migrated_database_beside(own) if engine_of(own) == "postgres" else ""
    product = Product(tmp_path_factory.mktemp("lean"), database_url=url, options=["--web-only"])
    try:
        yield start(product)
    finally:
        product.close()


def headers_for(body: bytes) -> dict[str, bytes]:
    return {"X-PROTO-SIGNATURE": signature(body).encode(), "Content-Type": b"application/json"}


def chunked(server: Socket, body: bytes, size: int, **more: bytes) -> Reply:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    written = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"
    return server.send("POST", path_of(), {"Transfer-Encoding": b"chunked", **headers_for(body), **more}, written)


@pytest.mark.parametrize("profile", [False, True], ids=["messages", "profile"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_shared_suite(server: Socket, profile: bool, case: Case) -> None:
    assert case.ask(server, profile=profile).status == case.status


def test_no_cookie_and_no_other_header_of_the_middleware(server: Socket) -> None:
    for reply in (ask(server, {"events": []}), ask(server, b"[]"), ask(server, {}, channel="nobody")):
        assert set(reply.headers) <= {"content-type", "content-length", "server", "date", "connection"}, reply


def test_a_chunked_body_is_read_up_to_the_limit(server: Socket) -> None:
    limit = 1024 * 1024
    assert chunked(server, BODY, 5).json == {"status": "stored"}
    assert chunked(server, BODY, 5, **{"X-PROTO-SIGNATURE": b"0" * 40}).status == 401
    assert chunked(server, b"", 5).status == 400
    assert chunked(server, BODY.ljust(limit), 7000).status == 200
    assert chunked(server, BODY.ljust(limit + 1), 7000).status == 413


def test_the_size_is_refused_before_the_body_comes(server: Socket) -> None:
    head = {"Content-Length": str(1024 * 1024 + 1).encode(), **headers_for(BODY)}
    # Nothing of the body is sent, and the answer comes all the same.
    reply = server.send("POST", path_of(), head, b"")
    assert reply.status == 413
    assert "larger" in reply.json["error"]


def test_a_body_as_large_as_it_may_be(server: Socket) -> None:
    assert ask(server, BODY.ljust(1024 * 1024)).status == 200
    assert ask(server, BODY.ljust(1024 * 1024 + 1)).status == 413


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_post_is_allowed(server: Socket, method: str) -> None:
    reply = server(method, path_of(), b"", {})
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/webhooks/", "/webhooks/a/b/", "/webhooks//", "/webhooks/a/profile/more"])
def test_other_addresses_are_left_to_django(server: Socket, path: str) -> None:
    assert server("POST", path, BODY, headers_for(BODY)).status in (403, 404)


@pytest.mark.parametrize("channel", ["%00", "%FF", "a%2Fb", "%E2%9C%93", "a" * 4000, "%0D%0AX:y"])
def test_odd_channel_ids_are_unknown(server: Socket, channel: str) -> None:
    assert server("POST", path_of(channel), BODY, headers_for(BODY)).status == 404


def together(server: Socket, number: int) -> list[int]:
    """Post messages and profile requests at the same time, so that every thread of the server has some."""

    def one(position: int) -> int:
        body: Any = {"human": "human_1"} if position % 2 else {"events": [], "nonce": position}
        return ask(server, body).status

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(number)))


@pytest.mark.postgres
def test_a_database_that_goes_and_comes_back(
    new_product: Callable[..., Product], postgres_server: Any, tmp_path: Path
) -> None:
    product = new_product(database_url=migrated_database_beside(postgres_server.url()), options=["--web-only"])
    server = start(product)
    assert set(together(server, 60)) == {200}
    postgres_server.restart()
    # Every kept connection is dead now, and nobody notices.
    assert set(together(server, 60)) == {200}
    postgres_server.stop()
    try:
        away = ask(server, {"events": []})
        assert (away.status, away.headers["retry-after"]) == (503, "5")
        assert "again" in away.json["error"]
        assert set(together(server, 40)) == {503}
    finally:
        postgres_server.start()
    assert set(together(server, 60)) == {200}
    kept = json.loads(product.python(TELL))
    assert kept == {"processed": 180}
