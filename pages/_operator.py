"""What the operator may do, on the dashboard: each asks first."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

from cardmaker.deck import Artwork
from cardmaker.errors import CardmakerError, SettingError
from cardmaker.source import BytesSource
from cardmaker.units import counted
from cardmaker.workbench import Operations, Task
from pages import _ui
from pages._stack import Stack

_NAMESPACES = {"documents": "pdf", "cards": "tile", "thumbnails": "thumbnail", "everything": None}
_ASKED, _SAID, _REFUSED, _TOKEN = "operator-asked", "operator-said", "operator-refused", "operator-token"


def is_let_in() -> bool:
    """By the token that was given here; with none set, at this machine alone."""
    given: str = st.session_state.get(_TOKEN, "")
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    # Streamlit says nothing of an address that is this machine's own.
    return _ui.workbench().admits(given, st.context.ip_address or "127.0.0.1", headers)


def section() -> None:
    st.subheader("For the operator", anchor=False)
    if not is_let_in():
        _door()
        return
    if refused := st.session_state.pop(_REFUSED, ""):
        st.error(f"Not done. {refused}", icon=":material/error:")
    if said := st.session_state.pop(_SAID, ""):
        st.success(said, icon=":material/check:")
    with st.container(border=True, key="operator"):
        _clear()
        _cancel()
        _breaker()
        _warm()


def _door() -> None:
    if not _ui.workbench().settings.admin_token:
        st.caption("At this machine alone, or, when CARDMAKER_ADMIN_TOKEN is set, with it.")
        return
    # Kept for the session, since the field is there no more once the token is right.
    about = "The server's CARDMAKER_ADMIN_TOKEN."
    st.text_input("Operator's token", type="password", key=_TOKEN, help=about, persist_state="session")
    if st.session_state.get(_TOKEN):
        st.error("This is not the token.", icon=":material/lock:")


def _clear() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Cache of", list(_NAMESPACES), key="clear-what", width=220)
        _ask("clear", "Empty it", "delete_sweep")
    _confirm(
        "clear",
        f"Empty the cache of {name}, here and in Redis? What is asked for next is computed anew.",
        lambda operations: f"Removed {counted(operations.clear(_NAMESPACES[name]), 'key')}.",
    )


def _cancel() -> None:
    active = {task.id: task for task in reversed(_ui.workbench().moment().active)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task_id = st.selectbox(
            "Task",
            list(active),
            key="cancel-what",
            format_func=lambda each: _named(active[each]),
            placeholder="none is active",
            disabled=not active,
            width=420,
        )
        _ask("cancel", "Cancel it", "stop_circle", disabled=not active)
    if task_id in active:
        _confirm(
            "cancel",
            f"Cancel {_ui.plain(_named(active[task_id]))}? Its owner sees that it was cancelled.",
            lambda operations: f"Asked it to stop; it is {operations.cancel(task_id).state.value}.",
        )


def _breaker() -> None:
    status = _ui.workbench().cache.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        state = f"This server’s breaker for Redis is {status.state}." if status.configured else "No Redis is set up."
        st.markdown(state, width="content")
        _ask("breaker", "Ask Redis again at once", "restart_alt", disabled=not status.configured)
    _confirm("breaker", "Close the breaker of this server, so that the next request asks Redis?", _reset)


def _reset(operations: Operations) -> str:
    operations.reset_breaker()
    return "Closed; the next request asks Redis."


def _warm() -> None:
    # Its state is the session's, or it would close whenever a message above it comes or goes.
    with st.expander("Warm the cache", icon=":material/local_fire_department:", key="warm", on_change="rerun"):
        st.caption("The deck is made behind all others; who asks for it then gets it at once.")
        saved = st.file_uploader("Saved project", key="warm-project", help="It brings its cards, backs and settings.")
        files = st.file_uploader(
            "Fronts, in order", accept_multiple_files=True, key="warm-fronts", disabled=bool(saved)
        )
        back = st.file_uploader("Common back", key="warm-back", disabled=bool(saved))
        st.text_area(
            "Settings",
            "{}",
            key="warm-settings",
            help='As over HTTP, in JSON: {"paper": "a4", "crop": "1mm"}. Before those of a project.',
            height=80,
        )
        _ask("warm", "Make it", "bolt", disabled=not (files or saved))

        def make(operations: Operations) -> str:
            wanted = _parsed(st.session_state["warm-settings"])
            if saved:
                artwork, settings = _opened(BytesSource(saved.name, saved.getvalue()))
            else:
                fronts = [BytesSource(each.name, each.getvalue()) for each in files]
                shared = BytesSource(back.name, back.getvalue()) if back else None
                artwork, settings = _ui.workbench().deck(fronts, shared), {}
            task = operations.warm(artwork, {**settings, **wanted})
            return f"A task makes its {counted(task.pages, 'page')}."

        what = _ui.plain(saved.name) if saved else counted(len(files), "front")
        _confirm("warm", f"Make the document of {what}?", make)


def _opened(source: BytesSource) -> tuple[Artwork, dict[str, object]]:
    """A saved project as the page would print it. Raises ProjectError or DeckError."""
    bench = _ui.workbench()
    project = bench.open_project(source)
    stack = Stack.of(project)
    overrides = stack.overrides()
    own: dict[str, object] = {"overrides": overrides} if overrides else {}
    return bench.arranged(stack.places(), stack.common), {**project.said, **own}


def _parsed(text: str) -> dict[str, object]:
    """Raises SettingError."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SettingError('settings: write a JSON object, such as {"paper": "a4", "crop": "3mm"}')
    return found


def _ask(what: str, label: str, icon: str, *, disabled: bool = False) -> None:
    st.button(
        label,
        key=f"ask-{what}",
        icon=f":material/{icon}:",
        disabled=disabled,
        on_click=st.session_state.__setitem__,
        args=(_ASKED, what),
    )


def _confirm(what: str, question: str, act: Callable[[Operations], str]) -> None:
    if st.session_state.get(_ASKED) != what:
        return
    with st.container(border=True, key=f"sure-{what}"):
        st.markdown(question)
        with st.container(horizontal=True):
            st.button("Yes", key=f"yes-{what}", type="primary", on_click=_answer, args=(act,))
            st.button("No", key=f"no-{what}", on_click=_answer)


def _answer(act: Callable[[Operations], str] | None = None) -> None:
    """Before the page runs, where no other run can cut it short."""
    st.session_state.pop(_ASKED, None)
    if act:
        _carry_out(act)


def _carry_out(act: Callable[[Operations], str]) -> None:
    """Whether it may is asked once more: the page may be older than the token."""
    if not is_let_in():
        return
    try:
        st.session_state[_SAID] = act(_ui.workbench().operations)
    except CardmakerError as error:
        st.session_state[_REFUSED] = _ui.sentence(error)


def _named(task: Task) -> str:
    return f"{task.title or task.layout}, {counted(task.pages, 'page')}, {task.state.value}"
