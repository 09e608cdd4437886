"""Random work by threads in processes on one Redis that is killed, stopped and cleared meanwhile; then the invariants.

Two seconds of it in the suite; CARDMAKER_STRESS_S gives it more.
"""

import dataclasses
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cardmaker.cache import Blob, Cache, cached
from cardmaker.cache.blob import CHUNK_BYTES
from cardmaker.redis_client import RedisLink
from cardmaker.settings import Settings
from tests.redis_server import RedisServer
from tests.tools import until

ROOT = Path(__file__).parent.parent
STRESS_S = float(os.environ.get("CARDMAKER_STRESS_S", "2"))
PROCESSES, THREADS, KEYS = 3, 4, 40
MEMORY_BYTES = 2 << 20
LEASE_S = 0.5
_HEAD = 32


@dataclass(frozen=True)
class Orders:
    url: str
    seed: int
    seconds: float


def value(number: int, noise: random.Random) -> bytes:
    """Its own digest, its number, and as many bytes as chance gives it; now and then more than a chunk."""
    size = CHUNK_BYTES + 100 if noise.random() < 0.005 else noise.choice((0, 10, 1000, 100_000))
    body = number.to_bytes(4, "big") + noise.randbytes(min(size, 1000)) * (size // 1000 + 1)
    return hashlib.sha256(body).digest() + body


def is_right(number: int, found: Blob | None) -> bool:
    """Whether it is absent, or whole and of that key."""
    if found is None:
        return True
    data = bytes(found)
    body = data[_HEAD:]
    return hashlib.sha256(body).digest() == data[:_HEAD] and body[:4] == number.to_bytes(4, "big")


def digest_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def work(orders: Orders) -> Counter[str]:
    """Does what chance says until the time is over; how often what was done, and what was wrong."""
    settings = Settings(
        redis_url=orders.url,
        cache_memory_bytes=MEMORY_BYTES,
        cache_entry_bytes=MEMORY_BYTES // 4,
        breaker_open_s=0.1,
        lease_s=LEASE_S,
        wait_s=5.0,
    )
    cache = Cache(settings, 1, RedisLink(settings))
    ends = time.monotonic() + orders.seconds

    @cached(cache, "pdf", key=lambda number, noise: digest_of(number))  # noqa: ARG005 - any bytes will do
    def document(number: int, noise: random.Random) -> bytes:
        return value(number, noise)

    def get(number: int, _: random.Random) -> bool:
        return is_right(number, cache.get("pdf", digest_of(number)))

    def set_(number: int, noise: random.Random) -> bool:
        cache.set("pdf", digest_of(number), value(number, noise))
        return True

    def delete(number: int, _: random.Random) -> bool:
        cache.delete("pdf", digest_of(number))
        return True

    def clear(_: int, __: random.Random) -> bool:
        cache.clear("pdf")
        return True

    def fetch(number: int, noise: random.Random) -> bool:
        visit, wanted = cache.visit(), range(number, number + 10)
        cache.fetch("pdf", map(digest_of, wanted), visit)
        return all(is_right(each, document.during(visit, each, noise).value) for each in wanted)

    def ask(number: int, noise: random.Random) -> bool:
        return is_right(number, document(number, noise))

    def run(seed: int) -> Counter[str]:
        noise, done = random.Random(seed), Counter[str]()
        operations: list[Callable[[int, random.Random], bool]] = [get, set_, delete, clear, fetch, ask]
        while time.monotonic() < ends:
            (operation,) = noise.choices(operations, (10, 10, 5, 0.1, 1, 20))
            done[operation.__name__] += 1
            done["wrong"] += not operation(noise.randrange(KEYS), noise)
            done["over the bound"] += cache.memory.extent().bytes > MEMORY_BYTES
        return done

    with ThreadPoolExecutor(THREADS) as pool:
        total = sum(pool.map(run, range(orders.seed, orders.seed + THREADS)), Counter[str]())
    return total + Counter({f"counted {name}": count for name, count in cache.recorder.counts().items()})


@pytest.mark.slow
def test_under_random_work_and_faults_no_value_is_ever_wrong(redis_server: RedisServer) -> None:
    chance = random.Random(1)
    command = [sys.executable, "-m", "tests.test_cache_stress"]
    orders = [Orders(redis_server.url, 1000 * each, STRESS_S) for each in range(PROCESSES)]
    workers = [
        subprocess.Popen([*command, json.dumps(dataclasses.asdict(each))], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for each in orders
    ]

    try:
        while any(worker.poll() is None for worker in workers):
            redis_server.restart() if chance.random() < 0.5 else blink(redis_server)
            until_next = time.monotonic() + chance.uniform(0.1, 0.4)
            until(lambda ends=until_next: time.monotonic() > ends, 5.0)  # type: ignore[misc]
        done = Counter[str]()
        for worker in workers:
            said, _ = worker.communicate(timeout=60)
            assert worker.returncode == 0
            done.update(json.loads(said))
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()

    assert (done["wrong"], done["over the bound"]) == (0, 0)
    assert min(done[each] for each in ("get", "set_", "delete", "clear", "fetch", "ask")) > 0
    assert min(done[f"counted {each}"] for each in ("hit_memory", "hit_redis", "miss", "store", "redis_error")) > 0


@pytest.mark.slow
def test_after_random_work_every_key_has_its_time_and_no_lease_is_left(redis_server: RedisServer) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, [Orders(redis_server.url, seed, STRESS_S / 2) for seed in (1, 2)]))
    redis = redis_server.client()

    with redis:
        until(lambda: not redis.keys("*:lease"), 5 * LEASE_S, "the end of all leases")
        keys = redis.keys("*")
        times = [redis.pttl(key) for key in keys]

    assert sum(done, Counter[str]())["wrong"] == 0
    assert len(keys) > KEYS // 4
    assert min(times) > 0


def blink(server: RedisServer) -> None:
    """Silent for longer than any wait."""
    server.pause()
    silent_until = time.monotonic() + 0.4
    until(lambda: time.monotonic() > silent_until, 5.0)
    server.resume()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(work(Orders(**json.loads(sys.argv[1])))))
