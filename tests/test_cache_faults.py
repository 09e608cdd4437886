"""Whatever Redis or the network does, the caller gets its value, soon, and never a wrong byte.

The rows of docs/faults.md. Deadlines have five-fold slack where they are the machine's; where they are promises
(0.5 s that a request loses, 5 s until Redis is used again), the promise is the deadline.
"""

import hashlib
import logging
import os
import pickle
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from cardmaker.breaker import State
from cardmaker.cache import Answer, Cache, Outcome, Tier, cached
from cardmaker.cache.blob import CHUNK_BYTES
from cardmaker.errors import ImageError, StoreAway, StoreError, StoreMisfit, StoreRefused
from cardmaker.redis_client import Client, RedisLink
from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests import art
from tests.cache_worker import Orders, Worker, together, value_of
from tests.faults import Saw
from tests.proxy import Proxy
from tests.redis_server import RedisServer
from tests.tools import free_port, tool, until

DIGEST = "0123456789abcdef" * 4
KEY = f"cm:pdf:v1:{DIGEST}"
BIG = (b"0123456789abcdef" * (CHUNK_BYTES // 8))[: 2 * CHUNK_BYTES - 7]
MIB = 1 << 20
WITHIN_S = 10.0
REQUEST_LOSES_S = 0.5
# Short intervals, so that a recovery need not be waited for.
QUICK = {"breaker_open_s": 0.3, "breaker_refused_s": 0.3, "lease_s": 0.5}
# The cores may be busy; where the time that a request loses is judged, it is IN_EARNEST.
PATIENT = {"redis_timeout_s": 1.25, "redis_budget_s": 4.0}
IN_EARNEST = {"redis_timeout_s": Settings().redis_timeout_s, "redis_budget_s": Settings().redis_budget_s}


def cache_on(url: str, **settings: object) -> Cache:
    chosen = replace(Settings(redis_url=url), **{**QUICK, **PATIENT, **settings})  # type: ignore[arg-type]
    return Cache(chosen, 1, RedisLink(chosen))


def ask(cache: Cache, value: bytes = b"value", digest: str = DIGEST) -> Answer:
    return cached(cache, "pdf", key=lambda: digest)(lambda: value).ask()


def digests(count: int) -> Iterator[str]:
    return (hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))


def timed(work: Callable[[], Answer]) -> tuple[Answer, float]:
    start = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - start


def open_breaker(cache: Cache) -> None:
    """Asks until Redis is left alone."""
    fresh = digests(1000)
    until(lambda: ask(cache, digest=next(fresh)).tier and cache.status().state is not State.CLOSED, WITHIN_S)


def back_in_use_s(cache: Cache) -> float:
    """Seconds until Redis keeps what is asked, by ordinary traffic alone."""
    start, fresh = time.monotonic(), (hashlib.sha256(b"%d" % n).hexdigest() for n in range(1 << 30, 1 << 31))
    until(lambda: ask(cache, digest=next(fresh)).tier is Tier.REDIS, WITHIN_S, "the use of Redis")
    return time.monotonic() - start


def said(cache: Cache, answer: Answer) -> str:
    """Stable words for what came of it."""
    counts = cache.recorder.counts()
    told = [f"{name} {counts[name]}" for name in ("corrupt", "oom", "too_big", "redis_error") if counts[name]]
    return ", ".join([f"{answer.outcome}, kept in {answer.tier}", f"breaker {cache.status().state}", *told])


def encoded(digest: str) -> bytes:
    return digest.encode()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Client]:
    client = redis_server.client()
    yield client
    client.close()


# -- 1, 2: away and back --


@pytest.mark.fault(1, "Redis absent at start", "nobody listens on its port")
def test_a_cache_whose_redis_is_absent_is_made_at_once_and_serves_from_memory(saw: Saw) -> None:
    start = time.perf_counter()
    cache = cache_on(f"redis://127.0.0.1:{free_port()}/0", breaker_open_s=60.0, **IN_EARNEST)
    made_s = time.perf_counter() - start

    first, took_s = timed(lambda: ask(cache))
    second = ask(cache)
    open_breaker(cache)

    assert made_s < 1
    assert took_s < REQUEST_LOSES_S
    assert (first.outcome, first.tier, second.outcome) == (Outcome.MISS, Tier.MEMORY, Outcome.HIT)
    assert bytes(first.value) == bytes(second.value) == b"value"
    assert cache.tier is Tier.MEMORY
    assert cache.status().reason == "Redis does not answer"
    assert cache.recorder.counts()["breaker_open"] == 1
    saw(f"made at once; first {first.outcome}, then {second.outcome} in {second.tier}; “{cache.status().reason}”")


@pytest.mark.fault(2, "Redis comes", "started after the cache was made and had given it up")
def test_a_redis_that_comes_later_is_used_within_five_seconds(redis_server: RedisServer, saw: Saw) -> None:
    redis_server.kill()
    cache = cache_on(redis_server.url, breaker_open_s=Settings().breaker_open_s)
    open_breaker(cache)

    redis_server.start()
    waited_s = back_in_use_s(cache)

    assert waited_s < 5
    assert cache.tier is Tier.REDIS
    saw(f"used within 5 s, no restart; tier {cache.tier}, breaker {cache.status().state}")


