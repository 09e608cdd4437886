"""The cache on a real Redis: what is read where, what is computed how often, and who is told what."""

import hashlib
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from cardmaker.cache import Answer, Blob, Cache, Cached, Outcome, Tier, cached
from cardmaker.cache.blob import CHUNK_BYTES
from cardmaker.cache.memory import MemoryTier
from cardmaker.errors import Cancelled, ImageError, RenderFault
from cardmaker.redis_client import Client, RedisLink
from cardmaker.settings import Settings
from tests.cache_worker import IMAGE, Orders, Worker, together, value_of
from tests.redis_server import RedisServer
from tests.tools import until

DIGEST, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4
KEY = f"cm:pdf:v1:{DIGEST}"
MIB = 1 << 20
WITHIN_S = 10.0


@dataclass
class Counted:
    """A function behind the cache, and how often it was computed."""

    ask: Callable[[], Answer]
    calls: list[float]


def counted(cache: Cache, value: bytes = b"value", digest: str = DIGEST) -> Counted:
    calls: list[float] = []

    @cached(cache, "pdf", key=lambda: digest)
    def document() -> bytes:
        calls.append(time.monotonic())
        return value

    return Counted(document.ask, calls)


def new_cache(server: RedisServer, **settings: object) -> Cache:
    """As another process would have it: nothing in memory."""
    patient = Settings(redis_url=server.url, redis_timeout_s=5.0, redis_budget_s=20.0)  # the cores may be busy
    chosen = replace(patient, **settings)  # type: ignore[arg-type]
    return Cache(chosen, 1, RedisLink(chosen))


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Client]:
    """The test's own look at Redis."""
    client = redis_server.client()
    yield client
    client.close()


def calls_of(redis: Client, command: str) -> int:
    stats = redis.info("commandstats")
    assert isinstance(stats, dict)
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


# -- where a value comes from --


def test_a_cold_key_is_computed_and_kept_in_both_tiers(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)

    answer = counted(cache).ask()

    assert (answer.outcome, answer.tier, bytes(answer.value)) == (Outcome.MISS, Tier.REDIS, b"value")
    assert answer.steps_ms.keys() == {"memory", "redis", "lease", "compute", "store"}
    assert cache.recorder.counts() == {"miss": 1, "store": 1}
    assert redis.keys("*") == [KEY.encode()]


def test_the_second_read_comes_from_memory_without_asking_redis(redis_server: RedisServer, redis: Client) -> None:
    document = counted(new_cache(redis_server))
    document.ask()
    asked = calls_of(redis, "getex")

    answer = document.ask()

    assert (answer.outcome, answer.tier, bytes(answer.value)) == (Outcome.HIT, Tier.MEMORY, b"value")
    assert answer.steps_ms.keys() == {"memory"}
    assert len(document.calls) == 1
    assert calls_of(redis, "getex") == asked


def test_what_another_process_stored_comes_from_redis_and_then_from_memory(redis_server: RedisServer) -> None:
    counted(new_cache(redis_server)).ask()
    cache = new_cache(redis_server)
    document = counted(cache)

    first, second = document.ask(), document.ask()

    assert (first.outcome, first.tier, bytes(first.value)) == (Outcome.HIT, Tier.REDIS, b"value")
    assert (second.outcome, second.tier) == (Outcome.HIT, Tier.MEMORY)
    assert document.calls == []
    assert cache.recorder.counts() == {"hit_redis": 1, "hit_memory": 1}


def test_a_cache_that_is_off_computes_each_time_and_keeps_nothing(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server, cache=False)
    document = counted(cache)

    answers = [document.ask(), document.ask()]

    assert [(each.outcome, each.tier) for each in answers] == [(Outcome.BYPASS, Tier.NONE)] * 2
    assert len(document.calls) == 2
    assert redis.dbsize() == 0
    assert cache.memory.extent().entries == 0
    assert cache.tier is Tier.NONE


def test_without_redis_memory_serves_alone() -> None:
    cache = Cache(Settings(), 1)
    document = counted(cache)

    answers = [document.ask(), document.ask()]

    assert [(each.outcome, each.tier) for each in answers] == [(Outcome.MISS, Tier.MEMORY), (Outcome.HIT, Tier.MEMORY)]
    assert cache.tier is Tier.MEMORY
    assert cache.recorder.counts() == {"miss": 1, "hit_memory": 1}


