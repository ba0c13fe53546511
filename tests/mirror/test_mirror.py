"""B pulls everything that A serves, over HTTP, by its own worker: field by field the same, and after a change again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.api.test_shape import EXAMPLES
from tests.support.product import Product, engine_of, migrated_database_beside

pytestmark = pytest.mark.slow
Rows = dict[str, list[dict[str, Any]]]
RESOURCES = {name: list(json.loads(example)) for name, example in EXAMPLES.items()}
# What looks like an id that tells accounts apart is never given out as it is (docs/API.md, Ids).
TELLS_APART = re.compile(r"(chat-)?\d+:")
NOTHING = {"new": 0, "changed": 0, "gone": 0}


@dataclass
class Pair:
    """A serves, B mirrors A twice: with a key that sees both of A's teamspaces, and with one that sees one."""

    a: Product
    b: Product
    keys: dict[str, str]
    accounts: dict[str, int]
    token: str

    def served(self, product: Product, token: str, **params: str) -> Rows:
        """Return what a product's API says."""
        headers = {"Authorization": f"Bearer {token}"}
        asked = {name: {} if name == "companies" else params for name in RESOURCES}
        address = f"{product.url}/api/v1"
        answers = {
            name: requests.get(f"{address}/{name}", params=query, headers=headers, timeout=60)
            for name, query in asked.items()
        }
        assert {answer.status_code for answer in answers.values()} == {200}
        return {name: answer.json() for name, answer in answers.items()}

    def pull(self, *names: str) -> list[dict[str, Any]]:
        """Have B pull; return how it ended."""
        accounts = [self.accounts[name] for name in names]
        found: list[dict[str, Any]] = inside(self.b, f"pull(*{accounts})")
        assert {(run["state"], run["error"]) for run in found} == {("done", "")}
        return found

    def mirrored(self, name: str) -> Rows:
        """Return B's rows of an account."""
        found: Rows = inside(self.b, f"mirrored({self.accounts[name]})")
        return found


def inside(product: Product, expression: str) -> Any:
    """Return what a function of tests/mirror/inside.py says in a product."""
    return json.loads(
        product.python(f"import json; from tests.mirror.inside import *; print(json.dumps({expression}))")
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both products, on the engines that the suite runs with, and everything pulled once."""
    with _product(tmp_path_factory.mktemp("a"), "--web-only") as a, _product(tmp_path_factory.mktemp("b")) as b:
        keys = inside(a, "furnish()")
        accounts = inside(b, f"connect({a.url!r}, {keys!r})")
        pair = Pair(a, b, keys, accounts, accounts.pop("token"))
        for name in keys:
            pair.pull(name)
        yield pair


def _product(folder: Path, *options: str) -> Product:
    url = os.environ["DATABASE_URL"]
    if engine_of(url) != "postgres":
        return Product(folder, options=options)
    redis_url = os.environ.get("REDIS_URL", "")
    return Product(folder, options=options, database_url=migrated_database_beside(url), redis_url=redis_url)


def compare(pair: Pair, name: str) -> None:
    """Compare what A serves to a key with what B has by it: each documented field, in A's order, and nothing else."""
    served, mirrored = pair.served(pair.a, pair.keys[name]), pair.mirrored(name)
    for resource, fields in RESOURCES.items():
        there = {item["id"]: item for item in served[resource]}
        here = {row["shown"]["id"]: row for row in mirrored[resource] if not row["gone"]}
        assert here.keys() == there.keys()
        assert len(there) == len(served[resource])
        for remote_id, item in there.items():
            assert list(item) == fields
            assert here[remote_id]["raw"] == item
            # We keep an empty text where the document has null.
            assert _plain(here[remote_id]["shown"]) == _plain(item)
        listed = {item["id"] for item in served["companies"]}
        for remote_id, row in here.items():
            company = there[remote_id].get("companyId")
            assert row["linked"] == ([pair.accounts[name], company] if company in listed else None)


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value == "" else value for key, value in item.items()}


@pytest.mark.parametrize("name", ["every", "narrow"])
def test_every_field_of_every_row(pair: Pair, name: str) -> None:
    compare(pair, name)


