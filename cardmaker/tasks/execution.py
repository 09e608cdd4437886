"""Running one task, wherever that is: its record moves along, its heart beats, and it stops when it is told to."""

from __future__ import annotations

import logging
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cardmaker.cache import Recorder
from cardmaker.errors import Cancelled, CardmakerError, ImageError, StoreAway, StoreError, StoreFull
from cardmaker.render import Cancel, Progress
from cardmaker.tasks import records
from cardmaker.tasks.record import State, Task, new_id
from cardmaker.tasks.records import Change, Changed, Records
from cardmaker.units import counted

T = TypeVar("T")
_log = logging.getLogger(__name__)
_MOST_SAID = 2000


@dataclass(frozen=True, slots=True)
class Receipt:
    """Bytes of the document that the cache keeps now, and whether it was there: `hit`, `miss` or `coalesced`."""

    size: int
    cache: str


class Work(Protocol):
    """Makes the task's document and leaves it in the cache. Raises CardmakerError."""

    def __call__(self, task: Task, progress: Progress, cancelled: Cancel) -> Receipt: ...


class TimedOut(CardmakerError):
    code = "timeout"


def execute(
    store: Records,
    task_id: str,
    attempt: int,
    work: Work,
    *,
    beat_s: float,
    record: Recorder,
) -> Task | None:
    """The task as it ended; None when it was not ours to run: started by another, cancelled, or over.

    Its start and its end are told again and again if Redis does not take them at first. Raises StoreError when it never
    took the start.
    """
    start = records.started(attempt, platform.node(), new_id())
    task = patiently(lambda: store.change(task_id, start), beat_s).task
    # By its mark: when Redis took a start and its answer was lost, the next try finds it running, and it is ours.
    if task is None or task.state is not State.RUNNING or task.run != start.fields["run"]:
        return None
    end = records.cancelled(records.RUNNING, attempt)
    if not task.cancelling:
        with _beating(store, task, beat_s) as heart:
            end = _outcome(work, task, heart)
    ended = _tell(store, task_id, end, beat_s)
    if ended.done and ended.task is not None:
        _record(record, ended.task)
    return ended.task


COUNTERS = {
    State.SUCCESS: "done",
    State.FAILURE: "failed",
    State.CANCELLED: "cancelled",
    State.LOST: "lost",
}


def _record(record: Recorder, task: Task) -> None:
    ended, told = COUNTERS[task.state], [task.queue.value, counted(task.pages, "page")]
    record.add(ended)
    for operation, word, seconds in (("task_wait", "waited", task.waited_s), ("task_run", "ran", task.ran_s)):
        if seconds is not None:
            record.took(f"{operation}_{task.queue}_{ended}", seconds * 1000)
            told.append(f"{word} {seconds:.1f} s")
    if task.error_code:
        told.append(f"error: {task.error_code}")  # its message may name a card
    record.event(ended, ", ".join(told))


def failure(error: BaseException, attempt: int) -> Change:
    """What an error means for the record. One that is not ours is named by its type alone."""
    if isinstance(error, Cancelled):
        return records.cancelled(records.RUNNING, attempt)
    code, message = "fault", f"a fault of ours ({type(error).__name__}); please report it"
    if isinstance(error, CardmakerError):
        code, message = error.code, str(error)[:_MOST_SAID]
    card = error.card if isinstance(error, ImageError) else ""
    return records.failed(attempt, code, message, card, of=records.RUNNING)


def _outcome(work: Work, task: Task, heart: _Heart) -> Change:
    try:
        receipt = work(task, heart.progress, heart.is_cancelled)
    except Exception as error:  # noqa: BLE001 - whatever it is, the record says so
        if not isinstance(error, CardmakerError):
            _log.exception("a task failed by a fault of ours")
        return failure(error, task.attempt)
    return records.succeeded(task.attempt, receipt.size, receipt.cache)


def patiently(call: Callable[[], T], pause_s: float, times: int = 20) -> T:
    """Tries again while Redis is away or full; raises the StoreError of the last time."""
    for number in range(times - 1):
        try:
            return call()
        except (StoreAway, StoreFull) as error:
            _log.warning("a task waits for Redis: %s", error)
        threading.Event().wait(pause_s * min(number + 1, 5))
    return call()


def _tell(store: Records, task_id: str, end: Change, pause_s: float) -> Changed:
    try:
        return patiently(lambda: store.change(task_id, end), pause_s)
    except StoreError:
        _log.warning("the end of a task cannot be recorded; it will be found by its silence")
        return Changed(False, None)


class _Heart:
    """Tells now and then how far a task is, and hears whether it is to stop."""

    def __init__(self, store: Records, task: Task) -> None:
        self._store, self._task = store, task
        self._done, self._doing = 0.0, task.doing
        self._stop = False

    def progress(self, done: float, doing: str) -> None:
        self._done, self._doing = done, doing

    def is_cancelled(self) -> bool:
        return self._stop

    def beat(self) -> None:
        try:
            changed = self._store.change(
                self._task.id, records.beating(self._task.attempt, round(self._done, 4), self._doing)
            )
        except StoreError:
            return  # counted where it happened; the work goes on
        task = changed.task
        if task is not None and (task.cancelling or not changed.done):
            self._stop = True  # also where another attempt, or an end, has overtaken this one


@contextmanager
def _beating(store: Records, task: Task, every_s: float) -> Iterator[_Heart]:
    heart, over = _Heart(store, task), threading.Event()

    def go_on() -> None:
        while not over.wait(every_s):
            heart.beat()

    thread = threading.Thread(target=go_on, name="cardmaker-heart", daemon=True)
    thread.start()
    try:
        yield heart
    finally:
        over.set()
        thread.join(every_s + 1)