@pytest.mark.fault(2, "Redis goes and comes back", "killed and started again under traffic")
def test_a_redis_that_comes_back_is_used_again_without_a_restart(redis_server: RedisServer, saw: Saw) -> None:
    cache = cache_on(redis_server.url)
    before = ask(cache)
    redis_server.kill()
    open_breaker(cache)
    while_away = cache.tier

    redis_server.start()
    waited_s = back_in_use_s(cache)

    assert (before.tier, while_away, cache.tier) == (Tier.REDIS, Tier.MEMORY, Tier.REDIS)
    assert waited_s < 5 * 0.3
    assert cache.status().reason == ""
    saw(f"{before.tier}, then {while_away} while away, then {cache.tier}")


@pytest.mark.fault(2, "Redis comes back and nobody asks", "a probe by the operator's page")
def test_a_probe_shows_the_recovery_without_other_traffic(redis_server: RedisServer, saw: Saw) -> None:
    redis_server.kill()
    cache = cache_on(redis_server.url)
    for _ in range(3):
        cache.probe()
    while_away = cache.status().state

    redis_server.start()
    until(lambda: cache.probe().state is State.CLOSED, WITHIN_S)

    assert while_away is State.OPEN
    saw(f"breaker {while_away}, then {cache.status().state}")


# -- 3: in the middle --


@pytest.mark.fault(
    3, "killed in the middle of a read", "the connection is cut within an answer of 16 MiB, at any part of it"
)
def test_a_read_that_is_cut_gives_the_whole_value_all_the_same(
    redis_server: RedisServer, proxy: Proxy, saw: Saw
) -> None:
    ask(cache_on(redis_server.url), BIG)
    answers = []

    for share in (0.00001, 0.3, 0.6, 0.99):
        cache = cache_on(redis_server.url_by(proxy.port))
        proxy.cut_answers_after = int(len(BIG) * share)
        answers.append(ask(cache, BIG))
        proxy.heal()

    assert [bytes(each.value) == BIG for each in answers] == [True] * 4
    assert {each.outcome for each in answers} == {Outcome.MISS}
    saw("the whole value each time, computed again")


@pytest.mark.fault(
    3, "killed in the middle of a write", "the connection is cut within a request of 16 MiB, at any part of it"
)
def test_a_write_that_is_cut_leaves_no_value_that_is_not_whole(
    redis_server: RedisServer, proxy: Proxy, saw: Saw
) -> None:
    outcomes = set()

    for share in (0.00003, 0.3, 0.6, 0.99):
        proxy.cut_requests_after = int(len(BIG) * share)
        answer = ask(cache_on(redis_server.url_by(proxy.port)), BIG)
        proxy.heal()
        after = cache_on(redis_server.url).get("pdf", DIGEST)

        outcomes.add((answer.outcome, answer.tier))
        assert bytes(answer.value) == BIG
        assert after is None
    assert outcomes == {(Outcome.MISS, Tier.MEMORY)}
    saw("the whole value each time, kept in memory; nothing under its key in Redis")


@pytest.mark.fault(3, "redis-server killed while eight threads read and write", "SIGKILL")
def test_callers_get_their_values_while_redis_dies(redis_server: RedisServer, saw: Saw) -> None:
    cache = cache_on(redis_server.url)
    busy = threading.Barrier(9)

    def work(number: int) -> bool:
        values = [(digest, digest.encode() * 3000) for digest in list(digests(40))[number % 4 :: 4]]
        busy.wait(WITHIN_S)
        return all(bytes(ask(cache, value, digest).value) == value for digest, value in values)

    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(work, number) for number in range(8)]
        busy.wait(WITHIN_S)
        redis_server.kill()
        are_right = [each.result(WITHIN_S) for each in results]

    assert are_right == [True] * 8
    saw("every caller got its value")


@pytest.mark.fault(4, "Redis restarts empty", "SIGKILL, started again on the same port")
def test_after_an_empty_restart_there_are_misses_and_no_errors(redis_server: RedisServer, saw: Saw) -> None:
    cache = cache_on(redis_server.url)
    ask(cache)
    cache.memory.clear()

    redis_server.restart()
    answer = ask(cache)

    assert (answer.outcome, answer.tier, bytes(answer.value)) == (Outcome.MISS, Tier.REDIS, b"value")
    assert cache.recorder.counts()["redis_error"] == 0
    saw(said(cache, answer))


# -- 5, 6: slow and silent --


@pytest.mark.parametrize("has_login", [False, True], ids=["open", "with a password"])
@pytest.mark.parametrize("delay_s", [0.13, 0.2, 0.24, 2.0])
def test_a_slow_redis_costs_a_request_less_than_half_a_second(tmp_path: Path, delay_s: float, has_login: bool) -> None:
    with RedisServer(tmp_path, password="geheim" if has_login else "") as server, Proxy(server.port) as proxy:
        cache = cache_on(server.url_by(proxy.port), breaker_open_s=60.0, **IN_EARNEST)
        proxy.delay_s = delay_s
        losses: list[float] = []
        fresh = digests(20)

        while cache.status().state is State.CLOSED and len(losses) < 5:
            losses.append(timed(lambda: ask(cache, digest=next(fresh)))[1])

        assert max(losses) < REQUEST_LOSES_S
        assert cache.status().state is State.OPEN
        assert cache.status().reason in ("Redis is slow", "Redis does not answer")


