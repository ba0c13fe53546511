"""What a customer's JSON says, whatever it says."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from customers.models import ProtocolCustomer
from customers.protocol.reading import fill, flag_of, moment_of, text_of
from protoadmin.connections.models import ProtocolProject
from protoadmin.storable import from_storable

WHEN = datetime(1992, 5, 6, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        705117600,
        705117600.0,
        "705117600",
        " 705117600.0 ",
        705117600000,
        "705117600000",
        "1992-05-06T02:00:00Z",
        "1992-05-06T04:00:00+02:00",
        "1992-05-06T02:00:00",
        "1992-05-06 02:00:00.000Z",
    ],
)
def test_times(value: Any) -> None:
    assert moment_of(value) == WHEN


def test_a_date_is_its_first_moment() -> None:
    assert moment_of("1992-05-06") == datetime(1992, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [None, "", "yesterday", True, [], {}, math.nan, math.inf, 1e30, -(10**30), 10**400, "9" * 40, "2023-13-45",
     "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00", "\x00"],
)  # fmt: skip
def test_what_is_no_time(value: Any) -> None:
    assert moment_of(value) is None


def test_texts_and_flags() -> None:
    values: list[Any] = ["abcdefg", 12, None, True, 1.5, [], {}, 10**9, "a\x00\ud800"]
    assert [text_of(value, 5) for value in values] == [
        "abcde", "12", "", "", "", "", "", "", "a\ufffd\ufffd",
    ]  # fmt: skip
    assert [flag_of(value) for value in (True, 1, "true", "1", "Yes")] == [True] * 5
    refused: list[Any] = [False, 0, None, "", "false", [], {}, 2, "no"]
    assert [flag_of(value) for value in refused] == [False] * 9


@pytest.mark.django_db
def test_odd_answers_are_kept_whole(project: ProtocolProject) -> None:
    odd: dict[str, Any] = {
        "id": "x",
        "username": "a\x00b\ud800",
        "phone_number": ["no"],
        "meta": {"n": math.nan, "big": 2**70},
        "created_at": {"at": 1},
        "is_flagged": None,
        "status": 7,
        "more": {"deep": [{}]},
    }
    customer = ProtocolCustomer(project=project, protocol_id="x")
    fill(customer, odd)
    customer.save()
    customer.refresh_from_db()
    assert json.dumps(from_storable(customer.remote_data), sort_keys=True) == json.dumps(odd, sort_keys=True)
    assert (customer.username, customer.phone_number, customer.status) == ("a\ufffdb\ufffd", "", "7")
    assert (customer.created_at, customer.is_flagged) == (None, False)


@pytest.mark.django_db
def test_what_an_answer_does_not_name_stays(project: ProtocolProject) -> None:
    customer = ProtocolCustomer(project=project, protocol_id="x", status="active", external_id="e", is_flagged=True)
    fill(customer, {"id": "x", "username": "Ann"})
    assert (customer.username, customer.status, customer.external_id, customer.is_flagged) == (
        "Ann", "active", "e", True,
    )  # fmt: skip
