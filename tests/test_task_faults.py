"""Whatever happens to Redis, to a worker or to a message, every task comes to its end, once, and its user hears of it.

The rows on tasks of docs/faults.md. Intervals are short here (`celery_workers.QUICK`); where a promise is judged in
earnest, they are the defaults. Deadlines of the machine have five-fold slack.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from cardmaker.errors import StoreAway, StoreError, StoreFull, UnknownTask
from cardmaker.redis_client import Client
from cardmaker.settings import Settings
from cardmaker.tasks import celery_app, records
from cardmaker.tasks.redis_records import RedisRecords
from cardmaker.workbench import State, Task, Workbench
from tests.celery_workers import (
    Fleet,
    app_on,
    await_running,
    direct,
    long_deck,
    pages_of,
    quick_deck,
    runner_of,
    stubborn_deck,
)
from tests.faults import Saw
from tests.proxy import Proxy
from tests.redis_server import MIB, RedisServer
from tests.tools import until

pytestmark = pytest.mark.slow
SOON_S, LATE_S = 30.0, 90.0
# As they are without any setting.
IN_EARNEST = {name: getattr(Settings(), name) for name in ("task_beat_s", "task_grace_s")}
PATIENCE = {name: getattr(Settings(), name) for name in ("redis_timeout_s", "redis_budget_s", "breaker_open_s")}


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Client]:
    with redis_server.client() as client:
        yield client


@pytest.fixture
def app(redis_server: RedisServer) -> Iterator[Workbench]:
    with app_on(redis_server.url) as bench:
        yield bench


@pytest.fixture
def fleet(redis_server: RedisServer, tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(redis_server, tmp_path) as fleet:
        yield fleet


def known(bench: Workbench, task: Task) -> str:
    """Its state, or that there is no such task."""
    try:
        return bench.task(task.id).state
    except UnknownTask:
        return "unknown task"


def taken(bench: Workbench, number: int, within_s: float) -> Task:
    """A new task, done; asked for until Redis takes it."""
    tasks: list[Task] = []

    def submitted() -> bool:
        with suppress(StoreError):
            tasks.append(bench.submit(quick_deck(bench, number), {}))
        return bool(tasks)

    until(submitted, within_s, "a task's submission")
    return bench.wait(tasks[0].id, within_s)


def told(task: Task) -> str:
    return f"{task.state}, attempt {task.attempt}" + (f", “{task.error_message}”" if task.error_message else "")


def timed(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def pause_s(seconds: float) -> None:
    threading.Event().wait(seconds)


def has_its_document(bench: Workbench, task: Task) -> bool:
    return pages_of(bytes(bench.result(task.id))) == task.pages


# -- 4: restarts --


@pytest.mark.fault(4, "Redis restarts empty during a task", "SIGKILL, started again; one task runs, one waits")
def test_after_a_restart_of_redis_no_task_runs_for_ever(
    redis_server: RedisServer, app: Workbench, fleet: Fleet, saw: Saw
) -> None:
    running = await_running(app, app.submit(long_deck(app, 1), {}))
    waiting = app.submit(quick_deck(app, 1), {})

    redis_server.restart()
    after = taken(app, 2, LATE_S)

    assert (known(app, running), known(app, waiting)) == ("unknown task",) * 2
    assert after.state is State.SUCCESS
    assert [task.id for task in app.tasks()] == [after.id]
    assert "Traceback" not in fleet.log
    saw(f"both are then: {known(app, running)}; the next task: {told(after)}")


@pytest.mark.fault(4, "Redis is away for a while during a task", "stopped (SIGSTOP) for a second, then continued")
def test_a_pause_of_redis_does_not_hurt_a_running_task(
    redis_server: RedisServer, app: Workbench, fleet: Fleet, saw: Saw
) -> None:
    running = await_running(app, app.submit(long_deck(app, 3, cards=40), {}))

    redis_server.pause()
    pause_s(1.0)
    redis_server.resume()
    until(lambda: known_or_away(app, running) is State.SUCCESS, LATE_S, "the task's end")

    done = app.task(running.id)
    assert has_its_document(app, done)
    assert not fleet.is_over()
    saw(told(done))


def known_or_away(bench: Workbench, task: Task) -> State | None:
    with suppress(StoreError):
        return bench.task(task.id).state
    return None


# -- 5, 6: slow and silent --


@pytest.mark.fault(5, "slow when a task is submitted", "each answer 300 ms late, then quick again")
@pytest.mark.usefixtures("fleet")
def test_a_slow_redis_takes_no_task_and_says_so(redis_server: RedisServer, proxy: Proxy, saw: Saw) -> None:
    with app_on(redis_server.url_by(proxy.port), **PATIENCE) as app:
        app.tasks()
        proxy.delay_s = 0.3

        with pytest.raises(StoreAway) as error:
            app.submit(quick_deck(app, 4), {})
        proxy.heal()
        after = taken(app, 5, SOON_S)

    assert after.state is State.SUCCESS
    saw(f"“{error.value}”; when it is quick again: {told(after)}")


@pytest.mark.fault(5, "slow for a worker", "each answer 300 ms late; timeouts and intervals as they are by default")
def test_a_worker_is_patient_with_a_slow_redis(
    redis_server: RedisServer, proxy: Proxy, app: Workbench, tmp_path: Path, saw: Saw
) -> None:
    with Fleet(redis_server, tmp_path, url=redis_server.url_by(proxy.port), **PATIENCE):
        proxy.delay_s = 0.3
        done = app.wait(app.submit(quick_deck(app, 7), {}).id, LATE_S)

    assert (done.state, done.attempt) == (State.SUCCESS, 1)
    assert has_its_document(app, done)
    saw(told(done))


@pytest.mark.fault(6, "half-open connections of an idle worker", "all that it has are swallowed, new ones work")
def test_a_worker_whose_connections_are_half_open_is_back_within_thirty_seconds(
    redis_server: RedisServer, proxy: Proxy, app: Workbench, tmp_path: Path, saw: Saw
) -> None:
    # Patient until it has noticed each of its connections, as it is by default: what it took meanwhile is lost.
    with Fleet(redis_server, tmp_path, url=redis_server.url_by(proxy.port), task_stalled_s=15.0):
        before = app.wait(app.submit(quick_deck(app, 6), {}).id, SOON_S)
        proxy.half_open()
        start = time.monotonic()
        tasks = [app.submit(quick_deck(app, 200), {})]
        while not any(app.task(task.id).is_final for task in tasks):
            pause_s(1.0)
            tasks.append(app.submit(quick_deck(app, 200 + len(tasks)), {}))
        took_s = time.monotonic() - start
        done = [app.wait(task.id, LATE_S) for task in tasks]

    assert before.state is State.SUCCESS
    assert took_s < 30
    assert {task.state for task in done} == {State.SUCCESS}
    saw("takes tasks again within 30 s; those that were lost meanwhile are sent again: each success")


@pytest.mark.fault(6, "a message that is lost", "taken out of its queue")
def test_a_message_that_vanished_is_sent_again(app: Workbench, fleet: Fleet, redis: Client, saw: Saw) -> None:
    pause(fleet, redis)
    task = app.submit(quick_deck(app, 8), {})
    redis.delete("cm:q:interactive")
    fleet.resume()

    done = app.wait(task.id, LATE_S)

    assert (done.state, done.attempt) == (State.SUCCESS, 2)
    assert has_its_document(app, done)
    saw(told(done))


def pause(fleet: Fleet, redis: Client) -> None:
    """Until nothing is handed to it any more, as it would be while it is asked for."""
    fleet.pause()
    until(lambda: redis.info("clients")["blocked_clients"] == 0, SOON_S, "the end of its asking")


@pytest.mark.fault(6, "silent for a worker in the middle of a task", "a black hole until its task was given up")
def test_a_worker_that_is_overtaken_stops_and_its_task_ends_once(
    redis_server: RedisServer, proxy: Proxy, app: Workbench, tmp_path: Path, saw: Saw
) -> None:
    app.watch_over()
    with Fleet(redis_server, tmp_path, url=redis_server.url_by(proxy.port)):
        task = await_running(app, app.submit(long_deck(app, 9, cards=150), {}))

        proxy.is_silent = True
        until(lambda: app.task(task.id).attempt == 2, LATE_S, "the second attempt")
        proxy.heal()
        proxy.drop()
        done = app.wait(task.id, LATE_S)

    assert (done.state, done.attempt) == (State.SUCCESS, 2)
    assert has_its_document(app, done)
    saw(f"given up after its silence; then {told(done)}")


# -- 7, 8: full, evicted --


@pytest.mark.fault(7, "full (noeviction) when a task is submitted", "maxmemory 3 MiB, filled to the brim")
def test_a_full_redis_takes_no_task_and_says_so_at_once(tmp_path: Path, saw: Saw) -> None:
    with RedisServer(tmp_path, max_memory_bytes=3 * MIB) as server, app_on(server.url) as app:
        fill(server)

        start = time.monotonic()
        with pytest.raises(StoreFull) as error:
            app.submit(quick_deck(app, 10), {})
        took_s = time.monotonic() - start

        assert took_s < 1
        assert app.tasks() == ()
    saw(f"“{error.value}” at once; no task is left waiting")


def fill(server: RedisServer) -> None:
    with server.client() as redis:
        for size in (100_000, 10_000, 1000, 100, 10):
            with suppress(Exception):
                for number in range(10_000):
                    redis.set(f"stuff:{size}:{number}", b"x" * size)


@pytest.mark.fault(7, "it fills up during a task", "maxmemory lowered while it runs, raised after three seconds")
def test_a_task_ends_once_redis_has_room_again(app: Workbench, fleet: Fleet, redis: Client, saw: Saw) -> None:
    task = await_running(app, app.submit(long_deck(app, 12, cards=10), {}))

    redis.config_set("maxmemory", MIB)
    pause_s(3.0)
    while_full = app.task(task.id).state
    redis.config_set("maxmemory", 0)
    done = app.wait(task.id, LATE_S)

    assert while_full is State.RUNNING
    assert done.state is State.SUCCESS
    assert has_its_document(app, done)
    assert not fleet.is_over()
    saw(f"{while_full} while it is full, then {done.state}")


@pytest.mark.fault(8, "the record evicted", "deleted while the task waits, runs, and is done")
def test_a_task_whose_record_is_gone_is_unknown_and_nothing_breaks(
    app: Workbench, fleet: Fleet, redis: Client, saw: Saw
) -> None:
    done = app.wait(app.submit(quick_deck(app, 13), {}).id, SOON_S)
    running = await_running(app, app.submit(long_deck(app, 13, cards=20), {}))
    waiting = app.submit(quick_deck(app, 14), {})

    for task in (done, running, waiting):
        redis.delete(f"cm:task:{task.id}")
    after = app.wait(app.submit(quick_deck(app, 15), {}).id, LATE_S)
    again = app.wait(app.submit(quick_deck(app, 14), {}).id, SOON_S)

    for task in (done, running, waiting):
        for call in (app.task, app.cancel, app.retry, app.result, lambda task_id: app.wait(task_id, 1)):
            with pytest.raises(UnknownTask):
                call(task.id)
    assert (after.state, again.state) == (State.SUCCESS, State.SUCCESS)
    assert {task.id for task in app.tasks()} == {after.id, again.id}
    assert "Traceback" not in fleet.log
    saw("unknown task each time, no traceback; submitted again: " + told(again))


@pytest.mark.fault(8, "the index of tasks evicted", "deleted while a task runs")
def test_a_task_is_found_by_its_id_without_the_index(app: Workbench, fleet: Fleet, redis: Client, saw: Saw) -> None:
    running = await_running(app, app.submit(long_deck(app, 16, cards=20), {}))

    redis.delete("cm:tasks")
    done = app.wait(running.id, LATE_S)

    assert done.state is State.SUCCESS
    assert not fleet.is_over()
    saw(f"by its id: {told(done)}")


# -- 10, 11: other versions, other clocks --


@pytest.mark.fault(10, "older message schema", "the message of a waiting task replaced by one of schema 0")
def test_a_message_of_an_older_version_ends_its_task_as_incompatible(
    app: Workbench, fleet: Fleet, redis: Client, saw: Saw
) -> None:
    pause(fleet, redis)
    task = app.submit(quick_deck(app, 17), {})
    redis.delete("cm:q:interactive")
    sender = celery_app.create(app.settings)
    message = {"task_id": task.id, "attempt": 1, "schema": 0}
    sender.send_task(celery_app.RENDER, kwargs=message, task_id=task.id, queue="interactive")
    sender.close()
    fleet.resume()

    done = app.wait(task.id, SOON_S)

    assert (done.state, done.error_code) == (State.FAILURE, "incompatible")
    assert "Traceback" not in fleet.log
    saw(f"{done.error_code}: {told(done)}")


@pytest.mark.fault(10, "a record of another version", "fields that this one does not know, and one it cannot read")
def test_a_record_of_another_version_is_read_or_unknown(app: Workbench, redis: Client, saw: Saw) -> None:
    newer, foreign = app.submit(quick_deck(app, 18), {}), app.submit(quick_deck(app, 19), {})

    redis.hset(f"cm:task:{newer.id}", "colour", "blue")
    redis.hset(f"cm:task:{foreign.id}", "state", "dreaming")

    assert app.task(newer.id) == newer
    assert [task.id for task in app.tasks()] == [newer.id]
    saw(f"the first is {known(app, newer)} as ever, the second {known(app, foreign)}")


@pytest.mark.fault(11, "clocks of workers an hour apart", "one an hour behind, one an hour ahead")
def test_clocks_that_differ_do_not_touch_tasks(
    redis_server: RedisServer, app: Workbench, tmp_path: Path, saw: Saw
) -> None:
    with (
        Fleet(redis_server, tmp_path / "behind", clock_ahead_s=-3600.0),
        Fleet(redis_server, tmp_path / "ahead", clock_ahead_s=3600.0),
    ):
        tasks = [app.submit(long_deck(app, 20 + n, cards=20), {}) for n in range(6)]

        done = [app.wait(task.id, LATE_S) for task in tasks]

    assert {(task.state, task.attempt, task.cache) for task in done} == {(State.SUCCESS, 1, "miss")}
    assert max((task.waited_s or 0) + (task.ran_s or 0) for task in done) < LATE_S
    assert all(has_its_document(app, task) for task in done)
    saw(f"six tasks, each {told(done[0])}, rendered once")


# -- 12: killed --


@pytest.mark.fault(12, "a worker's child killed in the middle of a task", "SIGKILL")
def test_a_task_whose_process_is_killed_starts_again_at_once(app: Workbench, fleet: Fleet, saw: Saw) -> None:
    task = await_running(app, app.submit(long_deck(app, 30, cards=30), {}))

    fleet.kill_children()
    until(lambda: app.task(task.id).attempt == 2, 5.0, "the second attempt")
    done = app.wait(task.id, LATE_S)

    assert (done.state, done.attempt) == (State.SUCCESS, 2)
    assert has_its_document(app, done)
    saw(told(done))


@pytest.mark.fault(12, "a worker's child killed every time", "SIGKILL whenever the task runs")
def test_a_task_whose_process_is_killed_every_time_is_lost_and_the_worker_lives(
    app: Workbench, fleet: Fleet, saw: Saw
) -> None:
    task = app.submit(long_deck(app, 31), {})

    for attempt in (1, 2):
        until(lambda attempt=attempt: has_begun(app, task, attempt), SOON_S, "an attempt")  # type: ignore[misc]
        fleet.kill_children()
    done = app.wait(task.id, SOON_S)
    after = app.wait(app.submit(quick_deck(app, 31), {}).id, SOON_S)
    retried = app.wait(app.retry(task.id).id, LATE_S)

    assert (done.state, done.attempt, done.error_code) == (State.LOST, 2, "lost")
    assert (after.state, retried.state) == (State.SUCCESS, State.SUCCESS)
    saw(f"{told(done)}; the next task: {after.state}; tried again by its user: {retried.state}")


def has_begun(bench: Workbench, task: Task, attempt: int) -> bool:
    found = bench.task(task.id)
    return found.state is State.RUNNING and found.attempt == attempt


@pytest.mark.fault(
    12, "a worker killed with all its processes", "SIGKILL in the middle of a task; another one is there"
)
def test_a_task_of_a_worker_that_is_killed_goes_to_another(
    redis_server: RedisServer, app: Workbench, tmp_path: Path, saw: Saw
) -> None:
    with Fleet(redis_server, tmp_path / "one") as one:
        task = await_running(app, app.submit(long_deck(app, 32, cards=30), {}))
        with Fleet(redis_server, tmp_path / "other"):
            one.kill_all()
            done = app.wait(task.id, LATE_S)

    assert (done.state, done.attempt) == (State.SUCCESS, 2)
    assert has_its_document(app, done)
    saw(told(done))


@pytest.mark.fault(
    12, "the worker killed every time", "SIGKILL whenever the task runs, and a new worker; intervals 1/10"
)
def test_a_task_whose_worker_is_killed_every_time_is_lost_within_the_deadline(
    redis_server: RedisServer, app: Workbench, tmp_path: Path, saw: Saw
) -> None:
    app.watch_over()
    start = time.monotonic()
    with Fleet(redis_server, tmp_path) as fleet:
        task = app.submit(long_deck(app, 33), {})
        for attempt in (1, 2):
            until(lambda attempt=attempt: has_begun(app, task, attempt), SOON_S, "an attempt")  # type: ignore[misc]
            fleet.kill_all()
            fleet.start()
        done = app.wait(task.id, SOON_S)
    took_s = time.monotonic() - start

    assert (done.state, done.attempt) == (State.LOST, 2)
    assert took_s < 60
    saw(f"within 60 s: {told(done)}")


# -- 13, 16: at once, twice --


@pytest.mark.fault(13, "the same task submitted at once", "twenty times by two apps, two workers")
def test_the_same_task_submitted_at_once_is_one_task_and_one_render(
    redis_server: RedisServer, app: Workbench, fleet: Fleet, redis: Client, tmp_path: Path, saw: Saw
) -> None:
    with app_on(redis_server.url) as other, Fleet(redis_server, tmp_path / "other"):
        artwork = long_deck(app, 34, cards=10)

        with ThreadPoolExecutor(20) as pool:
            tasks = list(pool.map(lambda n: (app, other)[n % 2].submit(artwork, {}), range(20)))
        done = app.wait(tasks[0].id, LATE_S)

    ids = {task.id for task in tasks}
    assert ids == {done.id}
    assert (done.state, done.cache, redis.zcard("cm:tasks")) == (State.SUCCESS, "miss", 1)
    assert bytes(app.result(done.id)) == direct(artwork)
    assert not fleet.is_over()
    saw(f"{len(ids)} task: {told(done)}, one {done.cache}")


@pytest.mark.fault(16, "duplicate delivery", "each message sent three times, two workers; again when all is over")
def test_messages_that_come_twice_have_one_end(
    redis_server: RedisServer, app: Workbench, fleet: Fleet, redis: Client, tmp_path: Path, saw: Saw
) -> None:
    with Fleet(redis_server, tmp_path / "other") as other:
        tasks = [app.submit(long_deck(app, 40 + n, cards=5), {}) for n in range(4)]
        for task in 2 * tasks:
            runner_of(app).publish(task)
        done = [app.wait(task.id, LATE_S) for task in tasks]
        for task in tasks:
            runner_of(app).publish(task)
        until(lambda: runner_of(app).waiting() == 0 and not redis.exists("cm:q:unacked"), SOON_S, "all deliveries")
        after = [app.task(task.id) for task in tasks]

        assert not fleet.is_over()
        assert not other.is_over()

    assert {(task.state, task.attempt, task.cache) for task in done} == {(State.SUCCESS, 1, "miss")}
    assert after == done
    saw(f"each {told(done[0])}, rendered once; later deliveries change nothing")


# -- 15: cancel --


@pytest.mark.fault(15, "cancel while it waits", "no worker there; one comes later")
def test_a_waiting_task_is_cancelled_at_once_and_never_runs(
    redis_server: RedisServer, app: Workbench, redis: Client, tmp_path: Path, saw: Saw
) -> None:
    task = app.submit(quick_deck(app, 50), {})

    took_s = timed(lambda: app.cancel(task.id))
    cancelled = app.task(task.id)
    with Fleet(redis_server, tmp_path):
        until(lambda: runner_of(app).waiting() == 0 and not redis.exists("cm:q:unacked"), SOON_S, "its delivery")

    assert cancelled.state is State.CANCELLED
    assert took_s < 2
    assert app.task(task.id) == cancelled
    assert cancelled.started_s is None
    saw(f"{cancelled.state} at once; its message changes nothing later")


@pytest.mark.fault(15, "cancel while it runs", "intervals as they are by default")
def test_a_running_task_is_cancelled_within_two_seconds_and_leaves_nothing(
    redis_server: RedisServer, redis: Client, tmp_path: Path, saw: Saw
) -> None:
    with app_on(redis_server.url, **IN_EARNEST) as app, Fleet(redis_server, tmp_path, **IN_EARNEST):
        task = await_running(app, app.submit(long_deck(app, 51), {}))

        took_s = timed(lambda: (app.cancel(task.id), app.wait(task.id, SOON_S)))
        done = app.task(task.id)
        after = app.wait(app.submit(quick_deck(app, 51), {}).id, SOON_S)

        assert took_s < 2
    assert (done.state, after.state) == (State.CANCELLED, State.SUCCESS)
    until(lambda: redis.keys(f"cm:pdf:*{done.pdf}*") == [], SOON_S, "the end of its lease")
    saw(f"{done.state} within 2 s; nothing of it is kept; the next task: {after.state}")


@pytest.mark.fault(15, "cancel while it runs and does not look", "one image that takes seconds; default intervals")
def test_a_task_that_does_not_look_at_its_cancel_is_killed(
    redis_server: RedisServer, redis: Client, tmp_path: Path, saw: Saw
) -> None:
    with app_on(redis_server.url, **IN_EARNEST) as app, Fleet(redis_server, tmp_path, **IN_EARNEST) as fleet:
        children = fleet.children()
        task = app.submit(stubborn_deck(app, 52), {})
        until(lambda: app.task(task.id).state is State.RUNNING, SOON_S)

        took_s = timed(lambda: (app.cancel(task.id), app.wait(task.id, SOON_S)))
        until(lambda: fleet.children() and not set(fleet.children()) & set(children), SOON_S, "the end of its process")
        after = app.wait(app.submit(quick_deck(app, 52), {}).id, SOON_S)
        done = app.task(task.id)

    assert took_s < 2
    assert (done.state, done.attempt, after.state) == (State.CANCELLED, 1, State.SUCCESS)
    until(lambda: redis.keys(f"cm:pdf:*{done.pdf}*") == [], SOON_S, "the end of its lease")
    saw(f"{done.state} within 2 s, its process is killed; the next task: {after.state}")


@pytest.mark.fault(15, "cancel when it is done", "and a success that comes after a cancel")
def test_what_is_final_stays_as_it_is(app: Workbench, fleet: Fleet, saw: Saw) -> None:
    succeeded = app.wait(app.submit(quick_deck(app, 53), {}).id, SOON_S)
    task = await_running(app, app.submit(long_deck(app, 53), {}))
    app.cancel(task.id)
    cancelled = app.wait(task.id, SOON_S)
    assert app.link is not None

    late = RedisRecords(app.link, app.settings, "").change(task.id, records.succeeded(1, 1000, "miss"))

    assert app.cancel(succeeded.id) == succeeded
    assert late.done is False
    assert app.task(task.id) == cancelled
    assert not fleet.is_over()
    saw(f"{succeeded.state} stays, {cancelled.state} stays")


@pytest.mark.fault(15, "cancel at any moment", "forty tasks, each cancelled a little later than the one before")
def test_a_cancel_at_any_moment_gives_one_final_state(app: Workbench, fleet: Fleet, redis: Client, saw: Saw) -> None:
    done = []

    for number in range(40):
        task = app.submit(quick_deck(app, 100 + number, cards=30), {})
        pause_s(number * 0.01)
        app.cancel(task.id)
        done.append(app.wait(task.id, SOON_S))
    until(lambda: runner_of(app).waiting() == 0 and not redis.exists("cm:q:unacked"), SOON_S, "all deliveries")

    assert [app.task(task.id).state for task in done] == [task.state for task in done]
    assert {task.state for task in done} == {State.CANCELLED, State.SUCCESS}
    assert all(has_its_document(app, task) for task in done if task.state is State.SUCCESS)
    assert not fleet.is_over()
    saw("each cancelled or a success with its document, and so it stays")
