"""The local runner: real render processes, real decks, and what happens when one of them is killed."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pypdfium2
import pytest

from cardmaker.deck import Artwork, assemble
from cardmaker.errors import Busy, TaskError, TaskGone, UnknownTask
from cardmaker.settings import Settings
from cardmaker.source import BytesSource
from cardmaker.tasks import local
from cardmaker.tasks.execution import execute
from cardmaker.tasks.local import LocalRunner
from cardmaker.tasks.record import Queue, State, Task, new_id
from cardmaker.workbench import Workbench
from tests import images
from tests.redis_server import RedisServer
from tests.tools import until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
DONE_S = 30.0
SETTINGS: dict[str, object] = {"paper": "a4", "card": "poker", "skip": {2}, "title": "Elves <b>"}


class Slow(BytesSource):
    """An image that takes its time to be read, each time."""

    seconds = 0.05

    def open(self) -> BinaryIO:
        time.sleep(self.seconds)
        return super().open()


class Stuck(BytesSource):
    """An image whose content keeps a render process busy: it is stopped when it asks for it."""

    def __init__(self, name: str, content: bytes, workbench: Workbench) -> None:
        super().__init__(name, content)
        self._workbench = workbench
        self.asked = False
        self.digest  # noqa: B018 - computed now, without being asked for

    def open(self) -> BinaryIO:
        if not self.asked:
            self.asked = True
            for pid in pids(self._workbench):
                os.kill(pid, signal.SIGSTOP)
        return super().open()


@contextmanager
def working(**settings: Any) -> Iterator[Workbench]:
    workbench = Workbench(Settings(**settings))
    with closing(workbench):
        yield workbench


@pytest.fixture(scope="module")
def workbench() -> Iterator[Workbench]:
    with working() as made:
        yield made


def pids(workbench: Workbench) -> tuple[int, ...]:
    runner = workbench.runner
    assert isinstance(runner, LocalRunner)
    return runner.pids


def deck(first: int, count: int = 9, kind: type[BytesSource] = BytesSource) -> Artwork:
    return assemble([kind(f"card {n}.png", images.encoded(first + n)) for n in range(count)])


def slow_deck(first: int, count: int = 60) -> Artwork:
    return deck(first, count, Slow)


def ended(workbench: Workbench, task: Task) -> Task:
    found = workbench.wait(task.id, DONE_S)
    assert found.is_final, found
    return found


def runs(workbench: Workbench, task: Task) -> bool:
    found = workbench.task(task.id)
    return found.state is State.RUNNING and found.doing.startswith("card")


def pages_of(pdf: bytes) -> int:
    with closing(pypdfium2.PdfDocument(io.BytesIO(pdf))) as document:
        return len(document)


def is_alive(pid: int) -> bool:
    """Not so when it has ended and only waits to be looked at."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_task_makes_the_very_document_that_a_direct_render_makes(workbench: Workbench) -> None:
    artwork = deck(0)
    wanted = workbench.request(artwork, SETTINGS)

    task = workbench.submit(artwork, SETTINGS)
    found = ended(workbench, task)

    direct = bytes(Workbench().document(wanted, artwork).value)
    assert (found.state, found.progress, found.title, found.layout) == (
        State.SUCCESS,
        1.0,
        "Elves <b>",
        wanted.sheet.layout_name,
    )
    assert bytes(workbench.result(task.id)) == direct
    assert pages_of(direct) == found.pages
    assert (found.size, found.cards, found.cache) == (len(direct), 9, "miss")
    assert (found.waited_s or -1) >= 0
    assert (found.ran_s or -1) >= 0


def test_while_it_runs_it_says_what_it_is_doing(workbench: Workbench) -> None:
    task = workbench.submit(slow_deck(100, 40), {})
    seen = set()
    while not (found := workbench.task(task.id)).is_final:
        seen.add((found.doing, found.progress))
        time.sleep(0.05)

    assert found.state is State.SUCCESS
    cards = [(doing, done) for doing, done in seen if doing.startswith("card ") and doing.endswith(" of 40")]
    assert len(cards) >= 3
    assert sorted(cards, key=lambda each: int(each[0].split()[1])) == sorted(cards, key=lambda each: each[1])
    assert all(0 < done < 1 for _, done in cards)


