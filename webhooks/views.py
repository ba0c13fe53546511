"""The receivers as ordinary views, for servers that call Django itself (and for its test client)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from webhooks.receiving import receive


@csrf_exempt
def messages(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Take a delivery of either kind; the signature is what proves it, hence no CSRF token."""
    return _answer(request, channel_id, profile_only=False)


@csrf_exempt
def profile(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Take a profile request alone."""
    return _answer(request, channel_id, profile_only=True)


def _answer(request: HttpRequest, channel_id: str, *, profile_only: bool) -> HttpResponse:
    answer = receive(channel_id, request.META, request, profile_only=profile_only)
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    for name, value in answer.headers:
        response.headers[name] = value
    return response
