"""Whether the service works: for people, and for whatever starts and stops servers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter

import cardmaker
from cardmaker.api import models
from cardmaker.api.answers import Refusal
from cardmaker.api.places import Places
from cardmaker.workbench import Health, Tier, Workbench

_THREADS = 4
# An answer takes no longer than this, whatever Redis does.
_PATIENCE_S = 0.04
_FIRST_S = 0.5
_FRESH_S = 10.0
_SLOW = "Redis takes long to answer"


@dataclass(slots=True)
class _Probe:
    """Asks the workbench in threads of its own: renders that wait for each other must not keep a probe waiting. While
    an answer is on its way the last one holds, for a while."""

    workbench: Workbench
    threads: CapacityLimiter
    under_way: asyncio.Task[Health] | None = None
    last: Health | None = None
    last_s: float = 0.0

    async def health(self) -> Health:
        if self.under_way is None or self.under_way.done():
            self.under_way = asyncio.ensure_future(self._ask())
        asked = self.under_way
        done, _ = await asyncio.wait({asked}, timeout=_PATIENCE_S if self.last else _FIRST_S)
        if done:
            return asked.result()
        if self.last is not None and time.monotonic() - self.last_s < _FRESH_S:
            return self.last
        cache = self.workbench.cache
        return Health((_SLOW,), cache.status(), cache.stats(survey=False))

    async def _ask(self) -> Health:
        self.last = await to_thread.run_sync(self.workbench.health, limiter=self.threads)
        self.last_s = time.monotonic()
        return self.last


def routes(workbench: Workbench, places: Places) -> APIRouter:
    router = APIRouter(tags=["health"])
    probe = _Probe(workbench, CapacityLimiter(_THREADS))

    @router.get("/health", summary="Everything about it", response_model=models.HealthSaid)
    @router.head("/health", include_in_schema=False)
    async def health() -> dict[str, Any]:
        """`degraded` when something that was set up does not work; it serves all the same. `warnings` say what works
        and should be set up otherwise."""
        return _told(await probe.health(), workbench.settings.runner)

    @router.get("/health/live", summary="The server runs", response_model=models.Alive)
    async def live() -> dict[str, str]:
        """Asks nothing else: restart the process when this does not answer."""
        return {"status": "live"}

    @router.get(
        "/health/ready",
        summary="The server takes another deck",
        response_model=models.Alive,
        responses=models.errors(503),
    )
    async def ready() -> dict[str, str]:
        """503 while as many decks are under way as it takes: send requests elsewhere meanwhile."""
        if places.are_taken:
            raise Refusal(503, "busy", "as many decks as this server takes are under way", {"Retry-After": "2"})
        return {"status": "ready"}

    return router


def _told(health: Health, runner: str) -> dict[str, Any]:
    stats = health.stats
    return {
        "status": "ok" if health.is_ok else "degraded",
        "reasons": list(health.reasons),
        "warnings": list(health.warnings),
        "version": cardmaker.__version__,
        "redis": {"configured": health.redis.configured, "state": health.redis.state.value},
        "cache": {
            "tier": "memory" if health.reasons and stats.tier is Tier.REDIS else stats.tier.value,
            "entries": stats.entries,
            "bytes": stats.bytes,
            "hits": stats.hits,
            "misses": stats.counts.get("miss", 0),
            "hit_rate": stats.hit_rate,
        },
        "tasks": {"runner": runner, "workers": health.workers},
    }
