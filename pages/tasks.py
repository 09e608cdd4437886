"""The page with the tasks of this browser."""

from __future__ import annotations

import streamlit as st

from cardmaker.errors import StoreError
from cardmaker.workbench import State, Task
from pages import _tasks, _ui

_WIDTHS = (3, 5, 1.2, 1.2, 1.2, 4)
_HEAD = ("Deck", "State", "Waited", "Ran", "Pages", "")


def main() -> None:
    st.title("Tasks", anchor=False)
    tasks, unknown = _looked_up(_tasks.known())
    if not tasks and not unknown:
        st.markdown("No tasks yet.")
        st.caption("The PDF of a large deck is made in the background. You find it here, also after a reload.")
    if tasks:
        with st.container(key="tasks", border=True):
            for column, word in zip(st.columns(_WIDTHS), _HEAD, strict=True):
                column.caption(word)
            for task_id, task in tasks:
                _place(task_id, task)
    if unknown:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/help: {_count(len(unknown))} no longer known: ended long ago.", width="content")
            st.button("Forget", key="forget", type="tertiary", on_click=_tasks.forget, args=tuple(unknown))


def _looked_up(ids: list[str]) -> tuple[list[tuple[str, Task | None]], list[str]]:
    """Those to show, without the task where its Redis does not say; and those that there are no more."""
    shown: list[tuple[str, Task | None]] = []
    unknown: list[str] = []
    for task_id in ids:
        try:
            task = _tasks.look(task_id)
        except StoreError:
            shown.append((task_id, None))
            continue
        if task is None:
            unknown.append(task_id)
        else:
            shown.append((task_id, task))
    shown.sort(key=lambda each: each[1].created_s if each[1] else 0.0, reverse=True)
    return shown, unknown


def _place(task_id: str, task: Task | None) -> None:
    """One row; it looks after itself while its task is not over."""
    with st.container():
        if task is not None and task.is_final:
            _row(task)
        else:
            st.fragment(_moving, run_every=_tasks.REFRESH_S)(task_id)


def _moving(task_id: str) -> None:
    try:
        task = _tasks.look(task_id)
    except StoreError as error:
        st.caption(f":material/sync_problem: This task cannot be seen at the moment. {_ui.sentence(error)}")
        return
    if task is None or task.is_final:
        st.rerun()
    _row(task)


def _row(task: Task) -> None:
    name, state, waited, ran, pages, actions = st.columns(_WIDTHS, vertical_alignment="center")
    name.markdown(f"**{_ui.plain(task.title)}**  \n:small[{_ui.plain(task.layout)}]")
    with state:
        _state(task)
    now_s = _ui.workbench().now_s() if task.state is State.PENDING else None
    waited.markdown(_tasks.duration(_tasks.waited_s(task, now_s)))
    ran.markdown(_tasks.duration(_tasks.ran_s(task)))
    pages.markdown(f"{task.pages:,}")
    with actions, st.container(horizontal=True, horizontal_alignment="right"):
        if not task.is_final:
            _tasks.cancel_button(task)
        elif task.state is State.SUCCESS:
            _tasks.download_button(task, "Download")
        elif not task.retried_as:
            _tasks.retry_button(task)


def _state(task: Task) -> None:
    note = _tasks.note(task.id)
    if not task.is_final:
        st.progress(task.progress, text=note or _tasks.state_words(task))
        return
    again = "Tried again." if task.retried_as else ""
    said = note or " ".join(filter(None, (_tasks.reason(task), again)))
    words = f"{_tasks.state_icon(task)} {_tasks.state_words(task)}"
    st.markdown(f"{words}  \n:small[{said}]" if said else words)


def _count(number: int) -> str:
    return "1 task is" if number == 1 else f"{number} tasks are"


main()
