"""Who is the operator: whoever has the admin token; with none set, whoever sits at this machine."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from cardmaker.settings import Settings

# A proxy says by these that it stands between, so that the address is no longer the caller's: the standard's, and the
# many that proxies and clouds have of their own (X-Original-Forwarded-For, Fly-Client-IP, X-Azure-ClientIP).
_PROXIED = re.compile(
    r"via|.*forwarded.*|.*real-?ip|.*client-?ip|.*connecting-?ip|x-envoy-.*|x-original-(host|url|uri)"
)


def admits(settings: Settings, token: str, address: str, headers: Mapping[str, str]) -> bool:
    """Whether this is the operator: by the `token` that he gave, or by where his request comes from."""
    if settings.admin_token:
        return is_same(token, settings.admin_token)
    return is_here(address, headers)


def is_same(given: str, token: str) -> bool:
    """Found out in a time that says nothing of the token."""
    return hmac.compare_digest(given.encode(), token.encode())


def is_here(address: str, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from this machine, by one of its own names, with no proxy between. Headers are read by
    names in small letters."""
    return not _proxied(headers) and is_loopback(address) and is_loopback(name_of(headers))


def name_of(headers: Mapping[str, str]) -> str:
    """The Host header's name without its port; empty when it is none."""
    host = headers.get("host", "").lower()
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    return (parts.hostname or "").rstrip(".") if parts.netloc == host and "@" not in host else ""


def is_loopback(name: str) -> bool:
    """Whether this name or address leads nowhere but to this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(plain(name)).is_loopback
    except ValueError:
        return False


def plain(address: str) -> str:
    """An IPv4 address as it is written, also when it comes as one of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _proxied(headers: Iterable[str]) -> bool:
    return any(_PROXIED.fullmatch(name.lower().replace("_", "-")) for name in headers)
