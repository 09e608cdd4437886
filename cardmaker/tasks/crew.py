"""Puts together who runs tasks, as the settings want it."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cardmaker.cache import Answer, Blob, Cache, Recorder, Tier
from cardmaker.errors import StoreError
from cardmaker.limits import Limits
from cardmaker.pdf.stream import Sink
from cardmaker.redis_client import RedisLink
from cardmaker.render import Cancel, Progress
from cardmaker.settings import Settings
from cardmaker.tasks.execution import Receipt
from cardmaker.tasks.job import Job
from cardmaker.tasks.live import Fleet
from cardmaker.tasks.local import LocalRunner
from cardmaker.tasks.mirrored import MirroredRecords
from cardmaker.tasks.process import RenderProcess
from cardmaker.tasks.reaper import Reaper
from cardmaker.tasks.record import Task
from cardmaker.tasks.records import MemoryRecords
from cardmaker.tasks.redis_records import RedisRecords
from cardmaker.tasks.runner import Count, Runner

RESULTS = "pdf"
_log = logging.getLogger(__name__)
_CHILD = "cardmaker.child"
# What is an incident too, when it is counted by one who does not run the task.
_INCIDENTS = {
    "lost": "a task was given up: the process that made it was gone",
    "failed": "a task was stopped by force, since it took too long",
    "retried": "a task starts again",
    "cancelled": "a task was cancelled",
}
_HELD = 2


class Perform(Protocol):
    """Gives a task's document, from the cache or made now; by `writer`, where there is one."""

    def __call__(
        self,
        task: Task,
        job: Job,
        progress: Progress,
        cancelled: Cancel,
        writer: Callable[[Sink], object] | None = None,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Crew:
    """`reaper` and `fleet` are there where there is a Redis."""

    runner: Runner
    reaper: Reaper | None = None
    fleet: Fleet | None = None

    def report(self) -> None:
        """That this app is there, and how many of its local tasks run. Raises StoreError."""
        if self.fleet is not None:
            slots, busy = self.load
            self.fleet.report(slots, busy, role="app")

    def _leave(self) -> None:
        if self.fleet is None:
            return
        try:
            self.fleet.leave()
        except StoreError:
            _log.debug("this process's sign of life ends by itself")

    @property
    def load(self) -> tuple[int, int]:
        """How many tasks this process can run at once, and how many it does."""
        return (self.runner.slots, self.runner.busy) if isinstance(self.runner, LocalRunner) else (0, 0)

    def close(self) -> None:
        if self.reaper is not None:
            self.reaper.stop()
        self._leave()
        self.runner.close()


def assemble(settings: Settings, limits: Limits, link: RedisLink | None, cache: Cache, perform: Perform) -> Crew:
    """Nothing is started or connected yet."""
    count = _counting(cache.recorder)
    if settings.runner == "celery" and link is not None:
        return _celery(settings, link, cache)
    results = _Results(cache)

    def make(task: Task, job: Job, process: RenderProcess, progress: Progress, cancelled: Cancel) -> Receipt:
        answer = perform(task, job, progress, cancelled, lambda sink: process.render(job, sink, progress, cancelled))
        if answer.tier is Tier.NONE:
            results.hold(task.pdf, answer.value)
        return Receipt(answer.value.size, answer.outcome.value)

    here = MemoryRecords(settings.task_ttl_s, results.has)
    there = RedisRecords(link, settings, cache.prefix(RESULTS)) if link else None
    store = MirroredRecords(here, there) if there else here
    runner = LocalRunner(store, make, results.get, settings, limits, cache.recorder, _CHILD, count)
    if link is None or there is None:
        return Crew(runner)
    return Crew(runner, Reaper(there, None, settings, count), Fleet(link))


def _celery(settings: Settings, link: RedisLink, cache: Cache) -> Crew:
    from cardmaker.tasks.celery_runner import CeleryRunner  # takes a while to load, for those who want it
    from cardmaker.tasks.images import StoredImages

    count = _counting(cache.recorder)
    store = RedisRecords(link, settings, cache.prefix(RESULTS))
    images = StoredImages(link, settings, cache.recorder.add)
    runner = CeleryRunner(store, images, lambda pdf: cache.get(RESULTS, pdf), settings, count)
    return Crew(runner, Reaper(store, runner, settings, count), Fleet(link))


def _counting(recorder: Recorder) -> Count:
    def count(counter: str) -> None:
        recorder.add(counter)
        if counter in _INCIDENTS:
            recorder.event(counter, _INCIDENTS[counter])

    return count


class _Results:
    """Documents of local tasks: in the cache, or here when they are too large for it; the last few of those."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._held: OrderedDict[str, Blob] = OrderedDict()

    def hold(self, digest: str, blob: Blob) -> None:
        with self._lock:
            self._held[digest] = blob
            while len(self._held) > _HELD:
                self._held.popitem(last=False)

    def get(self, digest: str) -> Blob | None:
        with self._lock:
            held = self._held.get(digest)
        return held or self._cache.get(RESULTS, digest)

    def has(self, digest: str) -> bool:
        with self._lock:
            is_held = digest in self._held
        return is_held or self._cache.has(RESULTS, digest)
