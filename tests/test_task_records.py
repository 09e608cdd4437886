"""Records of tasks, in memory and in a real Redis: the same rules hold in both."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from cardmaker.errors import StoreError
from cardmaker.redis_client import RedisLink
from cardmaker.settings import Settings
from cardmaker.tasks import records
from cardmaker.tasks.mirrored import MirroredRecords
from cardmaker.tasks.record import State, Task, from_fields, is_id, new_id, to_fields
from cardmaker.tasks.records import ACTIVE, PENDING, RUNNING, Change, MemoryRecords, Records
from cardmaker.tasks.redis_records import RedisRecords
from tests.redis_server import RedisServer
from tests.tools import free_port, until

TTL_S = 50
PDF = "cm:pdf:v1:"


class Kept:
    """The digests whose documents are cached, for either store."""

    def __init__(self, server: RedisServer | None) -> None:
        self._server, self._here = server, set[str]()

    def __contains__(self, digest: object) -> bool:
        return digest in self._here

    def add(self, digest: str) -> None:
        self._here.add(digest)
        if self._server is not None:
            with self._server.client() as client:
                client.set(PDF + digest, b"pdf")


def link_to(port: int) -> RedisLink:
    return RedisLink(Settings(redis_url=f"redis://127.0.0.1:{port}/0", redis_timeout_s=5.0, redis_budget_s=20.0))


def in_redis(server: RedisServer) -> RedisRecords:
    return RedisRecords(link_to(server.port), Settings(task_ttl_s=TTL_S), PDF)


@pytest.fixture(params=["memory", "redis"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Records, Kept]]:
    if request.param == "memory":
        kept = Kept(None)
        yield MemoryRecords(TTL_S, kept.__contains__), kept
        return
    with RedisServer(tmp_path) as server:
        yield in_redis(server), Kept(server)


@pytest.fixture
def store(stores: tuple[Records, Kept]) -> Records:
    return stores[0]


def task(digest: str = "aa" * 32, **fields: object) -> Task:
    return replace(Task(new_id(), digest, pdf=digest), **fields)  # type: ignore[arg-type]


def running(store: Records, digest: str = "aa" * 32) -> Task:
    made = store.create(task(digest), b"{}")
    begun = store.change(made.id, records.started(1, "here")).task
    assert begun is not None
    return begun


def end_as(state: State) -> Change:
    return {
        State.SUCCESS: records.succeeded(1, 5, "miss"),
        State.FAILURE: records.failed(1, "image", "broken", "elf.png"),
        State.CANCELLED: records.cancelled(RUNNING),
        State.LOST: records.lost(RUNNING, 1, "gone"),
    }[state]


FINAL = [state for state in State if state.is_final]


def test_a_new_task_waits_and_carries_what_it_is_to_do(store: Records) -> None:
    made = store.create(task(title="Elves & Co <b>", cards=3), b'{"a": 1}')

    found = store.get(made.id)

    assert found == made
    assert (made.state, made.title, made.cards, made.started_s) == (State.PENDING, "Elves & Co <b>", 3, None)
    assert made.created_s > 1_600_000_000
    assert store.job(made.id) == b'{"a": 1}'
    assert store.get(new_id()) is None
    assert store.job(new_id()) is None


def test_a_task_goes_its_way_and_its_times_are_the_stores(store: Records) -> None:
    begun = running(store)
    beat = store.change(begun.id, records.beating(1, 0.25, "card 26 of 104")).task
    ended = store.change(begun.id, records.succeeded(1, 1234, "miss")).task

    assert beat is not None
    assert ended is not None
    assert (begun.state, begun.host) == (State.RUNNING, "here")
    assert (beat.progress, beat.doing) == (0.25, "card 26 of 104")
    assert (ended.state, ended.size, ended.cache, ended.progress) == (State.SUCCESS, 1234, "miss", 1.0)
    assert ended.created_s <= (ended.started_s or 0) <= (ended.finished_s or 0)
    assert (ended.waited_s or 0) >= 0
    assert (ended.ran_s or 0) >= 0


@pytest.mark.parametrize("final", FINAL)
@pytest.mark.parametrize("late", FINAL)
def test_a_final_state_never_changes(store: Records, final: State, late: State) -> None:
    begun = running(store)
    first = store.change(begun.id, end_as(final))

    second = store.change(begun.id, end_as(late))
    others = [
        store.change(begun.id, change)
        for change in (records.beating(1, 0.5, "late"), records.requeued(ACTIVE, 1), records.started(1, "elsewhere"))
    ]

    assert first.done
    assert not second.done
    assert not any(each.done for each in others)
    assert store.get(begun.id) == first.task


def test_of_many_who_start_a_task_one_does(store: Records) -> None:
    made = store.create(task(), b"{}")
    barrier = threading.Barrier(8)

    def start(number: int) -> bool:
        barrier.wait()
        return store.change(made.id, records.started(1, str(number))).done

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(start, range(8))) == [False] * 7 + [True]


def test_a_word_of_an_earlier_attempt_counts_for_nothing(store: Records) -> None:
    begun = running(store)
    again = store.change(begun.id, records.requeued(RUNNING, 1)).task
    store.change(begun.id, records.started(2, "second"))

    late = [store.change(begun.id, change).done for change in (records.beating(1, 0.9, ""), end_as(State.SUCCESS))]

    assert again is not None
    assert (again.state, again.attempt, again.progress) == (State.PENDING, 2, 0.0)
    assert late == [False, False]
    assert store.change(begun.id, records.succeeded(2, 1, "miss")).done


def test_only_one_that_was_silent_for_long_is_taken_for_lost(store: Records) -> None:
    begun = running(store)

    assert not store.change(begun.id, records.lost(RUNNING, 1, "gone", silent_s=30)).done
    until(lambda: store.change(begun.id, records.lost(RUNNING, 1, "gone", silent_s=0.05)).done, 5)
    found = store.get(begun.id)
    assert found is not None
    assert (found.state, found.error_code, found.error_message) == (State.LOST, "lost", "gone")


def test_a_cancel_ends_a_waiting_task_and_tells_a_running_one(store: Records) -> None:
    waiting = store.create(task("bb" * 32), b"{}")
    begun = running(store)

    assert store.change(waiting.id, records.cancelled(PENDING)).done
    assert not store.change(begun.id, records.cancelled(PENDING)).done
    told = store.change(begun.id, records.cancelling()).task

    assert told is not None
    assert (told.state, told.cancelling) == (State.RUNNING, True)
    assert store.change(begun.id, records.started(1, "x")).done is False


def test_what_is_already_being_made_is_not_made_again(store: Records) -> None:
    first = store.create(task(), b"{}")

    assert store.create(task(), b"{}").id == first.id
    store.change(first.id, records.started(1, "here"))
    assert store.create(task(), b"{}").id == first.id
    assert store.create(task("cc" * 32), b"{}").id != first.id
    store.change(first.id, records.succeeded(1, 3, "miss"))
    assert store.create(task(), b"{}").id != first.id, "its document is not kept"
    store.change(first.id, records.succeeded(1, 3, "miss"))


def test_what_was_made_and_is_still_kept_is_not_made_again(stores: tuple[Records, Kept]) -> None:
    store, kept = stores
    begun = running(store)
    store.change(begun.id, records.succeeded(1, 3, "miss"))

    kept.add(begun.pdf)

    assert store.create(task(), b"{}").id == begun.id


@pytest.mark.parametrize("final", [State.FAILURE, State.CANCELLED, State.LOST])
def test_what_came_to_nothing_is_made_anew(stores: tuple[Records, Kept], final: State) -> None:
    store, kept = stores
    kept.add("aa" * 32)
    begun = running(store)
    store.change(begun.id, end_as(final))

    assert store.create(task(), b"{}").id != begun.id


def test_one_that_is_being_cancelled_is_not_given_to_who_submits_anew(store: Records) -> None:
    begun = running(store)
    store.change(begun.id, records.cancelling())

    assert store.create(task(), b"{}").id != begun.id


def test_of_twenty_who_submit_the_same_at_once_all_get_one_task(store: Records) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: store.create(task(), b"{}").id, range(20)))

    assert len(set(made)) == 1


def test_the_newest_tasks_come_first(store: Records) -> None:
    made = [store.create(task(f"{number:02}" * 32), b"{}").id for number in range(5)]

    assert [each.id for each in store.recent(3)] == made[:-4:-1]
    assert len(store.recent(100)) == 5


def test_those_that_are_not_over_are_known_however_many_came_later(store: Records) -> None:
    begun = running(store)
    waiting = store.create(task("33" * 32), b"{}")
    for number in range(60):
        later = store.create(task(f"{number:04}" * 16), b"{}")
        store.change(later.id, records.cancelled(PENDING))

    assert [each.id for each in store.active()] == [begun.id, waiting.id]
    assert {begun.id, waiting.id}.isdisjoint(each.id for each in store.recent(50))


def test_in_redis_active_records_stay_and_final_ones_end(redis_server: RedisServer) -> None:
    store = in_redis(redis_server)
    begun = running(store)

    with redis_server.client() as redis:
        assert redis.ttl(f"cm:task:{begun.id}") == -1
        store.change(begun.id, records.succeeded(1, 3, "miss"))
        assert 0 < redis.ttl(f"cm:task:{begun.id}") <= TTL_S
        assert [key for key in redis.keys("*") if redis.ttl(key) < 0] == []


def test_in_redis_ids_whose_record_has_ended_leave_the_index(redis_server: RedisServer) -> None:
    store = in_redis(redis_server)
    ids = [store.create(task(f"{number:03}" * 20), b"{}").id for number in range(250)]
    with redis_server.client() as redis:
        for each in ids[::2]:
            redis.delete(f"cm:task:{each}")

        found = store.recent(1000)

        assert {each.id for each in found} == set(ids[1::2])
        until(lambda: store.recent(1000) and redis.zcard("cm:tasks") == 125, 5)


def test_in_redis_those_that_are_not_over_are_known_apart_from_all_others(redis_server: RedisServer) -> None:
    store = in_redis(redis_server)
    begun, waiting, gone = (
        running(store, "aa" * 32),
        store.create(task("bb" * 32), b"{}"),
        store.create(task("cc" * 32), b"{}"),
    )
    for number in range(3):
        store.change(running(store, f"{number:02}" * 32).id, end_as(State.SUCCESS))
    with redis_server.client() as redis:
        redis.delete(f"cm:task:{gone.id}", "cm:tasks")

        assert store.active() == (begun, waiting)
        assert redis.scard("cm:tasks-active") == 2
        for each in (begun, waiting):
            store.change(each.id, records.lost(ACTIVE, 1, "gone"))
        assert store.active() == ()
        assert not redis.exists("cm:tasks-active")


@pytest.mark.parametrize("foreign", [b"text", {"state": "flying", "id": "x"}, {"no": "record"}])
def test_in_redis_what_is_no_record_is_an_unknown_task(redis_server: RedisServer, foreign: object) -> None:
    store, task_id = in_redis(redis_server), new_id()
    with redis_server.client() as redis:
        redis.set(f"cm:task:{task_id}", foreign) if isinstance(foreign, bytes) else redis.hset(
            f"cm:task:{task_id}", mapping=foreign
        )
        redis.zadd("cm:tasks", {task_id: 1.0})

    assert store.get(task_id) is None
    assert store.recent(10) == ()


def test_fields_of_a_later_version_are_passed_over() -> None:
    known = task(title="Elves", started_s=3.5, cancelling=True)

    assert from_fields({**to_fields(known), "colour": "blue"}) == known


def test_ids_are_hex_and_nothing_else_is_one() -> None:
    assert is_id(new_id())
    assert not any(
        is_id(text) for text in ("", "x" * 32, "A" * 32, "a" * 31, "a" * 33, "../" + "a" * 29, "a" * 32 + "\n")
    )


# -- mirrored: here, and copied to Redis --


@pytest.fixture
def mirrored(redis_server: RedisServer) -> MirroredRecords:
    return MirroredRecords(MemoryRecords(TTL_S, lambda _: False), in_redis(redis_server))


def test_a_local_task_is_seen_by_others_in_redis(mirrored: MirroredRecords, redis_server: RedisServer) -> None:
    begun = running(mirrored)

    assert in_redis(redis_server).get(begun.id) == begun == mirrored.get(begun.id)


def test_a_local_task_goes_on_while_redis_is_away_and_is_told_later(
    mirrored: MirroredRecords, redis_server: RedisServer
) -> None:
    begun = running(mirrored)
    redis_server.kill()

    assert mirrored.change(begun.id, records.beating(1, 0.5, "page 1 of 2")).done
    assert mirrored.change(begun.id, records.succeeded(1, 7, "miss")).done
    made = mirrored.create(task("dd" * 32), b"{}")
    assert [each.id for each in mirrored.recent(5)] == [made.id, begun.id]
    redis_server.start()
    there = in_redis(redis_server)

    def is_told() -> bool:
        mirrored.sync()
        return there.get(made.id) is not None and there.get(begun.id) is not None

    until(is_told, 10, "telling Redis")

    found = there.get(begun.id)
    assert found is not None
    assert (found.state, found.size) == (State.SUCCESS, 7)


def test_a_task_that_another_server_cancelled_in_redis_is_cancelled_here(
    mirrored: MirroredRecords, redis_server: RedisServer
) -> None:
    made = mirrored.create(task(), b"{}")
    in_redis(redis_server).change(made.id, records.cancelled(PENDING))

    refused = mirrored.change(made.id, records.started(1, "here"))

    assert not refused.done
    found = mirrored.get(made.id)
    assert found is not None
    assert found.state is State.CANCELLED


def test_a_record_that_redis_lost_comes_back(mirrored: MirroredRecords, redis_server: RedisServer) -> None:
    begun = running(mirrored)
    with redis_server.client() as redis:
        redis.flushall()

    mirrored.sync()
    mirrored.sync()

    found = in_redis(redis_server).get(begun.id)
    assert found is not None
    assert found.state is State.RUNNING


def test_redis_records_say_that_redis_is_away() -> None:
    store = RedisRecords(link_to(free_port()), Settings(), PDF)

    for ask in (lambda: store.get(new_id()), lambda: store.recent(1), lambda: store.create(task(), b"")):
        with pytest.raises(StoreError):
            ask()


def test_memory_records_end_some_time_after_their_task() -> None:
    now = [1000.0]
    store = MemoryRecords(TTL_S, lambda _: False, clock=lambda: now[0])
    begun, waiting = running(store), store.create(task("bb" * 32), b"{}")
    store.change(begun.id, end_as(State.SUCCESS))

    now[0] += TTL_S + 1

    assert store.get(begun.id) is None
    assert store.get(waiting.id) is not None
    assert store.job(begun.id) is None


def test_memory_records_keep_the_last_thousand() -> None:
    store = MemoryRecords(TTL_S, lambda _: False)
    for number in range(1100):
        made = store.create(task(f"{number:04}" * 16), b"{}")
        store.change(made.id, records.cancelled(PENDING))

    assert len(store.recent(5000)) in range(1000, 1002)