def test_the_decorated_function_keeps_its_name_and_gives_its_value(redis_server: RedisServer) -> None:
    def document(text: str) -> bytes:
        return text.encode()

    wrapped = cached(new_cache(redis_server), "pdf", key=lambda text: hashlib.sha256(text.encode()).hexdigest())(
        document
    )

    assert bytes(wrapped("one")) == b"one"
    assert bytes(wrapped("two")) == b"two"
    assert wrapped.__name__ == "document"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("namespace", "digest"),
    [
        ("pdf", "Sol Ring.png"),
        ("pdf", "ABCDEF0123456789"),
        ("pdf", "0123"),
        ("pdf", f"{DIGEST}\n"),
        ("pdf", f"{DIGEST}:lease"),
        ("PDF", DIGEST),
        ("pdf:x", DIGEST),
        ("*", DIGEST),
        ("", DIGEST),
    ],
)
def test_only_namespaces_and_digests_reach_a_key(namespace: str, digest: str) -> None:
    with pytest.raises(ValueError, match="no part of a cache key"):
        Cache(Settings(), 1).key(namespace, digest)


@pytest.mark.parametrize("value", [b"", b"\x00", b"%PDF-1.7", bytes(range(256)) * 4096])
def test_any_bytes_come_back_as_they_were(redis_server: RedisServer, value: bytes) -> None:
    writer, reader = new_cache(redis_server), new_cache(redis_server)

    writer.set("pdf", DIGEST, value)

    found = [writer.get("pdf", DIGEST), reader.get("pdf", DIGEST), Cache(Settings(), 1).get("pdf", DIGEST)]
    assert [None if each is None else bytes(each) for each in found] == [value, value, None]


def test_an_empty_value_in_memory_is_a_value() -> None:
    cache = Cache(Settings(), 1)

    cache.set("pdf", DIGEST, b"")

    assert cache.get("pdf", DIGEST) == Blob((b"",))


# -- time to live --


def test_a_stored_value_lives_as_long_as_the_settings_say(redis_server: RedisServer, redis: Client) -> None:
    counted(new_cache(redis_server, cache_ttl_s=1000.0)).ask()

    assert 990 < redis.ttl(KEY) <= 1000


def test_a_hit_in_redis_renews_the_time_to_live(redis_server: RedisServer, redis: Client) -> None:
    counted(new_cache(redis_server)).ask()
    redis.expire(KEY, 100)

    counted(new_cache(redis_server)).ask()

    assert redis.ttl(KEY) > 86000


def test_a_hit_does_not_make_a_value_outlive_the_time_its_function_gives_it(
    redis_server: RedisServer, redis: Client
) -> None:
    def document(cache: Cache) -> Cached[[]]:
        return cached(cache, "pdf", key=lambda: DIGEST, ttl_s=500.0)(lambda: b"value")

    document(new_cache(redis_server)).ask()
    stored_s = redis.ttl(KEY)
    redis.expire(KEY, 100)
    answer = document(new_cache(redis_server)).ask()

    assert answer.outcome is Outcome.HIT
    assert 490 < stored_s <= 500
    assert 490 < redis.ttl(KEY) <= 500


# -- big values --


def big(size: int = 2 * CHUNK_BYTES + 1000) -> bytes:
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


def test_a_value_above_8_mib_stands_in_chunks(redis_server: RedisServer, redis: Client) -> None:
    value = big()
    cache = new_cache(redis_server)

    counted(cache, value).ask()
    answer = counted(new_cache(redis_server)).ask()

    assert sorted(redis.keys("*")) == sorted(f"{KEY}{end}".encode() for end in ("", ":0", ":1", ":2"))
    assert [redis.strlen(f"{KEY}:{n}") for n in range(3)] == [CHUNK_BYTES, CHUNK_BYTES, 1000]
    assert (answer.outcome, answer.tier, bytes(answer.value)) == (Outcome.HIT, Tier.REDIS, value)


