"""Template context: pages that wait for a worker say when there is none."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from protoadmin.workers.heartbeat import workers_alive


def worker_health(request: HttpRequest) -> dict[str, Any]:
    """Add `workers_alive`, asked from the database only when a template uses it."""
    return {"workers_alive": SimpleLazyObject(workers_alive)}
