"""A process of its own that reads through the cache, for tests of what several do at once.

It takes its orders as JSON, says "ready", waits for a line, says "computing" whenever it computes, and at the end what
came of it, as JSON. `Worker` is the test's side of it.
"""

import dataclasses
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cardmaker.cache import Cache, cached
from cardmaker.errors import ImageError, RenderFault
from cardmaker.redis_client import RedisLink
from cardmaker.settings import Settings

ROOT = Path(__file__).parent.parent
IMAGE = "ab" * 32
_END_S = 30.0


@dataclass(frozen=True)
class Orders:
    """`fails` is "", "image" or "fault". `clock_ahead_s` is how far this process's clock is off."""

    url: str
    digest: str
    size: int = 1000
    compute_s: float = 0.0
    lease_s: float = 10.0
    wait_s: float = 20.0
    fails: str = ""
    name: str = "card.png"
    clock_ahead_s: float = 0.0
    threads: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of it: how it was got and a digest of the value, or the error."""

    computed: int
    seconds: float
    outcome: str = ""
    sha256: str = ""
    error: str = ""
    text: str = ""


def value_of(digest: str, size: int) -> bytes:
    return (digest.encode() * (size // len(digest) + 1))[:size]


def work(orders: Orders) -> Outcome:
    settings = Settings(
        redis_url=orders.url,
        lease_s=orders.lease_s,
        wait_s=orders.wait_s,
        redis_timeout_s=5.0,  # the cores may be busy
        redis_budget_s=20.0,
    )
    cache = Cache(settings, 1, RedisLink(settings))
    computed = 0

    @cached(cache, "pdf", key=lambda: orders.digest, name_of=lambda: lambda _: orders.name)
    def document() -> bytes:
        nonlocal computed
        computed += 1
        _say("computing")
        time.sleep(orders.compute_s)
        if orders.fails == "image":
            raise ImageError(orders.name, "is broken; replace it", IMAGE)
        if orders.fails == "fault":
            raise RenderFault("made the wrong thing")
        return value_of(orders.digest, orders.size)

    start = time.perf_counter()
    try:
        with ThreadPoolExecutor(orders.threads) as pool:
            answers = list(pool.map(lambda _: document.ask(), range(orders.threads)))
    except Exception as error:  # noqa: BLE001 - whatever it was, the test judges it
        return Outcome(computed, time.perf_counter() - start, error=type(error).__name__, text=_all_texts(error))
    took = time.perf_counter() - start
    values = {bytes(answer.value) for answer in answers}
    assert len(values) == 1
    return Outcome(computed, took, answers[0].outcome, hashlib.sha256(values.pop()).hexdigest())


def _all_texts(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return " | ".join(texts)


class Worker:
    """Runs from its making on; `go` lets it begin, `outcome` waits for its end."""

    def __init__(self, orders: Orders) -> None:
        command = [sys.executable, "-m", "tests.cache_worker", json.dumps(dataclasses.asdict(orders))]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self._in, self._out = _both(self.process)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._in.close()
        self._out.close()

    def wait_for(self, word: str) -> None:
        said = self._out.readline().strip()
        assert said == word, f"{said!r} instead of {word!r}"

    def go(self) -> None:
        self._in.write("go\n")
        self._in.flush()

    def outcome(self) -> Outcome:
        lines = [line for line in self._out if line.strip() != "computing"]
        assert self.process.wait(_END_S) == 0
        return Outcome(**json.loads(lines[-1]))

    def kill(self) -> None:
        """As the system would when memory runs out."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(_END_S)


def together(orders: Sequence[Orders]) -> list[Outcome]:
    """All at once, each in its own process."""
    workers = [Worker(each) for each in orders]
    try:
        for worker in workers:
            worker.wait_for("ready")
        for worker in workers:
            worker.go()
        return [worker.outcome() for worker in workers]
    finally:
        for worker in workers:
            worker.__exit__()


def _both(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def _shift_clock(seconds: float) -> None:
    real_clock: Any = time.time
    time.time = lambda: real_clock() + seconds


if __name__ == "__main__":
    given = Orders(**json.loads(sys.argv[1]))
    _shift_clock(given.clock_ahead_s)
    _say("ready")
    sys.stdin.readline()
    _say(json.dumps(dataclasses.asdict(work(given))))
