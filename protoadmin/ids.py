"""Ids as they stand in URLs."""


def as_id(text: str | None) -> int | None:
    """Return a row's id from a URL; None for what cannot be one."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None