def test_chunks_outlive_their_manifest_also_after_a_hit(redis_server: RedisServer, redis: Client) -> None:
    counted(new_cache(redis_server), big()).ask()
    for key in redis.keys("*"):
        redis.expire(key, 100)

    counted(new_cache(redis_server)).ask()

    manifest_s, *chunks_s = (redis.ttl(f"{KEY}{end}") for end in ("", ":0", ":1", ":2"))
    assert manifest_s > 86000
    assert min(chunks_s) > manifest_s + 30


def test_the_manifest_is_written_after_its_chunks(redis_server: RedisServer, redis: Client) -> None:
    """Keyspace notifications tell the keys in the order in which they are set."""
    redis.config_set("notify-keyspace-events", "K$")
    with redis.pubsub(ignore_subscribe_messages=True) as told:  # type: ignore[no-untyped-call]
        told.psubscribe(f"__keyspace@0__:{KEY}*")
        told.get_message(timeout=WITHIN_S)
        written: list[str] = []

        new_cache(redis_server).set("pdf", DIGEST, big())
        while len(written) < 4:
            message = told.get_message(timeout=WITHIN_S)
            assert message is not None
            written += [message["channel"].decode().partition(KEY)[2]] if message["data"] == b"set" else []

    assert written == [":0", ":1", ":2", ""]


@pytest.mark.parametrize(
    "harm",
    [
        lambda redis: redis.delete(f"{KEY}:1"),
        lambda redis: redis.setrange(f"{KEY}:1", 5, b"?"),
        lambda redis: redis.append(f"{KEY}:2", b"more"),
        lambda redis: redis.rename(f"{KEY}:2", f"{KEY}:1"),
        lambda redis: (redis.delete(f"{KEY}:0"), redis.lpush(f"{KEY}:0", b"a list")),
    ],
    ids=["missing", "changed", "longer", "another", "no string"],
)
def test_a_big_value_with_a_wrong_chunk_is_deleted_counted_and_computed_again(
    redis_server: RedisServer, redis: Client, harm: Callable[[Client], object]
) -> None:
    counted(new_cache(redis_server), big()).ask()
    harm(redis)
    cache = new_cache(redis_server)

    found = cache.get("pdf", DIGEST)
    keys = redis.keys("*")
    answer = counted(cache, big()).ask()

    assert found is None
    assert keys == []
    assert cache.recorder.counts()["corrupt"] == 1
    assert (answer.outcome, answer.tier, bytes(answer.value)) == (Outcome.MISS, Tier.REDIS, big())


