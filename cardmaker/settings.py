"""Settings from the environment: read once, checked once, frozen. Secrets show in no repr and in no error.

The Redis to share is named by `REDIS_URL`, or by `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD` and
`REDIS_DB`; without either there is memory alone. Tasks run on Celery where `CELERY_BROKER_URL` names a Redis, or with
`CARDMAKER_RUNNER=celery`; its results go to `CELERY_RESULT_BACKEND`, or to the broker. Any other field of `Settings` is
`CARDMAKER_` and its name in capitals: `CARDMAKER_CACHE_TTL_S=3600`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from cardmaker.errors import SettingError

MIB = 1 << 20
_DAY_S = 86400.0
_YEAR_S = 365 * _DAY_S
_MOST = 1 << 50
_SCHEMES = ("redis", "rediss", "unix")
_RUNNERS = ("local", "celery")
_READ_APART = ("redis_url", "runner", "broker_url", "result_backend")
# Timeouts and the like are ours to set.
_OPTIONS = {"db", "ssl_ca_certs", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile"}
_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _number(default: float, least: float, most: float) -> float:
    bounds: float = field(default=default, metadata={"least": least, "most": most})
    return bounds


def _count(default: int, least: int = 0) -> int:
    bounds: int = field(default=default, metadata={"least": least, "most": _MOST})
    return bounds


def _secret() -> str:
    text: str = field(
        default="", repr=False, metadata={"pattern": r"[!-~]{8,}", "like": "8 or more characters, no blanks"}
    )
    return text


def _word(pattern: str, like: str) -> str:
    text: str = field(default="", metadata={"pattern": pattern, "like": like})
    return text


def _list(pattern: str, like: str) -> tuple[str, ...]:
    texts: tuple[str, ...] = field(
        default=(), metadata={"pattern": pattern, "like": f"{like}, with commas between them"}
    )
    return texts


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in seconds, sizes in bytes.

    `redis_timeout_s` bounds each wait for Redis, `redis_budget_s` all that one request waits, transfers in progress
    aside. After `breaker_failures` in a row Redis is left alone for `breaker_open_s`, or for `breaker_refused_s`
    when it refused us.

    Of the API: `admin_token` opens what is for its operator, `api_token` closes all the rest to those without it.
    `allowed_hosts` are the names it may be called by beside loopback's and its own address, `trusted_origins` other web
    pages that may change things. A request may have `body_bytes` and `request_files`, an image `image_pixels`;
    `renders_at_once` uploads and renders go on at the same time, each for `request_s` at most, and with `uploads_bytes`
    all together. A client that promised more and is silent for `client_silent_s`, or takes nothing of its answer for so
    long, is let go. `rate_limit` is for each client address, such as 60/minute; empty for none. A server that is told
    to stop has `stop_s` for the answers under way.

    `lease_s` is how long a computing process may be silent, `error_s` how long its error is told to
    the others, `wait_s` how long those wait for it before they compute themselves.
    Metrics are handed on every `metrics_flush_s`. Health and the dashboard warn when of the last hour's reads less than
    `alert_hit_rate` (0 to 1) were served without computing, when of its documents one in twenty took longer than
    `alert_p95_s`, when a task has waited `alert_queue_s`, when Redis has filled `alert_redis_share` of what it may; 0
    turns each off.

    Tasks run by the `runner`: `local`, in `task_processes` at once while at most `task_waiting` wait, with
    `task_waiting_bytes` of images in all, or `celery`. The page makes a task of decks `task_from_cards` on; from
    `task_bulk_cards` on it lets others pass. Records are kept `task_ttl_s` after their end. A task may take
    `task_soft_s`, and is killed after `task_hard_s`. Its worker says how far it is every `task_beat_s`; every
    `task_reap_s` those are looked for that were silent for `task_silent_s`, or waited `task_stalled_s` while workers
    had nothing to do: they start again, `task_attempts` times in all. A task that is cancelled may take
    `task_grace_s` to stop by itself.
    """

    redis_url: str | None = field(default=None, repr=False)
    cache: bool = True
    cache_ttl_s: float = _number(86400.0, 1, _YEAR_S)
    cache_memory_bytes: int = _count(256 * MIB)
    cache_entry_bytes: int = _count(128 * MIB)
    cache_value_bytes: int = _count(256 * MIB)
    redis_timeout_s: float = _number(0.25, 0.01, 60)
    redis_budget_s: float = _number(0.4, 0.01, 60)
    redis_connections: int = _count(32, 1)
    breaker_failures: int = _count(3, 1)
    breaker_open_s: float = _number(5.0, 0.01, _DAY_S)
    breaker_refused_s: float = _number(60.0, 0.01, _DAY_S)
    admin_token: str = _secret()
    api_token: str = _secret()
    allowed_hosts: tuple[str, ...] = _list(r"\*|(\*\.)?[a-z0-9._-]+|\[?[0-9a-f:.]+\]?", "names such as cards.example")
    trusted_origins: tuple[str, ...] = _list(
        r"https?://[a-z0-9._-]+(:[0-9]+)?", "origins such as https://cards.example"
    )
    body_bytes: int = _count(512 * MIB, 1)
    request_files: int = _count(1200, 1)
    image_pixels: int = _count(64_000_000, 1)
    renders_at_once: int = _count(32, 1)
    request_s: float = _number(300.0, 0.1, _DAY_S)
    client_silent_s: float = _number(30.0, 0.1, _DAY_S)
    uploads_bytes: int = _count(2048 * MIB, 1)
    stop_s: float = _number(10.0, 0.0, _DAY_S)
    rate_limit: str = _word(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", "60/minute, or nothing for no limit")
    lease_s: float = _number(10.0, 0.1, _DAY_S)
    error_s: float = _number(2.0, 0.0, _DAY_S)
    wait_s: float = _number(120.0, 0.0, _DAY_S)
    metrics_flush_s: float = _number(2.0, 0.01, 3600)
    alert_hit_rate: float = _number(0.0, 0, 1)
    alert_p95_s: float = _number(60.0, 0, _DAY_S)
    alert_queue_s: float = _number(60.0, 0, _DAY_S)
    alert_redis_share: float = _number(0.9, 0, 1)
    runner: str = "local"
    broker_url: str | None = field(default=None, repr=False)
    result_backend: str | None = field(default=None, repr=False)
    task_processes: int = _count(1, 1)
    task_waiting: int = _count(100, 1)
    task_waiting_bytes: int = _count(2048 * MIB, 1)
    task_from_cards: int = _count(200, 1)
    task_bulk_cards: int = _count(1000, 1)
    task_ttl_s: float = _number(_DAY_S, 1, _YEAR_S)
    task_attempts: int = _count(2, 1)
    task_soft_s: float = _number(270.0, 0.1, _DAY_S)
    task_hard_s: float = _number(300.0, 0.1, _DAY_S)
    task_beat_s: float = _number(1.0, 0.01, _DAY_S)
    task_silent_s: float = _number(30.0, 0.1, _DAY_S)
    task_stalled_s: float = _number(60.0, 0.1, _DAY_S)
    task_reap_s: float = _number(5.0, 0.05, _DAY_S)
    task_grace_s: float = _number(0.5, 0.0, _DAY_S)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Raises SettingError, naming the variable and never its value where that may be secret."""
        env = os.environ if environment is None else environment
        found: dict[str, object] = {}
        for each in fields(cls):
            text = env.get(f"CARDMAKER_{each.name.upper()}", "").strip()
            if text and each.name not in _READ_APART:
                found[each.name] = _read(f"CARDMAKER_{each.name.upper()}", text, type(each.default), each.metadata)
        found |= _tasks(env, redis_url := _redis_url(env))
        return cls(redis_url=redis_url or found["broker_url"], **found)  # type: ignore[arg-type]  # each was read as its field's type

    @property
    def has_redis(self) -> bool:
        return self.redis_url is not None


def _read(name: str, text: str, kind: type, bounds: Mapping[str, Any]) -> object:
    if kind is str:
        return _matching(name, text, bounds)
    if kind is tuple:
        return tuple(_matching(name, part.strip().lower(), bounds) for part in text.split(",") if part.strip())
    if kind is bool:
        if text.lower() not in _FLAGS:
            raise SettingError(f"{name}: write on or off")
        return _FLAGS[text.lower()]
    try:
        value = int(text) if kind is int else float(text)
    except ValueError:
        raise SettingError(f"{name}: write a {'whole ' if kind is int else ''}number") from None
    if not bounds["least"] <= value <= bounds["most"]:
        most = f" to {bounds['most']:.10g}" if bounds["most"] < _MOST else " up"
        raise SettingError(f"{name}: {text[:20]} is out of range; it goes from {bounds['least']:g}{most}")
    return value


def _matching(name: str, text: str, bounds: Mapping[str, Any]) -> str:
    """The text as it is; what it should be like is said without it, for it may be secret."""
    if not re.fullmatch(bounds["pattern"], text):
        raise SettingError(f"{name}: write {bounds['like']}")
    return text


def _tasks(env: Mapping[str, str], redis_url: str | None) -> dict[str, object]:
    """Celery where its broker is named or where it is asked for, with Redis as its broker."""
    broker = env.get("CELERY_BROKER_URL", "").strip()
    runner = env.get("CARDMAKER_RUNNER", "").strip().lower() or ("celery" if broker else "local")
    if runner not in _RUNNERS:
        raise SettingError(f"CARDMAKER_RUNNER: choose {' or '.join(_RUNNERS)}")
    if runner == "local":
        return {"runner": runner, "broker_url": None}
    if not (broker or redis_url):
        raise SettingError("CARDMAKER_RUNNER: celery needs a Redis; name it in REDIS_URL or CELERY_BROKER_URL")
    backend = env.get("CELERY_RESULT_BACKEND", "").strip()
    for name, url in (("CELERY_BROKER_URL", broker), ("CELERY_RESULT_BACKEND", backend)):
        if url:
            _check_url(url, name)
    return {"runner": runner, "broker_url": broker or redis_url, "result_backend": backend or broker or redis_url}


def _redis_url(env: Mapping[str, str]) -> str | None:
    url = env.get("REDIS_URL", "").strip()
    if url:
        _check_url(url, "REDIS_URL")
        return url
    host = env.get("REDIS_HOST", "").strip()
    if not host:
        return None
    port, database = (_digits(env, name, default) for name, default in (("REDIS_PORT", "6379"), ("REDIS_DB", "0")))
    user, password = (quote(env.get(f"REDIS_{part}", ""), safe="") for part in ("USERNAME", "PASSWORD"))
    login = f"{user}:{password}@" if user or password else ""
    url = f"redis://{login}{f'[{host}]' if ':' in host else host}:{port}/{database}"
    if re.search(r"[^\w.:%-]", host) or not _is_url(url):
        raise SettingError("REDIS_HOST and REDIS_PORT: write a name or an address, and a port from 1 to 65535")
    return url


def _check_url(url: str, variable: str) -> None:
    options = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)} if _is_url(url) else set()
    if options - _OPTIONS:
        raise SettingError(f"{variable}: of options it may have {', '.join(sorted(_OPTIONS))}; remove the others")
    if not _is_url(url):
        raise SettingError(f"{variable}: write it like redis://localhost:6379/0, or rediss:// for TLS")


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = 1 if parts.port is None else parts.port
        return (
            url.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))
            and bool(parts.hostname or parts.path)
            and port > 0
        )
    except ValueError:
        return False


def _digits(env: Mapping[str, str], name: str, default: str) -> str:
    text = env.get(name, "").strip() or default
    if not text.isdecimal() or not text.isascii() or len(text) > 5:
        raise SettingError(f"{name}: write a whole number, such as {default}")
    return text
