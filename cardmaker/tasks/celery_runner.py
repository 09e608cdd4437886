"""Tasks on Celery workers: records, images and results in Redis, a message with the id in a queue."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import OutOfMemoryError, RedisError

from cardmaker.errors import StoreAway, StoreError, StoreFull, TaskGone
from cardmaker.settings import Settings
from cardmaker.tasks import celery_app, records
from cardmaker.tasks.images import StoredImages
from cardmaker.tasks.job import Job, load
from cardmaker.tasks.record import Queue, Task
from cardmaker.tasks.redis_records import RedisRecords
from cardmaker.tasks.runner import Count, Desk, Kept

_log = logging.getLogger(__name__)
_UNQUEUED = "Redis takes no task at the moment; try again soon"


class CeleryRunner(Desk):
    """As `Runner`. Its errors are those of Redis: StoreFull, StoreAway, StoreRefused."""

    _store: RedisRecords

    def __init__(
        self,
        store: RedisRecords,
        images: StoredImages,
        kept: Kept,
        settings: Settings,
        count: Count,
        app: Celery | None = None,
    ) -> None:
        super().__init__(store, kept, count)
        self._images, self._settings = images, settings
        self._app = app or celery_app.create(settings)

    def submit(self, task: Task, job: Job) -> Task:
        self._images.put(job.artwork.images)
        return self._submit(task, job.dump())

    def retry(self, task_id: str) -> Task:
        old, new = self._retried(task_id)
        data = self._store.job(old.id)
        if data is None:
            raise TaskGone("what this task was to do is no longer kept; submit it again")
        self._images.put(load(data, self._images.get).artwork.images)
        made = self._submit(new, data)
        self._link(old, made)
        return made

    def cancel(self, task_id: str) -> Task:
        """One that does not stop by itself is killed with its process."""
        task = super().cancel(task_id)
        if not task.is_final:
            # Until it hears of it, and what it may take then.
            patience_s = self._settings.task_beat_s + self._settings.task_grace_s
            timer = threading.Timer(patience_s, self._terminate, (task_id,))
            timer.daemon = True
            timer.start()
        return task

    def publish(self, task: Task) -> None:
        """Puts a waiting task into its queue. Raises StoreAway or StoreFull."""
        message = {"task_id": task.id, "attempt": task.attempt, "schema": celery_app.SCHEMA}
        try:
            self._app.send_task(celery_app.RENDER, kwargs=message, task_id=task.id, queue=task.queue.value, retry=False)
        except (OperationalError, RedisError, OSError) as error:
            if isinstance(error, OutOfMemoryError) or "maxmemory" in str(error):
                raise StoreFull("Redis is full") from None
            raise StoreAway(_UNQUEUED) from None

    def waiting(self) -> int:
        """How many messages wait in the queues. Raises StoreAway."""
        try:
            with self._app.connection_for_write() as connection:
                return sum(_length(connection.default_channel, queue.value) for queue in Queue)
        except (OperationalError, RedisError, OSError) as error:
            raise StoreAway(_UNQUEUED) from error

    def close(self) -> None:
        self._app.close()

    def _submit(self, task: Task, data: bytes) -> Task:
        made = self._store.create(task, data)
        if made.id != task.id:
            return made
        try:
            self.publish(made)
        except StoreError as error:
            self._withdraw(made, str(error))
            raise
        self._count("queued")
        return made

    def _withdraw(self, task: Task, why: str) -> None:
        """Who submitted it is told; nobody shall find it waiting."""
        try:
            try:
                self._store.change(task.id, records.failed(None, "store-away", why))
            except StoreFull:
                self._store.forget(task.id)
        except StoreError:
            _log.warning("a task that could not be queued stands as waiting; it starts when Redis is back")

    def _terminate(self, task_id: str) -> None:
        try:
            ended = self._store.change(task_id, records.cancelled(records.RUNNING))
            if ended.done:
                self._count("cancelled")
                self._app.control.revoke(task_id, terminate=True, signal="SIGKILL")
        except (StoreError, OperationalError, RedisError, OSError):
            _log.warning("a cancelled task cannot be stopped while Redis is away; it stops when it sees that it is")


def _length(channel: Any, queue: str) -> int:
    # Not passive: whether a queue is there, kombu asks without the prefix of our keys, and hears no.
    return int(channel.queue_declare(queue=queue).message_count)
