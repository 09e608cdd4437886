"""Records of tasks that this process runs itself: the truth is here, and Redis has a copy for the others.

So a local task goes on, ends and is found while Redis is away. What Redis missed is sent when it is back, and what it
lost, too. A final state that another process set there counts here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cardmaker.errors import StoreError
from cardmaker.tasks.record import Task
from cardmaker.tasks.records import Change, Changed, MemoryRecords, alive
from cardmaker.tasks.redis_records import RedisRecords

_log = logging.getLogger(__name__)


class MirroredRecords:
    """As `Records`, and raises no StoreError."""

    def __init__(self, here: MemoryRecords, there: RedisRecords) -> None:
        self._here, self._there = here, there
        # An answer of Redis is put here before the next question is asked, so that no older one comes after it.
        self._lock = threading.RLock()
        self._owed: set[str] = set()

    def create(self, task: Task, job: bytes) -> Task:
        try:
            made = self._there.create(task, job)
        except StoreError:
            made = self._here.create(task, job)
            self._owe(made.id)
            return made
        if made.id == task.id:
            self._here.put(made, job)
        return made

    def change(self, task_id: str, change: Change) -> Changed:
        with self._lock:
            return self._change(task_id, change)

    def _change(self, task_id: str, change: Change) -> Changed:
        mine = self._here.get(task_id)
        try:
            changed = self._there.change(task_id, change) if task_id not in self._owed else None
        except StoreError:
            changed = None
        if mine is None:
            return changed or Changed(False, None)
        if changed is None or changed.task is None:
            self._owe(task_id)
            return self._here.change(task_id, change)
        self._here.put(changed.task, self._here.job(task_id) or b"")
        return changed

    def get(self, task_id: str) -> Task | None:
        mine = self._here.get(task_id)
        if mine is not None:
            return mine
        try:
            return self._there.get(task_id)
        except StoreError:
            return None

    def job(self, task_id: str) -> bytes | None:
        return self._here.job(task_id)

    def recent(self, most: int) -> tuple[Task, ...]:
        found = (*self._here.recent(most), *self._others(lambda: self._there.recent(most)))
        return tuple(sorted(found, key=lambda task: task.created_s, reverse=True)[:most])

    def active(self) -> tuple[Task, ...]:
        found = (*self._here.active(), *self._others(self._there.active))
        return tuple(sorted(found, key=lambda task: task.created_s))

    def _others(self, there: Callable[[], tuple[Task, ...]]) -> list[Task]:
        """Tasks of other processes, as far as Redis tells; of ours the truth is here."""
        try:
            return [task for task in there() if self._here.get(task.id) is None]
        except StoreError:
            _log.debug("tasks of other processes cannot be listed")  # counted by the link's breaker
            return []

    def sync(self) -> None:
        """Says that this process is alive, for each active task, and sends what Redis missed."""
        for task in self._here.active():
            self.change(task.id, alive())
        with self._lock:
            for task_id in list(self._owed):
                try:
                    self._pay(task_id)
                except StoreError:
                    return
                self._owed.discard(task_id)

    def _pay(self, task_id: str) -> None:
        mine, job = self._here.get(task_id), self._here.job(task_id) or b""
        if mine is not None and not self._there.put(mine, job):
            theirs = self._there.get(task_id)
            if theirs is not None:
                self._here.put(theirs, job)

    def _owe(self, task_id: str) -> None:
        with self._lock:
            self._owed.add(task_id)
