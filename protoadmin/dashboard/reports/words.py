"""Numbers, times and changes in words."""

SECOND = 1_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"


def share(part: int, whole: int) -> str:
    """Return a share in per cent; a dash when there is nothing to have a share of."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def duration(milliseconds: int | None) -> str:
    """Return a time as people say it."""
    if milliseconds is None:
        return "–"
    if milliseconds < SECOND:
        return "under 1 s"
    if milliseconds < MINUTE:
        return f"{milliseconds // SECOND} s"
    if milliseconds < HOUR:
        return f"{milliseconds // MINUTE} min {milliseconds % MINUTE // SECOND} s"
    if milliseconds < DAY:
        return f"{milliseconds // HOUR} h {milliseconds % HOUR // MINUTE} min"
    return f"{milliseconds // DAY} d {milliseconds % DAY // HOUR} h"


def change(now: float | None, before: float | None, than: str, shown: str, *, words: tuple[str, str]) -> str:
    """Return how a figure differs from the span before: an arrow, and the same in words."""
    if now is None or before is None:
        return f"{than}: {shown}"
    if now == before:
        return f"= the same as {than}"
    arrow, word = ("▲", words[0]) if now > before else ("▼", words[1])
    if not before:
        return f"{arrow} {word} than {than} ({shown})"
    return f"{arrow} {abs(now - before) / before:.0%} {word} than {than} ({shown})".replace("%", " %")
