"""A Celery worker: processes that each run one task at a time, and a main one that looks after them."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning, SoftTimeLimitExceeded
from celery.worker import state as worker_state
from celery.worker.request import Request
from kombu.asynchronous import get_event_loop

from cardmaker.errors import StoreError
from cardmaker.render import Cancel, Progress
from cardmaker.settings import Settings
from cardmaker.tasks import celery_app
from cardmaker.tasks.execution import Receipt, TimedOut, Work
from cardmaker.tasks.live import Fleet
from cardmaker.tasks.reaper import Reaper
from cardmaker.tasks.record import Queue, Task, is_id

_log = logging.getLogger(__name__)
_ACKS, _ACK_S = 5, 1.0


class Bench(Protocol):
    """What a process of the worker works at; each makes its own."""

    def perform(self, task_id: str, attempt: int, limited: Callable[[Work], Work]) -> str:
        """Runs the task and gives the state it is in then; `unknown` when it was not ours to run."""
        ...

    def refuse(self, task_id: str) -> None:
        """The task, if there is one, was queued by another version of ours."""
        ...


class Overseer(Protocol):
    """What the worker's main process needs."""

    @property
    def reaper(self) -> Reaper: ...
    @property
    def fleet(self) -> Fleet: ...


def serve(
    settings: Settings,
    bench: Callable[[], Bench],
    overseer: Callable[[], Overseer],
    *,
    concurrency: int,
    queues: Sequence[Queue],
) -> int:
    """Works until it is told to stop, then ends what it began. Gives an exit code."""
    app = celery_app.create(settings, worker=True)
    _register(app, settings, bench)
    watch = _Watch(overseer, concurrency, settings)
    signals.worker_ready.connect(watch.begin, weak=False)
    signals.task_failure.connect(watch.failed, weak=False)
    signals.worker_shutdown.connect(watch.end, weak=False)
    # Forked with the main process's handler, a child would not end on SIGTERM alone.
    signals.setup_logging.connect(_Logging(settings), weak=False)
    taken = ",".join(queue.value for queue in queues)
    # Quiet: the greeting would say where Redis is.
    argv = ["--quiet", "worker", f"--concurrency={concurrency}", f"--queues={taken}", "--loglevel=INFO"]
    argv += ["--without-gossip", "--without-mingle"]
    app.worker_main(argv)
    return 0


def _register(app: Celery, settings: Settings, bench: Callable[[], Bench]) -> None:
    here: list[Bench] = []

    @signals.worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]
    def prepare(**_: object) -> None:
        here[:] = [bench()]

    def limited(work: Work) -> Work:
        def run(task: Task, progress: Progress, cancelled: Cancel) -> Receipt:
            try:
                return work(task, progress, cancelled)
            except SoftTimeLimitExceeded:
                raise TimedOut(_too_long(settings.task_soft_s)) from None

        return run

    @app.task(name=celery_app.RENDER, Request=_Request)  # type: ignore[untyped-decorator]
    def render(task_id: object = "", attempt: object = 0, schema: object = None, **_: object) -> dict[str, str]:
        """The receipt; the document is in the cache."""
        if schema != celery_app.SCHEMA or not isinstance(attempt, int) or not is_id(str(task_id)):
            _log.warning("a message of another version of Cardmaker is refused")
            here[0].refuse(str(task_id))
            return {"state": "incompatible"}
        return {"task_id": str(task_id), "state": here[0].perform(str(task_id), attempt, limited)}


class _Request(Request):  # type: ignore[misc]
    """A message whose acknowledgement does not get through counts as in work, and its slot is never used again: so it
    is tried again, each time on another connection."""

    def acknowledge(self) -> None:
        if not self.acknowledged:
            super().acknowledge()  # only queued by this, for the event loop
            self._later(_ACKS)

    def _later(self, times: int) -> None:
        if loop := get_event_loop():  # none once the worker has ended
            loop.call_later(_ACK_S, self._again, times)  # type: ignore[no-untyped-call]

    def _again(self, times: int) -> None:
        if self.message.acknowledged or not times:
            return
        self.message.ack_log_error(_log, self._connection_errors)
        self._later(times - 1)


class _Watch:
    """In the worker's main process."""

    def __init__(self, overseer: Callable[[], Overseer], slots: int, settings: Settings) -> None:
        self._make, self._slots, self._settings = overseer, slots, settings
        self._overseer: Overseer | None = None

    def begin(self, **_: object) -> None:
        self._overseer = self._make()
        self._report()
        self._overseer.reaper.start(also=self._report)

    def failed(self, exception: object = None, kwargs: Any = None, **_: object) -> None:
        """A task ended without a word of its own: its process is gone, or was stopped here."""
        if self._overseer is None or not isinstance(exception, WorkerLostError | TimeLimitExceeded):
            return
        reaper, limit_s = self._overseer.reaper, self._settings.task_hard_s
        try:
            task_id, attempt = str(kwargs["task_id"]), int(kwargs["attempt"])
            if isinstance(exception, TimeLimitExceeded):
                reaper.overran(task_id, attempt, _too_long(limit_s))
            else:
                reaper.killed(task_id, attempt)
        except (StoreError, KeyError, TypeError, ValueError):
            _log.warning("a task whose process is gone will be found by its silence")

    def end(self, **_: object) -> None:
        if self._overseer is None:
            return
        self._overseer.reaper.stop()
        try:
            self._overseer.fleet.leave()
        except StoreError:
            _log.debug("the worker's sign of life ends by itself")

    def _report(self) -> None:
        if self._overseer is not None:
            self._overseer.fleet.report(self._slots, len(worker_state.active_requests))


class _Logging:
    """Lines of our own: Celery's greeting shows where Redis is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, loglevel: int = logging.INFO, **_: object) -> None:
        handler = logging.StreamHandler()
        handler.setFormatter(_Discreet(self._settings))
        logging.basicConfig(level=loglevel, handlers=[handler])
        logging.getLogger("celery").setLevel(logging.WARNING)
        warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)  # of settings that we chose


class _Discreet(logging.Formatter):
    """Whatever a library says when it fails, it does not say where Redis is."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        urls = (settings.redis_url, settings.broker_url, settings.result_backend)
        parts = {urlsplit(url) for url in urls if url}
        places = {f"{part.hostname}:{part.port or 6379}" if part.hostname else part.path for part in parts}
        self._places = re.compile("|".join([r"\b(?:rediss?|unix)://[^\s'\",]+", *map(re.escape, sorted(places))]))

    def format(self, record: logging.LogRecord) -> str:
        return self._places.sub("Redis", super().format(record))


def _too_long(limit_s: float) -> str:
    return f"took longer than {limit_s:g} s and was stopped; print the deck in parts"
