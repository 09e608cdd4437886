"""The main button: the PDF at once or, where that takes long, a task that makes it."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import streamlit as st

from cardmaker.deck import Artwork
from cardmaker.errors import CardmakerError, StoreError
from cardmaker.spec import RenderRequest
from cardmaker.workbench import document_digest
from pages import _download, _tasks, _ui

_KEY = "download"
_PRESSED = "pressed make"


def button(request: RenderRequest, artwork: Artwork, settings: Mapping[str, object], *, ready: bool) -> bool:
    """Whether a task is the way to the document now. Cannot be pressed unless `ready`."""
    is_long = _ui.workbench().is_long(request)
    if is_long and not refusal() and _download.decline(_KEY):
        # What was typed right before the press has made it long.
        st.session_state[_PRESSED] = True
    if st.session_state.get(_PRESSED) and ready:
        _submit(artwork, settings)
    st.session_state.pop(_PRESSED, None)
    if is_long and not refusal():
        making = _is_being_made(request)
        st.button(
            "Make PDF",
            key="make",
            icon=":material/picture_as_pdf:",
            type="primary",
            on_click=press,
            disabled=making or not ready,
            help="It is being made." if making else "Takes a while: it is made in the background.",
        )
        return True
    _download.button(
        "Download PDF",
        functools.partial(_pdf, request, artwork),
        key=_KEY,
        file_name=_download.file_name(request, ".pdf"),
        mime="application/pdf",
        ready=ready,
        kind="primary",
    )
    return is_long


def press() -> None:
    """The run that follows submits: it has what was typed last. One that is cut short by another leaves it to that."""
    st.session_state[_PRESSED] = True
    st.session_state.pop("refusal", None)


def is_pressed() -> bool:
    """Whether this run is to give the document."""
    return any(st.session_state.get(key) for key in (_PRESSED, f"pressed {_KEY}"))


def refusal() -> str:
    """Why no task is taken at the moment."""
    said: str = st.session_state.get("refusal", "")
    return said


def dismiss_refusal() -> None:
    st.session_state.pop("refusal", None)


def _submit(artwork: Artwork, settings: Mapping[str, object]) -> None:
    try:
        with st.spinner("Sending the cards"):
            # Within, since the spinner's end is a place where another run can cut this one short; that one shall find
            # the task and no press.
            task = _ui.workbench().submit(artwork, settings)
            del st.session_state[_PRESSED]
            _tasks.follow(task)
    except CardmakerError as error:
        st.session_state["refusal"] = _ui.sentence(error)


def _is_being_made(request: RenderRequest) -> bool:
    task_id = _tasks.newest()
    try:
        task = _tasks.look(task_id) if task_id else None
    except StoreError:
        return False
    return task is not None and not task.is_final and task.pdf == document_digest(request)


def _pdf(request: RenderRequest, artwork: Artwork) -> bytes:
    return bytes(_ui.workbench().document(request, artwork).value)
