"""`cached`: a pure function that gives bytes, computed once."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Generic, ParamSpec

from cardmaker.cache import failures
from cardmaker.cache.answer import Answer, Outcome, Tier, Visit
from cardmaker.cache.blob import Blob
from cardmaker.cache.failures import NameOf
from cardmaker.cache.flight import Flights, poll, renewed
from cardmaker.cache.tiers import Cache
from cardmaker.errors import Cancelled, RenderFault

P = ParamSpec("P")
Compute = Callable[[], bytes | Blob]
# How often one who waits looks whether it is to stop.
_LOOK_S = 0.1


def cached(
    cache: Cache,
    namespace: str,
    key: Callable[P, str],
    *,
    ttl_s: float | None = None,
    is_shared: bool = True,
    name_of: Callable[P, NameOf] | None = None,
) -> Callable[[Callable[P, bytes | Blob]], Cached[P]]:
    """Decorates a pure function of its arguments. `key` gives the digest of all that shapes the bytes.

    With `is_shared` a lease sees to it that of all processes on one Redis one computes; without, for what is cheap,
    each process may. `name_of` gives the names by which a caller knows images, for errors that come from elsewhere.
    """

    def decorate(function: Callable[P, bytes | Blob]) -> Cached[P]:
        return Cached(cache, namespace, key, function, ttl_s, is_shared, name_of)

    return decorate


class Cached(Generic[P]):
    """The decorated function. Errors are never cached; those who wait get the one that the computing caller got."""

    def __init__(
        self,
        cache: Cache,
        namespace: str,
        key: Callable[P, str],
        function: Callable[P, bytes | Blob],
        ttl_s: float | None,
        is_shared: bool,
        name_of: Callable[P, NameOf] | None,
    ) -> None:
        functools.update_wrapper(self, function)
        self._cache, self._namespace, self._key, self._function = cache, namespace, key, function
        self._ttl_s, self._is_shared, self._name_of = ttl_s, is_shared, name_of
        self._flights: Flights[Answer] = Flights()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Blob:
        return self.ask(*args, **kwargs).value

    def ask(self, *args: P.args, **kwargs: P.kwargs) -> Answer:
        """The value and how it came about."""
        return self.during(self._cache.visit(), *args, **kwargs)

    def during(self, visit: Visit, *args: P.args, **kwargs: P.kwargs) -> Answer:
        """The same, as a part of a larger request: its time for Redis is shared."""
        key = self._cache.key(self._namespace, self._key(*args, **kwargs))
        name_of = self._name_of(*args, **kwargs) if self._name_of else _nameless
        reading = _Reading(self, key, lambda: self._function(*args, **kwargs), visit, name_of)
        answer = reading.run()
        record = self._cache.recorder
        for step, ms in answer.steps_ms.items():
            record.took(f"{self._namespace}_{step}", ms)
        record.took(f"{self._namespace}_{answer.outcome}", sum(answer.steps_ms.values()))
        return answer


class _Reading:
    """One read: memory, Redis, lease, Redis again, compute, store."""

    def __init__(self, of: Cached[P], key: str, compute: Compute, visit: Visit, name_of: NameOf) -> None:
        self._of, self._cache, self._key, self._compute = of, of._cache, key, compute
        self._visit, self._name_of = visit, name_of
        self._deadline = time.monotonic() + of._cache.settings.wait_s
        self._steps: dict[str, float] = {}

    def run(self) -> Answer:
        if not self._cache.settings.cache:
            return self._answer(self._computed(), Outcome.BYPASS, Tier.NONE)
        while True:
            with self._timed("memory"):
                blob = self._cache.in_memory(self._key)
            if blob is not None:
                self._count("hit_memory")
                return self._answer(blob, Outcome.HIT, Tier.MEMORY)
            future, is_first = self._of._flights.board(self._key)
            if is_first:
                return self._fly(future)
            answer = self._join(future)
            if answer is not None:
                return answer

    def _fly(self, future: Future[Answer]) -> Answer:
        """As the first of this process; whatever comes of it is told to the others."""
        answer: Answer | None = None
        failure: BaseException | None = None
        try:
            answer = self._redis_or_compute()
            return answer
        except BaseException as error:
            # Others must not be stopped because this caller was.
            failure = error if isinstance(error, Exception) else Cancelled("interrupted")
            raise
        finally:
            self._of._flights.land(self._key, future, answer, failure)

    def _join(self, future: Future[Answer]) -> Answer | None:
        """What the first of this process got; None when it was stopped."""
        with self._timed("wait"):
            while not future.done() and (left_s := self._deadline - time.monotonic()) > 0:
                self._visit.check()
                wait([future], min(left_s, _LOOK_S))
        if not future.done():
            self._count("wait_timeout")
            return self._alone()
        error = future.exception()
        if isinstance(error, Cancelled):
            return None
        if isinstance(error, Exception):
            raise self._renamed(error)
        found = future.result()
        self._count("coalesced")
        return self._answer(found.value, Outcome.COALESCED, found.tier)

    def _redis_or_compute(self) -> Answer:
        found = self._look()
        if found is not None or not self._of._is_shared:
            return found or self._alone()
        self._visit.absent.discard(self._key)  # from now on others may bring it at any moment
        while True:
            with self._timed("lease"):
                token = self._cache.try_redis(lambda redis: redis.acquire(self._key, self._visit.spell) or "")
            if token is None:
                return self._alone()  # no Redis: nobody to share with
            if token:
                return self._leased(token)
            answer = self._waited()
            if answer is not None:
                return answer

    def _leased(self, token: str) -> Answer:
        found = self._look()  # between our look and our lease it may have come
        if found is not None:
            self._release(token)
            return found
        try:
            with renewed(self._cache, self._key, token, self._cache.settings.lease_s / 3):
                blob = self._computed()
        except Cancelled:
            self._release(token)
            raise
        except Exception as error:
            self._release(token, failures.dump(error))
            raise
        except BaseException:
            self._release(token)
            raise
        return self._stored(blob, token)

    def _waited(self) -> Answer | None:
        """What the process that has the lease came to; None when it gave up without a value or an error."""
        with self._timed("wait"):
            for _ in poll(self._deadline):
                self._visit.check()
                news = self._cache.try_redis(lambda redis: redis.news(self._key, self._visit.spell))
                if news is None:
                    break
                if news.is_there:
                    found = self._look(Outcome.COALESCED)
                    if found is not None:
                        return found
                error = failures.load(news.error, self._name_of) if news.error is not None else None
                if error is not None:
                    raise error
                if not news.is_leased:
                    return None
            else:
                self._count("wait_timeout")
        return self._alone()

    def _look(self, outcome: Outcome = Outcome.HIT) -> Answer | None:
        with self._timed("redis"):
            blob = self._cache.in_redis(self._key, self._visit, self._of._ttl_s)
        if blob is None:
            return None
        self._count("hit_redis" if outcome is Outcome.HIT else "coalesced")
        return self._answer(blob, outcome, Tier.REDIS)

    def _alone(self) -> Answer:
        return self._stored(self._computed(), None)

    def _computed(self) -> Blob:
        if self._cache.settings.cache:
            self._count("miss")
        with self._timed("compute"):
            return Blob.of(self._compute())

    def _stored(self, blob: Blob, token: str | None) -> Answer:
        with self._timed("store"):
            tier = self._cache.store(self._key, blob, self._visit, self._of._ttl_s, token)
            if token and tier is not Tier.REDIS:
                self._release(token)
        return self._answer(blob, Outcome.MISS, tier)

    def _release(self, token: str, error: bytes | None = None) -> None:
        """At once, or behind the back of a request that has no more time for Redis: others wait for the lease."""
        spell = self._cache.visit().spell

        def give_up() -> None:
            self._cache.try_redis(lambda redis: redis.release(self._key, token, spell, error))

        if self._visit.spell.left_s > 0:
            give_up()
        else:
            threading.Thread(target=give_up, name="cardmaker-release", daemon=True).start()

    def _renamed(self, error: Exception) -> Exception:
        """An error of another caller in our names; not even its cause says theirs."""
        return failures.load(failures.dump(error), self._name_of) or RenderFault(
            "the render failed; please report this"
        )

    def _answer(self, blob: Blob, outcome: Outcome, tier: Tier) -> Answer:
        return Answer(blob, outcome, tier, self._steps)

    def _count(self, counter: str) -> None:
        self._cache.recorder.add(counter)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._steps[step] = self._steps.get(step, 0.0) + (time.perf_counter() - start) * 1000


def _nameless(_: str) -> str:
    return "a card"
