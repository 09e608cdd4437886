"""How often one client may call: counted in Redis where there is one, so that all servers count together; else, and
while Redis is away, in memory.

    cm:rate:{client's digest}...      requests in the current window; ends with it
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from typing import TypeVar

import limits
from anyio import CapacityLimiter, to_thread
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from cardmaker.api.answers import Refusal
from cardmaker.errors import StoreError
from cardmaker.redis_client import Client, RedisLink

T = TypeVar("T")
_PREFIX = "cm:rate:"
_THREADS = 4
# KEYS[1] counter, ARGV[1] seconds, ARGV[2] by how much: the first of a window says when it ends.
_COUNT = (
    "local n = redis.call('INCRBY', KEYS[1], ARGV[2]) "
    "if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
)


class Rates:
    """`limit` as settings have it; empty for none."""

    def __init__(self, limit: str, link: RedisLink | None) -> None:
        self._limit = limits.parse(limit) if limit else None
        if self._limit:
            self._limiter = FixedWindowRateLimiter(_SharedStorage(link) if link else MemoryStorage())
            self._threads = CapacityLimiter(_THREADS)

    async def count(self, client: str) -> None:
        """One more of this client. Raises Refusal with 429."""
        if self._limit is None:
            return
        name = hashlib.sha256(client.encode()).hexdigest()[:32]
        wait_s = await to_thread.run_sync(self._wait_s, self._limit, name, limiter=self._threads)
        if wait_s is not None:
            headers = {"Retry-After": str(max(1, math.ceil(wait_s)))}
            raise Refusal(429, "rate", f"more than {self._limit} from one address; try again later", headers)

    def _wait_s(self, limit: limits.RateLimitItem, name: str) -> float | None:
        """Seconds to wait; None when it may go on."""
        if self._limiter.hit(limit, name):
            return None
        return self._limiter.get_window_stats(limit, name).reset_time - time.time()


class _SharedStorage(Storage):
    """What the library asks of a storage, over our link to Redis: short waits, a breaker, memory meanwhile."""

    STORAGE_SCHEME = None

    def __init__(self, link: RedisLink) -> None:
        super().__init__()
        self._link, self._memory = link, MemoryStorage()

    @property
    def base_exceptions(self) -> type[Exception]:
        return StoreError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        def count(client: Client) -> int:
            return int(client.eval(_COUNT, 1, _PREFIX + key, expiry, amount))

        return self._either(count, lambda: self._memory.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._either(lambda client: int(client.get(_PREFIX + key) or 0), lambda: self._memory.get(key))

    def get_expiry(self, key: str) -> float:
        def ends_s(client: Client) -> float:
            return time.time() + max(0, client.pttl(_PREFIX + key)) / 1000

        return self._either(ends_s, lambda: self._memory.get_expiry(key))

    def check(self) -> bool:
        return self._either(lambda client: bool(client.ping()), lambda: False)

    def reset(self) -> int | None:
        return None  # each counter ends with its window

    def clear(self, key: str) -> None:
        self._memory.clear(key)
        self._either(lambda client: client.unlink(_PREFIX + key), lambda: None)

    def _either(self, shared: Callable[[Client], T], here: Callable[[], T]) -> T:
        try:
            return self._link.call(shared)
        except StoreError:
            return here()
