"""The truth about tasks: their records, and the only ways in which one changes.

Whoever changes a record says what it must be like (`Change`); the store compares and sets in one step. So of two
workers one starts a task, and no late word overwrites a final state.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from cardmaker.tasks.record import State, Task

ACTIVE = frozenset({State.PENDING, State.RUNNING})
PENDING = frozenset({State.PENDING})
RUNNING = frozenset({State.RUNNING})
_MOST_FINAL = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """Happens if the task is in one of the states `of`, in that `attempt`, and has been silent for that long, as far as
    these are given. `stamps` are the fields that take the store's time, `fields` what others become."""

    of: frozenset[State]
    attempt: int | None = None
    silent_s: float | None = None
    stamps: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """Whether it happened, and the task as it is now; None where there is no such task."""

    done: bool
    task: Task | None


class Records(Protocol):
    """Those in Redis raise StoreError where Redis fails. Safe to share between threads."""

    def create(self, task: Task, job: bytes) -> Task:
        """Keeps the task and what it is to do; or gives the one that makes the same: one that is active, or whose
        result is still cached."""
        ...

    def change(self, task_id: str, change: Change) -> Changed: ...
    def get(self, task_id: str) -> Task | None: ...
    def job(self, task_id: str) -> bytes | None: ...
    def recent(self, most: int) -> tuple[Task, ...]:
        """The newest first."""
        ...

    def active(self) -> tuple[Task, ...]:
        """All that wait or run, however many, the oldest first."""
        ...


class MemoryRecords:
    """In this process. `has_result` says whether a digest's result is still kept."""

    def __init__(self, ttl_s: float, has_result: Callable[[str], bool], clock: Callable[[], float] = time.time) -> None:
        self._ttl_s, self._has_result, self._clock = ttl_s, has_result, clock
        self._lock = threading.Lock()
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._jobs: dict[str, bytes] = {}
        self._by_digest: dict[str, str] = {}

    def create(self, task: Task, job: bytes) -> Task:
        with self._lock:
            self._expire()
            other = self._tasks.get(self._by_digest.get(task.digest, ""))
            if other is not None and self._counts(other):
                return other
            now = self._clock()
            made = replace(task, created_s=now, queued_s=now, beat_s=now)
            self._put(made, job)
            return made

    def change(self, task_id: str, change: Change) -> Changed:
        with self._lock:
            task, now = self._tasks.get(task_id), self._clock()
            if task is None:
                return Changed(False, None)
            silence_s = now - (task.beat_s or task.queued_s)
            if (
                task.state not in change.of
                or (change.attempt is not None and task.attempt != change.attempt)
                or (change.silent_s is not None and silence_s < change.silent_s)
            ):
                return Changed(False, task)
            task = self._tasks[task_id] = replace(task, **dict.fromkeys(change.stamps, now), **change.fields)  # type: ignore[arg-type]  # fields of a task
            return Changed(True, task)

    def get(self, task_id: str) -> Task | None:
        with self._lock:
            self._expire()
            return self._tasks.get(task_id)

    def job(self, task_id: str) -> bytes | None:
        with self._lock:
            return self._jobs.get(task_id)

    def recent(self, most: int) -> tuple[Task, ...]:
        with self._lock:
            self._expire()
            return tuple(sorted(self._tasks.values(), key=lambda task: task.created_s, reverse=True)[:most])

    def active(self) -> tuple[Task, ...]:
        with self._lock:
            return tuple(task for task in self._tasks.values() if not task.is_final)

    def put(self, task: Task, job: bytes) -> None:
        """As it is, whatever was there."""
        with self._lock:
            self._put(task, job)

    def _put(self, task: Task, job: bytes) -> None:
        self._tasks[task.id], self._jobs[task.id] = task, job
        self._by_digest[task.digest] = task.id

    def _counts(self, task: Task) -> bool:
        return (not task.is_final and not task.cancelling) or (
            task.state is State.SUCCESS and self._has_result(task.pdf)
        )

    def _expire(self) -> None:
        ended = [task for task in self._tasks.values() if task.is_final]
        oldest = self._clock() - self._ttl_s
        for number, task in enumerate(reversed(ended)):
            if number >= _MOST_FINAL or (task.finished_s or task.created_s) < oldest:
                del self._tasks[task.id], self._jobs[task.id]
                if self._by_digest.get(task.digest) == task.id:
                    del self._by_digest[task.digest]


# -- the ways between states, whoever goes them --


def started(attempt: int, host: str, run: str = "") -> Change:
    return Change(
        PENDING,
        attempt,
        stamps=("started_s", "beat_s"),
        fields={"state": State.RUNNING, "host": host, "run": run, "progress": 0.0, "doing": "reading the images"},
    )


def beating(attempt: int, progress: float, doing: str) -> Change:
    return Change(RUNNING, attempt, stamps=("beat_s",), fields={"progress": progress, "doing": doing})


def alive() -> Change:
    """Waiting, in a process that is there."""
    return Change(ACTIVE, stamps=("beat_s",))


def succeeded(attempt: int, size: int, cache: str) -> Change:
    fields = {"state": State.SUCCESS, "progress": 1.0, "doing": "", "size": size, "cache": cache}
    return Change(RUNNING, attempt, stamps=("finished_s",), fields=fields)


def failed(attempt: int | None, code: str, message: str, card: str = "", of: frozenset[State] = ACTIVE) -> Change:
    fields = {"state": State.FAILURE, "error_code": code, "error_message": message, "error_card": card, "doing": ""}
    return Change(of, attempt, stamps=("finished_s",), fields=fields)


def cancelled(of: frozenset[State], attempt: int | None = None) -> Change:
    return Change(of, attempt, stamps=("finished_s",), fields={"state": State.CANCELLED, "doing": ""})


def cancelling() -> Change:
    """Whoever moves it on from here finds this, and ends it."""
    return Change(ACTIVE, fields={"cancelling": True})


def lost(of: frozenset[State], attempt: int | None, why: str, silent_s: float | None = None) -> Change:
    fields = {"state": State.LOST, "error_code": "lost", "error_message": why, "doing": ""}
    return Change(of, attempt, silent_s, ("finished_s",), fields)


def requeued(of: frozenset[State], attempt: int, silent_s: float | None = None) -> Change:
    fields = {"state": State.PENDING, "attempt": attempt + 1, "progress": 0.0, "doing": "", "host": ""}
    return Change(of, attempt, silent_s, ("queued_s", "beat_s"), fields)


def linked(new_id: str) -> Change:
    """To the task that tries it again."""
    return Change(frozenset(State), fields={"retried_as": new_id})
