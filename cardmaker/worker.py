"""What a worker does with a task: it makes the document and leaves it in Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cardmaker.cache import Answer, Tier
from cardmaker.errors import StoreAway, TaskError
from cardmaker.render import Cancel, Progress
from cardmaker.settings import Settings
from cardmaker.tasks import Queue, Task, records
from cardmaker.tasks.crew import RESULTS
from cardmaker.tasks.execution import Receipt, Work, execute, patiently
from cardmaker.tasks.images import StoredImages
from cardmaker.tasks.job import Incompatible, load
from cardmaker.tasks.live import Fleet
from cardmaker.tasks.reaper import Reaper
from cardmaker.tasks.record import is_id
from cardmaker.tasks.redis_records import RedisRecords
from cardmaker.workbench import Workbench

_STORE_S = 30.0
# Nobody at a page waits for one answer of Redis here: a slow one should delay a task, not end it.
_TIMEOUT_S, _BUDGET_S = 2.0, 10.0


def serve(settings: Settings, concurrency: int, queues: Sequence[Queue]) -> int:
    """Works until it is told to stop. Gives an exit code."""
    from cardmaker.tasks import celery_worker

    return celery_worker.serve(
        settings,
        lambda: Bench(Workbench(_patient(settings))),
        lambda: _Overseer.of(Workbench(settings)),
        concurrency=concurrency,
        queues=queues,
    )


def _patient(settings: Settings) -> Settings:
    return replace(
        settings,
        redis_timeout_s=max(settings.redis_timeout_s, _TIMEOUT_S),
        redis_budget_s=max(settings.redis_budget_s, _BUDGET_S),
    )


@dataclass(frozen=True, slots=True)
class _Overseer:
    reaper: Reaper
    fleet: Fleet

    @classmethod
    def of(cls, workbench: Workbench) -> _Overseer:
        crew = workbench.crew
        assert crew.reaper is not None
        assert crew.fleet is not None
        return cls(crew.reaper, crew.fleet)


class Bench:
    """In each process of a worker."""

    def __init__(self, workbench: Workbench) -> None:
        link = workbench.link
        assert link is not None
        self._workbench, self._settings = workbench, workbench.settings
        self._record = workbench.cache.recorder
        self._store = RedisRecords(link, self._settings, workbench.cache.prefix(RESULTS))
        self._images = StoredImages(link, self._settings, self._record.add)

    def perform(self, task_id: str, attempt: int, limited: Callable[[Work], Work]) -> str:
        """Runs the task and gives the state it is in then; `unknown` when it was not ours to run."""
        ended = execute(
            self._store,
            task_id,
            attempt,
            limited(self._make),
            beat_s=self._settings.task_beat_s,
            record=self._record,
        )
        return ended.state.value if ended is not None else "unknown"

    def refuse(self, task_id: str) -> None:
        """The task, if there is one, was queued by another version of ours."""
        if is_id(task_id):
            why = "a worker of another version of Cardmaker took it; run the same version everywhere, then try again"
            self._store.change(task_id, records.failed(None, Incompatible.code, why, of=records.PENDING))

    def _make(self, task: Task, progress: Progress, cancelled: Cancel) -> Receipt:
        data = patiently(lambda: self._store.job(task.id), self._settings.task_beat_s)
        if data is None:
            raise TaskError("what this task was to do is gone; submit it again")
        answer = self._workbench.perform(task, load(data, self._images.get), progress, cancelled)
        if answer.tier is not Tier.REDIS:
            self._leave(task, answer)
        return Receipt(answer.value.size, answer.outcome.value)

    def _leave(self, task: Task, answer: Answer) -> None:
        """In Redis, or it was for nothing."""
        size, most = answer.value.size, self._settings.cache_value_bytes
        if size > most:
            raise TaskError(
                f"the document has {size >> 20} MiB, and Redis takes {most >> 20} MiB at most; print the deck in "
                "parts, or raise CARDMAKER_CACHE_VALUE_BYTES"
            )
        ends, cache = time.monotonic() + _STORE_S, self._workbench.cache
        key = cache.key(RESULTS, task.pdf)
        while cache.store(key, answer.value, cache.visit(), None) is not Tier.REDIS:
            if time.monotonic() > ends:
                raise StoreAway("Redis did not take the document; try again when it has room")
            time.sleep(0.5)
