"""A file that a press made is there until the browser has fetched it, whatever runs end meanwhile."""

import logging
import threading
from collections.abc import Callable

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from cardmaker.errors import InputError
from pages._fetching import HELD_S, File, Holder, is_fault

MIME = "application/pdf"
NAME = "elves.pdf"
RUNS = 4


@pytest.fixture
def manager() -> MediaFileManager:
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def pressed(manager: MediaFileManager, data: Callable[[], bytes]) -> str:
    """The file's id, once the press has made it."""
    offered = manager.add_deferred(data, MIME, "a button", NAME)
    return manager.execute_deferred(offered).rpartition("/")[2].partition(".")[0]


def end_runs(manager: MediaFileManager) -> None:
    for _ in range(RUNS):
        manager.clear_session_refs("someone's session")
        manager.remove_orphaned_files()


def test_runs_that_end_before_the_browser_fetches_the_file_do_not_take_it_away(manager: MediaFileManager) -> None:
    file = pressed(manager, Holder(lambda: manager, HELD_S).held(lambda: File(b"pdf", NAME), MIME))

    end_runs(manager)

    kept = manager.read_file(file)
    assert kept is not None
    assert kept.content == b"pdf"


def test_a_file_goes_by_its_own_name_also_where_the_button_was_drawn_with_another(manager: MediaFileManager) -> None:
    file = pressed(manager, Holder(lambda: manager, HELD_S).held(lambda: File(b"pdf", "orcs.pdf"), MIME))

    kept = manager.read_file(file)

    assert kept is not None
    assert kept.filename == "orcs.pdf"


def test_it_does_so_where_the_button_was_drawn_anew_meanwhile(manager: MediaFileManager) -> None:
    def make() -> File:
        manager.clear_session_refs()  # of the session whose button it is
        manager.remove_orphaned_files()
        return File(b"pdf", "orcs.pdf")

    kept = manager.read_file(pressed(manager, Holder(lambda: manager, HELD_S).held(make, MIME)))

    assert kept is not None
    assert kept.filename == "orcs.pdf"


def test_a_file_that_was_held_long_enough_is_let_go(manager: MediaFileManager) -> None:
    file = pressed(manager, Holder(lambda: manager, 0.01).held(lambda: File(b"pdf", NAME), MIME))
    for timer in threading.enumerate():
        if isinstance(timer, threading.Timer) and timer.interval < 1:
            timer.join()

    end_runs(manager)

    assert manager.read_file(file) is None


def refused(cause: Exception | None) -> logging.LogRecord:
    try:
        raise MediaFileStorageError("no file") from cause
    except MediaFileStorageError as error:
        told = (type(error), error, error.__traceback__)
    return logging.LogRecord("server", logging.ERROR, __file__, 1, "a download", None, told)


@pytest.mark.parametrize(
    ("cause", "is_told"),
    [
        (InputError("mend the crop first"), False),
        (TimeoutError("the page did not say what to make"), False),
        (None, False),
        (ZeroDivisionError("a slip of ours"), True),
    ],
)
def test_only_a_fault_of_ours_is_written_to_the_log(cause: Exception | None, is_told: bool) -> None:
    assert is_fault(refused(cause)) is is_told
