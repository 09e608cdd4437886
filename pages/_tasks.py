"""The tasks that this browser knows, and what can be done with one.

Their ids stand in the address, newest first, so that a reload or another tab finds them again; the session remembers
those that were dismissed too. Nobody else's are shown: their titles are private.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cardmaker.errors import CardmakerError, TaskGone, UnknownTask
from cardmaker.units import format_number
from cardmaker.workbench import State, Task
from pages import _download, _fetching, _ui
from pages._fetching import File

# Between two looks at a task that is not over.
REFRESH_S = 0.5
_IN_ADDRESS = 10
_IN_SESSION = 50
_PARAMETER = "task"
_GONE = "Its images are no longer kept. Drop the cards again, then make the PDF."
_NOT_KEPT = "The PDF is no longer kept. Make it again from its cards."


def known() -> list[str]:
    """All of this session and of the address, newest first. Writes to the address what it lacks, as after a change of
    page."""
    ids, said = _remembered(), st.query_params.get_all(_PARAMETER)
    if said != (wanted := _followed(ids)):
        if wanted:
            st.query_params[_PARAMETER] = wanted
        else:
            del st.query_params[_PARAMETER]
    return list(ids)


def newest() -> str | None:
    """The one to show beside the sheet."""
    known()
    return next(iter(_followed(st.session_state["task-ids"])), None)


def follow(task: Task) -> None:
    """From now on the newest, here and in the address; that comes last, since another run can cut this one short
    there."""
    ids = _remembered()
    st.session_state["task-ids"] = [task.id, *(each for each in ids if each != task.id)]
    _dismissed().discard(task.id)
    _notes().pop(task.id, None)
    known()


def dismiss(*task_ids: str) -> None:
    _dismissed().update(task_ids)


def forget(*task_ids: str) -> None:
    """Leaves no trace of them."""
    dismiss(*task_ids)
    known()
    st.session_state["task-ids"] = [each for each in st.session_state["task-ids"] if each not in task_ids]


def look(task_id: str) -> Task | None:
    """The task as it is now; None when there is none. Raises StoreError."""
    try:
        return _ui.workbench().task(task_id)
    except UnknownTask:
        return None


def note(task_id: str) -> str:
    """Why what was last asked for this task was not done."""
    said: str = _notes().get(task_id, "")
    return said


def cancel(task_id: str) -> None:
    _notes().pop(task_id, None)
    try:
        _ui.workbench().cancel(task_id)
    except CardmakerError as error:
        _notes()[task_id] = _ui.sentence(error)


def retry(task_id: str, anew: Callable[[], Task] | None = None) -> None:
    """Once more, in a new task; by `anew`, if there is one, when its images are gone."""
    again = False
    try:
        try:
            task = _ui.workbench().retry(task_id)
        except TaskGone:
            if anew is None:
                _notes()[task_id] = _GONE
                return
            task = anew()
            again = True
    except CardmakerError as error:
        _notes()[task_id] = _ui.sentence(error)
        return
    dismiss(task_id)
    follow(task)
    if again:
        st.toast("Its images were no longer kept, so your cards were sent again.", icon=":material/refresh:")


def cancel_button(task: Task) -> None:
    st.button(
        "Cancel",
        key=f"cancel {task.id}",
        icon=":material/stop_circle:",
        on_click=cancel,
        args=(task.id,),
        disabled=task.cancelling,
    )


def retry_button(task: Task, anew: Callable[[], Task] | None = None) -> None:
    st.button("Try again", key=f"retry {task.id}", icon=":material/refresh:", on_click=retry, args=(task.id, anew))


def download_button(task: Task, label: str) -> None:
    bench, name, mime = _ui.workbench(), _download.named(task.title, task.layout, ".pdf"), "application/pdf"
    st.download_button(
        label,
        data=_fetching.held(lambda: File(bytes(bench.result(task.id)), name), mime),
        file_name=name,
        mime=mime,
        key=f"take {task.id}",
        icon=":material/download:",
        on_click=_check,
        args=(task.id,),
    )


def state_words(task: Task) -> str:
    """The state in a word or two, and what is being done."""
    if not task.is_final and task.cancelling:
        return "Stopping"
    if task.state is State.RUNNING:
        words = "Making" if task.attempt == 1 else "Making once more"
        return f"{words} · {_ui.plain(task.doing)}" if task.doing else words
    return _STATES[task.state]


def state_icon(task: Task) -> str:
    return _ICONS[task.state]


def reason(task: Task) -> str:
    """Why there is no document; nothing where nobody needs to know."""
    return _ui.sentence(task.error_message) if task.error_message else ""


def waited_s(task: Task, now_s: float | None) -> float | None:
    """So far, by the clock of the record."""
    if task.started_s is None and not task.is_final:
        return None if now_s is None else max(0.0, now_s - task.created_s)
    return task.waited_s


def ran_s(task: Task) -> float | None:
    """So far, by the clock of the record."""
    if task.state is State.RUNNING and task.started_s is not None and task.beat_s is not None:
        return max(0.0, task.beat_s - task.started_s)
    return task.ran_s


def megabytes(size: int) -> str:
    return f"{format_number(max(size, 50_000) / 1e6, 1)} MB"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 100:
        return f"{format_number(seconds, 1 if seconds < 10 else 0)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


_STATES = {
    State.PENDING: "Waiting",
    State.SUCCESS: "Ready",
    State.FAILURE: "Failed",
    State.CANCELLED: "Cancelled",
    State.LOST: "Lost",
}
_ICONS = {
    State.PENDING: ":material/hourglass_empty:",
    State.RUNNING: ":material/hourglass_top:",
    State.SUCCESS: ":material/check_circle:",
    State.FAILURE: ":material/error:",
    State.CANCELLED: ":material/cancel:",
    State.LOST: ":material/link_off:",
}


def _check(task_id: str) -> None:
    """A press whose file cannot be made says so in the page; the browser alone would not say why."""
    _notes().pop(task_id, None)
    try:
        _ui.workbench().result(task_id)
    except TaskGone:
        _notes()[task_id] = _NOT_KEPT
    except CardmakerError as error:
        _notes()[task_id] = _ui.sentence(error)


def _remembered() -> list[str]:
    """Those of the session, after those that the address says besides."""
    ids: list[str] = st.session_state.setdefault("task-ids", [])
    said = st.query_params.get_all(_PARAMETER)[:_IN_ADDRESS]
    ids[:0] = [each for each in dict.fromkeys(said) if each not in ids]
    del ids[_IN_SESSION:]
    return ids


def _followed(ids: list[str]) -> list[str]:
    return [each for each in ids if each not in _dismissed()][:_IN_ADDRESS]


def _dismissed() -> set[str]:
    dismissed: set[str] = st.session_state.setdefault("task-dismissed", set())
    return dismissed


def _notes() -> dict[str, str]:
    notes: dict[str, str] = st.session_state.setdefault("task-notes", {})
    return notes
