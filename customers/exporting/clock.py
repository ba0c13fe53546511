"""Times as a database writes them, made those of a reader: a million of them in a second."""

from datetime import UTC, datetime, tzinfo

REMEMBERED = 100_000
# Before this, offsets have seconds, and minutes do not begin at the same moment everywhere.
PLAIN_SINCE = "1973"


class Clock:
    """Rewrites `2026-11-21 14:26:05.123`, in UTC; what follows from a minute is worked out once."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._minutes: dict[str, tuple[str, str]] = {}

    def local(self, stored: str | None) -> str:
        """Return the reader's time, to the second, with its offset; "" for none."""
        if not stored:
            return ""
        minute = stored[:16]
        known = self._minutes.get(minute)
        if known is None:
            if stored < PLAIN_SINCE:
                return _read(stored).astimezone(self._zone).isoformat(timespec="seconds")
            if len(self._minutes) >= REMEMBERED:
                self._minutes.clear()
            whole = _read(minute).astimezone(self._zone).isoformat(timespec="seconds")
            known = self._minutes[minute] = (whole[:16], whole[19:])
        return f"{known[0]}{stored[16:19]}{known[1]}"

    def utc(self, stored: str | None) -> str | None:
        """Return the time in UTC, to the microsecond."""
        if not stored:
            return None
        fraction = stored[20:].removesuffix("+00")
        return f"{stored[:10]}T{stored[11:19]}.{fraction:0<6}Z"


def _read(stored: str) -> datetime:
    return datetime.fromisoformat(stored[:19]).replace(tzinfo=UTC)
