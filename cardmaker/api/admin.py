"""What is for the operator alone, and who that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cardmaker.access import is_here, is_same
from cardmaker.api import models, prometheus
from cardmaker.api.answers import Refusal
from cardmaker.cache import Stats
from cardmaker.settings import Settings
from cardmaker.workbench import Tier, Workbench

Guard = Callable[[Request], Awaitable[None]]
_THREADS = 2
_TEXT: models.Responses = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "In Prometheus's text format"},
    **models.errors(401, 403),
}


def routes(workbench: Workbench) -> APIRouter:
    only = [Depends(operator(workbench.settings))]
    router = APIRouter(tags=["operator"], dependencies=only)
    threads = CapacityLimiter(_THREADS)

    @router.get(
        "/cache/stats",
        summary="What the cache holds and how it is used",
        response_model=models.CacheStats,
        responses=models.errors(401, 403),
    )
    async def cache_stats() -> dict[str, Any]:
        """`entries` and `bytes` are those of the tier that is used now; of a large Redis they come from a sample."""
        return _told(await to_thread.run_sync(workbench.cache.stats, limiter=threads))

    @router.delete(
        "/cache",
        summary="Empty the cache",
        response_model=models.Cleared,
        responses=models.errors(401, 403, 422),
    )
    async def clear_cache(query: Annotated[models.CacheQuery, Query()]) -> dict[str, int]:
        """Of this process and of Redis; of one namespace, or of all."""
        name = query.namespace.value if query.namespace else None
        return {"removed": await to_thread.run_sync(workbench.operations.clear, name, limiter=threads)}

    @router.get("/metrics", summary="Figures for Prometheus", response_class=Response, responses=_TEXT)
    async def told_metrics() -> Response:
        """Counters and histograms are those of this server since it began; gauges say how things stand."""
        text = await to_thread.run_sync(prometheus.text, workbench, limiter=threads)
        return Response(text, media_type=prometheus.KIND)

    return router


def operator(settings: Settings) -> Guard:
    """Lets in whoever has the operator's token. With none set, whoever sits at this machine: a loopback address, with
    no proxy between. A proxy may say nothing of itself, but those speak HTTP/1.0, which nobody at a machine does."""

    async def check(request: Request) -> None:
        if settings.admin_token:
            if not has_token(request.headers.get("authorization", ""), settings.admin_token):
                raise Refusal(
                    401, "admin", "this is for the operator; send the admin token", {"WWW-Authenticate": "Bearer"}
                )
        elif request.scope.get("http_version") == "1.0" or not is_here(
            request.client.host if request.client else "", request.headers
        ):
            raise Refusal(
                403, "admin", "this is for the operator, at this machine or, when CARDMAKER_ADMIN_TOKEN is set, with it"
            )

    return check


def has_token(authorization: str, token: str) -> bool:
    """Whether the header carries this token, found out in a time that says nothing of it."""
    scheme, _, given = authorization.partition(" ")
    return is_same(given.strip(), token) and scheme.lower() == "bearer"


def _told(stats: Stats) -> dict[str, Any]:
    memory = {"entries": stats.entries, "bytes": stats.bytes}
    redis = None if stats.redis_entries is None else {"entries": stats.redis_entries, "bytes": stats.redis_bytes}
    used = redis if stats.tier is Tier.REDIS and redis else memory
    return {
        "tier": stats.tier.value,
        **used,
        "hit_rate": stats.hit_rate,
        "hits": stats.hits,
        "misses": stats.counts.get("miss", 0),
        "coalesced": stats.counts.get("coalesced", 0),
        "evictions": stats.evictions,
        "corrupt": stats.counts.get("corrupt", 0),
        "memory": memory,
        "redis": redis,
        "ttl_s": None if stats.ttl_s is None else dict(zip(("least", "median", "most"), stats.ttl_s, strict=True)),
        "counts": stats.counts,
    }