def test_twenty_who_submit_the_same_at_once_share_one_task(workbench: Workbench) -> None:
    artwork = slow_deck(200, 5)
    misses = workbench.cache.recorder.counts()["queued"]

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: workbench.submit(artwork, {}).id, range(20)))

    assert len(set(made)) == 1
    assert ended(workbench, workbench.task(made[0])).state is State.SUCCESS
    assert workbench.submit(artwork, {}).id == made[0], "its document is kept"
    assert workbench.cache.recorder.counts()["queued"] == misses + 1


def test_other_names_are_another_task_but_not_another_render(workbench: Workbench) -> None:
    pictures = [images.encoded(300 + n) for n in range(3)]
    mine, theirs = (assemble([BytesSource(f"{who}{n}.png", p) for n, p in enumerate(pictures)]) for who in "ab")

    first = ended(workbench, workbench.submit(mine, {}))
    second = ended(workbench, workbench.submit(theirs, {}))

    assert first.id != second.id
    assert (first.cache, second.cache) == ("miss", "hit")


def test_a_card_that_cannot_be_printed_fails_the_task_and_is_named(workbench: Workbench) -> None:
    artwork = assemble(
        [BytesSource("good.png", images.encoded(1)), BytesSource("<i>bad</i>.png", b"\x89PNG\r\n\x1a\nno image")]
    )

    found = ended(workbench, workbench.submit(artwork, {}))

    assert (found.state, found.error_code, found.error_card) == (State.FAILURE, "image", "<i>bad</i>.png")
    assert "<i>bad</i>.png" in found.error_message
    with pytest.raises(TaskError, match="failed"):
        workbench.result(found.id)


def test_a_task_that_waits_is_cancelled_at_once(workbench: Workbench) -> None:
    busy, waiting = workbench.submit(slow_deck(400), {}), workbench.submit(deck(450), {})

    assert workbench.cancel(waiting.id).state is State.CANCELLED
    workbench.cancel(busy.id)

    assert ended(workbench, busy).state is State.CANCELLED
    assert ended(workbench, waiting).started_s is None


def test_a_task_that_runs_is_cancelled_within_five_seconds_and_leaves_nothing(workbench: Workbench) -> None:
    artwork = slow_deck(500, 200)
    task = workbench.submit(artwork, {})
    until(lambda: runs(workbench, task), DONE_S)

    workbench.cancel(task.id)
    until(lambda: workbench.task(task.id).is_final, 5, "the end of a cancelled task")

    assert workbench.task(task.id).state is State.CANCELLED
    assert not workbench.cache.has("pdf", task.pdf)
    assert workbench.cancel(task.id).state is State.CANCELLED, "once more changes nothing"
    assert ended(workbench, workbench.submit(deck(900), {})).state is State.SUCCESS, "the next one is not its business"


def test_a_task_that_is_done_stays_done_when_it_is_cancelled(workbench: Workbench) -> None:
    done = ended(workbench, workbench.submit(deck(600), {}))

    assert workbench.cancel(done.id) == done


def test_a_render_that_does_not_look_at_its_cancel_is_killed() -> None:
    with working(task_grace_s=0.3) as workbench:
        ended(workbench, workbench.submit(deck(0), {}))
        (pid,) = pids(workbench)
        stuck = Stuck("stuck.png", images.encoded(77), workbench)
        task = workbench.submit(assemble([stuck]), {})
        until(lambda: stuck.asked, DONE_S)

        workbench.cancel(task.id)

        assert ended(workbench, task).state is State.CANCELLED
        assert not is_alive(pid)


def test_a_render_that_takes_too_long_is_stopped_and_says_so() -> None:
    with working(task_soft_s=1.0, task_grace_s=0.3) as workbench:
        task = ended(workbench, workbench.submit(slow_deck(0, 200), {}))

        assert (task.state, task.error_code) == (State.FAILURE, "timeout")
        assert "longer than 1 s" in task.error_message


