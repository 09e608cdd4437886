"""From the run of the page that sees a press of the download button to the thread that makes the file.

The browser sends a press and the last change of a field in one breath, and Streamlit would make the file by what the
page was before that change. So the making waits for the run that has it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pages._fetching import File

Make = Callable[[], File]

TAKE_S = 60.0
GIVE_S = 3.0


class Handover:
    """`give` in the run that a press causes, `take` in the callable of the button. Both wait for each other, but not
    for ever: what nobody takes is withdrawn, so that the next press does not find it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._offered: Make | None = None

    def give(self, make: Make, timeout_s: float = GIVE_S) -> bool:
        """Whether somebody took it."""
        with self._changed:
            self._offered = make
            self._changed.notify_all()
            taken = self._changed.wait_for(lambda: self._offered is None, timeout_s)
            self._offered = None
            return taken

    def take(self, timeout_s: float = TAKE_S) -> File:
        """Makes the file that is given. Raises TimeoutError when none is."""
        with self._changed:
            self._changed.wait_for(lambda: self._offered is not None, timeout_s)
            make, self._offered = self._offered, None
            self._changed.notify_all()
        if make is None:
            raise TimeoutError("the page did not say what to make")
        return make()
