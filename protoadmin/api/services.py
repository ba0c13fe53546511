"""Making, finding and revoking keys."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from protoadmin.api.models import REQUESTS_PER_MINUTE, ApiKey
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.refusals import Refused

# A key is `pak_<8 hex digits>_<43 characters>`: 256 random bits, so that a plain SHA-256 of it cannot be searched.
_SIGN = "pak"
_TOKEN = re.compile(rf"({_SIGN}_[0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")


def new_token() -> tuple[str, str, str]:
    """Return a new key, its prefix and its hash."""
    prefix = f"{_SIGN}_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    return token, prefix, hash_of(token)


def hash_of(token: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def key_objections(*, owner: User, teamspaces: Iterable[Teamspace], by: User) -> list[tuple[str, str]]:
    """Return what is wrong with this wish, as (field, sentence) pairs."""
    wanted = {teamspace.pk for teamspace in teamspaces}
    found = []
    if wanted - set(visible_teamspaces(by).values_list("pk", flat=True)):
        found.append(("teamspaces", "You can only give teamspaces that you are a member of."))
    if not owner.is_active:
        found.append(("owner", "Keys of somebody who is deactivated open nothing."))
    elif wanted - set(visible_teamspaces(owner).values_list("pk", flat=True)):
        found.append(("teamspaces", "The owner is not a member of all of these; a key opens what its owner sees."))
    return found


@transaction.atomic
def key_create(
    *,
    name: str,
    owner: User,
    teamspaces: Iterable[Teamspace],
    expires_at: datetime | None,
    by: User,
    requests_per_minute: int = REQUESTS_PER_MINUTE,
) -> tuple[ApiKey, str]:
    """Make a key; return its row and the key itself, which nobody can see again. Raises Refused."""
    chosen = list(teamspaces)
    for _, sentence in key_objections(owner=owner, teamspaces=chosen, by=by):
        raise Refused(sentence)
    token, prefix, hashed = new_token()
    key = ApiKey.objects.create(
        name=name,
        owner=owner,
        prefix=prefix,
        hash=hashed,
        expires_at=expires_at,
        requests_per_minute=requests_per_minute,
    )
    key.teamspaces.set(chosen)
    return key, token


def key_revoke(*, key: ApiKey) -> bool:
    """Revoke a key at once and for good; False when it was already."""
    now = timezone.now()
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    key.refresh_from_db(fields=["revoked_at"])
    return bool(changed)


def key_of(token: str) -> ApiKey | None:
    """Return the key that this is, whatever its state; compared in constant time."""
    shape = _TOKEN.fullmatch(token)
    known = ApiKey.objects.select_related("owner").filter(prefix=shape[1]).first() if shape else None
    expected = known.hash if known is not None else "0" * 64
    return known if hmac.compare_digest(expected, hash_of(token)) else None


def teamspace_ids_of(key: ApiKey) -> list[int]:
    """Return the teamspaces that a key opens now: its own, as far as its owner still sees them."""
    given = ApiKey.teamspaces.through.objects.filter(apikey=key.pk).values("teamspace")
    return list(visible_teamspaces(key.owner).filter(pk__in=given).order_by("pk").values_list("pk", flat=True))
