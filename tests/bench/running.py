"""The product as real processes, and what its sandbox received and when."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.bench.inside import Inside
from tests.support.product import Product, migrated_database_beside
from tests.support.servers import Postgres, Redis

TIMEOUT = 20
WORKERS = {"WORKERS": "4"}
"""As many as the product starts by default."""


class Running:
    """A product, a process inside its database, and its sandbox."""

    def __init__(self, product: Product, inside: Inside) -> None:
        self.product = product
        self.inside = inside
        self.api = requests.Session()

    def last(self) -> int:
        """Return the number of the newest request that the sandbox received."""
        return int(self.api.get(f"{self.product.sandbox_url}/_sandbox/status", timeout=TIMEOUT).json()["last"])

    def received(self, after: int) -> list[dict[str, Any]]:
        """Return the requests that the sandbox received after that one, the first thousand of them."""
        answer = self.api.get(f"{self.product.sandbox_url}/_sandbox/requests", params={"after": after}, timeout=TIMEOUT)
        return list(answer.json()["requests"])


@contextmanager
def running(
    folder: Path,
    *,
    server: Postgres | None = None,
    queue: Redis | None = None,
    env: Mapping[str, str] | None = None,
    options: tuple[str, ...] = ("--demo",),
) -> Iterator[Running]:
    """Run the product with the sandbox's demo data."""
    database_url = migrated_database_beside(server.url()) if server else ""
    redis_url = queue.url if queue else ""
    more = {**WORKERS, **(env or {})}
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Product(folder, database_url=database_url, redis_url=redis_url, env=more, options=options) as product,
        Inside(product.var_dir, database_url=database_url, env={**more, "REDIS_URL": redis_url}) as inside,
    ):
        yield Running(product, inside)
