"""Files on their way to the browser.

A download has two steps: a press makes the file, then the browser fetches it. Streamlit lets go of the file when two
runs end in between, such as those of a task that is looked at twice a second, and writes a traceback for each file that
the page declined to make. So files are held for a while, and what was declined is no fault.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError

from cardmaker.errors import CardmakerError

HELD_S = 60.0
# Of all sessions together: each can be as large as a document.
_MOST = 8
_DOWNLOADS = "streamlit.runtime.backend_operation_handler"
_SESSIONS = "streamlit.runtime.scriptrunner_utils.script_run_context"
_THREAD = "cardmaker-fetching"


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    name: str


class Holder:
    """Holds files in threads that are no session's, so that the end of a session's run does not touch them. `manager`
    gives the keeper of the files."""

    def __init__(self, manager: Callable[[], MediaFileManager], held_s: float = HELD_S) -> None:
        self._manager, self._held_s = manager, held_s
        self._places = itertools.cycle(range(_MOST))
        self._lock = threading.Lock()
        self._held = 0

    def held(self, make: Callable[[], File], mime: str) -> Callable[[], bytes]:
        """For the `data` of a download button: what is made, which then stays until the browser has had time to fetch
        it."""

        def take() -> bytes:
            offered = self._offered(take)  # while it is there: the next run offers another
            file = make()
            holding = threading.Thread(target=self._hold, args=(file.content, mime, file.name), name=_THREAD)
            holding.start()
            holding.join()
            for each in offered:
                each["filename"] = file.name
            return file.content

        return take

    def _offered(self, take: Callable[[], bytes]) -> list[dict[str, object]]:
        """What Streamlit knows of that button's file. The file goes by its own name, rather than by that of the button
        when it was drawn: the paper or the deck's name may have been changed right before the press. Streamlit offers
        no way, so this reaches into its manager; where that has changed, the button's name stands."""
        known = list(getattr(self._manager(), "_deferred_callables", {}).values())
        return [each for each in known if each.get("callable") is take]

    def _hold(self, content: bytes, mime: str, file_name: str) -> None:
        place = f"fetching {next(self._places)}"
        with self._lock:
            self._manager().add(content, mime, place, file_name, is_for_static_download=True)
            self._held += 1
        timer = threading.Timer(self._held_s, self._let_go)
        timer.name, timer.daemon = _THREAD, True
        timer.start()

    def _let_go(self) -> None:
        """Once nothing else is held. The files go when the next run ends."""
        with self._lock:
            self._held -= 1
            if not self._held:
                self._manager().clear_session_refs()


held = Holder(lambda: runtime.get_instance().media_file_mgr).held


def hush() -> None:
    """From now on a download that the page declined leaves no traceback in the log, nor does one that is held say that
    it has no session."""
    logging.getLogger(_DOWNLOADS).addFilter(is_fault)
    logging.getLogger(_SESSIONS).addFilter(lambda record: record.threadName != _THREAD)


def is_fault(record: logging.LogRecord) -> bool:
    """Not so where the page refused the file and says why, where nobody said what to make, and where the button was
    drawn anew before the press arrived."""
    error = record.exc_info[1] if record.exc_info else None
    if not isinstance(error, MediaFileStorageError):
        return True
    cause = error.__cause__
    return cause is not None and not isinstance(cause, CardmakerError | TimeoutError)
