"""Middleware of our own: forwarded headers, the content security policy, the reader's time zone."""

import ipaddress
import zoneinfo
from collections.abc import Callable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

# The admin theme evaluates expressions in attributes (Alpine) and has inline scripts without a nonce, hence
# the two `unsafe` words; everything is loaded from this server alone, and forms post nowhere else.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)

TIME_ZONES = frozenset(zoneinfo.available_timezones())

View = Callable[[HttpRequest], HttpResponse]


class ForwardedHeaders:
    """Believe X-Forwarded-For and X-Forwarded-Proto from TRUSTED_PROXIES (addresses or networks) alone."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        networks = [ipaddress.ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES]
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if not _is_in(request.META.get("REMOTE_ADDR", ""), networks):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        else:
            # The last address that no proxy of ours added is the client's; what stands before it anybody can write.
            hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
            client = next((hop for hop in reversed(hops) if not _is_in(hop, networks)), None)
            request.META["REMOTE_ADDR"] = client or request.META["REMOTE_ADDR"]
        return self.get_response(request)


def _is_in(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in network for network in networks)
    except ValueError:
        return False


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
