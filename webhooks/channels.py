"""The channels as the receivers know them: kept in each process for two seconds at most.

No signal reaches every process, so what seems wrong (an unknown channel, a failed signature) is always asked of the
database before it is refused; a flood of such requests may ask it only so often a second.
"""

import threading
import time
from dataclasses import dataclass

from protoadmin.connections.models import Channel
from protoadmin.encryption import LockedSecret

KEPT_FOR = 2.0
MOST_KEPT = 1000
LOOK_UPS_A_SECOND = 200


@dataclass(frozen=True, slots=True)
class Known:
    """What a receiver has to know of a channel; `secrets` are the present and the previous one."""

    pk: int
    teamspace_pk: int
    secrets: tuple[bytes, ...]
    until: float


class ChannelCache:
    """The channels of one process."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()
        self._second = 0
        self._asked = 0

    def get(self, channel_id: str) -> Known | None:
        """Return a channel from memory or, as often as that is allowed, from the database."""
        known = self._known.get(channel_id)
        if known is not None and known.until > time.monotonic():
            return known
        # One that we knew a moment ago is read anew however busy it is: real deliveries come for it.
        return self._read(channel_id) if known is not None or self._may_ask() else None

    def get_anew(self, channel_id: str, known: Known) -> Known | None:
        """Return the channel from the database, or what is known while that may not be asked."""
        return self._read(channel_id) if self._may_ask() else known

    def forget(self) -> None:
        """Forget everything (for tests, and after a change in this very process)."""
        self._known.clear()
        self._asked = 0

    def _may_ask(self) -> bool:
        with self._lock:
            second = int(time.monotonic())
            if second != self._second:
                self._second, self._asked = second, 0
            self._asked += 1
            return self._asked <= LOOK_UPS_A_SECOND

    def _read(self, channel_id: str) -> Known | None:
        until = time.monotonic() + KEPT_FOR
        rows = Channel.objects.filter(channel_id=channel_id).only("pk", "teamspace", "secret", "previous_secret")
        channel = rows.first()
        if channel is None:
            self._known.pop(channel_id, None)
            return None
        given = (channel.secret, channel.previous_secret)
        secrets = tuple(secret.encode() for secret in given if secret and not isinstance(secret, LockedSecret))
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        known = self._known[channel_id] = Known(channel.pk, channel.teamspace_id, secrets, until)
        return known


channels = ChannelCache()
