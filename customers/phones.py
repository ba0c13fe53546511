"""Phone numbers as people write them."""

import phonenumbers
from django.conf import settings


def to_e164(text: str) -> str:
    """Return the number in E.164 (`+43660123456`), or "" when it cannot be told which one it is.

    A number without a country code is read in PHONE_DEFAULT_REGION, if that is set.
    """
    if not text or len(text) > 60:
        return ""
    try:
        number = phonenumbers.parse(text, settings.PHONE_DEFAULT_REGION or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def digits_of(text: str) -> str:
    """Return the ASCII digits of a text, whatever script's digits it uses."""
    found = []
    for character in text:
        if character.isdecimal():
            found.append(str(int(character)))
    return "".join(found)
