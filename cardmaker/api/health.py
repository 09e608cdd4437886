"""Whether the service works, for people and orchestrators."""

from __future__ import annotations

from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter

import cardmaker
from cardmaker.workbench import Health, Tier, Workbench

_PROBES = 4


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()
    # Threads of their own: renders that wait for each other must not keep a probe waiting.
    probes = CapacityLimiter(_PROBES)

    @router.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> dict[str, Any]:
        return _told(await to_thread.run_sync(workbench.health, limiter=probes))

    return router


def _told(health: Health) -> dict[str, Any]:
    stats = health.stats
    return {
        "status": "ok" if health.is_ok else "degraded",
        "reasons": list(health.reasons),
        "warnings": [],
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
        "tasks": {"runner": "none"},
    }
