"""The names that this server may be called by. A page elsewhere can have its own name lead to this machine, and then
reach what only this machine should; but it cannot have the browser send another name."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from cardmaker.access import is_loopback, name_of, plain
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
