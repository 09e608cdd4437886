"""The two tiers behind one face: memory before Redis, and Redis never in the way."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from cardmaker.breaker import State
from cardmaker.cache.answer import Stats, Tier, Visit
from cardmaker.cache.blob import Blob
from cardmaker.cache.memory import MemoryTier
from cardmaker.cache.recorder import Recorder, Tally
from cardmaker.cache.redis_tier import PREFIX, RedisTier
from cardmaker.errors import StoreError, StoreFull
from cardmaker.redis_client import RedisLink, Spell, Status
from cardmaker.settings import Settings

T = TypeVar("T")

_DIGEST = re.compile(r"[0-9a-f]{16,64}")
_NAMESPACE = re.compile(r"[a-z]{1,20}")
_STATS_STEPS = 20
_FETCHED_AT_ONCE = 128


class Cache:
    """Values by namespace and digest. Safe to share between threads; each process makes its own.

    `version` stands in every key: what another version of the renderer stored is never read.
    """

    def __init__(
        self,
        settings: Settings,
        version: int,
        link: RedisLink | None = None,
        clock: Callable[[], float] = time.monotonic,
        recorder: Recorder | None = None,
    ) -> None:
        self.settings = settings
        self.recorder: Recorder = recorder or Tally()
        self.memory = MemoryTier(
            settings.cache_memory_bytes,
            settings.cache_entry_bytes,
            settings.cache_ttl_s,
            clock,
            lambda number: self.recorder.add("evicted", number),
        )
        self._version = version
        self._link = link
        self._redis = RedisTier(link, settings, self.recorder.add) if link else None
        self._lock = threading.Lock()
        self._openings = link.breaker.openings if link else 0

    # -- for operators and notebooks --

    def get(self, namespace: str, digest: str) -> Blob | None:
        """The value, from memory or Redis; None when neither has it."""
        key = self.key(namespace, digest)
        here = self.in_memory(key)
        return self.in_redis(key, self.visit()) if here is None else here

    def set(self, namespace: str, digest: str, value: bytes | Blob, ttl_s: float | None = None) -> None:
        self.store(self.key(namespace, digest), Blob.of(value), self.visit(), ttl_s)

    def delete(self, namespace: str, digest: str) -> bool:
        """Whether it was there."""
        key = self.key(namespace, digest)
        was_here = self.memory.delete(key)
        return bool(self.try_redis(lambda redis: redis.delete(key, self.visit().spell))) or was_here

    def clear(self, namespace: str | None = None) -> int:
        """Removes a namespace, or all of them, of every version. How many keys went, in memory and in Redis."""
        name = _checked(_NAMESPACE, namespace) if namespace is not None else None
        here = self.memory.clear(f"{PREFIX}:{name}:v" if name else "")
        return here + (self.try_redis(lambda redis: redis.clear(name)) or 0)

    def stats(self, *, survey: bool = True) -> Stats:
        """Without a `survey` Redis is not asked what it holds."""
        here, status = self.memory.extent(), self.status()
        sampled = self.try_redis(lambda redis: redis.sample(_STATS_STEPS)) if survey else None
        entries, sizes = sampled or (None, [])
        left = sorted(seconds for _, seconds in sizes)
        return Stats(
            tier=self.tier,
            reason=status.reason,
            entries=here.entries,
            bytes=here.bytes,
            evictions=self.memory.evictions,
            counts=dict(self.recorder.counts()),
            redis_entries=entries,
            redis_bytes=None if sampled is None else sum(size for size, _ in sizes),
            ttl_s=(left[0], left[len(left) // 2], left[-1]) if left else None,
            spread=tuple(sizes if sampled else self.memory.spread()) if survey else (),
        )

    def status(self) -> Status:
        """Of Redis: whether it is used, and if not, why."""
        return self._link.status() if self._link else Status(False, State.CLOSED, "")

    @property
    def tier(self) -> Tier:
        """The farthest tier that works."""
        if not self.settings.cache:
            return Tier.NONE
        works = self._link is not None and self._link.status().state is State.CLOSED
        return Tier.REDIS if works else Tier.MEMORY

    def probe(self) -> Status:
        """Asks Redis whether it is there, so that a recovery shows without other traffic. The reason is that of this
        very question, also while the breaker still lets others ask."""
        if self._link is None:
            return self.status()
        try:
            self._link.ping()
        except StoreError as error:
            self.recorder.add("redis_error")
            return Status(True, self._link.breaker.state, str(error))
        return self.status()

    # -- for those who read through it --

    def key(self, namespace: str, digest: str) -> str:
        """The key in both tiers. Only names of ours and digests ever reach it."""
        return self.prefix(namespace) + _checked(_DIGEST, digest)

    def prefix(self, namespace: str) -> str:
        """What the keys of a namespace begin with."""
        return f"{PREFIX}:{_checked(_NAMESPACE, namespace)}:v{self._version}:"

    def visit(self, cancelled: Callable[[], bool] | None = None) -> Visit:
        """For one request; `cancelled` says that it need not wait for others any longer."""
        return Visit(Spell(self.settings.redis_budget_s), cancelled=cancelled)

    def has(self, namespace: str, digest: str) -> bool:
        """Whether it is in memory or, as far as Redis says so, there."""
        key = self.key(namespace, digest)
        return self.memory.has(key) or bool(self.try_redis(lambda redis: redis.has(key, self.visit().spell)))

    def fetch(self, namespace: str, digests: Iterable[str], visit: Visit) -> None:
        """Brings many small values from Redis to memory in few round trips, for reads that follow in this visit; no
        more than a part of the memory tier holds."""
        keys = [key for key in (self.key(namespace, digest) for digest in digests) if not self.memory.has(key)]
        if not keys or not self.settings.cache:
            return
        room = self.settings.cache_memory_bytes // 4
        for start in range(0, len(keys), _FETCHED_AT_ONCE):
            batch = keys[start : start + _FETCHED_AT_ONCE]
            found = self.try_redis(lambda redis, batch=batch: redis.get_many(batch, visit.spell))  # type: ignore[misc]
            if found is None:
                return
            for key, blob in found.values.items():
                self.memory.set(key, blob)
            self.recorder.add("fetched", len(found.values))
            visit.absent.update(found.absent)
            room -= sum(blob.size for blob in found.values.values())
            if room <= 0:  # what came first would be pushed out before it is read
                return

    def in_memory(self, key: str) -> Blob | None:
        return self.memory.get(key) if self.settings.cache else None

    def in_redis(self, key: str, visit: Visit, ttl_s: float | None = None) -> Blob | None:
        """The value, kept in memory from now on, and in Redis for that long again."""
        if not self.settings.cache or key in visit.absent:
            return None
        blob = self.try_redis(lambda redis: redis.get(key, visit.spell, ttl_s))
        if blob is not None:
            self.memory.set(key, blob, ttl_s)
        return blob

    def store(self, key: str, blob: Blob, visit: Visit, ttl_s: float | None, token: str | None = None) -> Tier:
        """Keeps the value in both tiers and gives up the lease; the farthest tier that has it now."""
        if not self.settings.cache:
            return Tier.NONE
        kept = Tier.MEMORY if self.memory.set(key, blob, ttl_s) else Tier.NONE
        if blob.size > self.settings.cache_value_bytes:
            self.recorder.add("too_big")
            return kept
        if self.try_redis(lambda redis: redis.set(key, blob, ttl_s, visit.spell, token)):
            self.recorder.add("store")
            return Tier.REDIS
        return kept

    def try_redis(self, work: Callable[[RedisTier], T]) -> T | None:
        """What the work gives, or None without Redis or when it failed, which is counted."""
        if self._redis is None:
            return None
        try:
            return work(self._redis)
        except StoreFull:
            self.recorder.add("oom")
        except StoreError:
            self.recorder.add("redis_error")
        finally:
            self._count_openings(self._redis.link)
        return None

    def _count_openings(self, link: RedisLink) -> None:
        """Each opening once, whichever thread sees it first."""
        with self._lock:
            new, self._openings = link.breaker.openings - self._openings, link.breaker.openings
        if new:
            self.recorder.add("breaker_open", new)


def _checked(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"no part of a cache key: it must match {pattern.pattern}")
    return text
