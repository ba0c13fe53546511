"""What of a text is searched: folded, so that case, accents and kinds of digits do not matter. Free of the database."""

import re
import unicodedata

from customers.terms import fold

# So much of a message is searched; hardly anybody writes more.
SEARCHED = 20_000
# A number as people write it, from six digits on: its digits are searched too, without what stands between them.
NUMBER = re.compile(r"(?<!\d)[+(]{0,2}\d[\d ().\-/]{4,60}\d")
_LEAST_DIGITS = 6
# Private characters are how the index tells its own marks from text.
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")


class _Digits(dict[int, int]):
    """The ASCII digit for a digit of any script, everything else as it is."""

    def __missing__(self, code: int) -> int:
        digit = unicodedata.decimal(chr(code), None)
        return code if digit is None else ord("0") + digit


_DIGITS = _Digits({code: code for code in range(0x250)})


def folded(text: str) -> str:
    """Return text for comparison; any stretch of white space is one space."""
    plain = fold(text)
    if not plain.isascii():
        plain = _PRIVATE.sub("", plain).translate(_DIGITS)
    return " ".join(plain.split())


def searchable(text: str) -> str:
    """Return what is kept of a message to be searched: its folded text, and behind it the digits of its numbers."""
    body = folded(text[:SEARCHED])
    numbers = {digits for found in NUMBER.findall(body) if (digits := digits_in(found)) != found}
    long = sorted(number for number in numbers if len(number) >= _LEAST_DIGITS)
    return "\n".join([body, *long])


def digits_in(text: str) -> str:
    """Return the digits of a folded text."""
    return "".join(sign for sign in text if "0" <= sign <= "9")