@pytest.mark.fault(5, "slow", "each answer 200 ms late")
def test_a_slow_redis_is_left_alone_and_used_again_when_it_is_quick(
    redis_server: RedisServer, proxy: Proxy, saw: Saw
) -> None:
    cache = cache_on(redis_server.url_by(proxy.port), **IN_EARNEST)
    ask(cache)
    fresh = digests(1000)
    proxy.delay_s = 0.2

    lost_s = max(timed(lambda: ask(cache, digest=next(fresh)))[1] for _ in range(3))
    status = cache.status()
    cache.probe()
    still = cache.status().state
    proxy.heal()
    waited_s = back_in_use_s(cache)

    assert lost_s < REQUEST_LOSES_S
    assert (status.state, status.reason) == (State.OPEN, "Redis is slow")
    assert still is not State.CLOSED
    assert waited_s < 5
    saw(
        f"each request lost under {REQUEST_LOSES_S} s; breaker {status.state}, “{status.reason}”; used again when quick"
    )


@pytest.mark.fault(5, "slow for one who has many to ask", "100 tiles in one visit, each answer 200 ms late")
def test_a_visit_to_a_slow_redis_loses_less_than_half_a_second_in_total(
    redis_server: RedisServer, proxy: Proxy, saw: Saw
) -> None:
    cache = cache_on(redis_server.url_by(proxy.port), breaker_failures=1000, **IN_EARNEST)
    tile, visit = cached(cache, "tile", key=lambda digest: digest, is_shared=False)(encoded), cache.visit()
    proxy.delay_s = 0.2
    start = time.perf_counter()

    cache.fetch("tile", digests(100), visit)
    answers = [tile.during(visit, digest) for digest in digests(100)]

    assert time.perf_counter() - start < REQUEST_LOSES_S
    assert [bytes(each.value) for each in answers] == [digest.encode() for digest in digests(100)]
    saw(f"all 100 tiles, under {REQUEST_LOSES_S} s lost in total, even if the breaker never opened")


@pytest.mark.fault(5, "slow for a whole document", "a deck of nine cards, each answer 90 ms late")
def test_a_document_and_its_tiles_share_one_requests_time(redis_server: RedisServer, proxy: Proxy, saw: Saw) -> None:
    artwork = art.deck_of([art.solid((i, 90, 160), (20, 28)) for i in range(9)])
    wanted = art.request(artwork)
    patient = Settings(redis_url=redis_server.url_by(proxy.port), breaker_failures=1000)
    bench, alone = Workbench(patient), Workbench()
    bench.cache.probe()
    proxy.delay_s = 0.09

    answer, took_s = timed(lambda: bench.document(wanted, artwork))
    _, without_s = timed(lambda: alone.document(wanted, artwork))

    assert took_s - without_s < REQUEST_LOSES_S
    saw(f"{answer.outcome}, under {REQUEST_LOSES_S} s lost in total")


@pytest.mark.fault(6, "silent", "redis-server stopped (SIGSTOP), then continued")
def test_a_silent_redis_times_out_once_per_request_and_recovers_on_a_probe(redis_server: RedisServer, saw: Saw) -> None:
    cache = cache_on(redis_server.url, **IN_EARNEST)
    ask(cache)
    fresh = digests(1000)

    redis_server.pause()
    losses = [timed(lambda: ask(cache, digest=next(fresh)))[1] for _ in range(4)]
    status = cache.status()
    redis_server.resume()
    waited_s = back_in_use_s(cache)

    assert max(losses) < REQUEST_LOSES_S
    assert losses[3] < 0.2  # it is left alone by now
    assert (status.state, status.reason) == (State.OPEN, "Redis does not answer")
    assert waited_s < 5 * 0.3
    saw(f"one timeout per request, breaker {status.state} at the third; used again on the next probe")


@pytest.mark.fault(6, "silent before it answered once", "a black hole: connections are accepted, nothing is answered")
def test_a_black_hole_costs_one_timeout_per_request(redis_server: RedisServer, proxy: Proxy, saw: Saw) -> None:
    proxy.is_silent = True
    cache = cache_on(redis_server.url_by(proxy.port), breaker_open_s=60.0, **IN_EARNEST)
    fresh = digests(10)

    losses = [timed(lambda: ask(cache, digest=next(fresh)))[1] for _ in range(4)]

    assert max(losses) < REQUEST_LOSES_S
    assert losses[3] < 0.2
    saw(f"one timeout per request, then breaker {cache.status().state}")


@pytest.mark.fault(6, "half-open connections", "eight connections that are there are swallowed, new ones work")
def test_after_half_open_connections_the_next_requests_already_succeed(
    redis_server: RedisServer, proxy: Proxy, saw: Saw
) -> None:
    cache = cache_on(redis_server.url_by(proxy.port), **IN_EARNEST)
    eight_at_once(cache)
    connections = proxy.accepted

    proxy.half_open()
    answer, lost_s = timed(lambda: ask(cache))
    answered = eight_at_once(cache)

    assert connections == 8
    assert lost_s < REQUEST_LOSES_S
    assert (answer.tier, answered) == (Tier.MEMORY, [True] * 8)
    saw("one timeout for all eight; eight requests at once after it are answered")


