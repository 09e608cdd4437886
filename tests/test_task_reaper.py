"""The reaper on a real Redis: whose silence ends a task, and what it leaves alone."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cardmaker.errors import StoreAway, StoreError
from cardmaker.redis_client import Client, RedisLink
from cardmaker.settings import Settings
from cardmaker.tasks import records
from cardmaker.tasks.live import Fleet
from cardmaker.tasks.reaper import Reaper
from cardmaker.tasks.record import State, Task, new_id
from cardmaker.tasks.redis_records import RedisRecords
from tests.redis_server import RedisServer
from tests.tools import free_port, until


@dataclass
class Queues:
    """A broker that says what it is told to."""

    length: int = 0
    published: list[Task] = field(default_factory=list)
    is_away: bool = False

    def publish(self, task: Task) -> None:
        if self.is_away:
            raise StoreAway("away")
        self.published.append(task)

    def waiting(self) -> int:
        return self.length


class House:
    """Records, queues and a reaper whose patience is short."""

    def __init__(self, server: RedisServer, *, runner: str = "celery", attempts: int = 2) -> None:
        self.settings = Settings(
            redis_url=server.url,
            redis_timeout_s=5.0,
            redis_budget_s=20.0,
            breaker_open_s=0.1,
            task_beat_s=0.05,
            task_silent_s=0.3,
            task_stalled_s=0.3,
            task_reap_s=0.05,
            task_attempts=attempts,
        )
        self.link = RedisLink(self.settings)
        self.store = RedisRecords(self.link, self.settings, "cm:pdf:v1:")
        self.queues, self.counts, self.runner = Queues(), Counter[str](), runner
        self.reaper = self.another()

    def another(self, **settings: Any) -> Reaper:
        queues = self.queues if self.runner == "celery" else None
        return Reaper(self.store, queues, replace(self.settings, **settings), self._count)

    def waiting(self) -> Task:
        task_id = new_id()
        return self.store.create(Task(task_id, digest=task_id * 2, pdf=task_id * 2, runner=self.runner), b"{}")

    def running(self) -> Task:
        begun = self.store.change(self.waiting().id, records.started(1, "here")).task
        assert begun is not None
        return begun

    def state(self, task: Task) -> State:
        found = self.store.get(task.id)
        assert found is not None
        return found.state

    def passes(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.reaper.run()
            time.sleep(0.01)

    def _count(self, counter: str) -> None:
        self.counts[counter] += 1


@pytest.fixture
def house(redis_server: RedisServer) -> House:
    return House(redis_server)


def test_a_task_whose_worker_falls_silent_starts_again_and_then_is_lost(house: House) -> None:
    task = house.running()

    until(lambda: house.reaper.run() and house.queues.published, 10)

    (again,) = house.queues.published
    assert (again.id, again.attempt, again.state) == (task.id, 2, State.PENDING)
    house.store.change(task.id, records.started(2, "there"))
    until(lambda: house.reaper.run() and house.state(task) is State.LOST, 10)
    found = house.store.get(task.id)
    assert found is not None
    assert "worker was lost" in found.error_message
    assert (house.counts["retried"], house.counts["lost"]) == (1, 1)


def test_a_task_whose_heart_beats_is_left_alone(house: House) -> None:
    task = house.running()
    ends = time.monotonic() + 1.0
    while time.monotonic() < ends:
        house.store.change(task.id, records.beating(1, 0.5, "card 1 of 2"))
        assert house.reaper.run() == 0

    assert house.state(task) is State.RUNNING


def test_a_task_that_was_to_be_cancelled_when_its_worker_died_is_cancelled(house: House) -> None:
    task = house.running()
    house.store.change(task.id, records.cancelling())

    until(lambda: house.reaper.run() and house.state(task) is State.CANCELLED, 10)

    assert house.queues.published == []


def test_a_task_that_was_to_be_cancelled_when_its_process_was_killed_is_cancelled(house: House) -> None:
    task = house.running()
    house.store.change(task.id, records.cancelling())

    house.reaper.killed(task.id, 1)

    assert house.state(task) is State.CANCELLED
    assert house.queues.published == []


def test_who_was_cut_off_itself_gives_everyone_time_to_be_heard(house: House) -> None:
    task = house.running()
    house.reaper.run()

    time.sleep(1.0)  # as while Redis is away for all, or while the machine sleeps
    first = house.reaper.run()
    house.store.change(task.id, records.beating(1, 0.5, "card 1 of 2"))

    assert first == 0
    assert house.reaper.run() == 0
    assert house.state(task) is State.RUNNING
    until(lambda: house.reaper.run() and house.queues.published, 10, "the end of its patience")


def test_a_task_is_looked_after_when_the_list_of_recent_ones_was_evicted(house: House) -> None:
    task = house.running()
    house.link.client.delete("cm:tasks")

    until(lambda: house.reaper.run() and house.queues.published, 10, "its second attempt")

    assert [each.id for each in house.queues.published] == [task.id]


def test_a_message_that_vanished_is_sent_again_once_workers_are_idle(house: House) -> None:
    task = house.waiting()
    house.passes(0.6)
    assert house.state(task) is State.PENDING
    assert house.queues.published == [], "without a worker there is nobody to send it to"

    Fleet(house.link).report(slots=2, busy=0)
    until(lambda: house.reaper.run() and house.queues.published, 10)

    assert house.queues.published[0].attempt == 2


def test_a_message_that_no_worker_ever_gets_is_lost_in_the_end(house: House) -> None:
    task = house.waiting()
    Fleet(house.link).report(slots=2, busy=0)

    until(lambda: house.reaper.run() and house.state(task) is State.LOST, 10)

    assert len(house.queues.published) == 1


@pytest.mark.parametrize("why", ["messages wait", "workers are busy"])
def test_a_task_that_waits_its_turn_is_left_alone(house: House, why: str) -> None:
    task = house.waiting()
    Fleet(house.link).report(slots=1, busy=0)
    busy = house.running() if why == "workers are busy" else None
    house.queues.length = 1 if why == "messages wait" else 0

    ends = time.monotonic() + 1.0
    while time.monotonic() < ends:
        if busy is not None:
            house.store.change(busy.id, records.beating(1, 0.1, ""))
        house.reaper.run()

    assert house.state(task) is State.PENDING
    assert house.queues.published == []


def test_a_process_known_to_be_dead_is_not_waited_for(house: House) -> None:
    task = house.running()

    house.reaper.killed(task.id, 1)
    house.reaper.killed(task.id, 1)

    assert [each.attempt for each in house.queues.published] == [2]


def test_a_message_that_cannot_be_sent_is_sent_later(house: House) -> None:
    task = house.running()
    house.queues.is_away = True
    with pytest.raises(StoreError):
        until(lambda: house.reaper.run() and False, 10)

    assert house.state(task) is State.PENDING
    house.queues.is_away = False
    house.reaper.run()

    assert [(each.id, each.attempt) for each in house.queues.published] == [(task.id, 2)]


def test_tasks_of_a_server_that_is_gone_are_lost(redis_server: RedisServer) -> None:
    house = House(redis_server, runner="local")
    tasks = [house.running(), house.waiting()]

    until(lambda: house.reaper.run() and all(house.state(task) is State.LOST for task in tasks), 10)


def test_of_many_reapers_one_makes_its_pass_at_a_time(house: House) -> None:
    reapers = [house.another(task_reap_s=60.0) for _ in range(5)]
    house.running()
    time.sleep(house.settings.task_silent_s + 0.05)

    assert sorted(reaper.run() for reaper in reapers) == [0, 0, 0, 0, 1]


def test_it_goes_on_after_redis_was_away(house: House, redis_server: RedisServer) -> None:
    house.reaper.start()
    try:
        redis_server.restart()
        client: Callable[[Client], object] = lambda client: client.ping()  # noqa: E731
        until(lambda: _works(house.link, client), 10)
        task = house.running()
        until(lambda: house.state(task) is State.PENDING, 20, "the reaper's next pass")
    finally:
        house.reaper.stop()


def _works(link: RedisLink, work: Callable[[Client], object]) -> bool:
    try:
        link.call(work)
    except StoreError:
        return False
    return True


def test_workers_that_are_gone_are_no_longer_counted(house: House) -> None:
    fleet = Fleet(house.link)
    fleet.report(slots=3, busy=1, lives_s=1)

    assert [(worker.slots, worker.busy) for worker in fleet.workers()] == [(3, 1)]
    until(lambda: fleet.slots() == 0, 10, "the end of its sign of life")
    fleet.report(slots=3, busy=1)
    fleet.leave()
    assert fleet.workers() == ()


def test_without_redis_it_says_so_and_no_more() -> None:
    settings = Settings(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    link = RedisLink(settings)
    with pytest.raises(StoreError):
        Reaper(RedisRecords(link, settings, "x"), None, settings, lambda _: None).run()


def test_a_running_celery_task_that_was_lost_is_not_started_again_by_a_server_without_celery(
    redis_server: RedisServer,
) -> None:
    """Who has no queue leaves other servers' tasks to those that have one."""
    house, other = House(redis_server), House(redis_server, runner="local")
    task = house.running()
    time.sleep(house.settings.task_silent_s + 0.1)

    other.passes(0.3)

    assert house.state(task) is State.RUNNING
