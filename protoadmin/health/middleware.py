"""Answer /healthz, /readyz and /metrics before anything else: without a session, whatever Host is asked for."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST

from protoadmin.health.checks import CHECKS, look
from protoadmin.health.metrics import exposition

NO_STORE = {"Cache-Control": "no-store"}


class Health:
    """The first middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD", **NO_STORE})
        return answer(request)


def alive(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; it asks nothing and nobody."""
    return HttpResponse("ok\n", content_type="text/plain", headers=NO_STORE)


def ready(request: HttpRequest) -> HttpResponse:
    """Say whether each check is well: 200 when all are, 503 when one is not; `?only=database,queue` asks for some."""
    names = [name for name in request.GET.get("only", "").split(",") if name] or list(CHECKS)
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        words = f"The checks are {', '.join(CHECKS)}."
        return JsonResponse({"error": words}, status=400, headers=NO_STORE)
    found = look(names)
    is_ready = all(check.is_well for check in found)
    checks = {
        check.name: {
            "ok": check.is_well,
            "message": check.words,
            **({} if check.seconds is None else {"seconds": check.seconds}),
        }
        for check in found
    }
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503, headers=NO_STORE)


def metrics(request: HttpRequest) -> HttpResponse:
    """Give the figures to who has METRICS_TOKEN; without the setting there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("Set METRICS_TOKEN to have metrics.\n", status=404, content_type="text/plain")
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"', **NO_STORE}
        return HttpResponse("A bearer token is needed.\n", status=401, content_type="text/plain", headers=headers)
    try:
        body = exposition()
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain", headers=NO_STORE)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST, headers=NO_STORE)


ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": alive,
    "/healthz/": alive,
    "/readyz": ready,
    "/readyz/": ready,
    "/metrics": metrics,
    "/metrics/": metrics,
}
