"""Middleware of our own: forwarded headers, the content security policy, the reader's time zone."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from protoadmin.addresses import client_address, is_trusted_proxy
from protoadmin.screens.policy import POLICY as POLICY

TIME_ZONES = frozenset(zoneinfo.available_timezones())

View = Callable[[HttpRequest], HttpResponse]


class ForwardedHeaders:
    """Believe X-Forwarded-For and X-Forwarded-Proto from TRUSTED_PROXIES (addresses or networks) alone."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_trusted_proxy(request.META.get("REMOTE_ADDR", "")):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        request.META["REMOTE_ADDR"] = client_address(request.META)
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        return self.get_response(request)


class ContentSecurityPolicy:
    """Add the policy to every answer that has none of its own."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class ReaderTimeZone:
    """Show times in the zone of the reader's browser, which app.js writes into the cookie `timezone`."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("timezone", "")
        if name in TIME_ZONES:
            with timezone.override(zoneinfo.ZoneInfo(name)):
                return self.get_response(request)
        return self.get_response(request)
