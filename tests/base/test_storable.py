"""Any JSON value comes back from the database as the very value that went in."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.storable import from_storable, storable_text, to_storable

# Every code point, lone surrogates included: json.loads gives such texts for "\\ud800".
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=8) | st.sampled_from(
    ["\x00", "a\x00b", "\ud800", "\udfff x", "\\u0000", "\\", "$proto", '"', "\u2028", "😀", "é"]
)
numbers = (
    st.integers()
    | st.sampled_from([2**63, -(2**63) - 1, 10**40, 2**53 + 1, 0, -1])
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1e16, 1e23, 1.7e308, 5e-324, 1.0, 1e-7])
)
scalars = st.none() | st.booleans() | numbers | texts
marked = st.sampled_from(
    [{"$proto": ["text", "x"]}, {"$proto": 1}, {"$proto": ["int", "5"], "b": 1}, {"$proto": {"$proto": None}}]
)
values = st.recursive(
    scalars | marked,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25,
)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same to the last bit: 1 is not 1.0, nor True, and NaN is NaN."""
    pairs = [(one, other)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, list) and len(one) == len(other):
            pairs += zip(one, other, strict=True)
        elif isinstance(one, dict) and one.keys() == other.keys():
            pairs += [(item, other[key]) for key, item in one.items()]
        elif isinstance(one, list | dict) or repr(one) != repr(other):
            return False
    return True


def nested(depth: int) -> Any:
    value: Any = "\ud800"
    for level in range(depth):
        value = [value] if level % 2 else {"a\x00": value}
    return value


@given(values)
def test_comes_back(value: Any) -> None:
    assert same(from_storable(to_storable(value)), value)


@given(values)
def test_what_is_stored_is_strict_json(value: Any) -> None:
    written = json.dumps(to_storable(value), allow_nan=False, ensure_ascii=False)
    assert "\x00" not in written
    assert "\\u0000" not in written.replace("\\\\", "")
    written.encode()


@given(values)
def test_ordinary_values_are_stored_as_they_are(value: Any) -> None:
    """Nothing is wrapped without need, so that the column can be read and asked by anybody."""
    stored = to_storable(value)
    try:
        plain = json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode()) == stored
    except ValueError:
        plain = False
    assert plain or "$proto" in json.dumps(stored)


@pytest.mark.parametrize("depth", [1, 63, 64, 65, 200, 600])
def test_deep_nesting_comes_back(depth: int) -> None:
    assert same(from_storable(to_storable(nested(depth))), nested(depth))


def test_only_json_is_taken() -> None:
    with pytest.raises(TypeError, match="set"):
        to_storable({"a": {1, 2}})


@given(texts)
def test_text_for_a_column(text: str) -> None:
    kept = storable_text(text)
    assert len(kept) == len(text)
    assert "\x00" not in kept
    kept.encode()
    assert all(a == b or b == "\ufffd" for a, b in zip(text, kept, strict=True))


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values)
def test_comes_back_from_the_database(teamspace: Teamspace, value: Any) -> None:
    person = Customer.objects.create(teamspace=teamspace, remote_data=to_storable(value))
    assert same(from_storable(Customer.objects.get(pk=person.pk).remote_data), value)


@pytest.mark.django_db
@pytest.mark.parametrize("depth", [100, 600])
def test_deep_nesting_comes_back_from_the_database(teamspace: Teamspace, depth: int) -> None:
    person = Customer.objects.create(teamspace=teamspace, remote_data=to_storable(nested(depth)))
    assert same(from_storable(Customer.objects.get(pk=person.pk).remote_data), nested(depth))


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x\udfff"])
def test_text_is_taken_by_the_database(teamspace: Teamspace, text: str) -> None:
    person = Customer.objects.create(teamspace=teamspace, name=storable_text(text))
    assert Customer.objects.get(pk=person.pk).name == text.replace("\x00", "\ufffd").translate(
        dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    )


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 1e16, -1e23, 1.7e308, -0.0, math.nan, math.inf, -math.inf])
def test_numbers_that_some_database_would_change_are_wrapped(number: float) -> None:
    """Also on SQLite, which keeps them: the data may move to PostgreSQL, whose JSON has decimals and no floats."""
    assert isinstance(to_storable(number), dict)
    assert same(from_storable(to_storable(number)), number)


@pytest.mark.parametrize("number", [0, 1, -(2**63), 2**63 - 1, 1.5, 1e15, -1e-7, 5e-324])
def test_ordinary_numbers_are_not(number: float) -> None:
    assert same(to_storable(number), number)