def test_a_killed_render_process_fails_its_own_task_alone() -> None:
    with working(task_processes=2) as workbench:
        tasks = [workbench.submit(slow_deck(100 * number, 60), {}) for number in range(2)]
        until(lambda: all(runs(workbench, task) for task in tasks), DONE_S)

        os.kill(pids(workbench)[0], signal.SIGKILL)

        states = [ended(workbench, task).state for task in tasks]
        assert sorted(states) == [State.FAILURE, State.SUCCESS]
        failed = next(task for task in map(workbench.task, (t.id for t in tasks)) if task.state is State.FAILURE)
        assert "killed" in failed.error_message
        again = workbench.retry(failed.id)
        assert again.retry_of == failed.id
        assert workbench.task(failed.id).retried_as == again.id
        assert ended(workbench, again).state is State.SUCCESS


def test_only_what_came_to_nothing_can_be_tried_again(workbench: Workbench) -> None:
    done = ended(workbench, workbench.submit(deck(700), {}))

    with pytest.raises(TaskError, match="did not come to its end"):
        workbench.retry(done.id)
    for unknown in (new_id(), "", "../../etc/passwd", "A" * 32):
        for ask in (workbench.task, workbench.cancel, workbench.retry, workbench.result):
            with pytest.raises(UnknownTask):
                ask(unknown)


def test_a_document_that_is_no_longer_kept_is_said_to_be_gone(workbench: Workbench) -> None:
    done = ended(workbench, workbench.submit(deck(710), {}))
    workbench.cache.delete("pdf", done.pdf)

    with pytest.raises(TaskGone):
        workbench.result(done.id)
    assert ended(workbench, workbench.submit(deck(710), {})).id != done.id


def test_a_document_too_large_for_the_cache_is_there_all_the_same() -> None:
    with working(cache_entry_bytes=1000) as workbench:
        done = ended(workbench, workbench.submit(deck(720), {}))

        assert workbench.result(done.id).size == done.size > 1000


def test_whoever_waits_at_the_page_goes_before_large_decks() -> None:
    with working() as workbench:
        busy = workbench.submit(slow_deck(0, 40), {})
        until(lambda: runs(workbench, busy), DONE_S)
        bulk = workbench.submit(deck(100), {}, queue=Queue.BULK)
        person = workbench.submit(deck(200), {})

        assert (ended(workbench, bulk).started_s or 0) > (ended(workbench, person).started_s or 0)


def test_no_more_wait_than_memory_has_room_for() -> None:
    with working(task_waiting_bytes=1) as workbench:
        busy = workbench.submit(slow_deck(0, 60), {})

        with pytest.raises(Busy, match="memory"):
            workbench.submit(deck(100), {})

        workbench.cancel(busy.id)
        ended(workbench, busy)
        assert ended(workbench, workbench.submit(deck(100), {})).state is State.SUCCESS


def test_more_than_may_wait_are_refused() -> None:
    with working(task_waiting=2) as workbench:
        busy = workbench.submit(slow_deck(0, 60), {})
        until(lambda: runs(workbench, busy), DONE_S)
        waiting = [workbench.submit(deck(100 * number), {}) for number in (1, 2)]

        with pytest.raises(Busy, match="2 decks are waiting"):
            workbench.submit(deck(150), {})
        assert workbench.submit(deck(100), {}).id == waiting[0].id  # which waits already
        assert len(workbench.tasks()) == 3
        assert {ended(workbench, task).state for task in waiting} == {State.SUCCESS}


def test_cancelled_ones_leave_their_places_to_others() -> None:
    with working(task_waiting=2) as workbench:
        busy = workbench.submit(slow_deck(0, 60), {})
        until(lambda: runs(workbench, busy), DONE_S)
        for number in (1, 2):
            workbench.cancel(workbench.submit(deck(100 * number), {}).id)

        task = workbench.submit(deck(300), {})
        workbench.cancel(busy.id)

        assert ended(workbench, task).state is State.SUCCESS


