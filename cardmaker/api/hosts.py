"""The names that this server may be called by. A page elsewhere can have its own name lead to this machine, and then
reach what only this machine should; but it cannot have the browser send another name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from cardmaker.settings import Settings


class Hosts:
    """Of `settings`, and loopback's names, and the address that a request came in by."""

    def __init__(self, settings: Settings) -> None:
        self._names = settings.allowed_hosts
        self._origins = settings.trusted_origins

    def allow(self, headers: Headers, server: str) -> bool:
        name = name_of(headers)
        if not name or len(headers.getlist("host")) != 1:
            return False
        return is_loopback(name) or name == plain(server) or any(_matches(name, wanted) for wanted in self._names)

    def trust(self, headers: Headers) -> bool:
        """Whether this may change something: no other web page makes the browser send it."""
        origin = headers.get("origin", "").lower()
        if origin:
            return origin in self._origins or _netloc(origin) == _bare(headers.get("host", "").lower())
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")


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


def _matches(name: str, wanted: str) -> bool:
    return wanted == "*" or name == wanted.strip("[]") or (wanted.startswith("*.") and name.endswith(wanted[1:]))


def _netloc(origin: str) -> str | None:
    """Its host and port, None for `null`."""
    try:
        return _bare(urlsplit(origin).netloc) or None
    except ValueError:
        return None


def _bare(netloc: str) -> str:
    """Without the port that goes without saying."""
    return re.sub(r":(80|443)$", "", netloc)
