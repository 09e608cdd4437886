"""What recording and reading metrics costs, on a Redis of its own: one JSON line of figures on stdout.

    python -m benchmarks.metrics_jobs recording     microseconds for each count and each duration; a flush
    python -m benchmarks.metrics_jobs reading       a busy month in Redis: its size, and how long each stretch takes

Busy means that every minute saw all that can be recorded: each operation in eight buckets.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator

from benchmarks.cache_jobs import redis_server
from cardmaker.metrics import Recorder
from cardmaker.metrics.redis_store import _TTLS_S, RedisStore, _prefix
from cardmaker.metrics.series import Series
from cardmaker.metrics.view import STRETCHES, report
from cardmaker.redis_client import RedisLink
from cardmaker.settings import Settings

EVENTS, EACH, REPEATS, THREADS, BUCKETS = 2000, 100_000, 7, 4, 8
_OPERATIONS = [
    *(f"pdf_{step}" for step in ("memory", "redis", "lease", "wait", "compute", "store", "hit", "miss", "coalesced")),
    *(
        f"{kind}_{step}"
        for kind in ("tile", "thumbnail")
        for step in ("memory", "redis", "wait", "compute", "store", "hit", "miss", "coalesced")
    ),
    *(f"render_{step}" for step in ("impose", "prepare", "write")),
    *(f"api_{ended}" for ended in ("ok", "refused", "failed")),
    *(
        f"task_{part}_{queue}_{ended}"
        for part in ("wait", "run")
        for queue in ("interactive", "bulk")
        for ended in ("done", "failed", "cancelled")
    ),
    "preview",
]
_COUNTERS = """hit_memory hit_redis coalesced miss store fetched evicted redis_evicted too_big oom corrupt redis_error
breaker_open wait_timeout queued done failed cancelled lost retried"""


def recording() -> dict[str, float]:
    recorder = Recorder(None, 3600.0)

    def each_us(call: Callable[[], object]) -> float:
        took = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            for _ in range(EACH):
                call()
            took.append((time.perf_counter() - start) / EACH * 1e6)
        return statistics.median(took)

    figures = {
        "count_us": each_us(lambda: recorder.add("hit_memory")),
        "duration_us": each_us(lambda: recorder.took("pdf_hit", 41.5)),
        "event_us": _threaded_us(recorder),
    }
    with redis_server() as url:
        recorder = Recorder(_store(url), 3600.0)
        took = []
        for _ in range(REPEATS):
            for operation in _OPERATIONS:
                recorder.took(operation, random.uniform(1, 100))
            for counter in _COUNTERS.split():
                recorder.add(counter)
            start = time.perf_counter()
            assert recorder.flush()
            took.append(time.perf_counter() - start)
    return figures | {"flush_ms": statistics.median(took) * 1000}


def _threaded_us(recorder: Recorder) -> float:
    """Of all threads' time together, for each count and duration, while they compete."""

    def work() -> None:
        for _ in range(EACH // 2):
            recorder.add("hit_memory")
            recorder.took("pdf_hit", 41.5)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - start) / (EACH * THREADS) * 1e6


def reading() -> dict[str, float]:
    with redis_server() as url:
        settings = Settings(redis_url=url, redis_timeout_s=20.0, redis_budget_s=60.0)
        link = RedisLink(settings)
        store, figures = RedisStore(link), {"fields": float(len(dict(_busy())))}
        used = _used(link)
        for step_s, ttl_s in _TTLS_S.items():
            _fill(link, step_s, ttl_s // step_s)
            used, before = _used(link), used
            figures[f"redis_{_prefix(step_s)[3:-1]}_mib"] = (used - before) / 2**20
            figures[f"redis_{_prefix(step_s)[3:-1]}_each_kib"] = (used - before) / 2**10 / (ttl_s // step_s)
        Recorder(store, 3600.0).close()
        _tell(store)
        used, before = _used(link), used
        figures["redis_events_mib"] = (used - before) / 2**20
        for stretch in STRETCHES:
            took = []
            for _ in range(REPEATS):
                start = time.perf_counter()
                found = report(stretch, Series(), store)
                took.append(time.perf_counter() - start)
                assert all(point.fields for point in found.points), stretch.name
                assert not found.away
            figures[f"read_{stretch.name.replace(' ', '_')}_ms"] = statistics.median(took) * 1000
        return figures


def _busy() -> Iterator[tuple[str, str]]:
    for counter in _COUNTERS.split():
        yield f"c:{counter}", "1234"
    for number, operation in enumerate(_OPERATIONS):
        yield f"s:{operation}", "12345.678"
        for bucket in range(BUCKETS):
            yield f"h:{operation}:{number + bucket}", "123"


def _fill(link: RedisLink, step_s: int, slices: int) -> None:
    """A field at a time, as they grow in use."""
    last, fields = int(time.time()) // step_s + 2, dict(_busy())  # time goes on meanwhile
    for at in range(0, slices, 100):
        with link.client.pipeline(transaction=False) as pipeline:
            for number in range(at, min(at + 100, slices)):
                for name, value in fields.items():
                    pipeline.hset(f"{_prefix(step_s)}{last - number}", name, value)
            pipeline.execute()


def _tell(store: RedisStore) -> None:
    recorder = Recorder(store, 3600.0)
    for _ in range(EVENTS // 100):
        for _ in range(100):
            recorder.event("done", "interactive, 52 pages, waited 0.1 s, ran 12.3 s")
        recorder.flush()


def _used(link: RedisLink) -> float:
    return float(link.client.info("memory")["used_memory"])


def _store(url: str) -> RedisStore:
    return RedisStore(RedisLink(Settings(redis_url=url)))


if __name__ == "__main__":
    JOBS: dict[str, Callable[[], dict[str, float]]] = {job.__name__: job for job in (recording, reading)}
    print(json.dumps({name: round(figure, 3) for name, figure in JOBS[sys.argv[1]]().items()}))
