"""The whole work as one file: saved from the page, and opened in place of what is there."""

from __future__ import annotations

import functools

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cardmaker.errors import ProjectError
from cardmaker.project import ENDING
from cardmaker.source import BytesSource, ImageSource
from pages import _download, _form, _gallery, _ui, _uploads
from pages._fields import Form
from pages._stack import Stack

# What came of the last file, while the list has as many cards as then.
_SAID, _REFUSED, _TURN = "project said", "project refused", "project turn"
_UPLOADERS = ("fronts", "back", "backs")


def ask(stack: Stack) -> DeltaGenerator:
    """The head of the section, with the way to open a project; the place of the button that saves."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="projects"):
        st.subheader("Cards", anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            turn = st.session_state.get(_TURN, 0)  # another one is closed: the file is taken
            with st.popover("Open project", icon=":material/folder_open:", type="tertiary", key=f"open {turn}"):
                _ask_file(stack, turn)
            saving = st.container(width="content")
    with st.container():
        for key, tell in ((_REFUSED, _tell_refusal), (_SAID, st.caption)):
            said, cards = st.session_state.get(key, ("", 0))
            if said and cards == len(stack.rows):
                tell(said)
    return saving


def save(stack: Stack, form: Form, place: DeltaGenerator) -> None:
    """The button in its `place`, for what is on the page when it is pressed."""
    settings = {name: value for name, value in form.settings.items() if name != "overrides"}
    project, bench, trouble = stack.project(settings), _ui.workbench(), ""
    try:
        bench.check_project(project)
    except ProjectError as error:
        trouble = _ui.sentence(error)
    about = "Cards, backs and settings in one file, to go on later or elsewhere."
    if not form.right:
        about += " Fields marked in red are saved as they were when they were right."
    with place:
        _download.button(
            "Save project",
            functools.partial(bench.save_project, project),
            key="save-project",
            file_name=_download.stem(str(settings.get("title") or "")) + ENDING,
            mime="application/octet-stream",
            ready=not trouble,
            kind="tertiary",
            help_text=trouble or about,
        )


def lay(stack: Stack, source: ImageSource) -> None:
    """Opens that file in place of all that is there; where it cannot be opened, all stays."""
    st.session_state.pop(_SAID, None)
    st.session_state.pop(_REFUSED, None)
    try:
        project = _ui.workbench().open_project(source)
    except ProjectError as error:
        st.session_state[_REFUSED] = _ui.sentence(error), len(stack.rows)
        return
    stack.open(project)
    _form.fill(project.said, project.title or "deck")
    seen = _gallery.view()
    seen.chosen.clear()
    seen.renew(stack)
    for key in _UPLOADERS:
        _uploads.forget(key)
    said = f"{_ui.plain(source.name)} is open, {_ui.count(len(project.cards), 'card')} in the list."
    st.session_state[_SAID] = said, len(stack.rows)


def _tell_refusal(said: str) -> None:
    st.error(said, icon=":material/error:")


def _ask_file(stack: Stack, turn: int) -> None:
    key = f"project {turn}" if turn else "project"

    def take() -> None:
        new = _uploads.untaken([upload] if (upload := st.session_state.get(key)) else [])
        for each in new:
            st.session_state[_TURN] = turn + 1
            lay(stack, BytesSource(each.name, each.getvalue()))

    if stack.rows or stack.backs or stack.common:
        st.caption(":material/warning: It replaces the cards and settings that are here now. Save them first.")
    else:
        st.caption("A file that 'Save project' made brings its cards, backs and settings.")
    st.file_uploader(f"Project ({ENDING})", key=key, on_change=take, max_upload_size=_uploads.ZIP_MB)
