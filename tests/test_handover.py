"""A press of the download button and the making of its file find each other, in whichever order they come."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pages._fetching import File
from pages._handover import Handover

SHORT_S = 0.05
PDF = File(b"pdf", "elves.pdf")


def test_what_is_given_is_made_by_the_one_who_takes_it() -> None:
    handover = Handover()
    makers: list[int] = []

    def make() -> File:
        makers.append(threading.get_ident())
        return PDF

    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(handover.take)
        assert handover.give(make)
        assert taken.result() == PDF

    assert makers != [threading.get_ident()]


def test_the_giver_does_not_wait_for_the_making() -> None:
    handover, given = Handover(), threading.Event()

    def make() -> File:
        assert given.wait(10)
        return PDF

    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(handover.take)
        assert handover.give(make)
        given.set()
        assert taken.result() == PDF


def test_what_nobody_took_is_not_left_for_the_next_press() -> None:
    handover = Handover()

    assert not handover.give(lambda: PDF, SHORT_S)

    with pytest.raises(TimeoutError):
        handover.take(SHORT_S)