@pytest.mark.fault(6, "silent when a render is to be stored", "a black hole that begins during the render")
def test_a_redis_that_falls_silent_during_a_render_costs_one_timeout(
    redis_server: RedisServer, proxy: Proxy, saw: Saw
) -> None:
    cache = cache_on(redis_server.url_by(proxy.port), **IN_EARNEST)

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        proxy.is_silent = True
        return b"value"

    answer, lost_s = timed(document.ask)

    assert lost_s < 1.8 * Settings().redis_timeout_s
    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.MEMORY)
    saw(f"one timeout; {answer.outcome}, kept in {answer.tier}")


@pytest.mark.fault(6, "half-open when a render is to be stored", "the connections are swallowed during the render")
def test_the_lease_is_given_up_though_the_request_has_no_more_time_for_redis(
    redis_server: RedisServer, redis: Client, proxy: Proxy, saw: Saw
) -> None:
    cache = cache_on(redis_server.url_by(proxy.port), **IN_EARNEST, lease_s=60.0)

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        proxy.half_open()
        return b"value"

    answer = document.ask()

    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.MEMORY)
    until(lambda: not redis.exists(f"{KEY}:lease"), WITHIN_S, "the release of the lease")
    saw(f"{answer.outcome}, kept in {answer.tier}; the lease is given up behind its back, long before its end")


def eight_at_once(cache: Cache) -> list[bool]:
    """Whether each of so many requests, all in the middle of it at the same time, was answered."""
    link, meet = cache._link, threading.Barrier(8)
    assert link is not None

    def one(_: int) -> bool:
        try:
            link.call(lambda client: at_the_same_time(client, meet))
        except StoreAway:
            meet.abort()
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(8)))


def at_the_same_time(client: Client, meet: threading.Barrier) -> None:
    """So that as many connections are in use."""
    with client.client() as own:  # type: ignore[no-untyped-call]
        own.ping()
        with suppress(threading.BrokenBarrierError):
            meet.wait(WITHIN_S)


@pytest.mark.fault(6, "silent while a request waits for another's render", "a lease of somebody's, then a black hole")
def test_who_waits_for_another_is_not_held_by_a_silent_redis(
    redis_server: RedisServer, redis: Client, proxy: Proxy, saw: Saw
) -> None:
    redis.set(f"{KEY}:lease", "somebody's", px=60_000)
    cache = cache_on(redis_server.url_by(proxy.port), **IN_EARNEST)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, cache)
        until(lambda: cache_asks(redis, "exists") > 4, WITHIN_S)
        proxy.is_silent = True
        answer, lost_s = timed(lambda: waiting.result(WITHIN_S))

    assert lost_s < REQUEST_LOSES_S
    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.MEMORY)
    saw(f"computes itself after one timeout: {answer.outcome}, kept in {answer.tier}")


def cache_asks(redis: Client, command: str) -> int:
    stats = redis.info("commandstats")
    assert isinstance(stats, dict)
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


@pytest.mark.fault(6, "all our connections busy when Redis is probed", "a pool of one, in use elsewhere")
def test_a_probe_without_a_free_connection_does_not_keep_redis_shut_out(redis_server: RedisServer, saw: Saw) -> None:
    cache = cache_on(redis_server.url, redis_connections=1, breaker_open_s=0.01)
    link = cache._link
    assert link is not None
    link.breaker.failed("an earlier fault", 0.01)
    until(lambda: link.breaker.state is State.HALF_OPEN, WITHIN_S)

    with link.client.client():  # type: ignore[no-untyped-call]
        while_busy = ask(cache)
    after = ask(cache, digest=next(digests(1)))

    assert (while_busy.tier, after.tier) == (Tier.MEMORY, Tier.REDIS)
    saw(f"kept in {while_busy.tier} meanwhile; the next request used {after.tier}")


# -- 7, 8: full, evicted --


@pytest.mark.fault(7, "full (noeviction)", "maxmemory 3 MiB, filled to the brim")
def test_a_full_redis_is_counted_and_read_from_and_never_given_up(tmp_path: Path, saw: Saw) -> None:
    with RedisServer(tmp_path, max_memory_bytes=3 * MIB) as server:
        cache = cache_on(server.url)
        stored = ask(cache)
        fill(server)

        fresh = digests(10)
        answers = [ask(cache, bytes(100_000), next(fresh)) for _ in range(5)]
        cache.memory.clear()
        read = ask(cache)

    assert stored.tier is Tier.REDIS
    assert {(each.outcome, each.tier) for each in answers} == {(Outcome.MISS, Tier.MEMORY)}
    assert (read.outcome, read.tier) == (Outcome.HIT, Tier.REDIS)
    assert cache.status().state is State.CLOSED
    assert cache.recorder.counts()["oom"] >= 5
    assert cache.recorder.counts()["redis_error"] == 0
    saw(f"{answers[0].outcome}, kept in {answers[0].tier}, counted oom; older values are still read; breaker closed")


def fill(server: RedisServer) -> None:
    client = server.client()
    with client, suppress(Exception):
        for number in range(10_000):
            client.set(f"theirs:{number}", bytes(10_000))


