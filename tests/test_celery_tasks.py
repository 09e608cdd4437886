"""Tasks on real Celery workers and a real Redis: the same calls, states and errors as without them."""

import json
import pickle
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from cardmaker.deck import Artwork
from cardmaker.errors import StoreError, TaskError, TaskGone, UnknownTask
from cardmaker.redis_client import Client
from cardmaker.source import BytesSource
from cardmaker.tasks import celery_app
from cardmaker.tasks.job import SCHEMA
from cardmaker.tasks.record import new_id
from cardmaker.workbench import Queue, State, Task, Workbench
from tests import images
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
from tests.redis_server import RedisServer
from tests.tools import until

pytestmark = pytest.mark.slow
# Quick decks take a tenth of a second, long ones some seconds.
SOON_S, LATE_S = 30.0, 90.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def fleet(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two slots, for the tests that leave it as it is."""
    with Fleet(server, tmp_path_factory.mktemp("worker"), slots=2) as fleet:
        yield fleet


@pytest.fixture
def app(server: RedisServer, fleet: Fleet) -> Iterator[Workbench]:
    with app_on(server.url) as bench:
        yield bench
    assert not fleet.is_over()


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Client]:
    with server.client() as client:
        yield client


def broken_deck(bench: Workbench, number: int) -> Artwork:
    whole = images.encoded(number)
    return bench.deck([BytesSource("Sol Ring.png", whole), BytesSource("Mox.png", whole[: len(whole) // 2])])


def message(app: Celery, task_id: str, **other: object) -> None:
    """As an app would publish it, but for what is `other`."""
    told = {"task_id": task_id, "attempt": 1, "schema": celery_app.SCHEMA, **other}
    app.send_task(celery_app.RENDER, kwargs=told, task_id=task_id, queue=Queue.INTERACTIVE.value)


def await_quiet(bench: Workbench, redis: Client) -> None:
    """Until no message waits, and none that was delivered is unacknowledged."""
    until(lambda: runner_of(bench).waiting() == 0 and not redis.exists("cm:q:unacked"), SOON_S, "the queues' end")


# -- there and back --


def test_a_task_gives_the_document_that_a_direct_render_gives(app: Workbench) -> None:
    artwork = quick_deck(app, 1, cards=20)

    task = app.submit(artwork, {"paper": "a4"})
    done = app.wait(task.id, SOON_S)
    document = bytes(app.result(task.id))

    assert (task.state, task.runner, task.cards) == (State.PENDING, "celery", 20)
    assert (done.state, done.attempt, done.progress, done.cache) == (State.SUCCESS, 1, 1.0, "miss")
    assert (pages_of(document), len(document)) == (done.pages, done.size)
    assert document == direct(artwork, paper="a4")
    assert app.tasks(1) == (done,)


def test_progress_says_what_is_being_done(app: Workbench) -> None:
    task = app.submit(long_deck(app, 2, cards=20), {})
    seen: list[Task] = []

    def is_over() -> bool:
        seen.append(app.task(task.id))
        return seen[-1].is_final

    until(is_over, LATE_S)

    shares = [each.progress for each in seen]
    assert shares == sorted(shares)
    assert len({share for share in shares if 0 < share < 1}) > 2
    assert any(each.doing.startswith("card ") and each.doing.endswith(" of 20") for each in seen), seen


def story(bench: Workbench) -> list[object]:
    """What callers see of tasks, with either runner."""
    seen: list[object] = []

    def ended(task: Task) -> Task:
        done = bench.wait(task.id, SOON_S)
        seen.append((done.state, done.error_code, done.error_message, done.error_card, done.attempt, done.doing))
        return done

    def refused(call: object, *arguments: object) -> None:
        with pytest.raises(TaskError) as error:
            call(*arguments)  # type: ignore[operator]
        seen.append((type(error.value), str(error.value)))

    good = ended(bench.submit(quick_deck(bench, 3), {}))
    bad = ended(bench.submit(broken_deck(bench, 3), {}))
    again = bench.retry(bad.id)
    ended(again)
    refused(bench.retry, good.id)
    refused(bench.result, bad.id)
    refused(bench.task, new_id())
    refused(bench.task, "../../etc/passwd")
    seen += [bench.cancel(good.id).state, bench.cancel(bad.id).state]
    seen += [again.retry_of == bad.id, bench.task(bad.id).retried_as == again.id]
    return seen


def test_both_runners_show_the_same_states_and_errors(app: Workbench) -> None:
    alone = Workbench()
    try:
        locally = story(alone)
    finally:
        alone.runner.close()

    on_workers = story(app)

    assert on_workers == locally
    assert (UnknownTask, "there is no such task; it may have ended long ago") in on_workers


def test_a_broken_image_fails_its_task_and_names_the_card(app: Workbench) -> None:
    task = app.submit(broken_deck(app, 4), {})

    done = app.wait(task.id, SOON_S)

    assert (done.state, done.error_code, done.error_card) == (State.FAILURE, "image", "Mox.png")
    assert "Mox.png" in done.error_message


def test_a_task_whose_images_are_gone_cannot_be_tried_again(app: Workbench, redis: Client) -> None:
    task = app.wait(app.submit(broken_deck(app, 5), {}).id, SOON_S)
    redis.delete(*redis.keys("cm:blob:*"))

    with pytest.raises(TaskGone, match="submit it again"):
        app.retry(task.id)


def test_a_task_whose_images_go_before_it_runs_fails_and_says_so(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app, own.client() as redis:
        task = app.submit(quick_deck(app, 6), {})
        redis.delete(*redis.keys("cm:blob:*"))

        with Fleet(own, tmp_path):
            done = app.wait(task.id, SOON_S)

    assert (done.state, done.error_code) == (State.FAILURE, "task-gone")
    assert "submit it again" in done.error_message


def test_what_celery_keeps_of_a_result_is_a_receipt(app: Workbench, redis: Client) -> None:
    task = app.wait(app.submit(quick_deck(app, 7), {}).id, SOON_S)
    await_quiet(app, redis)

    kept = redis.get(f"cm:q:celery-task-meta-{task.id}")

    assert isinstance(kept, bytes)
    assert json.loads(kept)["result"] == {"task_id": task.id, "state": "success"}
    assert redis.ttl(f"cm:q:celery-task-meta-{task.id}") > 0


# -- once --


def test_twenty_submits_of_one_request_at_once_are_one_task_and_one_render(
    app: Workbench, server: RedisServer, redis: Client
) -> None:
    before = redis.zcard("cm:tasks")
    with app_on(server.url) as other:
        artwork = long_deck(app, 8, cards=5)

        with ThreadPoolExecutor(20) as pool:
            tasks = list(pool.map(lambda n: (app, other)[n % 2].submit(artwork, {}), range(20)))
        done = app.wait(tasks[0].id, LATE_S)
        after = other.submit(artwork, {})
        await_quiet(app, redis)

    assert {task.id for task in [*tasks, after]} == {done.id}
    assert (done.state, done.attempt, done.cache) == (State.SUCCESS, 1, "miss")
    assert redis.zcard("cm:tasks") == before + 1
    assert app.task(done.id) == done


def test_a_task_whose_document_is_gone_is_made_anew(app: Workbench, server: RedisServer, redis: Client) -> None:
    artwork = quick_deck(app, 9)
    first = app.wait(app.submit(artwork, {}).id, SOON_S)
    redis.delete(*redis.keys(f"cm:pdf:*{first.pdf}*"))

    with app_on(server.url) as elsewhere:
        with pytest.raises(TaskGone):
            elsewhere.result(first.id)
        second = elsewhere.wait(elsewhere.submit(artwork, {}).id, SOON_S)
        document = bytes(elsewhere.result(second.id))

    assert second.id != first.id
    assert (second.state, pages_of(document)) == (State.SUCCESS, second.pages)


# -- messages --


def test_a_pickled_message_is_refused_and_the_worker_goes_on(app: Workbench, redis: Client, tmp_path: Path) -> None:
    folder = tmp_path / "made by a pickle"
    sender = celery_app.create(app.settings)
    with sender.connection_for_write() as connection, connection.Producer() as producer:
        producer.publish(
            pickle.dumps(((Planted(folder),), {}, {})),
            routing_key=Queue.INTERACTIVE.value,
            exchange=Queue.INTERACTIVE.value,
            content_type="application/x-python-serialize",
            content_encoding="binary",
            headers={"task": celery_app.RENDER, "id": new_id(), "lang": "py"},
        )
    sender.close()

    await_quiet(app, redis)
    done = app.wait(app.submit(quick_deck(app, 10), {}).id, SOON_S)

    assert done.state is State.SUCCESS
    assert not folder.exists()


class Planted:
    """Makes a folder where it is loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return Path.mkdir, (self._folder,)


@pytest.mark.parametrize("other", [{"schema": 0}, {"schema": 2}, {"schema": None}, {"attempt": "one"}])
def test_a_message_of_another_version_is_incompatible_and_no_crash(tmp_path: Path, other: dict[str, object]) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app, own.client() as redis:
        task = app.submit(quick_deck(app, 28), {})
        redis.delete("cm:q:interactive")  # what this version would have understood
        sender, stray = celery_app.create(app.settings), new_id()
        for task_id in (task.id, stray):
            message(sender, task_id, **other)
        sender.close()

        with Fleet(own, tmp_path) as fleet:
            children = fleet.children()
            done = app.wait(task.id, SOON_S)
            until(lambda: redis.exists(f"cm:q:celery-task-meta-{stray}"), SOON_S, "an answer")

            assert (done.state, done.error_code) == (State.FAILURE, "incompatible")
            assert "another version" in done.error_message
            kept = redis.get(f"cm:q:celery-task-meta-{stray}")
            assert isinstance(kept, bytes)
            assert json.loads(kept)["result"] == {"state": "incompatible"}
            assert fleet.children() == children


def test_a_job_of_another_version_fails_as_incompatible(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app, own.client() as redis:
        task = app.submit(quick_deck(app, 11), {})
        job = json.loads(redis.hget(f"cm:task:{task.id}", "job") or b"")
        redis.hset(f"cm:task:{task.id}", "job", json.dumps({**job, "schema": SCHEMA + 1}))

        with Fleet(own, tmp_path):
            done = app.wait(task.id, SOON_S)

    assert (done.state, done.error_code) == (State.FAILURE, "incompatible")


# -- workers --


def test_interactive_tasks_go_before_bulk_ones(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app, Fleet(own, tmp_path):
        busy = app.submit(long_deck(app, 12, cards=20), {})
        await_running(app, busy)
        bulk = [app.submit(quick_deck(app, 12 + n), {}, queue=Queue.BULK) for n in range(3)]
        prompt = [app.submit(quick_deck(app, 15 + n), {}) for n in range(3)]

        done = [app.wait(task.id, LATE_S) for task in (*prompt, *bulk)]

    started = [task.started_s or 0 for task in done]
    assert {task.state for task in done} == {State.SUCCESS}
    assert max(started[:3]) < min(started[3:])


def test_a_worker_of_one_queue_leaves_the_other_alone(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app:
        fleet = Fleet(own, tmp_path)
        fleet.arguments = ["--queue", "interactive"]
        with fleet:
            bulk = app.submit(quick_deck(app, 18), {}, queue=Queue.BULK)
            prompt = app.wait(app.submit(quick_deck(app, 19), {}).id, SOON_S)

            assert prompt.state is State.SUCCESS
            assert app.task(bulk.id).state is State.PENDING


def test_a_worker_told_to_stop_finishes_its_task_and_leaves_the_rest(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app, own.client() as redis, Fleet(own, tmp_path) as fleet:
        running = await_running(app, app.submit(long_deck(app, 20, cards=30), {}))
        waiting = app.submit(quick_deck(app, 20), {})

        fleet.tell(signal.SIGTERM)
        code = fleet.end()
        first, second = app.task(running.id), app.task(waiting.id)
        left = redis.keys("cm:live:*")
        fleet.start()
        third = app.wait(waiting.id, SOON_S)

    assert code == 0
    assert (first.state, first.attempt) == (State.SUCCESS, 1)
    assert second.state is State.PENDING
    assert third.state is State.SUCCESS
    assert left == []


def test_the_children_of_a_worker_that_is_killed_end_too(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app, Fleet(own, tmp_path, slots=2) as fleet:
        await_running(app, app.submit(long_deck(app, 21), {}))

        fleet.kill()

        until(lambda: not fleet.members(), 5.0, "the end of the orphans")


def test_a_task_over_the_soft_limit_fails_and_says_so(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"task_soft_s": 1, "task_hard_s": 60}
    with RedisServer(tmp_path) as own, app_on(own.url) as app, Fleet(own, tmp_path, **limits) as fleet:
        children = fleet.children()
        done = app.wait(app.submit(long_deck(app, 22), {}).id, SOON_S)
        after = app.wait(app.submit(quick_deck(app, 22), {}).id, SOON_S)

        assert (done.state, done.error_code, done.attempt) == (State.FAILURE, "timeout", 1)
        assert "took longer than 1 s" in done.error_message
        assert after.state is State.SUCCESS
        assert fleet.children() == children


def test_a_task_over_the_hard_limit_is_killed_and_fails(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"task_soft_s": 0.5, "task_hard_s": 1}
    with RedisServer(tmp_path) as own, app_on(own.url) as app, Fleet(own, tmp_path, **limits) as fleet:
        children = fleet.children()
        done = app.wait(app.submit(stubborn_deck(app, 23), {}).id, SOON_S)
        after = app.wait(app.submit(quick_deck(app, 23), {}).id, SOON_S)

        assert (done.state, done.error_code, done.attempt) == (State.FAILURE, "timeout", 1)
        assert "took longer than 1 s" in done.error_message
        assert after.state is State.SUCCESS
        assert fleet.children() != children


def test_a_document_that_redis_may_not_keep_fails_its_task(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as own, app_on(own.url) as app, Fleet(own, tmp_path, cache_value_bytes=10_000):
        done = app.wait(app.submit(quick_deck(app, 24), {}).id, SOON_S)

    assert (done.state, done.error_code) == (State.FAILURE, "task")
    assert "CARDMAKER_CACHE_VALUE_BYTES" in done.error_message


def test_nothing_that_a_worker_writes_says_where_redis_is_or_how_to_get_in(tmp_path: Path) -> None:
    password = "correct horse & battery"
    with (
        RedisServer(tmp_path, password=password) as own,
        app_on(own.url) as app,
        Fleet(own, tmp_path) as fleet,
    ):
        assert app.wait(app.submit(quick_deck(app, 25), {}).id, SOON_S).state is State.SUCCESS
        running = await_running(app, app.submit(long_deck(app, 25), {}))
        own.kill()
        with pytest.raises(StoreError) as away:
            app.submit(quick_deck(app, 26), {})
        until(lambda: "Cannot connect" in fleet.log, LATE_S, "the worker's word about it")
        own.start()
        until(lambda: submitted(app, 27), LATE_S, "the use of Redis")
        fleet.tell()
        fleet.end()
        told = fleet.log + str(away.value) + running.error_message

    assert "connecting to Redis" in told
    for secret in (password, "horse", "127.0.0.1", "localhost", str(own.port)):
        assert secret not in told, told


def submitted(bench: Workbench, number: int) -> bool:
    """Whether a task can be had at the moment."""
    try:
        return bench.wait(bench.submit(quick_deck(bench, number), {}).id, SOON_S).state is State.SUCCESS
    except (StoreError, UnknownTask):
        return False
