"""What moves a task along between those who ask for it, run it and look after it."""

from __future__ import annotations

from collections import Counter

from cardmaker.cache import Blob
from cardmaker.errors import StoreAway
from cardmaker.metrics import Recorder
from cardmaker.render import Cancel, Progress
from cardmaker.tasks import records
from cardmaker.tasks.execution import Receipt, execute
from cardmaker.tasks.record import State, Task, new_id
from cardmaker.tasks.records import PENDING, RUNNING, Change, Changed, MemoryRecords
from cardmaker.tasks.runner import Desk

BEAT_S = 0.01


class Store(MemoryRecords):
    """Whose answers get lost, `deaf` times; and in which `meanwhile` happens after each change."""

    def __init__(self) -> None:
        super().__init__(60.0, lambda _: False)
        self.deaf = 0
        self.meanwhile: list[tuple[str, Change]] = []

    def change(self, task_id: str, change: Change) -> Changed:
        changed = super().change(task_id, change)
        if self.meanwhile:
            super().change(*self.meanwhile.pop(0))
        if self.deaf:
            self.deaf -= 1
            raise StoreAway("the answer was lost")
        return changed

    def waiting(self) -> Task:
        return self.create(Task(new_id(), "aa" * 32), b"{}")


class Work:
    """Done in no time."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, task: Task, progress: Progress, cancelled: Cancel) -> Receipt:  # noqa: ARG002
        self.runs += 1
        return Receipt(100, "miss")


def run(store: Store, task: Task, work: Work) -> Task | None:
    return execute(store, task.id, 1, work, beat_s=BEAT_S, record=Recorder(None, 60.0))


def desk(store: Store) -> tuple[Desk, Counter[str]]:
    counts: Counter[str] = Counter()

    def nothing(_: str) -> Blob | None:
        return None

    return Desk(store, nothing, lambda counter: counts.update([counter])), counts


def test_a_start_whose_answer_was_lost_is_a_start() -> None:
    store, work = Store(), Work()
    task = store.waiting()
    store.deaf = 2

    ended = run(store, task, work)

    assert ended is not None
    assert (ended.state, ended.attempt, work.runs) == (State.SUCCESS, 1, 1)


def test_what_another_started_is_left_alone() -> None:
    store, work = Store(), Work()
    task = store.waiting()
    store.change(task.id, records.started(1, "elsewhere", new_id()))

    assert run(store, task, work) is None
    assert work.runs == 0


def test_one_that_was_to_be_cancelled_before_it_starts_does_not_start() -> None:
    store, work = Store(), Work()
    task = store.waiting()
    store.change(task.id, records.cancelling())

    ended = run(store, task, work)

    assert ended is not None
    assert (ended.state, work.runs) == (State.CANCELLED, 0)


def test_a_cancel_is_not_lost_when_the_task_starts_meanwhile() -> None:
    store = Store()
    task = store.waiting()
    store.meanwhile = [(task.id, records.started(1, "here"))]

    told = desk(store)[0].cancel(task.id)

    assert (told.state, told.cancelling) == (State.RUNNING, True)


def test_a_cancel_is_not_lost_when_the_task_goes_back_to_its_queue_meanwhile() -> None:
    store = Store()
    task = store.waiting()
    store.change(task.id, records.started(1, "here"))
    store.meanwhile = [(task.id, records.requeued(RUNNING, 1))]

    desk(store)[0].cancel(task.id)

    found = store.get(task.id)
    assert found is not None
    assert (found.state, found.cancelling) == (State.PENDING, True)
    assert store.create(Task(new_id(), task.digest), b"{}").id != task.id


def test_a_waiting_task_is_cancelled_and_counted_once() -> None:
    store = Store()
    task = store.waiting()
    asked, counts = desk(store)

    first, second = asked.cancel(task.id), asked.cancel(task.id)

    assert first.state is second.state is State.CANCELLED
    assert counts == {"cancelled": 1}
    assert not store.change(task.id, records.cancelled(PENDING)).done
