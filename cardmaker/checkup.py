"""Whether everything that was set up works, found out by asking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cardmaker import moment
from cardmaker.cache import Cache, Stats
from cardmaker.errors import StoreError
from cardmaker.metrics.histogram import merged, quantile
from cardmaker.metrics.series import Slice
from cardmaker.metrics.view import hit_rate
from cardmaker.moment import Moment
from cardmaker.redis_client import Memory, RedisLink, Status
from cardmaker.settings import Settings
from cardmaker.tasks.crew import RESULTS, Crew

_EVICTS = "Redis throws away what it likes when it is full ({policy}), tasks too; set maxmemory-policy volatile-lru"
_UNBOUNDED = "Redis has no maxmemory and may grow until its machine has no memory left; set one"
# Of fewer, a share says nothing.
_ENOUGH = 20
_NO_WORKER = "no worker is there for tasks; start one with make worker"


@dataclass(frozen=True, slots=True)
class Health:
    """`reasons` say why it is degraded: something that was set up does not work. It serves all the same. `warnings` say
    what works and should be looked at. `workers` is None where tasks run in this process."""

    reasons: tuple[str, ...]
    redis: Status
    stats: Stats
    warnings: tuple[str, ...] = ()
    workers: int | None = None

    @property
    def is_ok(self) -> bool:
        return not self.reasons


def examine(
    settings: Settings, link: RedisLink | None, cache: Cache, crew: Crew, recent: Callable[[], Slice]
) -> Health:
    """Asks Redis, so that its recovery shows without other traffic. `recent` is what the last hour recorded."""
    status = cache.probe()
    reasons, warnings, workers = [status.reason] if status.reason else [], [], None
    if not reasons:
        try:
            warnings = [*_about_reads(settings, recent())]
            now = moment.look(link, crew)
            warnings += [*_about_memory(settings, now.redis), *_about_waiting(settings, now)]
            if settings.runner == "celery" and crew.fleet is not None:
                workers = len(now.workers)
                reasons += [now.away] if now.away else [] if workers else [_NO_WORKER]
        except StoreError as error:
            reasons.append(str(error))
    return Health(tuple(reasons), status, cache.stats(survey=False), tuple(warnings), workers)


def _about_memory(settings: Settings, told: Memory | None) -> Iterator[str]:
    if told is None:
        return
    if not told.keeps_tasks:
        yield _EVICTS.format(policy=told.policy)
    if not told.limit_bytes:
        yield _UNBOUNDED
    elif settings.alert_redis_share and told.used_bytes >= settings.alert_redis_share * told.limit_bytes:
        yield f"Redis has filled {told.used_bytes / told.limit_bytes:.0%} of its maxmemory; give it more"


def _about_waiting(settings: Settings, now: Moment) -> Iterator[str]:
    if settings.alert_queue_s and now.queue_age_s is not None and now.queue_age_s > settings.alert_queue_s:
        yield f"a task has been waiting for {now.queue_age_s:.0f} s; start more workers"


def _about_reads(settings: Settings, recent: Slice) -> Iterator[str]:
    rate, asked = hit_rate(recent)
    if settings.alert_hit_rate and rate is not None and asked >= _ENOUGH and rate < settings.alert_hit_rate:
        yield f"only {rate:.0%} of {asked:,} reads were served without computing in the last hour"
    times = merged(recent.histogram(f"{RESULTS}_{outcome}") for outcome in ("hit", "coalesced", "miss"))
    slowest_ms = quantile(times, 0.95)
    enough = sum(times.values()) >= _ENOUGH
    if settings.alert_p95_s and slowest_ms is not None and enough and slowest_ms > settings.alert_p95_s * 1000:
        yield f"one document in twenty took {slowest_ms / 1000:.0f} s or longer in the last hour"
