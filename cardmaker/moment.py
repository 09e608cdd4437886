"""How things stand at this moment: tasks, processes, Redis's memory. The past is in `metrics`."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cardmaker.breaker import State as Breaker
from cardmaker.errors import StoreError
from cardmaker.metrics.process import memory_bytes
from cardmaker.redis_client import Memory, RedisLink
from cardmaker.tasks import State, Task
from cardmaker.tasks.crew import Crew
from cardmaker.tasks.live import Worker, this_process

_NEWEST = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """`tasks` are the newest, `active` all that wait or run, the oldest first. `redis` is None without one or where it
    does not tell; `away` says why what others know is missing. `bytes` is the memory of this process, where that is
    known."""

    now_s: float
    tasks: tuple[Task, ...]
    active: tuple[Task, ...]
    processes: tuple[Worker, ...]
    redis: Memory | None
    bytes: int | None
    away: str = ""

    @property
    def waiting(self) -> int:
        return sum(task.state is State.PENDING for task in self.active)

    @property
    def running(self) -> int:
        return sum(task.state is State.RUNNING for task in self.active)

    @property
    def queue_age_s(self) -> float | None:
        """For how long the oldest waiting task has waited; None when none waits."""
        since = [task.queued_s or task.created_s for task in self.active if task.state is State.PENDING]
        return max(0.0, self.now_s - min(since)) if since else None

    @property
    def workers(self) -> tuple[Worker, ...]:
        return tuple(each for each in self.processes if each.role == "worker")

    @property
    def slots(self) -> int:
        return sum(each.slots for each in self.processes)

    @property
    def busy(self) -> int:
        return sum(each.busy for each in self.processes)


def look(link: RedisLink | None, crew: Crew) -> Moment:
    """By Redis's clock, where there is one, as the times of tasks are."""
    breaker = link.breaker.state if link else Breaker.CLOSED
    here = this_process("app", *crew.load, breaker.value)
    if link is None or crew.fleet is None:
        return Moment(time.time(), *_known(crew), (here,), None, here.bytes)
    try:
        now_s, told, processes = link.seconds(), link.memory(), crew.fleet.everyone()
        return Moment(now_s, *_tasks(crew), processes or (here,), told, here.bytes)
    except StoreError as error:
        return Moment(time.time(), *_known(crew), (here,), None, memory_bytes(), str(error))


def _tasks(crew: Crew) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
    return crew.runner.list(_NEWEST), crew.runner.active()


def _known(crew: Crew) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
    """Those of this process alone, as long as Redis is away."""
    try:
        return _tasks(crew)
    except StoreError:
        return (), ()
