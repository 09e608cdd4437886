"""The only place that makes a Redis client: timeouts, breaker, what its errors mean for us.

redis-py's defaults wait for up to a minute and retry. Here each wait is short, nothing is retried, one request gives
Redis a bounded time in total, and a Redis that fails is left alone for a while.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
from redis import exceptions as theirs
from redis.backoff import NoBackoff
from redis.retry import Retry

from cardmaker.breaker import Breaker, State
from cardmaker.errors import SettingError, StoreAway, StoreError, StoreFull, StoreMisfit, StoreRefused
from cardmaker.settings import Settings

T = TypeVar("T")
Client = redis.Redis
_log = logging.getLogger(__name__)
# Below this it says where Redis is, whenever it fails.
logging.getLogger("redis").setLevel(logging.INFO)

_BAD_LOGIN = "Redis refuses our user or password; check REDIS_URL or REDIS_PASSWORD"
# What redis-py raises and what it means, in the order to ask: a wrong password is a ConnectionError to it.
_REFUSED: tuple[tuple[type[Exception], str], ...] = (
    (theirs.AuthenticationError, _BAD_LOGIN),
    (theirs.AuthenticationWrongNumberOfArgsError, _BAD_LOGIN),
    (theirs.AuthorizationError, _BAD_LOGIN),
    (theirs.NoPermissionError, "the Redis user may not do what a cache needs; give it rights for the keys cm:*"),
    (theirs.ReadOnlyError, "this Redis is read-only; name its primary"),
)
# The same by the words of its answer.
_UNABLE = (
    ("NOAUTH", _BAD_LOGIN),
    ("unknown command", "this Redis is too old; it must be 6.2 or newer"),
    ("MISCONF", "Redis cannot save its data and so takes none; its log says why"),
    ("DENIED", "Redis runs in protected mode and lets only its own machine in; give it a password"),
    ("MOVED", "this Redis is part of a cluster; name one that stands alone"),
)
_TLS = "Redis and we do not agree on TLS; check rediss:// and the certificate"
# A request asks about so often: for its value, for the lease, again for the value, and to store it.
_CALLS = 4
_AWAY = (theirs.TimeoutError, theirs.ConnectionError, OSError)


@dataclass(frozen=True, slots=True)
class Status:
    """`state` is the breaker's; `reason` says in a sentence why Redis is not used, without its address."""

    configured: bool
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Memory:
    """`policy` is what Redis throws away when it is full, in its own words; `limit_bytes` when it is, 0 for never.
    `evicted` is how many keys it threw away since it began this `run`."""

    policy: str
    limit_bytes: int
    used_bytes: int
    evicted: int
    run: str

    @property
    def keeps_tasks(self) -> bool:
        """Whether it throws away nothing, or only what ends by itself anyway."""
        return self.policy.startswith(("volatile-", "noeviction"))


class Spell:
    """What one request may still give Redis: seconds in all, and nothing after its first failure."""

    def __init__(self, budget_s: float) -> None:
        self.left_s = budget_s
        self.reason = ""

    def spend(self, seconds: float) -> None:
        """Another call is likely to take as long: when there is no time for it, there is none at all."""
        self.left_s -= seconds
        if self.left_s < seconds:
            self.end("Redis is slow")

    def end(self, reason: str) -> None:
        self.left_s, self.reason = 0.0, reason


