"""The breaker by its own clock: when it opens, whom it lets through, what closes it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cardmaker.breaker import Breaker, State
from cardmaker.errors import StoreAway
from cardmaker.redis_client import RedisLink, Spell
from cardmaker.settings import Settings

OPEN_S = 10.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Clock | None = None, failures: int = 3) -> Breaker:
    return Breaker(failures, OPEN_S, clock or Clock())


def opened(clock: Clock) -> Breaker:
    found = breaker(clock, failures=1)
    found.failed("away")
    return found


def test_it_opens_at_the_third_failure_in_a_row_and_says_so_once() -> None:
    each = breaker()

    opens = [each.failed(f"away {number}") for number in range(4)]

    assert opens == [False, False, True, False]
    assert (each.state, each.reason, each.openings) == (State.OPEN, "away 3", 1)
    assert not each.allows()


def test_a_success_between_failures_counts_them_anew() -> None:
    each = breaker()

    for _ in range(5):
        each.failed("away")
        each.failed("away")
        each.succeeded()

    assert (each.state, each.reason, each.openings) == (State.CLOSED, "", 0)


def test_it_stays_open_for_most_of_its_time_and_never_longer() -> None:
    for _ in range(50):
        clock = Clock()
        each = opened(clock)

        clock.now = 0.79 * OPEN_S
        early = each.state
        clock.now = OPEN_S

        assert (early, each.state) == (State.OPEN, State.HALF_OPEN)


def test_breakers_that_open_together_do_not_all_probe_at_the_same_time() -> None:
    clock = Clock()
    all_ = [opened(clock) for _ in range(100)]

    clock.now = 0.9 * OPEN_S

    assert 10 < sum(each.state is State.HALF_OPEN for each in all_) < 90


def test_half_open_it_lets_one_call_of_many_through() -> None:
    clock = Clock()
    each = opened(clock)
    clock.now = OPEN_S
    gate = threading.Barrier(8)

    def asks(_: int) -> bool:
        gate.wait(10)
        return each.allows()

    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(asks, range(8)))

    assert sum(allowed) == 1


def test_a_probe_that_succeeds_closes_it() -> None:
    clock = Clock()
    each = opened(clock)
    clock.now = OPEN_S
    each.allows()

    each.succeeded()

    assert (each.state, each.reason, each.allows(), each.allows()) == (State.CLOSED, "", True, True)


def test_a_probe_that_fails_opens_it_for_its_time_again_and_is_no_new_opening() -> None:
    clock = Clock()
    each = opened(clock)
    clock.now = OPEN_S
    each.allows()

    is_new = each.failed("still away")
    at_once = each.state
    clock.now = 2 * OPEN_S

    assert (is_new, at_once, each.openings, each.reason) == (False, State.OPEN, 1, "still away")
    assert each.allows()


def test_a_probe_that_says_nothing_leaves_the_next_one_to_say_it() -> None:
    clock = Clock()
    each = opened(clock)
    clock.now = OPEN_S
    each.allows()
    meanwhile = each.allows()

    each.undecided()

    assert not meanwhile
    assert (each.state, each.allows()) == (State.HALF_OPEN, True)


def test_a_refusal_opens_it_at_once_for_its_own_time() -> None:
    clock = Clock()
    each = breaker(clock)

    is_new = each.failed("wrong password", 6 * OPEN_S)
    clock.now = 4 * OPEN_S

    assert is_new
    assert each.state is State.OPEN


def test_a_reset_closes_it() -> None:
    each = opened(Clock())

    each.reset()

    assert (each.state, each.allows()) == (State.CLOSED, True)


# -- the link behind it --


class Interrupted(BaseException):
    pass


BUDGET_S = 4.0


def link(clock: Clock) -> RedisLink:
    """To a port where nobody is asked: the work of these tests never uses the client."""
    chosen = Settings(
        redis_url="redis://localhost:1/0", redis_timeout_s=1.0, redis_budget_s=BUDGET_S, breaker_failures=2
    )
    return RedisLink(chosen, clock)


def test_an_interrupted_probe_does_not_keep_redis_shut_out() -> None:
    clock = Clock()
    each = link(clock)
    each.breaker.failed("away", OPEN_S)
    clock.now = OPEN_S

    def interrupted(_: object) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        each.call(interrupted)

    assert each.call(lambda _: "asked") == "asked"


def test_an_error_that_is_not_redis_own_passes_through_and_counts_for_nothing() -> None:
    each = link(Clock())

    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            each.call(lambda _: 1 // 0)

    assert each.breaker.state is State.CLOSED


def slowly(clock: Clock, seconds: float) -> str:
    clock.now += seconds
    return "answer"


def test_answers_that_four_of_would_use_a_request_up_open_it_though_they_came() -> None:
    clock = Clock()
    each = link(clock)

    answers = [each.call(lambda _: slowly(clock, 1.01)) for _ in range(2)]

    assert answers == ["answer"] * 2
    assert (each.breaker.state, each.breaker.reason) == (State.OPEN, "Redis is slow")


def test_a_transfer_is_neither_slow_nor_on_the_requests_account() -> None:
    clock = Clock()
    each = link(clock)
    spell = Spell(BUDGET_S)

    for _ in range(3):
        each.call(lambda _: slowly(clock, 3.0), spell, transfer=lambda answer: answer == "answer")

    assert spell.left_s == 4.0
    assert each.breaker.state is State.CLOSED


def test_a_request_whose_time_is_used_up_asks_no_more() -> None:
    clock = Clock()
    each = link(clock)
    spell = Spell(BUDGET_S)
    each.call(lambda _: slowly(clock, 2.5), spell)

    with pytest.raises(StoreAway, match="Redis is slow"):
        each.call(lambda _: "asked", spell)

    assert each.call(lambda _: "asked", Spell(BUDGET_S)) == "asked"


def test_a_spell_keeps_time_for_one_more_answer_like_the_last() -> None:
    spell = Spell(0.4)

    spell.spend(0.13)
    after_one = spell.left_s
    spell.spend(0.13)
    after_two = spell.left_s
    spell.spend(0.13)

    assert after_one == pytest.approx(0.27)
    assert after_two == pytest.approx(0.14)
    assert spell.left_s == 0