def test_a_fault_of_ours_between_two_tasks_does_not_end_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    with working() as workbench:
        faults = [MemoryError("no thread can be started")]

        def failing(*arguments: Any, **options: Any) -> Task | None:
            if faults:
                raise faults.pop()
            return execute(*arguments, **options)

        monkeypatch.setattr(local, "execute", failing)
        first, second = (workbench.submit(deck(100 * number), {}) for number in range(2))

        assert ended(workbench, second).state is State.SUCCESS
        assert (ended(workbench, first).state, workbench.task(first.id).error_code) == (State.FAILURE, "fault")


def test_with_redis_another_process_sees_the_task_and_its_document(redis_server: RedisServer) -> None:
    with working(redis_url=redis_server.url) as one, working(redis_url=redis_server.url) as other:
        done = ended(one, one.submit(deck(0), SETTINGS))

        assert other.task(done.id) == done
        assert other.submit(deck(0), SETTINGS).id == done.id
        assert bytes(other.result(done.id)) == bytes(one.result(done.id))
        assert [task.id for task in other.tasks()] == [done.id]


def test_another_process_can_cancel_a_task_through_redis(redis_server: RedisServer) -> None:
    with working(redis_url=redis_server.url) as one, working(redis_url=redis_server.url) as other:
        task = one.submit(slow_deck(0, 200), {})
        until(lambda: runs(one, task), DONE_S)

        other.cancel(task.id)

        assert ended(one, task).state is State.CANCELLED
        assert other.task(task.id).state is State.CANCELLED


def test_redis_killed_in_the_middle_of_a_local_task_costs_it_nothing(redis_server: RedisServer) -> None:
    with working(redis_url=redis_server.url, task_beat_s=0.1, breaker_open_s=0.2) as workbench:
        task = workbench.submit(slow_deck(0, 60), {})
        until(lambda: runs(workbench, task), DONE_S)
        redis_server.kill()

        done = ended(workbench, task)
        assert done.state is State.SUCCESS
        assert pages_of(bytes(workbench.result(task.id))) == done.pages
        second = workbench.submit(deck(900), {})
        assert ended(workbench, second).state is State.SUCCESS
        redis_server.start()
        with working(redis_url=redis_server.url) as other:
            until(lambda: {done.id, second.id} <= {each.id for each in other.tasks()}, 20, "telling Redis")


ELSEWHERE = """
import sys
sys.path.insert(0, sys.argv[1])
from cardmaker.workbench import State, Workbench

workbench = Workbench()
task = workbench.wait(workbench.submit(workbench.sample(), {}).id, 30)
workbench.close()
assert task.state is State.SUCCESS, task
"""


def test_a_render_process_finds_the_package_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(ROOT)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr


SERVER = """
import sys, time
from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests.test_local_tasks import slow_deck, runs, pids

workbench = Workbench(Settings(redis_url=sys.argv[1]))
task = workbench.submit(slow_deck(0, 400), {})
while not runs(workbench, task):
    time.sleep(0.05)
print(task.id, *pids(workbench), flush=True)
sys.stdin.read(1)
"""


@pytest.mark.parametrize("end", ["exit", "SIGKILL"])
def test_when_the_server_stops_no_process_and_no_running_task_is_left(redis_server: RedisServer, end: str) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, redis_server.url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        task_id, pid = server.stdout.readline().split()
        assert is_alive(int(pid))
        if end == "SIGKILL":
            server.kill()
        server.communicate("x" if end == "exit" else None, timeout=20)

        until(lambda: not is_alive(int(pid)), 10, "the end of the render process")
        settings = {"redis_url": redis_server.url, "task_silent_s": 0.5, "task_reap_s": 0.1}
        with working(**settings) as other:
            other.watch_over()
            until(lambda: other.task(task_id).state is State.LOST, 10, "the end of its task")
            assert "stopped" in other.task(task_id).error_message or "gone" in other.task(task_id).error_message
            with pytest.raises(TaskGone):
                other.retry(task_id)
    finally:
        server.kill()
        server.wait()
        for pipe in (server.stdin, server.stdout):
            if pipe is not None:
                pipe.close()
