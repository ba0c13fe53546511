"""The read API of the running product, over real HTTP: the document's curl lines, anything at all, and many at once."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.test_shape import EXAMPLES
from tests.support.product import Product

COMPANY_ID = "123e4567-e89b-12d3-a456-426614174000"
CONTACTS = 30_000
FILL = f"""
from tests.api import house
home = house.new_house()
company = house.example_company(home.account)
house.example_contact(company)
house.example_conversation(company)
house.example_chat(home, company=company)
far = house.new_house("Faraway")
house.many_contacts(far.account, {CONTACTS})
_, few = house.new_key(home.owner, home.teamspace, requests_per_minute=20)
print(home.token, far.token, few)
"""
CHECKS = (
    *(not_a_server_error, status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance),
)
WHATEVER = st.text(st.characters(codec="utf-8"), max_size=12)


@dataclass
class Served:
    """A running product with the document's examples in one teamspace and many contacts in another."""

    product: Product
    token: str
    token_of_many: str
    token_of_few_requests: str

    def get(self, path: str, token: str = "", **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return requests.get(f"{self.product.url}{path}", headers=headers, timeout=60, **options)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A product without workers: reading needs none."""
    with Product(tmp_path_factory.mktemp("served"), options=("--web-only",)) as product:
        yield Served(product, *product.python(FILL).split())


def test_the_documents_curl_lines(served: Served, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script = Path(__file__).with_name("documented.sh")
    env = {"BASE": served.product.url, "API_KEY": served.token, "COMPANY_ID": COMPANY_ID, "PATH": "/usr/bin:/bin"}
    subprocess.run(["sh", str(script), str(tmp_path)], env=env, check=True, timeout=60)
    found = {path.stem: json.loads(path.read_text()) for path in tmp_path.iterdir()}
    for resource, example in EXAMPLES.items():
        assert json.loads(example) in found[resource]
        assert all(list(row) == list(json.loads(example)) for row in found[resource])
    for resource in ("contacts", "conversations"):
        assert found[f"{resource}_of_company"] == found[resource]
        assert len(found[resource]) == 2


def test_anything_that_the_document_allows_and_forbids(served: Served) -> None:
    schema = schemathesis.openapi.from_url(f"{served.product.url}/api/v1/openapi.json")
    headers = {"Authorization": f"Bearer {served.token}"}
    statuses: Counter[int] = Counter()
    operations: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]  # or it fails
    assert len(operations) == 3
    for operation in operations:
        for mode in schemathesis.GenerationMode:

            @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                response = case.call(headers=headers)
                statuses[response.status_code] += 1
                case.validate_response(response, checks=CHECKS)

            ask()
    assert statuses.keys() <= {200, 304, 400, 401, 405, 406}, statuses
    assert statuses[200] > 20
    assert statuses[400] > 20


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from([*EXAMPLES, "", "docs/", "openapi.json/"]) | WHATEVER,
    query=st.dictionaries(st.sampled_from(["limit", "after", "updatedSince", "companyId"]) | WHATEVER, WHATEVER),
)
def test_anything_at_all(served: Served, path: str, query: dict[str, str]) -> None:
    address = f"/api/v1/{quote(path, safe='')}"
    response = served.get(address, params=query, allow_redirects=False)
    assert response.status_code in {200, 400, 404}, (address, query, response.text)
    assert response.headers["Content-Type"] == "application/json"
    assert isinstance(response.json(), list) == (response.status_code == 200)


def test_a_whole_array_over_http(served: Served) -> None:
    response = served.get("/api/v1/contacts", served.token_of_many)
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert [row["id"] for row in response.json()] == [f"contact-{number:06}" for number in range(CONTACTS)]


def test_pages_by_the_links(served: Served) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {served.token_of_many}"
    address, found = f"{served.product.url}/api/v1/contacts?limit=1000", []
    while address:
        response = session.get(address, timeout=60)
        found += [row["id"] for row in response.json()]
        address = response.links.get("next", {}).get("url", "")
    assert found == [f"contact-{number:06}" for number in range(CONTACTS)]


def test_a_limit_is_shared_by_all_processes(served: Served) -> None:
    def ask(number: int) -> int:
        return served.get("/api/v1/companies?limit=1", served.token_of_few_requests).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(ask, range(60)))
    assert statuses == {200: 20, 429: 40}


def test_who_stops_reading_holds_nothing_up(served: Served) -> None:
    slow = [served.get("/api/v1/contacts", served.token_of_many, stream=True) for _ in range(2)]
    assert served.get("/api/v1/companies").status_code == 200
    for response in slow:
        assert next(response.iter_content(10)) == b'[{"id":"co'
        response.close()
    assert served.get("/api/v1/companies").status_code == 200
