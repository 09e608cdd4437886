"""Tasks on this machine, with no server: a few threads, each with a render process of its own."""

from __future__ import annotations

import atexit
import itertools
import logging
import queue
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from cardmaker.cache import Recorder
from cardmaker.errors import Busy, TaskGone
from cardmaker.limits import Limits
from cardmaker.render import Cancel, Progress
from cardmaker.settings import Settings
from cardmaker.tasks import records
from cardmaker.tasks.execution import Receipt, execute, failure
from cardmaker.tasks.job import Job
from cardmaker.tasks.mirrored import MirroredRecords
from cardmaker.tasks.process import RenderProcess
from cardmaker.tasks.record import Queue, State, Task
from cardmaker.tasks.records import MemoryRecords
from cardmaker.tasks.runner import Count, Desk, Kept

_log = logging.getLogger(__name__)
_BEAT_S = 0.25
_STOPPED = "the server was stopped before it was done; submit it again"
# Of tasks that may be tried again.
_JOBS_BYTES = 256 << 20
_JOBS = 50
_LAST = 9


class Make(Protocol):
    """Makes a task's document through the cache; when it has to be computed, in that process."""

    def __call__(
        self, task: Task, job: Job, process: RenderProcess, progress: Progress, cancelled: Cancel
    ) -> Receipt: ...


class LocalRunner(Desk):
    """As `Runner`. Ends with its process: what was not done then is lost, and says so."""

    def __init__(
        self,
        store: MemoryRecords | MirroredRecords,
        make: Make,
        kept: Kept,
        settings: Settings,
        limits: Limits,
        record: Recorder,
        module: str,
        count: Count | None = None,
    ) -> None:
        super().__init__(store, kept, count or record.add)
        self._record = record
        self._make, self._settings = make, settings
        self._beat_s = min(_BEAT_S, settings.task_beat_s)
        self._limits, self._module = limits, module
        self._jobs = _Jobs()
        self._queue: queue.PriorityQueue[tuple[int, int, str]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._processes: list[RenderProcess] = []
        self._waiting: set[str] = set()
        self._busy: set[str] = set()
        self._closed = threading.Event()
        self._at_exit = _close_at_exit(self)

    def submit(self, task: Task, job: Job) -> Task:
        if refusal := self._refusal(job):
            same = (other for other in self._store.active() if other.digest == task.digest and not other.cancelling)
            if other := next(same, None):
                return other
            raise Busy(refusal)
        # Before the record: who sees that may begin.
        self._jobs.put(task.id, job)
        made = self._store.create(task, job.dump())
        if made.id != task.id:
            self._jobs.drop(task.id)
            return made
        self._count("queued")
        self._start()
        self._waiting.add(made.id)
        self._queue.put((_RANK[task.queue], next(self._numbers), task.id))
        return made

    def _refusal(self, job: Job) -> str:
        """Why nothing more is taken on; empty while it is."""
        if len(self._waiting) >= self._settings.task_waiting:
            return f"{self._settings.task_waiting} decks are waiting already; try again when some are done"
        if (waiting := self._jobs.bytes(self._is_over)) and waiting + job.size > self._settings.task_waiting_bytes:
            return "the decks that wait fill the memory that there is for them; try again when some are done"
        return ""

    def cancel(self, task_id: str) -> Task:
        task = super().cancel(task_id)
        if task.is_final:
            self._waiting.discard(task_id)
        return task

    def retry(self, task_id: str) -> Task:
        old, new = self._retried(task_id)
        job = self._jobs.get(old.id)
        if job is None:
            raise TaskGone("the images of this task are no longer kept; submit it again")
        made = self.submit(new, job)
        self._link(old, made)
        return made

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the render processes that there are now."""
        return tuple(pid for process in self._processes if (pid := process.pid))

    @property
    def slots(self) -> int:
        return self._settings.task_processes

    @property
    def busy(self) -> int:
        """How many tasks run now."""
        return len(self._busy)

    def close(self) -> None:
        """Ends the render processes; tasks that are not done are lost. To be called once, at the end."""
        if self._closed.is_set():
            return
        self._closed.set()
        atexit.unregister(self._at_exit)
        for task in self._store.active():
            if self._jobs.get(task.id) is not None:
                self._store.change(task.id, records.lost(records.ACTIVE, None, _STOPPED))
        for _ in self._threads:
            self._queue.put((_LAST, next(self._numbers), ""))
        for process in self._processes:
            process.kill()

    def _start(self) -> None:
        """Threads and processes come with the first task."""
        with self._lock:
            if self._threads:
                return
            for number in range(self._settings.task_processes):
                self._processes.append(RenderProcess(self._settings, self._limits, self._module, self._record.merge))
                self._threads.append(threading.Thread(target=self._work, args=(number,), daemon=True))
            if isinstance(self._store, MirroredRecords):
                self._threads.append(threading.Thread(target=self._keep_in_step, args=(self._store,), daemon=True))
            for thread in self._threads:
                thread.start()

    def _work(self, number: int) -> None:
        process = self._processes[number]
        while not self._closed.is_set():
            _, _, task_id = self._queue.get()
            self._waiting.discard(task_id)
            job = self._jobs.get(task_id)
            if job is None or self._closed.is_set():
                continue

            def work(task: Task, progress: Progress, cancelled: Cancel, job: Job = job) -> Receipt:
                return self._make(task, job, process, progress, cancelled)

            self._busy.add(task_id)
            try:
                ended = execute(self._store, task_id, 1, work, beat_s=self._beat_s, record=self._record)
            except Exception as error:  # noqa: BLE001 - the next task is not its business
                _log.exception("a task failed by a fault of ours")
                ended = self._store.change(task_id, replace(failure(error, 1), of=records.ACTIVE)).task
            finally:
                self._busy.discard(task_id)
            if ended is not None and ended.state is State.SUCCESS:
                self._jobs.drop(task_id)
            self._jobs.trim(self._is_over)

    def _is_over(self, task_id: str) -> bool:
        task = self._store.get(task_id)
        return task is None or task.is_final

    def _keep_in_step(self, store: MirroredRecords) -> None:
        while not self._closed.wait(self._settings.task_beat_s):
            store.sync()


_RANK = {Queue.INTERACTIVE: 0, Queue.BULK: 1}


class _Jobs:
    """Jobs with their images, as they may be needed again; the oldest of those that are over go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def put(self, task_id: str, job: Job) -> None:
        with self._lock:
            self._jobs[task_id] = job

    def get(self, task_id: str) -> Job | None:
        with self._lock:
            return self._jobs.get(task_id)

    def drop(self, task_id: str) -> None:
        with self._lock:
            self._jobs.pop(task_id, None)

    def bytes(self, is_over: Callable[[str], bool]) -> int:
        """Of those that wait or run."""
        with self._lock:
            jobs = dict(self._jobs)
        return sum(job.size for task_id, job in jobs.items() if not is_over(task_id))

    def trim(self, is_over: Callable[[str], bool]) -> None:
        with self._lock:
            over = [task_id for task_id in self._jobs if is_over(task_id)]
            size = sum(self._jobs[task_id].size for task_id in over)
            for number, task_id in enumerate(over):
                if size <= _JOBS_BYTES and len(over) - number <= _JOBS:
                    return
                size -= self._jobs.pop(task_id).size


def _close_at_exit(runner: LocalRunner) -> Callable[[], None]:
    """Without keeping a runner alive that nobody uses."""
    known = weakref.ref(runner)

    def close() -> None:
        found = known()
        if found is not None:
            found.close()

    atexit.register(close)
    return close
