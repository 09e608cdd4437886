"""The metrics of this server in Prometheus's text format.

Counters and histograms are this process's since it began, so that one server or many may be asked; gauges of tasks,
workers and Redis are the same whichever server is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as KIND
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

import cardmaker
from cardmaker.metrics.histogram import BUCKETS_PER_OCTAVE
from cardmaker.metrics.series import Slice
from cardmaker.workbench import Health, Moment, Workbench

__all__ = ["KIND", "text"]

_READS = ("hit_memory", "hit_redis", "coalesced", "miss")
_TASKS = ("queued", "done", "failed", "cancelled", "lost", "retried")
_EVENTS = (
    *("store", "fetched", "evicted", "redis_evicted", "too_big", "oom", "corrupt", "redis_error", "wait_timeout"),
    "breaker_open",
)
# 1/8 ms to 524 s; the bounds are those of our own buckets, so that nothing is counted on the wrong side.
_BOUNDS_LOG2_MS = range(-3, 20)


def text(workbench: Workbench) -> bytes:
    return generate_latest(_Told(workbench))


class _Told(Collector):
    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def collect(self) -> Iterator[Metric]:
        bench = self._workbench
        health, now = bench.health(), bench.moment()
        recorded = Slice(0, bench.metrics.totals())
        yield _labelled("cardmaker_cache_reads", "Reads through the cache", "outcome", _READS, recorded)
        yield _labelled("cardmaker_cache_events", "What happened to the cache", "event", _EVENTS, recorded)
        yield _labelled("cardmaker_tasks", "What became of tasks", "event", _TASKS, recorded)
        yield _durations(recorded)
        yield GaugeMetricFamily("cardmaker_up", "1 when all that was set up works", float(health.is_ok))
        yield from _gauges(health, now)
        info = GaugeMetricFamily("cardmaker_info", "1, with the version", labels=["version"])
        info.add_metric([cardmaker.__version__], 1)
        yield info


def _labelled(name: str, about: str, label: str, counters: tuple[str, ...], recorded: Slice) -> Metric:
    family = CounterMetricFamily(name, about, labels=[label])
    for counter in counters:
        family.add_metric([counter], recorded.count(counter))
    return family


def _durations(recorded: Slice) -> Metric:
    family = HistogramMetricFamily("cardmaker_duration_seconds", "How long operations took", labels=["operation"])
    for operation in sorted(recorded.operations()):
        counts = recorded.histogram(operation)
        family.add_metric([operation], _cumulative(counts), recorded.sum_ms(operation) / 1000)
    return family


def _cumulative(counts: Mapping[int, int]) -> list[tuple[str, float]]:
    """How many took less than each bound, in seconds."""
    bounds: list[tuple[str, float]] = [
        (
            repr(2.0**power / 1000),
            sum(number for bucket, number in counts.items() if bucket < power * BUCKETS_PER_OCTAVE),
        )
        for power in _BOUNDS_LOG2_MS
    ]
    return [*bounds, ("+Inf", sum(counts.values()))]


def _gauges(health: Health, now: Moment) -> Iterator[Metric]:
    redis, memory = health.redis, now.redis
    found: tuple[tuple[str, str, float | None], ...] = (
        ("cache_memory_bytes", "Of the values in this process", health.stats.bytes),
        ("cache_memory_entries", "Values in this process", health.stats.entries),
        ("process_memory_bytes", "Of this process", now.bytes),
        ("warnings", "Warnings in /api/health", len(health.warnings)),
        ("redis_in_use", "1 when a Redis is set up and used", float(not redis.reason) if redis.configured else None),
        ("redis_memory_bytes", "What Redis uses", memory.used_bytes if memory else None),
        ("redis_memory_limit_bytes", "What Redis may use, 0 for no limit", memory.limit_bytes if memory else None),
        ("redis_keeps_tasks", "0 when a full Redis may throw tasks away", memory.keeps_tasks if memory else None),
        ("tasks_waiting", "Tasks that wait", now.waiting),
        ("tasks_running", "Tasks that run", now.running),
        ("task_oldest_wait_seconds", "For how long the oldest waiting task waits", now.queue_age_s or 0.0),
        ("workers", "Workers that are there; none where tasks run in the app", health.workers),
        ("task_slots", "How many tasks can run at once", now.slots),
        ("task_slots_busy", "How many of those do", now.busy),
    )
    for name, about, value in found:
        if value is not None:
            yield GaugeMetricFamily(f"cardmaker_{name}", about, value)
