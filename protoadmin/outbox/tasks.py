"""What workers run."""

import datetime

from django.conf import settings

from protoadmin.outbox.sending import send_due
from protoadmin.outbox.services import remove_old_calls


def send_due_calls() -> int:
    """Send what is due (a wake-up; the sweeper calls the same function)."""
    return send_due()


def remove_expired_calls() -> int:
    """Remove one batch of calls older than CALL_RETENTION_DAYS (0: nothing; sweeper)."""
    if settings.CALL_RETENTION_DAYS <= 0:
        return 0
    return remove_old_calls(older_than=datetime.timedelta(days=settings.CALL_RETENTION_DAYS))
