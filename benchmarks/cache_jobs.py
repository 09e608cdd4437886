"""What the cache costs, on a Redis of its own: one JSON line of figures on stdout.

    python -m benchmarks.cache_jobs documents jpeg

Beside it stand a plain GET of the same bytes and dogpile.cache with its Redis backend on the same value.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.decks import DECKS, Deck, drawn

REPEATS = 7
WAITERS, WAITED_BYTES, COMPUTE_S = 8, 100_000, 0.5


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a Redis that ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--maxmemory", "2gb"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _await(port)
            yield f"redis://localhost:{port}/0"
        finally:
            server.terminate()


def documents(deck: Deck) -> dict[str, float]:
    """A deck's document through the workbench: cold, one card changed, layout changed, hits from each tier."""
    from cardmaker.settings import Settings
    from cardmaker.source import BytesSource
    from cardmaker.workbench import Workbench

    *paths, back_path = deck.files
    fronts = [BytesSource(path.name, path.read_bytes()) for path in paths]
    back = BytesSource("back", back_path.read_bytes())
    spares = [BytesSource("spare", _changed(paths[50].read_bytes(), number)) for number in range(REPEATS)]

    with redis_server() as url:
        settings = Settings(redis_url=url)
        bench = Workbench(settings)

        def once(on: Workbench, cards: list[BytesSource], **knobs: object) -> float:
            start = time.perf_counter()
            artwork = on.deck(cards, back)
            on.document(on.request(artwork, knobs), artwork)
            return time.perf_counter() - start

        figures = {"cold_s": once(bench, fronts)}
        figures["memory_hit_s"] = statistics.median(once(bench, fronts) for _ in range(REPEATS))
        figures["one_card_s"] = statistics.median(once(bench, [*fronts[:50], s, *fronts[51:]]) for s in spares)
        figures["layout_s"] = statistics.median(once(bench, fronts, label=f"{i}") for i in range(REPEATS))
        elsewhere = [Workbench(settings) for _ in range(2 * REPEATS)]
        figures["layout_elsewhere_s"] = statistics.median(
            once(each, fronts, paper="a4", title=f"{i}") for i, each in enumerate(elsewhere[:REPEATS])
        )
        figures["redis_hit_s"] = statistics.median(once(each, fronts) for each in elsewhere[REPEATS:])
        return figures


def values(deck: Deck) -> dict[str, float]:
    """The same document as a value: our hit from Redis and from memory, a plain GET, and dogpile.cache."""
    import redis
    from dogpile.cache import make_region

    from cardmaker.cache import Cache
    from cardmaker.redis_client import RedisLink
    from cardmaker.settings import Settings

    value, digest = b"".join(path.read_bytes() for path in deck.files), "0" * 64
    with redis_server() as url:
        settings = Settings(redis_url=url)
        Cache(settings, 1, RedisLink(settings)).set("pdf", digest, value)
        plain = redis.Redis.from_url(url)
        plain.set("plain", value)
        region = make_region().configure("dogpile.cache.redis", arguments={"url": url})
        region.set("dogpile", value)
        ours = Cache(settings, 1, RedisLink(settings))
        ours.get("pdf", digest)

        def from_redis() -> None:
            ours.memory.clear()
            assert ours.get("pdf", digest)

        return {
            "bytes": len(value),
            "redis_hit_s": _median(from_redis),
            "memory_hit_s": _median(lambda: ours.get("pdf", digest)),
            "plain_get_s": _median(lambda: plain.get("plain")),
            "dogpile_s": _median(lambda: region.get("dogpile")),
        }


def waiters(_: Deck) -> dict[str, float]:
    """Eight processes ask for one cold key at once: how often it was computed, and how long after the computation the
    last one had it."""
    with redis_server() as url:
        context = multiprocessing.get_context("spawn")
        barrier, results = context.Barrier(WAITERS), context.Queue()
        processes = [context.Process(target=_wait, args=(url, barrier, results)) for _ in range(WAITERS)]
        for process in processes:
            process.start()
        seen = [results.get(timeout=60) for _ in processes]
        for process in processes:
            process.join()
    computed = [ended for was_first, ended in seen if was_first]
    return {"computes": len(computed), "last_waiter_s": max(ended for _, ended in seen) - min(computed)}


def _wait(url: str, barrier: Any, results: Any) -> None:
    from cardmaker.cache import Cache, cached
    from cardmaker.redis_client import RedisLink
    from cardmaker.settings import Settings

    settings = Settings(redis_url=url)
    cache = Cache(settings, 1, RedisLink(settings))
    ran = []

    @cached(cache, "pdf", key=lambda: "1" * 64)
    def slow() -> bytes:
        ran.append(True)
        time.sleep(COMPUTE_S)
        return os.urandom(WAITED_BYTES)

    cache.probe()
    barrier.wait()
    slow()
    results.put((bool(ran), time.monotonic()))


def _median(call: Callable[[], object]) -> float:
    took = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def _changed(content: bytes, number: int) -> bytes:
    """The same picture as another file: a comment after a JPEG's first marker."""
    return content[:2] + b"\xff\xfe\x00\x06" + number.to_bytes(4, "big") + content[2:]


def _await(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2):
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("benchmark: redis-server did not start")


if __name__ == "__main__":
    JOBS: dict[str, Callable[[Deck], dict[str, float]]] = {job.__name__: job for job in (documents, values, waiters)}
    print(json.dumps(JOBS[sys.argv[1]](drawn(DECKS[sys.argv[2]]))))
