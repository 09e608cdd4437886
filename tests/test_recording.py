"""What the parts of the workbench record, and that the apps on one Redis know of each other."""

import os
import time

import pytest
from starlette.testclient import TestClient

from cardmaker.cache.blob import Blob
from cardmaker.metrics.process import memory_bytes
from cardmaker.metrics.series import MINUTE_S, Event, Slice, together
from cardmaker.tasks import State
from cardmaker.workbench import Workbench
from tests import art
from tests.benches import Bench
from tests.over_http import client_of, front, settings
from tests.redis_server import RedisServer
from tests.tools import until


def recorded(bench: Workbench) -> Slice:
    bench.metrics.flush()
    return together(bench.metrics.series.read(MINUTE_S, 0, 2**40))


def events(bench: Workbench) -> list[Event]:
    bench.metrics.flush()
    return list(bench.metrics.series.events(100))


def test_each_step_of_a_render_and_each_preview_is_recorded(bench_with: Bench) -> None:
    bench, artwork = bench_with(), art.deck_of([art.solid(art.RED, (20, 28))])
    wanted = art.request(artwork)

    bench.document(wanted, artwork)
    bench.document(wanted, artwork)
    bench.picture(wanted, artwork, 0, 50)

    found = recorded(bench)
    for operation in ("render_impose", "render_prepare", "render_write", "preview", "pdf_miss", "pdf_hit"):
        assert found.calls(operation) == 1, operation
    steps = sum(found.sum_ms(f"render_{step}") for step in ("impose", "prepare", "write"))
    assert steps <= found.sum_ms("pdf_compute")


def test_api_requests_are_recorded_by_how_they_ended_and_probes_are_not(bench_with: Bench) -> None:
    bench = bench_with()
    client: TestClient = client_of(bench)

    assert client.get("/layouts").status_code == 200
    assert client.post("/render", files=[front("elf.png")], data=settings()).status_code == 200
    assert client.get("/tasks/none").status_code == 404
    for path in ("/health", "/health/live", "/health/ready"):
        assert client.get(path).status_code == 200

    found = recorded(bench)
    assert (found.calls("api_ok"), found.calls("api_refused"), found.calls("api_failed")) == (2, 1, 0)


def test_a_fault_of_ours_is_recorded_as_failed(bench_with: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = bench_with()
    monkeypatch.setattr(bench, "cut", lambda *_, **__: 1 / 0)
    client = client_of(bench)

    assert client.post("/cutfile", json={"format": "svg"}).status_code == 500

    assert recorded(bench).calls("api_failed") == 1


def test_a_breaker_that_opens_is_an_incident_with_its_reason_and_is_counted(bench_with: Bench) -> None:
    bench = bench_with(redis_url="redis://localhost:1", breaker_failures=2)
    for digest in ("0" * 64, "1" * 64, "2" * 64):
        bench.cache.get("pdf", digest)

    assert [(event.kind, event.text) for event in events(bench)] == [("breaker", "Redis does not answer")]
    assert recorded(bench).count("breaker_open") == 1


def test_what_memory_gives_up_is_counted(bench_with: Bench) -> None:
    bench = bench_with(cache_memory_bytes=10_000)
    for number in range(20):
        bench.cache.set("tile", f"{number:064}", Blob((bytes(4000),)))

    assert recorded(bench).count("evicted") == bench.cache.memory.evictions == 18


@pytest.mark.slow
def test_a_local_task_is_recorded_with_its_times_and_what_its_process_did(bench_with: Bench) -> None:
    bench, artwork = bench_with(), art.deck_of([art.solid(art.RED, (20, 28)), art.solid(art.BLUE, (20, 28))])

    task = bench.wait(bench.submit(artwork, {}).id, 60)
    assert task.state is State.SUCCESS
    until(lambda: bench.metrics.counts()["done"], 10, "the record of its end")
    found, told = recorded(bench), events(bench)
    bench.close()

    for operation in ("task_wait_interactive_done", "task_run_interactive_done", "render_write"):
        assert found.calls(operation) == 1, operation
    assert found.calls("tile_compute") == 2
    assert [event.kind for event in told] == ["done"]
    assert "1 page" in told[0].text


@pytest.mark.slow
def test_a_failed_task_is_an_incident_that_names_no_card(bench_with: Bench) -> None:
    bench = bench_with()
    broken = art.encoded(art.solid(art.RED))[:-20]

    task = bench.wait(bench.submit(art.deck_of([broken]), {}).id, 60)
    until(lambda: bench.metrics.counts()["failed"], 10, "the record of its end")
    told = events(bench)
    bench.close()

    assert [event.kind for event in told] == ["failed"]
    assert "error: image" in told[0].text
    assert task.error_card
    assert task.error_card not in told[0].text


@pytest.mark.slow
def test_apps_on_one_redis_know_of_each_other_until_they_end(bench_with: Bench, redis_server: RedisServer) -> None:
    one, two = (bench_with(redis_url=redis_server.url, task_reap_s=0.05, task_processes=3) for _ in range(2))
    fleet = one.crew.fleet
    assert fleet is not None

    one.watch_over()
    two.watch_over()
    until(fleet.everyone, 10, "the sign of life")
    (found,) = fleet.everyone()  # both in this process, so they are one

    assert (found.role, found.slots, found.busy, found.breaker) == ("app", 3, 0, "closed")
    assert found.name.endswith(f":{os.getpid()}")
    assert found.bytes is None or found.bytes > 20 << 20
    assert fleet.workers() == ()
    with redis_server.client() as redis:
        (key,) = redis.keys("cm:live:*")
        assert 0 < redis.ttl(key) <= 15
        redis.hset("cm:live:stranger", mapping={"role": "\xff", "slots": "many"})
        redis.set("cm:live:text", "x")
    assert fleet.everyone()[0].name == found.name
    one.close()
    two.close()
    assert fleet.everyone() == ()


def test_memory_is_told_where_the_system_tells_it() -> None:
    found = memory_bytes()

    assert found is None or 10 << 20 < found < 1 << 40


@pytest.mark.slow
def test_recording_takes_no_time_worth_telling(bench_with: Bench) -> None:
    """The budget is two microseconds; five times that for a busy machine."""
    recorder = bench_with().metrics
    number = 20_000

    def one_round() -> float:
        start = time.perf_counter()
        for _ in range(number):
            recorder.add("hit_memory")
            recorder.took("pdf_hit", 41.5)
        return (time.perf_counter() - start) / (2 * number)

    assert min(one_round() for _ in range(5)) < 10e-6