@pytest.mark.fault(7, "it fills up during a render", "maxmemory lowered between lease and store")
def test_a_redis_that_fills_up_during_a_render_leaves_no_lease(
    redis_server: RedisServer, redis: Client, saw: Saw
) -> None:
    cache = cache_on(redis_server.url)

    @cached(cache, "pdf", key=lambda: DIGEST)
    def document() -> bytes:
        redis.config_set("maxmemory", "1mb")
        return bytes(2 * MIB)

    answer = document.ask()
    keys = redis.keys("*")
    redis.config_set("maxmemory", "0")

    assert (answer.outcome, answer.tier, answer.value.size) == (Outcome.MISS, Tier.MEMORY, 2 * MIB)
    assert keys == []
    saw(said(cache, answer) + "; lease released")


@pytest.mark.fault(8, "the value evicted", "maxmemory 4 MiB with allkeys-lru, 10 MiB stored")
def test_what_redis_evicted_is_a_miss(tmp_path: Path, saw: Saw) -> None:
    with RedisServer(tmp_path, max_memory_bytes=4 * MIB, policy="allkeys-lru") as server:
        cache = cache_on(server.url)
        for digest in digests(100):
            ask(cache, digest.encode() * 1600, digest)
        cache.memory.clear()

        answers = [(digest, ask(cache, digest.encode() * 1600, digest)) for digest in digests(100)]

    assert all(bytes(answer.value) == digest.encode() * 1600 for digest, answer in answers)
    assert Outcome.MISS in {answer.outcome for _, answer in answers}
    assert cache.recorder.counts()["redis_error"] == cache.recorder.counts()["corrupt"] == 0
    saw("miss, computed again; no error counted")


