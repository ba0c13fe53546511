"""Phone numbers as people write them."""

import re
from functools import cache

import phonenumbers
from django.conf import settings

LONGEST = 60
# A plus sign and ASCII digits, with nothing between them that could mean more than a pause.
_PLAIN = re.compile(r"\+[1-9][0-9 ().-]*[0-9]")
_NO_DIGITS = re.compile("[^0-9]+")
_LONGEST_COUNTRY_CODE = 3


def to_e164(text: str) -> str:
    """Return the number in E.164 (`+43660123456`), or "" when it cannot be told which one it is.

    A number without a country code is read in PHONE_DEFAULT_REGION, if that is set.
    """
    if not text or len(text) > LONGEST:
        return ""
    if _PLAIN.fullmatch(text) and (found := _of_plain(_NO_DIGITS.sub("", text))) is not None:
        return found
    try:
        number = phonenumbers.parse(text, settings.PHONE_DEFAULT_REGION or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _of_plain(digits: str) -> str | None:
    """Return what `to_e164` says of an international number, at a tenth of the price; None where that takes more.

    Such a number is what it says unless it begins with a national prefix (+44 (0) 20 …); only its length can be wrong.
    """
    for length in range(1, _LONGEST_COUNTRY_CODE + 1):
        if int(digits[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            prefix, lengths = _rules(int(digits[:length]))
            national = digits[length:]
            if prefix is not None and prefix.match(national):
                return None
            return f"+{digits}" if len(national) in lengths else ""
    return None


@cache
def _rules(country_code: int) -> tuple[re.Pattern[str] | None, frozenset[int]]:
    """Return how numbers within a country may begin that are not its own, and how long its numbers may be."""
    region = phonenumbers.region_code_for_country_code(country_code)
    known = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    if known is None or known.general_desc is None:
        return re.compile(""), frozenset()
    general, prefix = known.general_desc, known.national_prefix_for_parsing
    lengths = frozenset({*general.possible_length, *general.possible_length_local_only})
    return re.compile(prefix) if prefix else None, lengths


def digits_of(text: str) -> str:
    """Return the ASCII digits of a text, whatever script's digits it uses."""
    if text.isascii():
        return _NO_DIGITS.sub("", text)
    found = []
    for character in text:
        if character.isdecimal():
            found.append(str(int(character)))
    return "".join(found)
