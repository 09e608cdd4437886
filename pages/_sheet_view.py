"""The sheet's picture with shapes over it: zoom, overlays, slots to click. Its script and looks lie beside this file.

The pictures travel as Streamlit's own media files, so that a browser asks for each once and only their addresses go
through the page's connection; `docs/decisions/0006-the-page.md` has the figures.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

import streamlit as st
from streamlit import runtime

from cardmaker.spec import RenderRequest
from pages import _ui


class View(StrEnum):
    PAGE = "page"
    BESIDE = "beside"
    THROUGH = "through"


VIEWS = {View.PAGE: "One page", View.BESIDE: "Side by side", View.THROUGH: "Seen through"}

OnSkip = Callable[[list[int]], object]


def _text(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_mount = st.components.v2.component("cardmaker_sheet_view", css=_text(".css"), js=_text(".js"))


def ask_view(request: RenderRequest) -> View:
    """How to look at sheets that have backs; there is nothing to ask about others."""
    if not request.deck.has_backs:
        return View.PAGE
    chosen = st.segmented_control(
        "View",
        list(View),
        key="view",
        default=View.PAGE,
        required=True,
        format_func=VIEWS.__getitem__,
        label_visibility="collapsed",
        persist_state="session",
    )
    return View(chosen)


def pages_of(request: RenderRequest, view: View, page: int) -> tuple[int, ...]:
    """The pages (from 0) that the view of that page shows: it alone, or the front and the back of its sheet."""
    if view is View.PAGE or not request.deck.has_backs:
        return (page,)
    front = page - page % 2
    return front, front + 1


def show(
    request: RenderRequest,
    pictures: Mapping[int, bytes],
    *,
    key: str,
    on_skip: OnSkip,
    view: View = View.PAGE,
) -> None:
    """The JPEGs of one page or of a sheet's front and back, by their index from 0. When slots are clicked, `on_skip`
    gets all that are to be skipped, in their order, before the page runs again."""
    _, pages, _ = _ui.workbench().counts(request)
    told = f"{key} told"
    st.session_state.setdefault(told, 0)
    slots = len(request.sheet.slots)
    data = {
        "view": view.value,
        "told": st.session_state[told],  # another value even when the click changed nothing: the browser hears of it
        "pages": [
            {
                "src": _address(content, f"{key} {page}"),
                "alt": f"Page {page + 1} of {pages} as it will be printed",
                "overlay": _ui.workbench().overlay(request, page).as_json(),
            }
            for page, content in sorted(pictures.items())
        ],
    }
    _mount(data=data, key=key, on_skip_change=functools.partial(_hear, key, told, slots, on_skip))


def _hear(key: str, told: str, slots: int, on_skip: OnSkip) -> None:
    st.session_state[told] += 1
    skip = checked(st.session_state[key].get("skip"), slots)
    if skip is not None:
        on_skip(skip)


def checked(value: object, slots: int) -> list[int] | None:
    """What the browser sent, if it is a list of that many slots' numbers."""
    if not isinstance(value, list):
        return None
    if not all(type(slot) is int and 0 <= slot < slots for slot in value):
        return None
    return sorted(set(value))


def _address(content: bytes, place: str) -> str:
    """Where the browser gets the picture; the one before it at that place is let go."""
    path = runtime.get_instance().media_file_mgr.add(content, "image/jpeg", f"sheet view {place}")
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}{path}" if base else path
