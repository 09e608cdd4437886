"""What is told of figures that went wrong: health's warnings, and Prometheus's text and rules."""

import re
import time
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from cardmaker.metrics import bucket_of
from cardmaker.tasks import Task, records
from cardmaker.tasks.record import new_id
from cardmaker.tasks.redis_records import RedisRecords
from cardmaker.workbench import Workbench
from tests import art
from tests.benches import Bench
from tests.over_http import client_of
from tests.redis_server import MIB, RedisServer

ROOT = Path(__file__).parent.parent
RULES = ROOT / "ops" / "prometheus-rules.yml"


def warnings(bench: Workbench) -> tuple[str, ...]:
    bench.metrics.flush()
    return bench.health().warnings


def scraped(bench: Workbench) -> dict[tuple[str, str], float]:
    """Samples by name and the value of their label."""
    answer = client_of(bench).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if "le" not in sample.labels
    }


# -- warnings --


@pytest.mark.parametrize(
    ("hits", "misses", "said"),
    [(6, 44, 1), (10, 40, 0), (0, 19, 0), (50, 0, 0)],
    ids=["few", "enough", "too few", "all"],
)
def test_a_low_hit_rate_is_warned_of_when_enough_was_read(bench_with: Bench, hits: int, misses: int, said: int) -> None:
    bench = bench_with(alert_hit_rate=0.2)
    bench.metrics.add("hit_memory", hits)
    bench.metrics.add("miss", misses)

    found = warnings(bench)

    assert len(found) == said
    assert all("12% of 50 reads" in text for text in found)


def test_slow_documents_are_warned_of_together_hits_and_all(bench_with: Bench) -> None:
    bench = bench_with(alert_p95_s=2.0)
    for ms in [1.0] * 90 + [5000.0] * 10:
        bench.metrics.took("pdf_hit" if ms < 10 else "pdf_miss", ms)

    assert [text for text in warnings(bench) if "one document in twenty took 5 s" in text]


@pytest.mark.parametrize("off", [{"alert_p95_s": 0.0}, {"alert_p95_s": 2.0, "alert_hit_rate": 0.0}])
def test_an_alert_that_is_off_or_has_nothing_to_go_by_is_silent(bench_with: Bench, off: dict[str, float]) -> None:
    bench = bench_with(**off)
    bench.metrics.add("miss", 100)
    for _ in range(5):
        bench.metrics.took("pdf_miss", 60_000.0)

    assert warnings(bench) == ()


def test_a_task_that_waits_too_long_is_warned_of_however_many_came_later(
    bench_with: Bench, redis_server: RedisServer
) -> None:
    bench = bench_with(redis_url=redis_server.url, alert_queue_s=5.0)
    assert bench.link is not None
    store = RedisRecords(bench.link, bench.settings, "x")
    store.create(Task("0" * 32, "digest"), b"")
    for number in range(60):
        later = store.create(Task(new_id(), f"digest {number}"), b"")
        store.change(later.id, records.cancelled(records.PENDING))
    with redis_server.client() as redis:
        redis.hset(f"cm:task:{'0' * 32}", "queued_s", time.time() - 100)

    assert [text for text in warnings(bench) if "a task has been waiting for 10" in text]


def test_a_redis_that_fills_up_is_warned_of(bench_with: Bench, tmp_path: Path) -> None:
    with RedisServer(tmp_path, max_memory_bytes=32 * MIB, policy="volatile-lru") as server:
        bench = bench_with(redis_url=server.url, alert_redis_share=0.5)
        assert warnings(bench) == ()
        with server.client() as redis:
            for number in range(20):
                redis.set(f"x{number}", bytes(MIB))

        assert [text for text in warnings(bench) if "of its maxmemory" in text]


def test_a_redis_that_may_drop_tasks_is_warned_of_and_told(bench_with: Bench, tmp_path: Path) -> None:
    with RedisServer(tmp_path, max_memory_bytes=64 * MIB, policy="allkeys-lru") as server:
        bench = bench_with(redis_url=server.url)

        assert [text for text in warnings(bench) if "volatile-lru" in text]
        assert scraped(bench)["cardmaker_redis_keeps_tasks", ""] == 0


# -- Prometheus --


def test_what_was_recorded_is_scraped_exactly(bench_with: Bench) -> None:
    bench = bench_with()
    for counter, number in (("hit_memory", 70), ("miss", 6), ("oom", 2), ("done", 3)):
        bench.metrics.add(counter, number)
    for ms in (1.0, 2.0, 300.0):
        bench.metrics.took("pdf_hit", ms)
    bench.metrics.flush()
    bench.metrics.add("miss", 4)

    found = scraped(bench)

    assert found["cardmaker_cache_reads_total", "hit_memory"] == 70
    assert found["cardmaker_cache_reads_total", "miss"] == 10
    assert found["cardmaker_cache_events_total", "oom"] == 2
    assert found["cardmaker_tasks_total", "done"] == 3
    assert found["cardmaker_duration_seconds_count", "pdf_hit"] == 3
    assert found["cardmaker_duration_seconds_sum", "pdf_hit"] == pytest.approx(0.303)
    assert found["cardmaker_up", ""] == 1


@pytest.mark.parametrize("ms", [0.01, 0.125, 0.9999, 1.0, 7.99, 8.0, 1024.0, 1e6])
def test_a_duration_lies_below_the_bounds_that_are_longer_than_it(bench_with: Bench, ms: float) -> None:
    bench = bench_with()
    bench.metrics.took("preview", ms)

    families = text_string_to_metric_families(client_of(bench).get("/metrics").text)
    samples = [sample for family in families for sample in family.samples if sample.name.endswith("_bucket")]

    assert bucket_of(ms) is not None
    for sample in samples:
        assert (sample.value == 1) == (ms / 1000 < float(sample.labels["le"])), sample


def test_a_server_whose_redis_is_away_says_so_and_tells_what_it_knows(bench_with: Bench) -> None:
    bench = bench_with(redis_url="redis://localhost:1")
    bench.metrics.add("miss")

    found = scraped(bench)

    assert (found["cardmaker_up", ""], found["cardmaker_redis_in_use", ""]) == (0, 0)
    assert found["cardmaker_cache_reads_total", "miss"] == 1


def test_the_rules_ask_for_what_is_told_alone(bench_with: Bench, redis_server: RedisServer) -> None:
    bench, artwork = bench_with(redis_url=redis_server.url), art.deck_of([art.solid(art.RED)])
    bench.document(art.request(artwork), artwork)
    names = set(re.findall(r"^(cardmaker_\w+)", client_of(bench).get("/metrics").text, re.MULTILINE))
    names.add("cardmaker_workers")  # told where tasks are for workers

    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]

    for rule in group["rules"]:
        asked = set(re.findall(r"cardmaker_\w+", rule["expr"]))
        assert asked, rule["alert"]
        assert asked <= names, f"{rule['alert']}: {asked - names}"
        assert rule["annotations"]["summary"]
    labels = re.findall(r'(?:event|outcome|operation)!?="(\w+)"', RULES.read_text("utf-8"))
    told = client_of(bench).get("/metrics").text
    assert all(f'"{label}"' in told for label in labels if not label.startswith("api_"))
