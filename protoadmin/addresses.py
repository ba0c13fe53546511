"""Whose address a request comes from: X-Forwarded-For counts from TRUSTED_PROXIES alone."""

import functools
import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@functools.lru_cache(maxsize=8)
def _networks(proxies: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(proxy, strict=False) for proxy in proxies)


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in network for network in networks)
    except ValueError:
        return False


def is_trusted_proxy(address: str) -> bool:
    """Tell whether this address is one of TRUSTED_PROXIES."""
    return bool(settings.TRUSTED_PROXIES) and _is_in(address, _networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(meta: Mapping[str, Any]) -> str:
    """Return the client's address from a WSGI environment (or `request.META`).

    The last address that no proxy of ours added is the client's; what stands before it anybody can write.
    """
    address: str = meta.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES or not is_trusted_proxy(address):
        return address
    networks = _networks(tuple(settings.TRUSTED_PROXIES))
    hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return next((hop for hop in reversed(hops) if not _is_in(hop, networks)), address)
