"""What the API costs, as `uvicorn app:app` with a Redis of its own: one JSON line of figures on stdout.

    python -m benchmarks.api_jobs load jpeg-8        50 clients at once, every other request for a deck that is new
    python -m benchmarks.api_jobs faults jpeg-8      the same; Redis is killed after a third and back after two
    python -m benchmarks.api_jobs first_byte jpeg    a large document from Redis, for a client that accepts gzip

Times are the client's: from the first byte that it sends, or from the last where it says so. Clients run in a
process of their own, on the same machine.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from benchmarks.cache_jobs import redis_server
from benchmarks.decks import DECKS, Deck, drawn
from benchmarks.runner import ROOT

CLIENTS, EACH, HOT, REPEATS = 50, 12, 6, 21
START_S, LONG_S = 60.0, 120.0
_FORM = {"Content-Type": "multipart/form-data; boundary=b", "Accept-Encoding": "gzip, br"}


@contextmanager
def server(redis_url: str, **environment: str) -> Iterator[int]:
    """The port of the app, until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--no-access-log"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": redis_url, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _await(port)
            yield port
        finally:
            process.terminate()


class Redis:
    """One that may be killed, and started again with nothing in it."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://localhost:{self.port}/0"

    def start(self) -> None:
        options = ("--bind", "127.0.0.1", "--save", "", "--maxmemory", "2gb", "--maxmemory-policy", "volatile-lru")
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def load(deck: Deck, *, with_faults: bool = False) -> dict[str, float]:
    """Hits and misses apart, at a steady 50 requests at once, after the hot decks were rendered."""
    redis, answered = Redis(), threading.Semaphore(0)
    hot = [_form(deck, f"hot {i}") for i in range(HOT)]
    took: dict[str, list[float]] = defaultdict(list)
    lock = threading.Lock()

    def client(number: int) -> None:
        for turn in range(EACH):
            body = _form(deck, f"{number} {turn}") if turn % 2 else hot[(number + turn) % HOT]
            start = time.perf_counter()
            status, cache = _ask(port, body)
            with lock:
                took[cache if status == 200 else str(status)].append(time.perf_counter() - start)
            answered.release()

    try:
        with server(redis.url) as port:
            for body in hot:
                _ask(port, body)
            start = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as pool:
                clients = [pool.submit(client, number) for number in range(CLIENTS)]
                for change in (redis.kill, redis.start) if with_faults else ():
                    for _ in range(CLIENTS * EACH // 3):
                        answered.acquire(timeout=LONG_S)
                    change()
                for each in clients:
                    each.result()
            figures = {"seconds": time.perf_counter() - start}
    finally:
        redis.kill()
    for outcome, times in sorted(took.items()):
        figures[f"{outcome}_count"] = len(times)
        for percent in (50, 95, 99):
            figures[f"{outcome}_p{percent}_s"] = _quantile(times, percent)
    return figures


def faults(deck: Deck) -> dict[str, float]:
    return load(deck, with_faults=True)


def first_byte(deck: Deck) -> dict[str, float]:
    """From the request's last byte to the answer's first, and to its last; from Redis, and from memory."""
    body = _form(deck, "large")
    figures: dict[str, float] = {}
    with redis_server() as url:
        for tier, options in (("redis", {"CARDMAKER_CACHE_MEMORY_BYTES": "0"}), ("memory", {})):
            with server(url, **options) as port:
                _ask(port, body)
                times = [_first_byte(port, body) for _ in range(REPEATS)]
            figures[f"{tier}_first_byte_p50_s"] = statistics.median(first for first, _ in times)
            figures[f"{tier}_first_byte_p95_s"] = _quantile([first for first, _ in times], 95)
            figures[f"{tier}_last_byte_p50_s"] = statistics.median(last for _, last in times)
    return figures


def _first_byte(port: int, body: bytes) -> tuple[float, float]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)) as client:
        client.request("POST", "/api/render", body, _FORM)
        start = time.perf_counter()
        with client.getresponse() as answer:
            answer.read(1)
            first = time.perf_counter() - start
            assert answer.headers["x-cardmaker-cache"] == "hit"
            answer.read()
        return first, time.perf_counter() - start


def _ask(port: int, body: bytes) -> tuple[int, str]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
    client.request("POST", "/api/render", body, _FORM)
    with client.getresponse() as answer:
        answer.read()
        found = answer.status, answer.headers.get("x-cardmaker-cache", "")
    client.close()
    return found


def _form(deck: Deck, title: str) -> bytes:
    """A deck whose images are new to the cache for each title, by a comment in their JPEG."""
    comment = title.encode()
    marked = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    *fronts, back = ((path.name, path.read_bytes()) for path in deck.files)
    parts = [("fronts", name, content[:2] + marked + content[2:]) for name, content in fronts]
    parts.append(("back", *back))
    pieces = []
    for field, name, content in parts:
        head = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        pieces += [head.encode(), content, b"\r\n"]
    return b"".join([*pieces, b"--b--\r\n"])


def _quantile(times: list[float], percent: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _await(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", "/api/health/live")
            client.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            client.close()
    raise SystemExit("benchmark: the app did not start")


if __name__ == "__main__":
    JOBS: dict[str, Callable[[Deck], dict[str, float]]] = {job.__name__: job for job in (load, faults, first_byte)}
    print(json.dumps(JOBS[sys.argv[1]](drawn(DECKS[sys.argv[2]]))))
