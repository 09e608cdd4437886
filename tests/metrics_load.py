"""A load whose numbers are known, put into Redis as processes would have told it.

Of the last hour, by how many minutes ago: a busy stretch, a gap of which nothing is known, some trouble; of the hour
before, less of the same.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from cardmaker.metrics import Event, bucket_of
from cardmaker.metrics.redis_store import RedisStore

# Minutes ago in which nobody recorded anything.
GAP = range(20, 28)


@dataclass
class Load:
    """Counts and every duration, of the last hour and of the hour before."""

    counts: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    durations: dict[str, list[float]] = field(default_factory=dict)

    @property
    def hit_rate(self) -> float:
        served = sum(self.counts[name] for name in ("hit_memory", "hit_redis", "coalesced"))
        return served / self.asked

    @property
    def asked(self) -> int:
        return sum(self.counts[name] for name in ("hit_memory", "hit_redis", "coalesced", "miss"))

    def quantile(self, operation: str, share: float) -> float:
        values = sorted(self.durations[operation])
        return values[max(0, int(share * len(values) + 0.999999) - 1)]


def put(store: RedisStore, seed: int = 5) -> Load:
    chance, load = random.Random(seed), Load()
    now_s = store.now_s()
    # One minute on purpose left alone at each end of the hour: time goes on while the test looks.
    for age in range(3, 115):
        if age in GAP or 55 <= age <= 65:
            continue
        is_before = age > 60
        fields = _minute(chance, load, age, is_before=is_before)
        events = () if is_before else _events(age, now_s)
        store.take("a script", age, {age: fields}, events, now_s)
    return load


def _minute(chance: random.Random, load: Load, age: int, *, is_before: bool) -> dict[str, float]:
    busy = 0.4 if is_before else 1 + 0.5 * (age % 13 < 4)
    counts = {
        "hit_memory": round(chance.uniform(60, 90) * busy),
        "hit_redis": round(chance.uniform(10, 25) * busy),
        "coalesced": chance.randrange(4),
        "miss": round(chance.uniform(3, 14)),
        "store": 5,
        "done": chance.randrange(3),
    }
    if age in (12, 13):
        counts |= {"redis_error": 9, "breaker_open": 1}
    if age % 17 == 0:
        counts |= {"evicted": 40, "failed": 1}
    if age == 40:
        counts |= {"redis_evicted": 12, "oom": 3, "lost": 1}
    (load.before if is_before else load.counts).update(counts)
    fields: dict[str, float] = {f"c:{name}": number for name, number in counts.items()}
    scales = (
        ("pdf_hit", counts["hit_redis"], 18.0),
        ("pdf_miss", counts["miss"], 700.0),
        ("pdf_compute", counts["miss"], 650.0),
        ("pdf_redis", counts["hit_redis"], 9.0),
        ("pdf_store", counts["miss"], 30.0),
        ("tile_hit", counts["hit_memory"], 0.05),
        ("tile_miss", counts["miss"], 12.0),
        ("render_impose", counts["miss"], 0.8),
        ("render_prepare", counts["miss"], 480.0),
        ("render_write", counts["miss"], 60.0),
        ("preview", 6, 45.0),
        ("api_ok", counts["hit_redis"], 25.0),
        ("task_wait_interactive_done", counts["done"], 900.0),
        ("task_run_interactive_done", counts["done"], 6000.0),
        ("task_wait_bulk_done", counts["done"] // 2, 4000.0),
        ("task_run_bulk_done", counts["done"] // 2, 9000.0),
        ("task_wait_interactive_failed", counts.get("failed", 0), 400.0),
        ("task_run_interactive_failed", counts.get("failed", 0), 2500.0),
    )
    for operation, number, middle_ms in scales:
        for _ in range(number):
            ms = middle_ms * chance.lognormvariate(0, 0.6)
            fields[f"s:{operation}"] = fields.get(f"s:{operation}", 0.0) + ms
            name = f"h:{operation}:{bucket_of(ms)}"
            fields[name] = fields.get(name, 0) + 1
            if not is_before:
                load.durations.setdefault(operation, []).append(ms)
    return fields


def _events(age: int, now_s: float) -> tuple[Event, ...]:
    at_s = now_s - age * 60
    if age == 13:
        return (Event(at_s, "breaker", "Redis does not answer"),)
    if age == 40:
        return (
            Event(at_s, "evicted", "Redis was full and threw away 12 keys"),
            Event(at_s, "lost", "a task was given up: the process that made it was gone"),
        )
    return (Event(at_s, "done", "interactive, 52 pages, waited 0.9 s, ran 6.1 s"),) if age % 9 == 0 else ()
