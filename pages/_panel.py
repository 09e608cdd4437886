"""The newest task beside the sheet, in a place of constant height: the sheet below never moves."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cardmaker.errors import StoreError
from cardmaker.workbench import State, Task
from pages import _make, _tasks, _ui

# How to make the document of that task once more from what is on the page; None where that is another one.
Anew = Callable[[Task], Callable[[], Task] | None]


def show(anew: Anew | None = None, *, expected: bool = False) -> None:
    """`expected` where a task is the way to the document. Once there, the place stays."""
    task_id = _tasks.newest()
    st.session_state["task-place"] = st.session_state.get("task-place") or expected or task_id is not None
    if not st.session_state["task-place"]:
        return
    with st.container(key="task"):
        if _make.refusal():
            _refused()
        elif task_id is not None:
            _one(task_id, anew)
        else:
            with st.container(), _row():
                _say("A deck of this size is made in the background; you can go on here." if expected else "")
                st.empty()
                st.empty()


def _one(task_id: str, anew: Anew | None) -> None:
    try:
        task = _tasks.look(task_id)
    except StoreError:
        st.fragment(_moving, run_every=_tasks.REFRESH_S)(task_id)
        return
    if task is None:
        with st.container(), _row():
            _say(":material/help: There is no such task any more; it ended long ago.")
            _dismiss_button(task_id)
            st.empty()
    elif task.is_final:
        _over(task, anew)
    else:
        st.fragment(_moving, run_every=_tasks.REFRESH_S)(task_id)


def _moving(task_id: str) -> None:
    """All that runs while the task does."""
    try:
        task = _tasks.look(task_id)
    except StoreError as error:
        with _row():
            _say(f":material/sync_problem: The task cannot be seen at the moment. {_ui.sentence(error)}")
            st.empty()
            st.empty()
        return
    if task is None or task.is_final:
        st.rerun()
    with _row():
        st.progress(task.progress, text=_tasks.note(task.id) or f"{_tasks.state_words(task)} · {_name(task)}")
        _tasks.cancel_button(task)
        st.empty()


def _over(task: Task, anew: Anew | None) -> None:
    note, icon = _tasks.note(task.id), _tasks.state_icon(task)
    with st.container(), _row():
        if task.state is State.SUCCESS:
            pages = f"{task.pages:,} page{'' if task.pages == 1 else 's'}, {_tasks.megabytes(task.size)}"
            _say(f"{icon} {note or f'Ready: {pages}'} · {_name(task)}")
            _tasks.download_button(task, "Download PDF")
        else:
            said = " ".join(filter(None, (f"{_tasks.state_words(task)}.", note or _tasks.reason(task))))
            _say(f"{icon} {said} {_name(task)}")
            _tasks.retry_button(task, anew(task) if anew else None)
        _dismiss_button(task.id)


def _refused() -> None:
    with st.container(), _row():
        _say(f":material/error: {_make.refusal()} No task was begun; download the PDF directly, which takes a while.")
        st.button("Try again", key="make-again", icon=":material/refresh:", on_click=_make.press)
        st.button("Dismiss", key="refusal-dismiss", type="tertiary", on_click=_make.dismiss_refusal)


def _row() -> DeltaGenerator:
    """For three elements, in a container as a fragment has one: so each takes the place of the one that was there
    before, which would otherwise stay beside it until the sheet below is drawn."""
    return st.container(key="task-row", horizontal=True, vertical_alignment="center")


def _say(words: str) -> None:
    st.markdown(f":small[{words}]" if words else "", width="stretch")


def _dismiss_button(task_id: str) -> None:
    st.button("Dismiss", key="task-dismiss", type="tertiary", on_click=_tasks.dismiss, args=(task_id,))


def _name(task: Task) -> str:
    return f"**{_ui.plain(task.title)}**"
