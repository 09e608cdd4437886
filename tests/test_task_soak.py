"""Users who submit, cancel and retry, while workers and Redis are killed under them.

CARDMAKER_SOAK_S is how long, CARDMAKER_SOAK_SEED what happens in it.
"""

import logging
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cardmaker.deck import Artwork
from cardmaker.errors import StoreError, TaskError, UnknownTask
from cardmaker.redis_client import Client
from cardmaker.source import BytesSource
from cardmaker.tasks.redis_records import RedisRecords
from cardmaker.workbench import State, Task, Workbench
from tests import images
from tests.celery_workers import Fleet, app_on, long_deck, pages_of, quick_deck, runner_of
from tests.redis_server import RedisServer
from tests.tools import until

pytestmark = pytest.mark.slow
_log = logging.getLogger(__name__)
SOAK_S = float(os.environ.get("CARDMAKER_SOAK_S", "20"))
SEED = int(os.environ.get("CARDMAKER_SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
USERS, DECKS, LATE_S = 4, 100, 120.0
# Celery's names of queues, the stream of events, which has a greatest length, and what was delivered to workers before
# they were killed, which Celery repeats once the visibility timeout is over.
LASTING = (b"cm:q:_kombu.", b"cm:events", b"cm:q:unacked")


@dataclass
class Diary:
    """What was done, which tasks there should be, and when each was last asked for; `emptied_s` is when Redis last
    started anew."""

    tasks: dict[str, int] = field(default_factory=dict)
    asked_s: dict[str, float] = field(default_factory=dict)
    emptied_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, task: Task | None = None, number: int = 0, asked_s: float = 0.0) -> None:
        with self.lock:
            self.counts[what] += 1
            if task is not None:
                self.tasks[task.id], self.asked_s[task.id] = number, asked_s

    def any_task(self, chance: random.Random) -> tuple[str, int] | None:
        with self.lock:
            return chance.choice(list(self.tasks.items())) if self.tasks else None


def deck(bench: Workbench, number: int) -> Artwork:
    """Some take long, one cannot be printed."""
    if number % 20 == 0:
        return bench.deck([BytesSource("torn.png", images.encoded(0)[:99])])
    if number % 3 == 0:
        return long_deck(bench, number, cards=20)
    return quick_deck(bench, number, cards=8 * (1 + number % 5))


def pages(number: int) -> int:
    """Eight cards on a sheet."""
    return -(-20 // 8) if number % 3 == 0 else 1 + number % 5


def user(bench: Workbench, diary: Diary, chance: random.Random, ends: float) -> None:
    while time.monotonic() < ends:
        number, found = chance.randrange(DECKS), diary.any_task(chance)
        what = chance.choices(("submit", "cancel", "retry", "result"), (6, 2, 1, 2))[0]
        now_s = time.monotonic()
        try:
            if what == "submit":
                diary.note(what, bench.submit(deck(bench, number), {}), number, now_s)
            elif found and what == "cancel":
                bench.cancel(found[0])
                diary.note(what)
            elif found and what == "retry":
                diary.note(what, bench.retry(found[0]), found[1], now_s)
            elif found:
                assert pages_of(bytes(bench.result(found[0]))) == pages(found[1])
                diary.note(what)
        except (StoreError, TaskError) as error:
            diary.note(f"{what}: {type(error).__name__}")
        threading.Event().wait(chance.uniform(0.02, 0.3))


def trouble(server: RedisServer, fleets: list[Fleet], diary: Diary, chance: random.Random, ends: float) -> None:
    def restart_redis() -> None:
        server.kill()
        threading.Event().wait(chance.uniform(0, 1))
        server.start()
        diary.emptied_s = time.monotonic()

    def pause_redis() -> None:
        server.pause()
        threading.Event().wait(chance.uniform(0.1, 1.5))
        server.resume()

    def kill_child() -> None:
        chance.choice(fleets).kill_children()

    def kill_main() -> None:
        fleet = chance.choice(fleets)
        fleet.kill()
        fleet.start(wait=False)

    def kill_worker() -> None:
        fleet = chance.choice(fleets)
        fleet.kill_all()
        fleet.start(wait=False)

    workers: dict[Callable[[], None], int] = {kill_child: 5, kill_worker: 2, kill_main: 2, pause_redis: 2}
    # A Redis that is killed forgets its tasks; of those that come later none may be.
    for kinds, until_s in (({**workers, restart_redis: 2}, ends - (ends - time.monotonic()) / 2), (workers, ends)):
        while time.monotonic() < until_s:
            threading.Event().wait(chance.uniform(1, 4))
            act = chance.choices(list(kinds), list(kinds.values()))[0]
            act()
            diary.note(act.__name__)


@contextmanager
def fleets_on(server: RedisServer, folder: Path) -> Iterator[list[Fleet]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Fleet(server, folder / name)) for name in ("one", "other")]


def ended(bench: Workbench, task_id: str) -> Task | None:
    """None when its record went with a Redis that was killed."""
    with suppress(UnknownTask):
        return bench.wait(task_id, LATE_S)
    return None


def answers(bench: Workbench) -> bool:
    try:
        return bench.tasks(1) is not None
    except StoreError:
        return False


def lasting(redis: Client) -> list[bytes]:
    """Keys that never end, and should."""
    return [key for key in redis.scan_iter() if redis.ttl(key) == -1 and not key.startswith(LASTING)]


def store_of(bench: Workbench) -> RedisRecords:
    assert bench.link is not None
    return RedisRecords(bench.link, bench.settings, "")


def test_after_any_trouble_every_task_is_over_and_every_success_has_its_document(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    chance, diary = random.Random(SEED), Diary()
    _log.info("CARDMAKER_SOAK_SEED=%d", SEED)
    with fleets_on(redis_server, tmp_path) as fleets, ExitStack() as stack:
        apps = [stack.enter_context(app_on(redis_server.url)) for _ in range(2)]
        for app in apps:
            app.watch_over()
        ends = time.monotonic() + SOAK_S
        with ThreadPoolExecutor(USERS + 1) as pool:
            work = [pool.submit(user, apps[n % 2], diary, random.Random(chance.random()), ends) for n in range(USERS)]
            work.append(pool.submit(trouble, redis_server, fleets, diary, chance, ends))
            for each in work:
                each.result()

        until(lambda: answers(apps[0]), LATE_S, "Redis's return")
        known = {task_id: ended(apps[0], task_id) for task_id in diary.tasks}
        done = {task_id: task for task_id, task in known.items() if task is not None}
        states = Counter(str(task.state) for task in done.values())
        _log.info("%s %s %d forgotten", dict(diary.counts), dict(states), len(known) - len(done))
        assert all(task.is_final for task in done.values()), [task for task in done.values() if not task.is_final]

        # By an app that remembers nothing.
        with app_on(redis_server.url) as fresh:
            for task_id, task in done.items():
                if task.state is State.SUCCESS:
                    assert pages_of(bytes(fresh.result(task_id))) == task.pages == pages(diary.tasks[task_id])
                elif task.state is State.FAILURE and task.error_code != "store-away":  # of a submission that failed
                    assert (diary.tasks[task_id] % 20, task.error_card) == (0, "torn.png"), task
        forgotten = [task_id for task_id, task in known.items() if task is None]
        assert [each for each in forgotten if diary.asked_s[each] > diary.emptied_s] == []

        # Also those that nobody was told of, since the answer to their submission was lost.
        until(lambda: store_of(apps[0]).active() == (), LATE_S, "the end of every task in Redis")
        assert [task for task in apps[0].tasks(5000) if not task.is_final] == []
        with redis_server.client() as redis:
            until(lambda: runner_of(apps[0]).waiting() == 0, LATE_S, "the queues' end")
            for fleet in fleets:
                assert not fleet.is_over(), fleet.log
                until(lambda fleet=fleet: len(fleet.members()) == 1 + fleet.slots, LATE_S, "one process for each slot")  # type: ignore[misc]
            until(lambda: not any(each.busy for each in apps[0].moment().workers), LATE_S, "idle workers")
            until(lambda: lasting(redis) == [], LATE_S, "a time to live for every key that stays")
        assert any(task.state is State.SUCCESS for task in done.values())
        assert diary.counts["submit"] > USERS
