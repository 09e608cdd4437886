"""What runs tasks: one protocol, whoever does the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from cardmaker.cache import Blob
from cardmaker.errors import TaskError, TaskGone, UnknownTask
from cardmaker.tasks import records
from cardmaker.tasks.job import Job
from cardmaker.tasks.record import State, Task, is_id, new_id
from cardmaker.tasks.records import Records

_POLL_S = (0.01, 0.25)

# The result that the cache keeps under a digest, if it does.
Kept = Callable[[str], Blob | None]
Count = Callable[[str], object]


class Runner(Protocol):
    """Each raises UnknownTask for an id that there is not, StoreError where its records are in a Redis that fails."""

    def submit(self, task: Task, job: Job) -> Task:
        """Takes the task on, or gives the one that makes the same. Returns at once. Raises Busy."""
        ...

    def get(self, task_id: str) -> Task: ...
    def list(self, most: int = 50) -> tuple[Task, ...]:
        """The newest first."""
        ...

    def active(self) -> tuple[Task, ...]:
        """All that wait or run, however many, the oldest first."""
        ...

    def cancel(self, task_id: str) -> Task:
        """Ends a waiting task; tells a running one to stop. One that is over stays as it is."""
        ...

    def retry(self, task_id: str) -> Task:
        """A new task for one that failed, was lost or cancelled. Raises TaskError for any other, TaskGone when its
        images are no longer there."""
        ...

    def result(self, task_id: str) -> Blob:
        """The document. Raises TaskError unless it succeeded, TaskGone when the document is no longer kept."""
        ...

    def wait(self, task_id: str, timeout_s: float) -> Task:
        """The task once it is over, or as it is then."""
        ...

    def close(self) -> None: ...


class Desk:
    """What all runners do alike, by the records alone."""

    def __init__(self, store: Records, kept: Kept, count: Count) -> None:
        self._store, self._kept, self._count = store, kept, count

    def get(self, task_id: str) -> Task:
        task = self._store.get(task_id) if is_id(task_id) else None
        if task is None:
            raise UnknownTask("there is no such task; it may have ended long ago")
        return task

    def list(self, most: int = 50) -> tuple[Task, ...]:
        return self._store.recent(most)

    def active(self) -> tuple[Task, ...]:
        return self._store.active()

    def result(self, task_id: str) -> Blob:
        task = self.get(task_id)
        if task.state is not State.SUCCESS:
            raise TaskError(f"this task has no document: it is {_IN_WORDS[task.state]}")
        blob = self._kept(task.pdf)
        if blob is None:
            raise TaskGone("the document of this task is no longer kept; submit it again")
        return blob

    def wait(self, task_id: str, timeout_s: float) -> Task:
        ends, (pause_s, longest_s) = time.monotonic() + timeout_s, _POLL_S
        while not (task := self.get(task_id)).is_final and time.monotonic() < ends:
            time.sleep(min(pause_s, max(0.0, ends - time.monotonic())))
            pause_s = min(pause_s * 1.5, longest_s)
        return task

    def cancel(self, task_id: str) -> Task:
        task = self.get(task_id)
        task = self._store.change(task_id, records.cancelling()).task or task
        if task.state is not State.PENDING:
            return task
        ended = self._store.change(task_id, records.cancelled(records.PENDING))
        if ended.done:
            self._count("cancelled")
        return ended.task or task

    def _retried(self, task_id: str) -> tuple[Task, Task]:
        """The task to be retried, and a new one like it."""
        old = self.get(task_id)
        if not old.is_final or old.state is State.SUCCESS:
            raise TaskError(f"only a task that did not come to its end can be tried again; this one is {old.state}")
        new = Task(
            id=new_id(),
            retry_of=old.id,
            **{name: getattr(old, name) for name in ("digest", "pdf", "kind", "queue", "runner", *_FOR_PEOPLE)},
        )
        return old, new

    def _link(self, old: Task, new: Task) -> None:
        self._count("retried")
        self._store.change(old.id, records.linked(new.id))


_FOR_PEOPLE = ("title", "layout", "cards", "pages")
_IN_WORDS = {
    State.PENDING: "still waiting",
    State.RUNNING: "still running",
    State.FAILURE: "failed",
    State.CANCELLED: "cancelled",
    State.LOST: "lost",
}
