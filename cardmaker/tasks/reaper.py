"""Looks after tasks whose worker or message is gone, wherever an app or a worker runs; one of them at a time."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Protocol

from cardmaker.errors import StoreError
from cardmaker.redis_client import RedisLink
from cardmaker.settings import Settings
from cardmaker.tasks import records
from cardmaker.tasks.execution import COUNTERS, TimedOut
from cardmaker.tasks.live import Fleet
from cardmaker.tasks.record import State, Task
from cardmaker.tasks.records import PENDING, RUNNING, Change
from cardmaker.tasks.redis_records import RedisRecords
from cardmaker.tasks.runner import Count

_log = logging.getLogger(__name__)
_LEASE = "cm:reaper:"
_DEAD = "the process that made it is gone"
_TWICE = "its worker was lost each time; an image may take all its memory"
_UNSEEN = "no worker got it; submit it again"


class Queues(Protocol):
    """Where waiting tasks are put; both raise StoreError."""

    def publish(self, task: Task) -> None: ...
    def waiting(self) -> int: ...


class Reaper:
    """Without `queues` it looks after local tasks alone: who has none cannot start another's again."""

    def __init__(self, store: RedisRecords, queues: Queues | None, settings: Settings, count: Count) -> None:
        self._store, self._queues, self._settings, self._count = store, queues, settings, count
        self._link: RedisLink = store.link
        self._token = secrets.token_hex(8)
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._fleet = Fleet(self._link)
        self._idle_since: float | None = None
        self._looked_s, self._trusts_from_s = time.time(), 0.0
        self._unsent: list[Task] = []

    def start(self, also: Callable[[], object] | None = None) -> None:
        """A pass now and then, in a thread, until `stop`; `also` is called before each."""

        def go_on() -> None:
            while not self._over.wait(self._settings.task_reap_s):
                try:
                    if also is not None:
                        also()
                    self.run()
                except StoreError as error:
                    _log.debug("tasks are not looked after: %s", error)  # counted by the link
                except Exception:  # noqa: BLE001 - it must go on looking
                    _log.exception("looking after tasks failed")

        self._thread = threading.Thread(target=go_on, name="cardmaker-reaper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(5)

    def run(self) -> int:
        """One pass, unless another process just made one; how many tasks it changed. Raises StoreError."""
        while self._unsent and self._queues is not None:
            self._queues.publish(self._unsent[0])
            self._unsent.pop(0)
        lease_ms = max(1, round(self._settings.task_reap_s * 900))
        lease = _LEASE + ("local" if self._queues is None else "celery")
        is_mine = self._link.call(lambda client: client.set(lease, self._token, nx=True, px=lease_ms))
        if not self._trusts_silence() or not is_mine:
            return 0
        active = [task for task in self._store.active() if task.runner == "local" or self._queues is not None]
        changed = sum(self._silent(task) for task in active if task.state is State.RUNNING or task.runner == "local")
        waiting = [task for task in active if task.state is State.PENDING and task.runner == "celery"]
        if waiting and self._queues is not None and self._have_vanished(active):
            changed += sum(self._stalled(task) for task in waiting)
        return changed

    def killed(self, task_id: str, attempt: int) -> None:
        """Its process is known to be gone: no need to wait for silence."""
        self._again(task_id, RUNNING, attempt, None, _TWICE)

    def overran(self, task_id: str, attempt: int, why: str) -> None:
        """It was stopped by force since it took too long, as it would again."""
        self._ended(task_id, records.failed(attempt, TimedOut.code, why, of=RUNNING))

    def _trusts_silence(self) -> bool:
        """Not just after a while without a look: a Redis that was away, or a machine that slept, silenced everyone, and
        each needs a moment to be heard again."""
        settings, now = self._settings, time.time()  # a monotonic clock may sleep with its machine
        if now - self._looked_s > settings.task_reap_s + settings.task_silent_s / 2:
            self._trusts_from_s = now + 2 * (settings.breaker_open_s + settings.task_beat_s)
        self._looked_s = now
        return not now < self._trusts_from_s

    def _silent(self, task: Task) -> bool:
        silent_s = self._settings.task_silent_s
        if task.runner == "local":
            return self._ended(task.id, records.lost(records.ACTIVE, None, _DEAD, silent_s))
        if task.cancelling:
            return self._ended(task.id, _cancelled_unheard(silent_s))
        return self._again(task.id, RUNNING, task.attempt, silent_s, _TWICE)

    def _stalled(self, task: Task) -> bool:
        return self._again(task.id, PENDING, task.attempt, self._settings.task_stalled_s, _UNSEEN)

    def _have_vanished(self, active: list[Task]) -> bool:
        """Whether messages of waiting tasks must be gone: queues are empty and workers idle, now and a while ago."""
        slots = self._fleet.slots()
        running = sum(task.state is State.RUNNING and task.runner == "celery" for task in active)
        is_idle = slots > running and self._queues is not None and self._queues.waiting() == 0
        now = time.monotonic()
        self._idle_since = (self._idle_since or now) if is_idle else None
        return self._idle_since is not None and now - self._idle_since >= self._settings.task_reap_s / 2

    def _again(self, task_id: str, of: frozenset[State], attempt: int, silent_s: float | None, why: str) -> bool:
        """Once more, or lost."""
        if attempt >= self._settings.task_attempts or self._queues is None:
            return self._ended(task_id, records.lost(of, attempt, why, silent_s))
        changed = self._store.change(task_id, records.requeued(of, attempt, silent_s))
        if changed.done and changed.task is not None and changed.task.cancelling:
            return self._ended(task_id, records.cancelled(PENDING))
        if changed.done and changed.task is not None:
            _log.warning("task %s starts again: its worker or its message was lost", task_id)
            self._count("retried")
            try:
                self._queues.publish(changed.task)
            except StoreError:
                self._unsent.append(changed.task)  # else a worker that nobody told would cost it an attempt
                raise
        return changed.done

    def _ended(self, task_id: str, change: Change) -> bool:
        changed = self._store.change(task_id, change)
        if changed.done and changed.task is not None:
            self._count(COUNTERS[changed.task.state])
        return changed.done


def _cancelled_unheard(silent_s: float) -> Change:
    return Change(RUNNING, None, silent_s, ("finished_s",), {"state": State.CANCELLED, "doing": ""})
