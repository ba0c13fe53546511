"""Phone numbers: what is told at a glance is what the library says of it."""

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers import phones
from customers.phones import digits_of, to_e164

COUNTRY_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
LONGEST_NATIONAL = 19


def as_the_library_says(text: str, region: str | None = None) -> str:
    """Return the same as `to_e164`, the long way."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    possible = phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+49 30 23125000", "+493023125000"),
        ("+44 (0) 20 7946 0958", "+442079460958"),
        ("+1-555-0123", "+15550123"),
        ("+1 1 415 555 2671", "+14155552671"),
        ("+39 06 698 12345", "+390669812345"),
        ("+800 1234 5678", "+80012345678"),
        ("+54 9 11 8765 4321", "+5491187654321"),
        ("1-800-759-3000", ""),
        ("+999 123456", ""),
        ("+49 3", ""),
        ("+49 30 2312500012345678", ""),
        ("+49 30 23125000 ext. 7", "+493023125000"),
        ("tel:+49-30-23125000", "+493023125000"),
        ("\u0664\u0669", ""),
        ("", ""),
        ("+" + "1" * 60, ""),
    ],
)
def test_numbers(text: str, expected: str) -> None:
    assert to_e164(text) == expected


def test_every_country_every_length_every_beginning() -> None:
    """30 numbers for each country and length: all first digits, and all that a national prefix could begin with."""
    dice = random.Random(7)
    for country_code in COUNTRY_CODES:
        for length in range(LONGEST_NATIONAL):
            for first in ("", *"0123456789", "00", "11", "15", "0" * length):
                rest = "".join(dice.choices("0123456789", k=length))
                text = f"+{country_code} {(first + rest)[:length]}"
                assert to_e164(text) == as_the_library_says(text), text


@given(st.text(st.sampled_from("+0123456789 ().-/;,x#～０٤e\t\n\u00a0"), max_size=62))
def test_whatever_is_written(text: str) -> None:
    expected = as_the_library_says(text) if text and len(text) <= phones.LONGEST else ""
    assert to_e164(text) == expected


@given(st.sampled_from(COUNTRY_CODES), st.text(st.sampled_from("0123456789 ().-"), max_size=24))
def test_whatever_is_written_behind_a_country_code(country_code: int, rest: str) -> None:
    text = f"+{country_code}{rest}"
    assert to_e164(text) == as_the_library_says(text)


@pytest.mark.parametrize("region", ["DE", "US", "BR"])
def test_a_default_region_changes_nothing_about_international_numbers(
    region: str, settings: pytest.MonkeyPatch
) -> None:
    settings.PHONE_DEFAULT_REGION = region  # type: ignore[attr-defined]  # pytest-django's settings
    for text in ("+49 30 23125000", "+1 415 555 2671", "030 23125000", "(415) 555-2671", "+55 11 96123-4567", "00491"):
        assert to_e164(text) == as_the_library_says(text, region), text


@given(st.text())
def test_digits(text: str) -> None:
    assert digits_of(text) == "".join(str(int(each)) for each in text if each.isdecimal())
