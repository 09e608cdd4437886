"""Metrics while Redis fails and processes end: nothing that works waits for them, and they are complete afterwards."""

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from cardmaker.metrics import Recorder
from cardmaker.metrics.redis_store import RedisStore
from cardmaker.metrics.series import MINUTE_S
from cardmaker.metrics.view import STRETCHES
from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests import art
from tests.faults import Saw
from tests.over_http import app_serving
from tests.redis_server import RedisServer
from tests.test_metrics import NEVER_S, everything, store_on
from tests.tools import until

ROOT = Path(__file__).parent.parent
HOUR = STRETCHES[0]


@contextmanager
def counting(recorder: Recorder) -> Iterator[None]:
    """Four threads record for as long as the block lasts."""
    over = threading.Event()

    def work(_: int) -> None:
        while not over.is_set():
            recorder.add("miss")
            recorder.took("pdf_miss", 5.0)
            time.sleep(0.0005)

    with ThreadPoolExecutor(4) as pool:
        each = [pool.submit(work, number) for number in range(4)]
        try:
            yield
        finally:
            over.set()
        for done in each:
            done.result()


def number_of(fields: dict[str, float], operation: str) -> float:
    return sum(number for name, number in fields.items() if name.startswith(f"h:{operation}:"))


@pytest.mark.slow
@pytest.mark.fault(3, "redis-server killed while metrics are handed on", "SIGKILL under load, started again empty")
def test_what_is_counted_after_redis_was_killed_arrives(redis_server: RedisServer, saw: Saw) -> None:
    store = store_on(redis_server)
    recorder = Recorder(store, flush_s=0.02)
    with counting(recorder):
        until(lambda: everything(store).get("c:miss", 0) > 100, 10, "the first counts")
        redis_server.kill()
        before = recorder.counts()["miss"]
        time.sleep(0.2)
        redis_server.start()
    until(recorder.flush, 20, "telling Redis")

    total = recorder.counts()["miss"]
    fields = everything(store)
    assert total - before <= fields["c:miss"] <= total
    assert number_of(fields, "pdf_miss") >= total - before
    saw("recording went on; all that was recorded from then on is there, nothing twice")


@pytest.mark.slow
@pytest.mark.fault(4, "Redis is away for a while under load, as metrics see it", "stopped (SIGSTOP) three times")
def test_counts_are_complete_after_redis_was_away(redis_server: RedisServer, saw: Saw) -> None:
    store = store_on(redis_server)
    recorder = Recorder(store, flush_s=0.02)
    with counting(recorder):
        for _ in range(3):
            time.sleep(0.2)
            redis_server.pause()
            time.sleep(0.3)
            redis_server.resume()
    until(recorder.flush, 20, "telling Redis")

    fields = everything(store)
    assert fields["c:miss"] == recorder.counts()["miss"] == number_of(fields, "pdf_miss")
    saw("every count is there once")


@pytest.mark.slow
@pytest.mark.fault(4, "Redis is away for a while under load, as the dashboard sees it", "SIGSTOP while decks are made")
def test_no_request_fails_and_the_dashboard_goes_on_while_redis_is_away(redis_server: RedisServer, saw: Saw) -> None:
    settings = Settings(redis_url=redis_server.url, metrics_flush_s=0.05, breaker_open_s=0.2)
    bench = Workbench(settings)
    decks = [art.deck_of([art.solid((number, 90, 160), (20, 28))]) for number in range(40)]
    is_away = threading.Event()

    def make(number: int) -> int:
        if number == 10:
            redis_server.pause()
            is_away.set()
        artwork = decks[number]
        return len(bench.document(art.request(artwork), artwork).value)

    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(make, number) for number in range(40)]
        assert is_away.wait(30)
        report = bench.report(HOUR)
        sizes = [each.result() for each in made]
    redis_server.resume()
    until(lambda: bench.metrics.flush() and not bench.report(HOUR).away, 20, "Redis's return")

    assert all(sizes)
    assert report.away
    assert report.whole.fields
    after = bench.report(HOUR).whole
    assert after.calls("pdf_miss") == 40
    assert after.count("miss") == 80, "each document and its card"
    bench.close()
    saw("no request failed; its figures were those of this server, “Redis does not answer”; then of all, complete")


