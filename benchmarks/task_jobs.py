"""What tasks cost, on a Redis of their own: one JSON line of figures on stdout.

    python -m benchmarks.task_jobs workers jpeg-24   40 decks that are new, through 1, 2 and 4 workers of one process
    python -m benchmarks.task_jobs overhead jpeg-8   a task beside the same render without one, locally and by Celery
    python -m benchmarks.task_jobs traffic jpeg      the bytes that one task moves through Redis

Times are those of the app that submits, or of the tasks' records, by Redis's clock.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import redis

from benchmarks.cache_jobs import redis_server
from benchmarks.decks import DECKS, Deck, drawn
from benchmarks.runner import ROOT
from cardmaker.deck import Artwork
from cardmaker.settings import Settings
from cardmaker.source import BytesSource
from cardmaker.workbench import State, Task, Workbench

TASKS, WORKERS, REPEATS = 40, (1, 2, 4), 15
LONG_S = 300.0


@contextmanager
def fleet(url: str, workers: int) -> Iterator[list[int]]:
    """Workers of one process each; the ids of their main processes."""
    command = [sys.executable, "-m", "cardmaker", "worker", "--concurrency", "1"]
    environment = {**os.environ, "REDIS_URL": url, "CELERY_BROKER_URL": url}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(command, cwd=ROOT, env=environment, **quiet) for _ in range(workers)]  # type: ignore[call-overload]
    try:
        with redis.Redis.from_url(url) as client:
            deadline = time.monotonic() + LONG_S
            while len(cast("list[bytes]", client.keys("cm:live:*"))) < workers:
                assert time.monotonic() < deadline, "the workers did not start"
                time.sleep(0.1)
        yield [each.pid for each in started]
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait(LONG_S)


@contextmanager
def app_on(url: str, runner: str) -> Iterator[Workbench]:
    bench = Workbench(Settings(redis_url=url, runner=runner, broker_url=url, result_backend=url))
    try:
        yield bench
    finally:
        bench.close()


def workers(deck: Deck) -> dict[str, float]:
    """Throughput, the wait in the queue, the render, and the memory that a worker holds at the end."""
    figures: dict[str, float] = {}
    for count in WORKERS:
        with redis_server() as url, fleet(url, count) as pids, app_on(url, "celery") as bench:
            decks = [_deck(bench, deck, number) for number in range(TASKS)]
            _ended(bench, bench.submit(_deck(bench, deck, -1), {}))
            start = time.perf_counter()
            submitted = [bench.submit(each, {}) for each in decks]
            sent_s = time.perf_counter() - start
            done = [_ended(bench, task) for task in submitted]
            took_s = time.perf_counter() - start
            memory = [sum(_resident(pid) for pid in (main, *_children(main))) for main in pids]
        waited = [task.waited_s or 0.0 for task in done]
        figures |= {
            f"{count}_decks_per_s": TASKS / took_s,
            f"{count}_submitted_s": sent_s,
            f"{count}_wait_p50_s": statistics.median(waited),
            f"{count}_wait_max_s": max(waited),
            f"{count}_run_p50_s": statistics.median(task.ran_s or 0.0 for task in done),
            f"{count}_worker_mib": max(memory) / 1024,
        }
    return figures


def overhead(deck: Deck) -> dict[str, float]:
    """From the request for a new deck to its document in hand; each way in turn, so that they meet the same weather."""
    took: dict[str, list[float]] = {"direct": [], "local": [], "celery": []}
    with (
        redis_server() as url,
        fleet(url, 1),
        app_on(url, "local") as here,
        app_on(url, "celery") as there,
    ):
        number = 0
        for turn in range(REPEATS + 1):
            for way, bench in (("direct", here), ("local", here), ("celery", there)):
                artwork = _deck(bench, deck, number)
                number += 1
                start = time.perf_counter()
                if way == "direct":
                    bench.document(bench.request(artwork, {}), artwork)
                else:
                    bench.result(_ended(bench, bench.submit(artwork, {})).id)
                if turn:  # the first one starts processes
                    took[way].append(time.perf_counter() - start)
    figures = {f"{way}_s": statistics.median(times) for way, times in took.items()}
    pairs = {way: [a - b for a, b in zip(took[way], took["direct"], strict=True)] for way in ("local", "celery")}
    return figures | {f"{way}_over_direct_s": statistics.median(each) for way, each in pairs.items()}


def traffic(deck: Deck) -> dict[str, float]:
    """What went into Redis and came out, by its own count: a worker makes one deck, another app fetches it."""
    with (
        redis_server() as url,
        fleet(url, 1),
        app_on(url, "celery") as bench,
        app_on(url, "celery") as other,
        redis.Redis.from_url(url) as client,
    ):
        artwork = _deck(bench, deck, 0)
        before = _moved(client)
        task = bench.submit(artwork, {})
        submitted = _moved(client)
        done = _ended(bench, task)
        rendered = _moved(client)
        other.result(task.id)
        fetched = _moved(client)
        kept = cast("dict[str, int]", client.info("memory"))["used_memory"]
    mib = 1024 * 1024
    return {
        "images_mib": deck.bytes_in / mib,
        "document_mib": done.size / mib,
        "submit_in_mib": (submitted[0] - before[0]) / mib,
        "render_in_mib": (rendered[0] - submitted[0]) / mib,
        "render_out_mib": (rendered[1] - submitted[1]) / mib,
        "fetch_out_mib": (fetched[1] - rendered[1]) / mib,
        "run_s": done.ran_s or 0.0,
        "redis_mib": kept / mib,
    }


def _moved(client: redis.Redis) -> tuple[int, int]:
    told = cast("dict[str, int]", client.info("stats"))
    return told["total_net_input_bytes"], told["total_net_output_bytes"]


def _deck(bench: Workbench, deck: Deck, number: int) -> Artwork:
    """Images that are new to the cache for each number, by a comment in their JPEG."""
    comment = f"deck {number}".encode()
    marked = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    *fronts, back = (
        BytesSource(path.name, content[:2] + marked + content[2:])
        for path, content in ((path, path.read_bytes()) for path in deck.files)
    )
    return bench.deck(fronts, back)


def _ended(bench: Workbench, task: Task) -> Task:
    done = bench.wait(task.id, LONG_S)
    assert done.state is State.SUCCESS, done
    return done


def _children(main: int) -> list[int]:
    tasks = Path(f"/proc/{main}/task")
    return [int(pid) for each in tasks.iterdir() for pid in (each / "children").read_text().split()]


def _resident(pid: int) -> int:
    """KiB, of what is shared with other processes its share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    JOBS: dict[str, Callable[[Deck], dict[str, Any]]] = {job.__name__: job for job in (workers, overhead, traffic)}
    print(json.dumps(JOBS[sys.argv[1]](drawn(DECKS[sys.argv[2]]))))