class RedisLink:
    """A Redis that may be away at any time. `call` hands its work a client and gives what it gives, or StoreError.

    Safe to share between threads; each process makes its own.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        if settings.redis_url is None:
            raise ValueError("no Redis in the settings")
        self._settings = settings
        self._clock = clock
        self._has_answered = False
        # Who wants to know hears why, at each opening of the breaker.
        self.on_opening: Callable[[str], object] = lambda _: None
        self._is_tls = settings.redis_url.startswith("rediss:")
        self.breaker = Breaker(settings.breaker_failures, settings.breaker_open_s, clock)
        self.client = connect(settings)

    def call(
        self,
        work: Callable[[Client], T],
        spell: Spell | None = None,
        *,
        transfer: bool | Callable[[T], bool] = False,
    ) -> T:
        """`transfer` says that the work moves a big value, or of its result whether it did: its time is not counted,
        each of its waits still bounded.

        Raises StoreAway, StoreRefused, StoreFull or StoreMisfit.
        """
        if spell is not None and spell.left_s <= 0:
            raise StoreAway(spell.reason or "Redis took too long for this request")
        if not self.breaker.allows():
            raise StoreAway(self.breaker.reason)
        start = self._clock()
        try:
            result = work(self.client)
        except Exception as error:
            failure = self._failure(error)
            if spell is not None and not isinstance(failure, StoreFull | StoreMisfit):
                spell.end(str(failure))
            raise failure from error
        except BaseException:
            self.breaker.undecided()
            raise
        self._has_answered = True
        took_s = self._clock() - start
        if transfer(result) if callable(transfer) else transfer:
            self.breaker.succeeded()
            return result
        if spell is not None:
            spell.spend(took_s)
        if took_s > self._settings.redis_budget_s / _CALLS:
            self._fail("Redis is slow")
        else:
            self.breaker.succeeded()
        return result

    def ping(self) -> None:
        """Asks Redis whether it is there, so that a recovery shows without other traffic. Raises StoreError."""
        self.call(lambda client: client.ping())

    def memory(self) -> Memory | None:
        """None when it does not tell us. Raises StoreError."""

        def ask(client: Client) -> dict[str, Any]:
            try:
                told: dict[str, Any] = client.info()
            except theirs.ResponseError:  # a user without the right to ask, who may do all that a cache needs
                return {}
            return told

        told = self.call(ask)
        numbers = [told.get(name) for name in ("maxmemory", "used_memory", "evicted_keys")]
        policy, run = told.get("maxmemory_policy"), told.get("run_id")
        if not isinstance(policy, str):
            return None
        limit, used, evicted = (number if isinstance(number, int) else 0 for number in numbers)
        return Memory(policy, limit, used, evicted, str(run))

    def seconds(self) -> float:
        """The time by Redis's clock, since 1970. Raises StoreError."""
        seconds, micros = self.call(lambda client: client.time())
        return float(seconds + micros / 1e6)

    def status(self) -> Status:
        state = self.breaker.state
        return Status(True, state, self.breaker.reason if state is not State.CLOSED else "")

    def close(self) -> None:
        self.client.close()

    def _failure(self, error: Exception) -> StoreError:
        """Ours for theirs, the breaker told. What is no error of Redis is raised as it is."""
        if isinstance(error, theirs.MaxConnectionsError):
            self.breaker.undecided()
            return StoreAway("all our connections to Redis are busy")
        refusal = _refusal(error)
        if refusal:
            return self._refuse(refusal)
        if isinstance(error, theirs.BusyLoadingError):
            return self._away("Redis is still loading")
        if isinstance(error, _AWAY):
            return self._away("Redis does not answer" + self._tls_hint(error))
        if isinstance(error, theirs.InvalidResponse):
            return self._away("what Redis answers is garbled")
        self.breaker.succeeded()  # it did answer
        if isinstance(error, theirs.OutOfMemoryError):
            return StoreFull("Redis is full")
        if _is_wrong_type(error):
            return StoreMisfit("what lies under this key in Redis is not ours")
        if isinstance(error, theirs.RedisError):
            return self._away("Redis does not do what a cache needs; its log may say why")
        raise error

    def _tls_hint(self, error: Exception) -> str:
        """Of a Redis that never answered yet, TLS may be why."""
        if self._has_answered:
            return ""
        if self._is_tls:
            return "; REDIS_URL asks for TLS, which it may not speak"
        hung_up = isinstance(error, theirs.ConnectionError) and "connecting to" not in str(error)
        return "; if it wants TLS, write rediss://" if hung_up else ""

    def _away(self, reason: str) -> StoreAway:
        self._fail(reason)
        # What is left of this pool may be half-open: the next probe must not meet it.
        self.client.connection_pool.disconnect(inuse_connections=False)
        return StoreAway(reason)

    def _refuse(self, reason: str) -> StoreRefused:
        self._fail(reason, self._settings.breaker_refused_s)
        return StoreRefused(reason)

    def _fail(self, reason: str, open_s: float | None = None) -> None:
        if self.breaker.failed(reason, open_s):
            _log.warning("%s; going on without it", reason)
            self.on_opening(reason)


def sound(results: Sequence[object]) -> list[object]:
    """The results of a pipeline that was asked to give errors as results. A value of the wrong type stays one, whose
    key is not ours; any other error is raised."""
    for result in results:
        if isinstance(result, Exception) and not _is_wrong_type(result):
            raise result
    return list(results)


def connect(settings: Settings) -> Client:
    """A client that waits briefly and retries nothing. It connects when it is first used."""
    assert settings.redis_url
    timeout = settings.redis_timeout_s
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": settings.redis_connections,
        "health_check_interval": 0,
        # Each greeting is a wait of its own: no HELLO, and no introduction of the library.
        "protocol": 2,
        "driver_info": None,
    }
    if settings.redis_url.startswith("rediss:") and "@" not in settings.redis_url:
        # What TLS sends of its own after its handshake, redis-py takes for stray data unless it has read an answer.
        options["client_name"] = "cardmaker"
    try:
        client: Client = redis.Redis.from_url(settings.redis_url, **options)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # finds options that it does not know; nothing is connected
    except (ValueError, TypeError, theirs.RedisError):
        raise SettingError("REDIS_URL: an option in it is not one that redis-py knows; remove it") from None
    return client


def _is_wrong_type(error: Exception) -> bool:
    return isinstance(error, theirs.ResponseError) and "WRONGTYPE" in str(error)


def _refusal(error: Exception) -> str:
    """Why Redis will not serve us until someone changes something; empty for all else."""
    by_kind = next((reason for kind, reason in _REFUSED if isinstance(error, kind)), "")
    by_words = next((reason for words, reason in _UNABLE if words in str(error)), "")
    return by_kind or (by_words if isinstance(error, theirs.RedisError) else "") or (_TLS if _is_tls(error) else "")


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) or "SSL" in str(error) or "certificate" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
