"""Whether everything that was set up works, found out by asking it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardmaker.cache import Cache, Stats
from cardmaker.errors import StoreError
from cardmaker.redis_client import RedisLink, Status
from cardmaker.settings import Settings
from cardmaker.tasks import State
from cardmaker.tasks.crew import Crew

# Of what a full Redis may throw away: nothing, or what ends by itself anyway.
_KEEPING = ("volatile-", "noeviction")
_EVICTS = "Redis throws away what it likes when it is full ({policy}), tasks too; set maxmemory-policy volatile-lru"
_UNBOUNDED = "Redis has no maxmemory and may grow until its machine has no memory left; set one"
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


def examine(settings: Settings, link: RedisLink | None, cache: Cache, crew: Crew) -> Health:
    """Asks Redis, so that its recovery shows without other traffic."""
    status = cache.probe()
    reasons, warnings, workers = [status.reason] if status.reason else [], [], None
    if link is not None and not reasons:
        try:
            warnings = [*_about_memory(link)]
            if settings.runner == "celery" and crew.fleet is not None:
                workers = len(crew.fleet.workers())
                reasons += [] if workers else [_NO_WORKER]
                warnings += _about_waiting(settings, link, crew)
        except StoreError as error:
            reasons.append(str(error))
    return Health(tuple(reasons), status, cache.stats(survey=False), tuple(warnings), workers)


def _about_memory(link: RedisLink) -> Iterator[str]:
    told = link.memory()
    if told is None:
        return
    if not told.policy.startswith(_KEEPING):
        yield _EVICTS.format(policy=told.policy)
    if not told.limit_bytes:
        yield _UNBOUNDED


def _about_waiting(settings: Settings, link: RedisLink, crew: Crew) -> Iterator[str]:
    """Of the tasks of late, by the clock that their times are from."""
    waiting = [task.queued_s or task.created_s for task in crew.runner.list() if task.state is State.PENDING]
    if not waiting:
        return
    age_s = link.seconds() - min(waiting)
    if age_s > settings.task_stalled_s:
        yield f"a task has been waiting for {age_s:.0f} s; start more workers"
