"""What is recorded arrives: counts exactly, durations within a bucket, once, whatever Redis does meanwhile."""

import math
import os
import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardmaker.errors import StoreAway, StoreFull
from cardmaker.metrics import Event, Recorder, bucket_of, quantile
from cardmaker.metrics.redis_store import RedisStore
from cardmaker.metrics.series import (
    HOUR_S,
    KEPT,
    MINUTE_S,
    STEPS_S,
    Before,
    Fields,
    Series,
    starts,
    starts_before,
    together,
)
from cardmaker.metrics.view import STRETCHES, Stretch
from cardmaker.redis_client import RedisLink
from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests import art
from tests.redis_server import RedisServer
from tests.tools import until

ROOT = Path(__file__).parent.parent
NEVER_S = 3600.0


class Clock:
    """A clock that the test sets."""

    def __init__(self, now_s: float = 1_700_000_000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class Store:
    """Remembers what it took, by the minute's age and delivery; may lose a delivery's answer, or refuse it."""

    def __init__(self) -> None:
        self.total: dict[str, float] = {}
        self.seen: set[tuple[str, int]] = set()
        self.ages: list[int] = []
        self.events: list[Event] = []
        self.answer: Callable[[], None] = lambda: None

    def take(
        self, process: str, number: int, minutes: Mapping[int, Fields], events: tuple[Event, ...], now_s: float
    ) -> None:
        assert now_s > 0
        if (process, number) not in self.seen and self.answer is not refuse:
            self.seen.add((process, number))
            self.ages += minutes
            self.events += events
            for fields in minutes.values():
                for name, value in fields.items():
                    self.total[name] = self.total.get(name, 0) + value
        self.answer()


def refuse() -> None:
    raise StoreAway("away")


def lose_answer() -> None:
    raise StoreAway("away, after it took it")


def store_on(server: RedisServer) -> RedisStore:
    settings = Settings(redis_url=server.url, redis_timeout_s=5.0, redis_budget_s=20.0, breaker_open_s=0.05)
    return RedisStore(RedisLink(settings))


def everything(store: RedisStore, step_s: int = MINUTE_S) -> dict[str, float]:
    now_s = int(store.now_s())
    return together(store.read(step_s, now_s - 3 * step_s, now_s)).fields


# -- durations --


@given(st.floats(0.002, 1e7))
def test_a_bucket_holds_its_durations_within_its_octave_eighth(ms: float) -> None:
    bucket = bucket_of(ms)

    assert 2 ** (bucket / 8) <= ms * (1 + 1e-12)
    assert ms < 2 ** ((bucket + 1) / 8) * (1 + 1e-12)


@pytest.mark.parametrize("ms", [0.0, -1.0, 1e-9])
def test_next_to_no_time_has_a_bucket(ms: float) -> None:
    assert bucket_of(ms) == bucket_of(0.001)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("shape", ["lognormal", "uniform", "two humps"])
def test_quantiles_are_within_five_percent(shape: str, share: float) -> None:
    chance = random.Random(3)
    draws: dict[str, Callable[[], float]] = {
        "lognormal": lambda: chance.lognormvariate(3, 1),
        "uniform": lambda: chance.uniform(1, 100),
        "two humps": lambda: chance.choice((1, 400)) * chance.uniform(0.8, 1.2),
    }
    draw = draws[shape]
    values = sorted(draw() for _ in range(5000))
    counts: dict[int, int] = {}
    for value in values:
        counts[bucket_of(value)] = counts.get(bucket_of(value), 0) + 1

    found = quantile(counts, share)

    assert found is not None
    assert math.isclose(found, values[math.ceil(share * len(values)) - 1], rel_tol=0.05)


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile({}, 0.5) is None


# -- the recorder --


def test_counts_of_many_threads_are_exact() -> None:
    store = Store()
    recorder = Recorder(store, flush_s=0.01)

    def work(_: int) -> None:
        for _ in range(2000):
            recorder.add("hit_memory")
            recorder.took("pdf_compute", 3.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    recorder.close()

    assert store.total["c:hit_memory"] == recorder.counts()["hit_memory"] == 16_000
    assert math.isclose(store.total["s:pdf_compute"], 48_000)
    assert store.total[f"h:pdf_compute:{bucket_of(3.0)}"] == 16_000


@pytest.mark.parametrize("answer", [refuse, lose_answer])
def test_what_a_store_did_not_confirm_is_sent_again_and_counts_once(answer: Callable[[], None]) -> None:
    store, clock = Store(), Clock()
    recorder = Recorder(store, NEVER_S, clock)
    store.answer = answer
    for minute in range(5):
        recorder.add("miss", minute + 1)
        assert not recorder.flush()
        clock.now_s += MINUTE_S

    store.answer = lambda: None
    assert recorder.flush()
    assert recorder.flush()

    assert store.total == {"c:miss": 15}
    assert set(store.ages) <= {0, 1, 2, 3, 4, 5}
    assert recorder.counts()["miss"] == 15


def test_what_redis_missed_goes_into_the_minutes_where_it_belongs() -> None:
    store, clock = Store(), Clock()
    recorder = Recorder(store, NEVER_S, clock)
    store.answer = refuse
    recorder.add("miss")
    recorder.flush()
    clock.now_s += 3 * MINUTE_S
    recorder.add("miss")
    store.answer = lambda: None
    recorder.flush()

    assert sorted(store.ages) == [0, 3]


def test_what_redis_missed_for_long_is_told_in_small_deliveries_and_in_order() -> None:
    store, clock = Store(), Clock()
    recorder = Recorder(store, NEVER_S, clock)
    store.answer = refuse
    for _ in range(60):
        recorder.add("miss")
        recorder.flush()
        clock.now_s += MINUTE_S
    store.ages.clear()
    store.answer = lambda: None

    assert recorder.flush()

    assert len(store.seen) >= 60 / 5
    assert store.ages == sorted(store.ages, reverse=True)
    assert store.total == {"c:miss": 60}


def test_a_buffer_that_nobody_takes_stays_bounded() -> None:
    store, clock = Store(), Clock()
    store.answer = refuse
    recorder = Recorder(store, NEVER_S, clock)
    for _ in range(1000):
        recorder.add("miss")
        recorder.event("incident", "Redis does not answer")
        recorder.flush()
        clock.now_s += MINUTE_S

    store.answer = lambda: None
    recorder.flush()

    assert store.total["c:miss"] <= 182
    assert len(store.events) <= 201
    assert recorder.counts()["miss"] == 1000


def test_without_a_store_the_series_in_memory_says_it() -> None:
    clock = Clock()
    recorder = Recorder(None, NEVER_S, clock)
    for count in (1, 2, 3):
        recorder.add("hit_memory", count)
        recorder.took("preview", 10.0 * count)
        recorder.event("breaker", f"opened {count}")
        recorder.flush()
        clock.now_s += MINUTE_S

    minutes = recorder.series.read(MINUTE_S, 0, 2**40)
    (hour,) = recorder.series.read(HOUR_S, 0, 2**40)

    assert [each.count("hit_memory") for each in minutes] == [1, 2, 3]
    assert (hour.count("hit_memory"), hour.sum_ms("preview"), hour.operations()) == (6, 60.0, {"preview"})
    assert sum(hour.histogram("preview").values()) == 3
    assert [event.text for event in recorder.series.events(2)] == ["opened 3", "opened 2"]


def test_a_series_in_memory_gives_up_its_oldest_minutes() -> None:
    series = Series()
    for minute in range(KEPT[MINUTE_S] + 50):
        series.take(minute * MINUTE_S, {"c:hit": 1})

    kept = series.read(MINUTE_S, 0, 2**40)
    assert len(kept) == KEPT[MINUTE_S]
    assert kept[0].start_s == 50 * MINUTE_S


def test_a_recorder_that_nobody_holds_takes_its_thread_along() -> None:
    recorder = Recorder(None, flush_s=0.01)
    recorder.add("hit")
    before = sum(thread.name == "cardmaker-metrics" for thread in threading.enumerate())
    del recorder

    until(lambda: sum(thread.name == "cardmaker-metrics" for thread in threading.enumerate()) < before, 5)


@given(st.integers(0, 2**31), st.sampled_from(STRETCHES))
def test_the_stretch_before_is_read_whole_in_few_slices(now_s: int, stretch: Stretch) -> None:
    wanted = starts(now_s, stretch.point_s, stretch.length_s // stretch.point_s)

    slices = starts_before(wanted, Before.SUM)

    ends = [start_s + step_s for step_s, start_s in slices]
    assert slices[0][1] == wanted[0] - stretch.length_s
    assert [start_s for _, start_s in slices[1:]] + [wanted[0]] == ends, "without a gap, and nothing twice"
    assert all(start_s % step_s == 0 for step_s, start_s in slices)
    assert len(slices) <= max(40, stretch.length_s // max(STEPS_S))


# -- in Redis --


def test_two_processes_add_up_in_redis(redis_server: RedisServer) -> None:
    store = store_on(redis_server)
    for _ in range(2):
        recorder = Recorder(store, NEVER_S)
        recorder.add("hit_redis", 5)
        recorder.took("pdf_redis", 20.5)
        recorder.event("task", "done in 3 s")
        recorder.close()

    for step_s in STEPS_S:
        fields = everything(store, step_s)
        assert fields["c:hit_redis"] == 10
        assert fields["s:pdf_redis"] == 41.0
        assert fields[f"h:pdf_redis:{bucket_of(20.5)}"] == 2
    assert [event.text for event in store.events(10)] == ["done in 3 s"] * 2
    assert abs(store.events(1)[0].at_s - store.now_s()) < 5


def test_each_key_of_metrics_has_its_time_to_live(redis_server: RedisServer) -> None:
    recorder = Recorder(store_on(redis_server), NEVER_S)
    recorder.add("hit")
    recorder.event("task", "done")
    recorder.close()

    with redis_server.client() as redis:
        times = {key.decode().rpartition(":")[0]: redis.ttl(key) for key in redis.keys("*")}

    assert times.pop("cm:m1") in range(48 * 3600 - 60, 48 * 3600 + 1)
    assert times.pop("cm:m15") in range(4 * 86400 - 60, 4 * 86400 + 1)
    assert times.pop("cm:m60") in range(35 * 86400 - 60, 35 * 86400 + 1)
    assert times.pop("cm:m360") in range(70 * 86400 - 60, 70 * 86400 + 1)
    assert min(times.values()) > 0


def test_what_strangers_put_there_is_passed_over(redis_server: RedisServer) -> None:
    store = store_on(redis_server)
    minute = int(store.now_s()) // MINUTE_S
    with redis_server.client() as redis:
        redis.hset(f"cm:m1:{minute}", mapping={"c:hit": "many", "\xff": "x", "c:miss": "2"})
        redis.set(f"cm:m1:{minute - 1}", "text")
        redis.xadd("cm:events", {"at": "then", "kind": b"\xff"})

    assert everything(store) == {"c:miss": 2}
    assert len(store.events(5)) == 1


@pytest.mark.parametrize("key", ["cm:m1:{minute}", "cm:m60:{hour}", "cm:events"])
def test_a_strangers_value_gives_way_and_nothing_counts_twice(redis_server: RedisServer, key: str) -> None:
    store = store_on(redis_server)
    minute = int(store.now_s()) // MINUTE_S
    with redis_server.client() as redis:
        for at in range(2):  # the minute may turn while the test runs
            redis.set(key.format(minute=minute + at, hour=minute // 60 + at), "text")
    recorder = Recorder(store, NEVER_S)
    recorder.add("miss", 5)
    recorder.event("task", "done")

    assert recorder.flush()
    assert recorder.flush()

    assert [everything(store, step_s) for step_s in STEPS_S] == [{"c:miss": 5}] * 4
    assert [event.text for event in store.events(5)] == ["done"]


@pytest.mark.parametrize(("field", "value"), [("c:miss", "many"), ("c:miss", str(2**63 - 1)), ("s:preview", "long")])
def test_a_field_that_is_no_number_begins_anew(redis_server: RedisServer, field: str, value: str) -> None:
    store = store_on(redis_server)
    hour = int(store.now_s()) // HOUR_S
    with redis_server.client() as redis:
        for at in range(2):
            redis.hset(f"cm:m60:{hour + at}", mapping={field: value, "c:store": "7"})
    recorder = Recorder(store, NEVER_S)
    recorder.add("miss", 5)
    recorder.took("preview", 3.0)

    assert recorder.flush()

    found = everything(store, HOUR_S)
    assert (found["c:miss"], found["s:preview"]) == (5, 3)
    assert found["c:store"] % 7 == 0
    assert everything(store)["c:miss"] == 5


def test_a_full_redis_takes_nothing_and_is_told_later(redis_server: RedisServer) -> None:
    store = store_on(redis_server)
    recorder = Recorder(store, NEVER_S)
    recorder.add("miss", 5)
    assert recorder.flush()
    with redis_server.client() as redis:
        redis.config_set("maxmemory", 1)
        recorder.add("miss", 2)
        assert not recorder.flush()
        with pytest.raises(StoreFull):
            store.take("another", 1, {0: {"c:miss": 9}}, (), store.now_s())
        assert everything(store)["c:miss"] == 5
        redis.config_set("maxmemory", 0)

    assert recorder.flush()
    assert everything(store)["c:miss"] == 7


def test_the_workbench_records_what_its_cache_does(redis_server: RedisServer) -> None:
    workbench = Workbench(Settings(redis_url=redis_server.url, metrics_flush_s=NEVER_S))
    artwork = art.deck_of([art.solid(art.RED, (20, 28))])
    wanted = art.request(artwork)
    for _ in range(3):
        workbench.document(wanted, artwork)
    workbench.close()

    fields = everything(store_on(redis_server))

    assert fields["c:hit_memory"] == 2
    assert fields["c:miss"] == 2, "the document and its tile"
    assert sum(count for name, count in fields.items() if name.startswith("h:pdf_compute:")) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_records_for_itself(redis_server: RedisServer) -> None:
    store = store_on(redis_server)
    recorder = Recorder(store, NEVER_S)
    recorder.add("miss", 3)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            fresh = recorder.counts() == {}
            recorder.add("miss", 4)
            recorder._store = store_on(redis_server)  # sockets are not shared
            recorder.close()
            status = 0 if fresh else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    recorder.close()

    assert everything(store)["c:miss"] == 7