@pytest.mark.fault(8, "the lease evicted", "deleted while its holder renders and another waits")
def test_a_lost_lease_costs_at_worst_one_more_render(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    orders = Orders(redis_server.url, DIGEST, compute_s=1.0, lease_s=5.0)
    with Worker(orders) as holder, Worker(orders) as waiter:
        for worker in (holder, waiter):
            worker.wait_for("ready")
        holder.go()
        holder.wait_for("computing")
        waiter.go()

        redis.delete(f"{KEY}:lease")
        outcomes = [holder.outcome(), waiter.outcome()]

    assert sum(each.computed for each in outcomes) <= 2
    assert {each.sha256 for each in outcomes} == {hashlib.sha256(value_of(DIGEST, 1000)).hexdigest()}
    assert redis.keys("*") == [KEY.encode()]
    saw("both got the value, at most two renders, no lease left")


@pytest.mark.fault(8, "the value expired between lease and look", "deleted as soon as it is stored, eight times")
def test_a_value_that_vanishes_at_once_is_computed_again(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    cache = cache_on(redis_server.url)
    answers = []

    for _ in range(8):
        answers.append(ask(cache))
        redis.delete(KEY)
        cache.memory.clear()

    assert [bytes(each.value) for each in answers] == [b"value"] * 8
    assert {(each.outcome, each.tier) for each in answers} == {(Outcome.MISS, Tier.REDIS)}
    saw(said(cache, answers[-1]))


# -- 9, 10: not what was stored --


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (str(self._path),)


@pytest.mark.fault(9, "a foreign pickle", "planted under the key, one that makes a folder when it is loaded")
def test_a_planted_pickle_does_not_run_is_deleted_and_counted(
    redis_server: RedisServer, redis: Client, tmp_path: Path, saw: Saw
) -> None:
    trap = pickle.dumps(Trap(tmp_path / "sprung"))
    redis.set(KEY, trap)
    redis.set(f"{KEY}:error", trap)
    cache = cache_on(redis_server.url)

    found = cache.get("pdf", DIGEST)
    is_gone = not redis.exists(KEY)
    answer = ask(cache)

    assert found is None
    assert is_gone
    assert not (tmp_path / "sprung").exists()
    assert (answer.outcome, answer.tier, bytes(answer.value)) == (Outcome.MISS, Tier.REDIS, b"value")
    saw(f"nothing ran, deleted; {said(cache, answer)}")
    pickle.loads(trap)  # it would have
    assert (tmp_path / "sprung").exists()


PLANTED: dict[str, Callable[[Client, bytes], object]] = {
    "a bit flipped in the value": lambda redis, sealed: redis.set(KEY, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    "a bit flipped in the head": lambda redis, sealed: redis.set(KEY, bytes([sealed[0] ^ 1]) + sealed[1:]),
    "a short value": lambda redis, sealed: redis.set(KEY, sealed[:-1]),
    "an empty value": lambda redis, _: redis.set(KEY, b""),
    "a longer value": lambda redis, sealed: redis.set(KEY, sealed + b"x"),
    "a list": lambda redis, _: redis.lpush(KEY, b"x"),
    "a hash": lambda redis, _: redis.hset(KEY, "state", "running"),
    "a stream": lambda redis, _: redis.xadd(KEY, {"a": "b"}),
}


@pytest.mark.fault(9, "bit flip, short value, wrong type at the key", ", ".join(PLANTED))
def test_what_is_not_what_was_stored_is_a_miss_deleted_and_counted(
    redis_server: RedisServer, redis: Client, saw: Saw
) -> None:
    seen = set()

    for plant in PLANTED.values():
        ask(cache_on(redis_server.url))
        sealed = redis.get(KEY)
        assert isinstance(sealed, bytes)
        redis.delete(KEY)
        plant(redis, sealed)
        cache = cache_on(redis_server.url)
        found, is_gone, answer = cache.get("pdf", DIGEST), not redis.exists(KEY), ask(cache)

        assert (found, is_gone, bytes(answer.value)) == (None, True, b"value")
        seen.add(said(cache, answer))

    assert len(seen) == 1
    saw(f"deleted; {seen.pop()}")


@pytest.mark.fault(9, "bits flipped on the wire", "one bit of any of the answer's first 200 bytes")
def test_a_bit_flipped_on_the_wire_never_reaches_the_caller(redis_server: RedisServer, proxy: Proxy, saw: Saw) -> None:
    value = bytes(range(100))
    outcomes = set()

    for byte in range(0, 200, 3):
        cache_on(redis_server.url).set("pdf", DIGEST, value)
        cache = cache_on(redis_server.url_by(proxy.port))
        proxy.flip_answer_byte = byte
        answer = ask(cache, value)
        proxy.heal()

        outcomes.add(answer.outcome)
        assert bytes(answer.value) == value
    assert Outcome.MISS in outcomes
    saw("the right value each time")


@pytest.mark.fault(9, "wrong type at the lease", "a list under the lease's key")
def test_a_foreign_lease_does_not_stop_a_render(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    redis.lpush(f"{KEY}:lease", "x")
    redis.pexpire(f"{KEY}:lease", 60_000)
    cache = cache_on(redis_server.url, wait_s=0.3)

    answer = ask(cache)

    assert (answer.outcome, bytes(answer.value)) == (Outcome.MISS, b"value")
    saw(f"waited for as for any other's lease, then {answer.outcome}, kept in {answer.tier}")


@pytest.mark.fault(9, "a lease that never ends", "a list under the lease's key, without a time to live")
def test_a_lease_that_never_ends_is_none_of_ours_and_goes(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    redis.lpush(f"{KEY}:lease", "x")
    cache = cache_on(redis_server.url, wait_s=60.0)

    answer, took_s = timed(lambda: ask(cache))

    assert took_s < 5
    assert not redis.exists(f"{KEY}:lease")
    saw(f"deleted at once; {answer.outcome}, kept in {answer.tier}")


@pytest.mark.fault(10, "a new version of the renderer", "the same request by version 1 and version 2")
def test_another_versions_values_are_never_read(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    settings = Settings(redis_url=redis_server.url)
    old, new = (Cache(settings, version, RedisLink(settings)) for version in (1, 2))
    ask(old, b"by version 1")

    answer = ask(new, b"by version 2")

    assert (answer.outcome, bytes(answer.value)) == (Outcome.MISS, b"by version 2")
    assert len(redis.keys("*")) == 2
    saw("miss, computed again; the old value is left to its time")


@pytest.mark.fault(11, "clocks an hour apart", "three processes, clocks an hour behind, right and an hour ahead")
def test_clocks_that_differ_have_no_effect(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    orders = Orders(redis_server.url, DIGEST, compute_s=0.8, lease_s=0.4)

    outcomes = together([replace(orders, clock_ahead_s=ahead_s) for ahead_s in (-3600.0, 0.0, 3600.0)])

    assert sum(each.computed for each in outcomes) == 1
    assert sorted(each.outcome for each in outcomes) == ["coalesced", "coalesced", "miss"]
    assert 86000 < redis.ttl(KEY) <= 86400
    saw("one render, two coalesced, time to live as always")


# -- 12, 13, 14: who computes --


@pytest.mark.fault(12, "the process that renders is killed", "SIGKILL while another waits for it")
def test_when_the_rendering_process_is_killed_another_takes_over(redis_server: RedisServer, saw: Saw) -> None:
    orders = Orders(redis_server.url, DIGEST, compute_s=60.0, lease_s=0.5)
    with Worker(orders) as holder, Worker(replace(orders, compute_s=0.0)) as waiter:
        for worker in (holder, waiter):
            worker.wait_for("ready")
        holder.go()
        holder.wait_for("computing")
        waiter.go()

        holder.kill()
        outcome = waiter.outcome()

    assert (outcome.computed, outcome.outcome) == (1, "miss")
    assert outcome.seconds < 5 * 0.5
    saw("the other computes once the lease has ended")


@pytest.mark.fault(13, "the same request at once", "eight threads in each of three processes")
def test_the_same_request_at_once_is_one_render(redis_server: RedisServer, saw: Saw) -> None:
    outcomes = together([Orders(redis_server.url, DIGEST, compute_s=0.5, threads=8)] * 3)

    assert sum(each.computed for each in outcomes) == 1
    assert len({each.sha256 for each in outcomes}) == 1
    saw(f"{sum(each.computed for each in outcomes)} render, all values equal")


@pytest.mark.fault(
    14, "the render raises", "an image that cannot be printed, asked for by four processes by other names"
)
def test_when_the_render_raises_nothing_is_cached_and_each_hears_it_in_its_own_names(
    redis_server: RedisServer, redis: Client, saw: Saw
) -> None:
    names = [f"card-{number}.png" for number in range(4)]

    outcomes = together([Orders(redis_server.url, DIGEST, compute_s=0.4, fails="image", name=each) for each in names])

    assert sum(each.computed for each in outcomes) == 1
    assert {each.error for each in outcomes} == {ImageError.__name__}
    assert [each.text for each in outcomes] == [f'"{name}": is broken; replace it' for name in names]
    assert not redis.exists(KEY, f"{KEY}:lease")
    saw("one render, the same error for all, each with its own name of the card; nothing cached, no lease left")


# -- 17: not let in --


SECRET = "s3cr3t:/@ä"


def judged(server: RedisServer, url: str, caplog: pytest.LogCaptureFixture, **settings: object) -> tuple[str, str]:
    """The reason and the kind of the error, after checking that neither tells where Redis is nor the password."""
    cache = cache_on(url, **{"breaker_refused_s": 60.0, "breaker_open_s": 60.0, **IN_EARNEST, **settings})
    link = cache._link
    assert link is not None
    kind, start = StoreError, time.perf_counter()
    told = [repr(cache.settings), repr(link)]
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            try:
                link.ping()
            except StoreError as error:
                kind = type(error) if kind is StoreError else kind
                told += [str(error), repr(error)]
    answer = ask(cache)
    assert time.perf_counter() - start < 1
    assert (answer.outcome, answer.tier, bytes(answer.value)) == (Outcome.MISS, Tier.MEMORY, b"value")

    status = cache.status()
    assert status.state is State.OPEN
    formatter = logging.Formatter()
    logs = [formatter.format(record) for record in caplog.records]
    assert len([each for each in logs if status.reason in each]) == 1
    for text in [*told, *logs, status.reason, repr(status), repr(cache.stats())]:
        for secret in (SECRET, "wrong-password", "127.0.0.1", "localhost", str(server.port), url):
            assert secret not in text
    return status.reason, kind.__name__


@pytest.mark.fault(17, "wrong password", "another than the server's")
def test_a_wrong_password_is_named_at_once_and_not_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, saw: Saw
) -> None:
    with RedisServer(tmp_path, password=SECRET) as server:
        reason, kind = judged(server, server.url_by(server.port, "wrong-password"), caplog)

    assert kind == StoreRefused.__name__
    saw(f"“{reason}”; served from memory")


@pytest.mark.fault(17, "no password", "the server wants one")
def test_a_missing_password_is_named_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture, saw: Saw) -> None:
    with RedisServer(tmp_path, password=SECRET) as server:
        reason, kind = judged(server, f"redis://127.0.0.1:{server.port}/0", caplog)

    assert kind == StoreRefused.__name__
    saw(f"“{reason}”; served from memory")


@pytest.mark.fault(17, "missing rights", "a user that may only PING")
def test_missing_rights_are_named(
    redis_server: RedisServer, redis: Client, caplog: pytest.LogCaptureFixture, saw: Saw
) -> None:
    redis.acl_setuser("guest", enabled=True, passwords=["+wrong-password"], keys=["*"], commands=["+ping"])
    cache = cache_on(f"redis://guest:wrong-password@127.0.0.1:{redis_server.port}/0", breaker_refused_s=60.0)

    with caplog.at_level(logging.DEBUG):
        answer, took_s = timed(lambda: ask(cache))
        cache.fetch("tile", digests(3), cache.visit())

    status = cache.status()
    assert took_s < 1
    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.MEMORY)
    assert status.state is State.OPEN
    assert not [each for each in (caplog.text, status.reason) if "wrong-password" in each or "127.0.0.1" in each]
    assert cache.recorder.counts()["corrupt"] == 0
    saw(f"“{status.reason}”; served from memory")


@pytest.mark.fault(17, "rights for the values taken away from many reads", "a user that may not GETEX, and a fetch")
def test_a_fetch_without_rights_counts_nothing_as_corrupt(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    redis.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-getex"])
    cache_on(redis_server.url).set("tile", DIGEST, b"tile")
    cache = cache_on(f"redis://guest:any@127.0.0.1:{redis_server.port}/0")

    cache.fetch("tile", [DIGEST], cache.visit())

    assert cache.recorder.counts()["corrupt"] == 0
    assert redis.exists(f"cm:tile:v1:{DIGEST}") == 1
    assert cache.status().state is State.OPEN
    saw("nothing deleted, nothing counted corrupt")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Self-signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    command = [tool("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-out",
        str(paths[0]),
        "-keyout",
        str(paths[1]),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return paths


@pytest.mark.fault(17, "TLS where Redis speaks none", "rediss:// to a plain server")
def test_tls_to_a_plain_server_is_named(redis_server: RedisServer, caplog: pytest.LogCaptureFixture, saw: Saw) -> None:
    reason, kind = judged(redis_server, redis_server.url.replace("redis:", "rediss:"), caplog)

    assert kind in (StoreAway.__name__, StoreRefused.__name__)
    assert "TLS" in reason
    saw(f"“{reason}”; served from memory")


@pytest.mark.fault(17, "no TLS where Redis speaks nothing else", "redis:// to a TLS server")
def test_plain_speech_to_a_tls_server_is_named(
    tmp_path: Path, certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture, saw: Saw
) -> None:
    with RedisServer(tmp_path, tls=certificate) as server:
        reason, kind = judged(server, server.url.replace("rediss:", "redis:"), caplog)

    assert kind == StoreAway.__name__
    assert "rediss://" in reason
    saw(f"“{reason}”; served from memory")


@pytest.mark.fault(17, "a certificate nobody vouches for", "self-signed")
def test_an_unknown_certificate_is_named(
    tmp_path: Path, certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture, saw: Saw
) -> None:
    with RedisServer(tmp_path, tls=certificate) as server:
        reason, kind = judged(server, server.url, caplog)

    assert kind == StoreRefused.__name__
    assert "certificate" in reason
    saw(f"“{reason}”; served from memory")


@pytest.mark.parametrize("password", ["", SECRET], ids=["open", "with a password"])
def test_a_certificate_of_our_own_authority_is_trusted_by_each_connection(
    tmp_path: Path, certificate: tuple[Path, Path], password: str
) -> None:
    with RedisServer(tmp_path, tls=certificate, password=password) as server:
        url = server.url.replace("127.0.0.1", "localhost") + f"?ssl_ca_certs={certificate[0]}"

        answers = [ask(cache_on(url), digest=digest) for digest in digests(10)]

    assert {each.tier for each in answers} == {Tier.REDIS}


@pytest.mark.fault(17, "a Redis that may only be read", "a replica")
def test_a_replica_is_named_and_its_values_are_not_deleted(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    ask(cache_on(redis_server.url))
    redis.replicaof("127.0.0.1", str(free_port()))
    cache = cache_on(redis_server.url, breaker_refused_s=60.0)

    answer = ask(cache)

    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.MEMORY)
    assert cache.recorder.counts()["corrupt"] == 0
    assert cache.status().state is State.OPEN
    saw(f"“{cache.status().reason}”; served from memory")


@pytest.mark.fault(17, "a Redis that cannot save", "writes refused since a snapshot failed (MISCONF)")
def test_a_redis_that_cannot_save_is_named_and_nothing_counts_as_corrupt(
    redis_server: RedisServer, redis: Client, saw: Saw
) -> None:
    ask(cache_on(redis_server.url))
    redis.config_set("save", "3600 1")
    redis_server.data.rmdir()
    redis.bgsave()
    until(lambda: saving(redis)["rdb_last_bgsave_status"] == "err", WITHIN_S)
    cache = cache_on(redis_server.url, breaker_refused_s=60.0)

    answer = ask(cache)

    assert (answer.outcome, answer.tier) == (Outcome.MISS, Tier.MEMORY)
    assert cache.recorder.counts()["corrupt"] == 0
    saw(f"“{cache.status().reason}”; served from memory")


def saving(redis: Client) -> dict[str, object]:
    found = redis.info("persistence")
    assert isinstance(found, dict)
    return found


def test_the_wrong_type_is_of_one_key_and_no_outage(redis_server: RedisServer, redis: Client) -> None:
    redis.lpush("theirs", "x")
    link = RedisLink(Settings(redis_url=redis_server.url))

    for _ in range(5):
        with pytest.raises(StoreMisfit):
            link.call(lambda client: client.get("theirs"))

    assert link.breaker.state is State.CLOSED


# -- 18, 21: too much --


@pytest.mark.fault(18, "a value over the cap", "a cap of 1 MiB, a value of 1 byte more")
def test_a_value_over_the_cap_is_served_and_not_sent(redis_server: RedisServer, redis: Client, saw: Saw) -> None:
    cache = cache_on(redis_server.url, cache_value_bytes=MIB)

    answer = ask(cache, bytes(MIB + 1))

    assert (answer.outcome, answer.value.size) == (Outcome.MISS, MIB + 1)
    assert redis.keys("*") == []
    assert cache.status().state is State.CLOSED
    saw(f"{said(cache, answer)}; not sent, lease released")


@pytest.mark.fault(21, "1000 distinct keys against a memory tier of 16 MiB", "50 kB each, without Redis")
def test_a_thousand_keys_stay_within_the_bound_of_the_memory_tier(saw: Saw) -> None:
    cache = Cache(Settings(cache_memory_bytes=16 * MIB), 1)
    for digest in list(digests(1000))[:400]:
        ask(cache, os.urandom(50_000), digest)
    tracemalloc.start()
    held = []

    for digest in list(digests(1000))[400:]:
        ask(cache, os.urandom(50_000), digest)
        held.append(cache.memory.extent().bytes)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert max(held) <= 16 * MIB
    assert min(held) > 15 * MIB
    assert grown <= 17 * MIB  # all that was allocated since and still is: what took the place of older values
    assert cache.memory.evictions > 600
    saw("within its bound at each step, older values evicted, no memory beside them")


# -- the log and the document --


def test_an_outage_is_logged_once_however_many_threads_meet_it(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    cache = cache_on(redis_server.url, breaker_open_s=60.0)
    ask(cache)
    redis_server.kill()

    with caplog.at_level(logging.INFO), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda digest: ask(cache, digest=digest), digests(200)))

    assert len(answers) == 200
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert cache.recorder.counts()["breaker_open"] == 1
