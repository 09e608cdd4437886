"""One computation per key at a time: in this process by futures, across processes by a lease in Redis."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from cardmaker.cache.tiers import Cache

T = TypeVar("T")
# Waiters look at Redis this often, each at its own pace.
_chance = random.Random()
_POLL_S = (0.005, 0.025)


class Flights(Generic[T]):
    """What is being computed in this process. The first to ask for a key computes; the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._futures: dict[str, Future[T]] = {}

    def board(self, key: str) -> tuple[Future[T], bool]:
        """The key's future, and whether the caller is the one to fulfil it: by `land`, whatever happens."""
        with self._lock:
            future = self._futures.get(key)
            if future is not None:
                return future, False
            future = self._futures[key] = Future()
            return future, True

    def land(self, key: str, future: Future[T], result: T | None, error: BaseException | None) -> None:
        with self._lock:
            del self._futures[key]
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]


@contextmanager
def renewed(cache: Cache, key: str, token: str, every_s: float) -> Iterator[None]:
    """Renews a lease in the background while the body runs. If Redis is away it is tried again: it may come back
    before the lease ends. A lease that was lost costs one more computation, no more."""
    done = threading.Event()

    def keep() -> None:
        while not done.wait(every_s):
            if cache.try_redis(lambda redis: redis.renew(key, token)) is False:
                return

    threading.Thread(target=keep, name="cardmaker-lease", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def poll(deadline: float, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Pauses between looks until the deadline has passed."""
    while clock() < deadline:
        time.sleep(_chance.uniform(*_POLL_S))
        yield