def test_a_key_of_one_teamspace_brings_that_one_alone(pair: Pair) -> None:
    every, narrow = (pair.served(pair.a, pair.keys[name]) for name in ("every", "narrow"))
    here = pair.mirrored("narrow")
    assert {row["shown"]["name"] for row in here["contacts"]} == {item["name"] for item in narrow["contacts"]}
    assert len(here["contacts"]) < 10 < 1000 < len(every["contacts"])
    assert not [row for row in here["contacts"] if row["shown"]["name"].startswith("Person")]
    assert {row["shown"]["id"] for row in here["conversations"]} == {"conv-123", "conv-that-ends", "chat-1", "chat-2"}


def test_ids_that_several_accounts_have_are_told_apart(pair: Pair) -> None:
    """Three accounts of A have the document's company; B has what came from A under two accounts of its own."""
    acme = [
        row["id"]
        for row in pair.served(pair.a, pair.keys["every"])["companies"]
        if row["website"] == "https://acme.com"
    ]
    assert [TELLS_APART.match(each) is not None for each in acme] == [False, True, True]
    ours = pair.served(pair.b, pair.token)
    every, narrow = pair.mirrored("every"), pair.mirrored("narrow")
    for resource, items in ours.items():
        first = {row["shown"]["id"] for row in every[resource]}
        wanted = [_given(row, pair.accounts["every"], is_first=True) for row in every[resource] if not row["gone"]]
        for row in narrow[resource]:
            wanted.append(_given(row, pair.accounts["narrow"], is_first=row["shown"]["id"] not in first))
        assert [item["id"] for item in items] == wanted
        assert len(set(wanted)) == len(wanted)


def _given(row: dict[str, Any], account: int, *, is_first: bool) -> str:
    """Return the id under which B gives a row out (docs/API.md, Ids)."""
    remote_id = str(row["shown"]["id"])
    return remote_id if is_first and not TELLS_APART.match(remote_id) else f"{account}:{remote_id}"


def test_a_company_is_asked_about_across_both(pair: Pair) -> None:
    """What B says of a company is what A says of it, whatever id it goes by at either."""
    prefix = f"{pair.accounts['every']}:"
    asked = 0
    for company in pair.served(pair.a, pair.keys["every"])["companies"]:
        here = f"{prefix}{company['id']}" if TELLS_APART.match(company["id"]) else company["id"]
        theirs = pair.served(pair.a, pair.keys["every"], companyId=company["id"])
        ours = pair.served(pair.b, pair.token, companyId=here)
        for resource in ("contacts", "conversations"):
            assert [_without(prefix, item) for item in ours[resource]] == theirs[resource]
            asked += len(theirs[resource])
    assert asked > 10


def _without(prefix: str, item: dict[str, Any]) -> dict[str, Any]:
    return {**item, **{key: item[key].removeprefix(prefix) for key in ("id", "companyId")}}


def test_a_change_at_a_reaches_b(pair: Pair) -> None:
    before = pair.mirrored("every")
    assert pair.pull("every")[0]["counts"].keys() == RESOURCES.keys()
    assert [_changed(counts) for counts in pair.pull("every")[0]["counts"].values()] == [NOTHING] * 3
    inside(pair.a, "change()")
    (run,) = pair.pull("every")
    assert _changed(run["counts"]["companies"]) == {"new": 1, "changed": 1, "gone": 0}
    assert _changed(run["counts"]["contacts"]) == {"new": 0, "changed": 0, "gone": 1}
    assert _changed(run["counts"]["conversations"]) == {"new": 0, "changed": 1, "gone": 1}
    compare(pair, "every")
    gone = {row["shown"]["id"]: row for rows in pair.mirrored("every").values() for row in rows if row["gone"]}
    assert gone.keys() == {"contact-000007", "conv-that-ends"}
    was = {row["shown"]["id"]: row for rows in before.values() for row in rows}
    assert all(row["shown"] == was[remote_id]["shown"] for remote_id, row in gone.items())
    # The other account's rows came from A as well, and are another mirror: its own pull brings its own changes.
    assert not [row for rows in pair.mirrored("narrow").values() for row in rows if row["gone"]]


def _changed(counts: dict[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in NOTHING}