@pytest.mark.parametrize("ahead_s", [-3600.0, 3600.0])
@pytest.mark.fault(11, "clocks an hour apart, as metrics see it", "processes an hour behind and an hour ahead")
def test_a_clock_that_is_an_hour_off_records_into_rediss_own_minute(
    redis_server: RedisServer, ahead_s: float, saw: Saw
) -> None:
    store = store_on(redis_server)
    recorder = Recorder(store, NEVER_S, clock=lambda: time.time() + ahead_s)
    recorder.add("miss")
    recorder.event("task", "done")
    recorder.close()

    assert everything(store) == {"c:miss": 1}
    assert abs(store.events(1)[0].at_s - time.time()) < 60
    saw("counts and incidents stand in Redis’s own minute")


@pytest.mark.parametrize("ahead_s", [-7200.0, 7200.0])
def test_a_reader_whose_clock_is_off_looks_at_rediss_time(
    redis_server: RedisServer, ahead_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: RedisStore = store_on(redis_server)
    recorder = Recorder(store, NEVER_S)
    recorder.add("miss", 3)
    recorder.close()
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + ahead_s)

    looks = [store.look(MINUTE_S, 120, 10) for _ in range(2)]

    assert all(abs(look.now_s - right()) < 60 for look in looks)
    assert [sum(each.count("miss") for each in look.slices) for look in looks] == [3, 3]


PROCESS = """
import signal, sys, time
from cardmaker.settings import Settings
from cardmaker.workbench import Workbench

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as a web server does: it ends in good order
workbench = Workbench(Settings(redis_url=sys.argv[1], metrics_flush_s=float(sys.argv[2])))
workbench.metrics.add("miss", 7)
time.sleep(float(sys.argv[3]))
workbench.metrics.add("miss", 5)
print("recorded", flush=True)
time.sleep(60)
"""


def recorded_by(server: RedisServer, flush_s: float, pause_s: float, end: signal.Signals) -> float:
    """What arrived of a process that counted 7, and after the pause 5 more, and then was ended so."""
    command = [sys.executable, "-c", PROCESS, server.url, str(flush_s), str(pause_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        process.send_signal(end)
        process.wait(30)
    return everything(store_on(server)).get("c:miss", 0)


@pytest.mark.slow
@pytest.mark.fault(19, "a process is told to end with unflushed metrics", "SIGTERM, as it flushes but once an hour")
def test_a_process_that_is_told_to_end_has_told_all(redis_server: RedisServer, saw: Saw) -> None:
    found = recorded_by(redis_server, NEVER_S, 0.0, signal.SIGTERM)

    assert found == 12
    saw(f"{found:.0f} of 12 counts arrived")


@pytest.mark.slow
@pytest.mark.fault(
    19, "a process is killed with unflushed metrics", "SIGKILL, right after a count; the last was 5 s old"
)
def test_a_process_that_is_killed_loses_the_last_interval_at_most(redis_server: RedisServer, saw: Saw) -> None:
    found = recorded_by(redis_server, Settings().metrics_flush_s, 5.0, signal.SIGKILL)

    assert found in (7, 12)
    saw("all but the last 2 s")


@pytest.mark.slow
@pytest.mark.fault(19, "the app is told to end with unflushed metrics", "SIGTERM to the web server after a request")
def test_the_app_has_told_all_when_it_ends(redis_server: RedisServer, tmp_path: Path, saw: Saw) -> None:
    environment = {"REDIS_URL": redis_server.url, "CARDMAKER_METRICS_FLUSH_S": "3600"}
    with app_serving(tmp_path / "app.log", **environment) as port:
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/layouts") as answer:
                assert answer.status == 200
    number = number_of(everything(store_on(redis_server)), "api_ok")

    assert number == 3
    saw(f"{number:.0f} of 3 requests arrived")