def test_deleting_a_big_value_takes_its_chunks_along(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    cache.set("pdf", DIGEST, big())

    was_there = cache.delete("pdf", DIGEST)

    assert was_there
    assert redis.dbsize() == 0
    assert cache.get("pdf", DIGEST) is None
    assert not cache.delete("pdf", DIGEST)


# -- one computation --


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Threads that begin together; what each gave or raised."""
    gate = threading.Barrier(count)

    def run(number: int) -> object:
        gate.wait(WITHIN_S)
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - the test judges it
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.parametrize("has_redis", [True, False], ids=["with Redis", "memory alone"])
def test_threads_on_one_cold_key_compute_once(redis_server: RedisServer, has_redis: bool) -> None:
    cache = new_cache(redis_server) if has_redis else Cache(Settings(), 1)
    calls, boarded = [], threading.Event()

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        calls.append(1)
        boarded.wait(0.2)  # long enough for the others to arrive
        return b"value"

    answers = at_once(16, lambda _: document.ask())

    assert len(calls) == 1
    assert all(isinstance(each, Answer) and bytes(each.value) == b"value" for each in answers)
    counts = cache.recorder.counts()
    assert counts["miss"] == 1
    assert counts["coalesced"] + counts["hit_memory"] == 15


def test_different_keys_are_computed_side_by_side() -> None:
    cache = Cache(Settings(), 1)
    meet = threading.Barrier(2)

    @cached(cache, "pdf", key=lambda digest: digest)
    def document(digest: str) -> bytes:
        meet.wait(WITHIN_S)
        return digest.encode()

    answers = at_once(2, lambda number: bytes(document((DIGEST, OTHER)[number])))

    assert answers == [DIGEST.encode(), OTHER.encode()]


def test_eight_processes_on_one_cold_key_compute_once(redis_server: RedisServer) -> None:
    orders = Orders(redis_server.url, DIGEST, size=100_000, compute_s=0.5)

    outcomes = together([orders] * 8)

    assert sum(each.computed for each in outcomes) == 1
    assert {each.sha256 for each in outcomes} == {hashlib.sha256(value_of(DIGEST, 100_000)).hexdigest()}
    assert [each.outcome for each in outcomes].count("miss") == 1


def test_a_computation_five_times_as_long_as_the_lease_runs_once(redis_server: RedisServer, redis: Client) -> None:
    orders = Orders(redis_server.url, DIGEST, compute_s=1.5, lease_s=0.3)

    outcomes = together([orders] * 3)

    assert sum(each.computed for each in outcomes) == 1
    assert sorted(each.outcome for each in outcomes) == ["coalesced", "coalesced", "miss"]
    assert redis.exists(f"{KEY}:lease") == 0


def test_a_killed_holder_costs_one_more_computation(redis_server: RedisServer) -> None:
    orders = Orders(redis_server.url, DIGEST, compute_s=60.0, lease_s=0.5)
    quick = replace(orders, compute_s=0.3)
    with Worker(orders) as holder, Worker(quick) as one, Worker(quick) as two:
        for worker in (holder, one, two):
            worker.wait_for("ready")
        holder.go()
        holder.wait_for("computing")
        one.go()
        two.go()

        holder.kill()

        outcomes = [one.outcome(), two.outcome()]
    assert sum(each.computed for each in outcomes) == 1
    assert {each.sha256 for each in outcomes} == {hashlib.sha256(value_of(DIGEST, 1000)).hexdigest()}


def test_who_has_waited_long_enough_computes_alone(redis_server: RedisServer, redis: Client) -> None:
    redis.set(f"{KEY}:lease", "somebody's", px=60_000)
    cache = new_cache(redis_server, wait_s=0.2)

    answer = counted(cache).ask()

    assert (answer.outcome, bytes(answer.value)) == (Outcome.MISS, b"value")
    assert cache.recorder.counts()["wait_timeout"] == 1
    assert redis.get(f"{KEY}:lease") == b"somebody's"


def test_a_thread_that_has_waited_long_enough_computes_alone() -> None:
    cache = Cache(Settings(wait_s=0.1), 1)
    first_may_end, calls = threading.Event(), []

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        calls.append(1)
        if len(calls) == 1:
            first_may_end.wait(WITHIN_S)
        return b"value"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(document.ask)
        until(lambda: calls, WITHIN_S)
        second = document.ask()
        first_may_end.set()

        assert bytes(second.value) == bytes(first.result(WITHIN_S).value) == b"value"
    assert len(calls) == 2
    assert cache.recorder.counts()["wait_timeout"] == 1


def test_who_waits_and_is_cancelled_stops_waiting(redis_server: RedisServer) -> None:
    """In the same process and in another one; who computes goes on."""
    one, other = new_cache(redis_server), new_cache(redis_server)
    first_may_end, begun = threading.Event(), threading.Event()

    def document() -> bytes:
        begun.set()
        first_may_end.wait(WITHIN_S)
        return b"value"

    mine, theirs = (cached(cache, "pdf", key=lambda: DIGEST)(document) for cache in (one, other))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(mine.ask)
        assert begun.wait(WITHIN_S)
        for cache, function in ((one, mine), (other, theirs)):
            with pytest.raises(Cancelled):
                function.during(cache.visit(cancelled=lambda: True))
        first_may_end.set()

        assert bytes(first.result(WITHIN_S).value) == b"value"


def test_a_value_whose_lease_was_stolen_is_stored_and_the_thief_keeps_the_lease(
    redis_server: RedisServer, redis: Client
) -> None:
    cache = new_cache(redis_server)

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        redis.set(f"{KEY}:lease", "another's")
        return b"value"

    answer = document.ask()

    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.REDIS)
    assert redis.get(f"{KEY}:lease") == b"another's"


def test_what_need_not_be_shared_takes_no_lease(redis_server: RedisServer, redis: Client) -> None:
    tile = cached(new_cache(redis_server), "tile", key=lambda: DIGEST, is_shared=False)(lambda: b"tile")

    answer = tile.ask()

    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.REDIS)
    assert "lease" not in answer.steps_ms
    assert calls_of(redis, "eval") == 0


# -- errors --


def failing(cache: Cache, error: Callable[[str], Exception], gate: threading.Event) -> tuple[Cached[[str]], list[str]]:
    """A function of the caller's name for the card, which it fails with."""
    calls: list[str] = []

    def document(name: str) -> bytes:
        calls.append(name)
        gate.wait(0.2)
        raise error(name)

    wrapped = cached(cache, "pdf", key=lambda _: DIGEST, name_of=lambda name: lambda _: name)(document)
    return wrapped, calls


def test_threads_that_wait_get_the_error_in_their_own_names(redis_server: RedisServer) -> None:
    names = [f"name-{number}.png" for number in range(8)]
    document, calls = failing(
        new_cache(redis_server), lambda name: ImageError(name, "is broken; replace it", IMAGE), threading.Event()
    )

    errors = at_once(8, lambda number: document.ask(names[number]))

    assert len(calls) == 1
    for name, error in zip(names, errors, strict=True):
        assert isinstance(error, ImageError)
        assert str(error) == f'"{name}": is broken; replace it'
        assert not [other for other in names if other != name and other in everything_told(error)]


@pytest.mark.parametrize(
    "error", [ImageError("theirs.png", "is broken"), ValueError("theirs.png"), OSError(2, "theirs.png")]
)
def test_threads_that_wait_hear_no_name_of_anothers_file(error: Exception) -> None:
    document, calls = failing(Cache(Settings(), 1), lambda _: error, threading.Event())

    errors = at_once(4, lambda _: document.ask("mine.png"))

    assert len(calls) == 1
    assert sum(each is error for each in errors) == 1
    waiters = [each for each in errors if each is not error]
    assert [type(each) for each in waiters] == [RenderFault] * 3
    assert not [each for each in waiters if isinstance(each, Exception) and "theirs" in everything_told(each)]


def everything_told(error: BaseException | None) -> str:
    """The texts of the error and of those that led to it."""
    told = []
    while error is not None:
        told.append(str(error))
        error = error.__cause__ or error.__context__
    return " ".join(told)


def test_an_error_is_not_cached() -> None:
    results: list[bytes | Exception] = [RenderFault("once"), b"value"]
    cache = Cache(Settings(), 1)

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    with pytest.raises(RenderFault, match="once"):
        document.ask()
    answer = document.ask()

    assert (answer.outcome, bytes(answer.value)) == (Outcome.MISS, b"value")


def test_an_error_is_not_cached_in_redis_either(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    document, _ = failing(cache, lambda _: RenderFault("once"), threading.Event())
    with pytest.raises(RenderFault, match="once"):
        document.ask("card.png")
    left = redis.keys("*")

    answer = counted(new_cache(redis_server)).ask()

    assert left == [f"{KEY}:error".encode()]
    assert 0 < redis.pttl(f"{KEY}:error") <= 2000
    assert (answer.outcome, bytes(answer.value)) == (Outcome.MISS, b"value")


@pytest.mark.parametrize(("fails", "error"), [("image", "ImageError"), ("fault", "RenderFault")])
def test_processes_that_wait_get_the_error_in_their_own_names_within_two_seconds(
    redis_server: RedisServer, fails: str, error: str
) -> None:
    names = [f"name-{number}.png" for number in range(4)]
    orders = [Orders(redis_server.url, DIGEST, compute_s=0.5, fails=fails, name=name) for name in names]

    outcomes = together(orders)

    assert sum(each.computed for each in outcomes) == 1
    assert [each.error for each in outcomes] == [error] * 4
    assert max(each.seconds for each in outcomes) < 0.5 + 2.0
    for name, each in zip(names, outcomes, strict=True):
        assert not [other for other in names if other != name and other in each.text]
        assert each.text == (f'"{name}": is broken; replace it' if fails == "image" else "made the wrong thing")


def test_a_value_that_has_come_counts_more_than_an_earlier_error(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    document, visit = cached(cache, "pdf", key=lambda: DIGEST)(lambda: b"my own"), cache.visit()
    cache.fetch("pdf", [DIGEST], visit)  # so that it does not look before it waits
    redis.set(f"{KEY}:lease", "somebody's", px=60_000)
    redis.set(f"{KEY}:error", b'{"code": "fault", "message": "earlier"}', px=60_000)
    new_cache(redis_server).set("pdf", DIGEST, b"theirs")

    answer = document.during(visit)

    assert (answer.outcome, bytes(answer.value)) == (Outcome.COALESCED, b"theirs")


def test_that_the_first_was_stopped_does_not_stop_the_others() -> None:
    cache = Cache(Settings(), 1)
    calls: list[int] = []

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        calls.append(1)
        if len(calls) == 1:
            threading.Event().wait(0.2)
            raise Cancelled("by its caller")
        return b"value"

    results = at_once(6, lambda _: document.ask())

    assert sum(isinstance(each, Cancelled) for each in results) == 1
    assert [bytes(each.value) for each in results if isinstance(each, Answer)] == [b"value"] * 5
    assert len(calls) == 2


def test_that_the_first_was_interrupted_does_not_stop_the_others(redis_server: RedisServer, redis: Client) -> None:
    document_calls: list[int] = []

    @cached(new_cache(redis_server), "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        document_calls.append(1)
        if len(document_calls) == 1:
            raise KeyboardInterrupt
        return b"value"

    with pytest.raises(KeyboardInterrupt):
        document.ask()
    lease_is_free = redis.exists(f"{KEY}:lease") == 0
    answer = document.ask()

    assert lease_is_free
    assert bytes(answer.value) == b"value"


# -- bounds --


def test_a_value_over_the_cap_is_not_sent_counted_and_still_served(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server, cache_value_bytes=1000)

    answer = counted(cache, bytes(1001)).ask()

    assert (answer.outcome, answer.tier, answer.value.size) == (Outcome.MISS, Tier.MEMORY, 1001)
    assert cache.recorder.counts()["too_big"] == 1
    assert redis.dbsize() == 0


def blob(size: int) -> Blob:
    return Blob((bytes(size),))


def test_the_memory_tier_lets_go_of_what_was_used_longest_ago() -> None:
    memory = MemoryTier(max_bytes=3 * 10_000, max_entry_bytes=10_000, ttl_s=60)
    for key in "abc":
        memory.set(key, blob(9000))
    memory.get("a")

    memory.set("d", blob(9000))

    assert [key for key in "abcd" if memory.has(key)] == ["a", "c", "d"]
    assert memory.evictions == 1


def test_the_memory_tier_keeps_no_entry_over_its_cap_and_forgets_the_older_one() -> None:
    memory = MemoryTier(max_bytes=100_000, max_entry_bytes=1000, ttl_s=60)
    memory.set("a", blob(1000))

    is_kept = memory.set("a", blob(1001))

    assert not is_kept
    assert memory.get("a") is None
    assert (memory.extent().entries, memory.extent().bytes) == (0, 0)


def test_a_memory_tier_of_no_bytes_keeps_nothing() -> None:
    memory = MemoryTier(max_bytes=0, max_entry_bytes=1000, ttl_s=60)

    assert not memory.set("a", blob(0))
    assert memory.get("a") is None


def test_values_in_memory_end_after_their_time_counted_anew_at_each_hit() -> None:
    now = 0.0
    memory = MemoryTier(max_bytes=100_000, max_entry_bytes=1000, ttl_s=60, clock=lambda: now)
    memory.set("a", blob(1))
    memory.set("b", blob(1))

    now = 50.0
    memory.get("a")
    now = 70.0

    assert memory.get("a") is not None
    assert not memory.has("b")
    assert memory.get("b") is None
    assert memory.extent().entries == 1


def test_storing_a_value_again_counts_its_bytes_once() -> None:
    memory = MemoryTier(max_bytes=100_000, max_entry_bytes=10_000, ttl_s=60)
    memory.set("a", blob(5000))
    once = memory.extent()

    memory.set("a", blob(5000))

    assert memory.extent() == once


# -- many at once --


def digests(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def tiles(cache: Cache) -> Cached[[str]]:
    return cached(cache, "tile", key=lambda digest: digest, is_shared=False)(lambda digest: digest.encode())


def test_a_visit_fetches_many_in_one_round_trip(redis_server: RedisServer, redis: Client) -> None:
    writer, reader = new_cache(redis_server), new_cache(redis_server)
    wanted = digests(104)
    for each in wanted[:100]:
        writer.set("tile", each, each.encode())
    tile, visit = tiles(reader), reader.visit()
    redis.config_resetstat()

    reader.fetch("tile", wanted, visit)
    answers = [tile.during(visit, each) for each in wanted[:100]]

    assert [bytes(each.value) for each in answers] == [each.encode() for each in wanted[:100]]
    assert {each.tier for each in answers} == {Tier.MEMORY}
    assert calls_of(redis, "getex") == 104
    assert reads_from(redis) <= 2


def reads_from(redis: Client) -> int:
    """How often Redis read from a socket since its statistics were reset, but for the test's own two questions."""
    stats = redis.info("stats")
    assert isinstance(stats, dict)
    return int(stats["total_reads_processed"]) - 2


def test_what_a_fetch_did_not_find_is_not_asked_for_again_in_that_visit(
    redis_server: RedisServer, redis: Client
) -> None:
    cache = new_cache(redis_server)
    tile, visit = tiles(cache), cache.visit()
    cache.fetch("tile", [DIGEST], visit)
    asked = calls_of(redis, "getex")

    answer = tile.during(visit, DIGEST)

    assert asked == 1
    assert calls_of(redis, "getex") == asked
    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.REDIS)


def test_a_fetch_asks_for_nothing_that_is_in_memory(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    cache.set("tile", DIGEST, b"tile")

    cache.fetch("tile", [DIGEST], cache.visit())

    assert calls_of(redis, "getex") == 0


def test_a_fetch_passes_over_what_is_not_ours_and_takes_the_rest(redis_server: RedisServer, redis: Client) -> None:
    first, second, third = digests(3)
    new_cache(redis_server).set("tile", third, b"tile")
    redis.set(f"cm:tile:v1:{first}", b"no envelope")
    redis.lpush(f"cm:tile:v1:{second}", b"a list")
    cache = new_cache(redis_server)

    cache.fetch("tile", [first, second, third], cache.visit())

    assert redis.keys("*") == [f"cm:tile:v1:{third}".encode()]
    assert cache.recorder.counts() == {"corrupt": 2, "fetched": 1}
    assert cache.memory.extent().entries == 1


def test_a_value_in_chunks_is_not_taken_for_absent_by_a_fetch(redis_server: RedisServer) -> None:
    new_cache(redis_server).set("tile", DIGEST, big())
    cache = new_cache(redis_server)
    tile, visit = tiles(cache), cache.visit()

    cache.fetch("tile", [DIGEST], visit)
    answer = tile.during(visit, DIGEST)

    assert (answer.outcome, answer.value.size) == (Outcome.HIT, len(big()))


def test_who_waits_for_another_after_a_fetch_gets_the_others_value(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    document, visit = cached(cache, "pdf", key=lambda: DIGEST)(lambda: b"my own"), cache.visit()
    cache.fetch("pdf", [DIGEST], visit)
    redis.set(f"{KEY}:lease", "somebody's", px=60_000)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(document.during, visit)
        until(lambda: calls_of(redis, "exists") > 1, WITHIN_S)
        new_cache(redis_server).set("pdf", DIGEST, b"theirs")
        answer = waiting.result(WITHIN_S)

    assert (answer.outcome, bytes(answer.value)) == (Outcome.COALESCED, b"theirs")


# -- for operators --


def test_clearing_a_namespace_leaves_all_other_keys(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    cache.set("pdf", DIGEST, big())
    cache.set("tile", DIGEST, b"tile")
    foreign = [b"theirs", b"pdf", b"cmx:pdf:v1:1", b"cm:pdfs:v1:1", b"cm:m1:29000000", b"cm:events"]
    for key in foreign:
        redis.set(key, b"theirs")

    removed = cache.clear("pdf")

    assert removed == 1 + 4
    assert sorted(redis.keys("*")) == sorted([*foreign, f"cm:tile:v1:{DIGEST}".encode()])
    assert cache.get("pdf", DIGEST) is None
    assert cache.get("tile", DIGEST) is not None


def test_clearing_all_takes_every_version_of_every_value_and_nothing_else_of_ours(
    redis_server: RedisServer, redis: Client
) -> None:
    cache = new_cache(redis_server)
    for namespace in ("pdf", "tile"):
        cache.set(namespace, DIGEST, b"value")
    redis.set(f"cm:pdf:v99:{DIGEST}", b"value of another version")
    others = [b"theirs", b"cm:m1:29000000", b"cm:m60:480000", b"cm:events", b"cm:task:1", b"cm:live:host:1"]
    for key in others:
        redis.set(key, b"not a cached value")

    removed = cache.clear()

    assert removed == 2 + 3
    assert sorted(redis.keys("*")) == sorted(others)


def test_the_statistics_say_what_lies_where(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    document = counted(cache, bytes(1000))
    document.ask()
    document.ask()
    cache.set("tile", DIGEST, big())
    redis.set("cm:m1:29000000", b"a metric")

    stats = cache.stats()

    assert (stats.tier, stats.reason) == (Tier.REDIS, "")
    assert stats.entries == 2
    assert stats.bytes >= 1000 + len(big())
    assert stats.redis_entries == 2
    assert stats.redis_bytes is not None
    assert 1000 + len(big()) < stats.redis_bytes < 2000 + len(big())
    assert stats.ttl_s is not None
    assert 86000 < stats.ttl_s[0] <= stats.ttl_s[1] <= stats.ttl_s[2] <= 86460
    assert (stats.hits, stats.hit_rate) == (1, 0.5)


def test_there_is_no_hit_rate_where_nothing_was_asked(redis_server: RedisServer) -> None:
    stats = new_cache(redis_server).stats()

    assert stats.hit_rate is None
    assert (stats.redis_entries, stats.redis_bytes, stats.ttl_s) == (0, 0, None)


def test_statistics_without_redis_are_those_of_memory() -> None:
    cache = Cache(Settings(), 1)
    cache.set("pdf", DIGEST, b"value")

    stats = cache.stats()

    assert (stats.tier, stats.entries, stats.redis_entries, stats.redis_bytes) == (Tier.MEMORY, 1, None, None)


def test_statistics_of_very_much_are_a_bounded_sample(redis_server: RedisServer, redis: Client) -> None:
    cache = new_cache(redis_server)
    with redis.pipeline(transaction=False) as pipeline:
        for each in digests(30_000):
            pipeline.set(f"cm:tile:v1:{each}", b"x", ex=100)
        pipeline.execute()
    redis.config_resetstat()

    stats = cache.stats()

    assert calls_of(redis, "scan") <= 20
    assert calls_of(redis, "keys") == 0
    assert stats.redis_entries is not None
    assert 5_000 < stats.redis_entries < 30_000


def test_a_fetch_brings_no_more_than_memory_has_room_for(redis_server: RedisServer) -> None:
    wanted, tile = digests(512), bytes(64 << 10)
    writer = new_cache(redis_server)
    for each in wanted:
        writer.set("tile", each, tile)
    reader = new_cache(redis_server, cache_memory_bytes=40 * MIB)
    visit = reader.visit()

    reader.fetch("tile", wanted, visit)

    assert 10 * MIB <= reader.memory.extent().bytes < 20 * MIB
    assert reader.memory.evictions == 0
    assert reader.memory.has(reader.key("tile", wanted[0]))
    assert visit.absent == set()


def test_a_value_ends_in_memory_as_well_when_its_time_is_over() -> None:
    clock = [0.0]
    cache = Cache(Settings(), 1, clock=lambda: clock[0])
    cache.set("pdf", DIGEST, b"value", ttl_s=10)

    clock[0] = 9.0
    assert cache.get("pdf", DIGEST) is not None
    clock[0] = 18.0  # nine after the hit
    assert cache.get("pdf", DIGEST) is not None
    clock[0] = 28.5
    assert cache.get("pdf", DIGEST) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_reads_what_its_parent_read(redis_server: RedisServer) -> None:
    value = big()
    cache = new_cache(redis_server)
    cache.set("pdf", DIGEST, value)
    cache.memory.clear()
    assert cache.get("pdf", DIGEST) == Blob.of(value)  # the parent has its hashing threads now
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
        child = os.fork()
    if child == 0:
        found = new_cache(redis_server).get("pdf", DIGEST)
        os._exit(0 if found == Blob.of(value) else 1)

    ended: list[int] = []

    def is_over() -> bool:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            ended.append(os.waitstatus_to_exitcode(status))
        return bool(ended)

    try:
        until(is_over, WITHIN_S)
    finally:
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert ended == [0]
