"""Celery as we use it: its settings, its queues, and the one task's name.

A message carries a task's id, attempt and schema, no more: what there is to do stands in the task's record.
"""

from __future__ import annotations

import logging

from celery import Celery
from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue

from cardmaker.settings import Settings
from cardmaker.tasks.record import Queue

RENDER = "cardmaker.render"
SCHEMA = 1
# All that Celery keeps in Redis begins with this, so that one user of Redis may be given the keys cm:* and no more.
PREFIX = "cm:q:"
_CONNECT_S = 2.0
# No wait for Redis is longer. A worker that waits for messages is answered every second.
_TIMEOUT_S = 3.0


def _queue(name: str) -> KombuQueue:
    return KombuQueue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call]


def create(settings: Settings, *, worker: bool = False) -> Celery:
    """The app of this process, for those who submit or for a `worker`. Nothing is connected yet."""
    app = Celery("cardmaker", broker=settings.broker_url, backend=settings.result_backend, set_as_current=worker)
    transport = {
        "visibility_timeout": max(2 * settings.task_hard_s, 60.0) + 60.0,
        "socket_timeout": _TIMEOUT_S,
        "socket_connect_timeout": _CONNECT_S,
        "health_check_interval": 5,
        "global_keyprefix": PREFIX,
        "queue_order_strategy": "priority",  # the first queue first
    }
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        event_serializer="json",
        task_queues=[_queue(queue.value) for queue in Queue],
        task_default_queue=Queue.INTERACTIVE.value,
        task_create_missing_queues=False,
        task_acks_late=True,
        task_reject_on_worker_lost=False,  # else what kills its worker comes back for ever
        worker_prefetch_multiplier=1,
        task_soft_time_limit=settings.task_soft_s,
        task_time_limit=settings.task_hard_s,
        task_publish_retry=False,
        task_track_started=False,
        result_expires=round(settings.task_ttl_s),
        broker_transport_options=transport,
        result_backend_transport_options={**transport, "retry_policy": {"timeout": _TIMEOUT_S, "max_retries": 2}},
        visibility_timeout=transport["visibility_timeout"],
        redis_socket_timeout=5.0,
        redis_socket_connect_timeout=_CONNECT_S,
        redis_backend_health_check_interval=5,
        broker_connection_timeout=_CONNECT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=True,
        worker_pool="prefork",
        enable_utc=True,
    )
    # They name the broker whenever they lose it.
    logging.getLogger("kombu").setLevel(logging.CRITICAL)
    return app
