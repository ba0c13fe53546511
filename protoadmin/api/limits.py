"""So many requests a minute per key, counted in its row: every process and every machine counts the same."""

from datetime import timedelta

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from protoadmin.api.models import ApiKey

MINUTE = timedelta(minutes=1)


def seconds_to_wait(key: ApiKey) -> int:
    """Count a request, and note the key's use at most once a minute; return 0, or the seconds until the next may come.

    One statement, so that no two requests take the same place. The minute begins with its first request.
    """
    now = timezone.now()
    # A minute that begins in the future was counted by a clock that has been set back since.
    is_over = Q(minute_began_at=None) | Q(minute_began_at__lte=now - MINUTE) | Q(minute_began_at__gt=now + MINUTE)
    is_stale = Q(last_used_at=None) | Q(last_used_at__lte=now - MINUTE)
    counted = ApiKey.objects.filter(is_over | Q(minute_requests__lt=F("requests_per_minute")), pk=key.pk).update(
        minute_requests=Case(When(is_over, then=Value(1)), default=F("minute_requests") + 1),
        minute_began_at=Case(When(is_over, then=Value(now)), default=F("minute_began_at")),
        last_used_at=Case(When(is_stale, then=Value(now)), default=F("last_used_at")),
    )
    if counted:
        return 0
    began = ApiKey.objects.values_list("minute_began_at", flat=True).get(pk=key.pk) or now
    return max(1, min(60, int((began + MINUTE - now).total_seconds()) + 1))
