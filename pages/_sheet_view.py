"""The sheet's picture with shapes over it: zoom, overlays, slots to click. Its script and looks lie beside this file.

The pictures travel as Streamlit's own media files, so that a browser asks for each once and only their addresses go
through the page's connection; `docs/decisions/0006` has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import streamlit as st
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator

from cardmaker.spec import RenderRequest
from pages import _ui


class View(StrEnum):
    PAGE = "page"
    BESIDE = "beside"
    THROUGH = "through"


_VIEWS = {View.PAGE: "Page", View.BESIDE: "Both sides", View.THROUGH: "Through"}

OnSkip = Callable[[list[int]], object]


def _text(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_mount = st.components.v2.component("cardmaker_sheet_view", css=_text(".css"), js=_text(".js"))


def ask(request: RenderRequest, caption: DeltaGenerator) -> tuple[View, tuple[int, ...]]:
    """How to look at the document and where in it; the pages (from 0) to show. One at a time, or the front and the back
    of a sheet."""
    sheets, pages, _ = _ui.workbench().counts(request)
    pager = st.container()
    view = _ask_view() if request.deck.has_backs else View.PAGE
    if view is View.PAGE:
        page = pager.pagination(pages, key="page", persist_state="session") - 1
        sheet, back = divmod(page, pages // sheets)
        caption.caption(f"Sheet {sheet + 1} of {sheets}, {'back' if back else 'front'}")
        return view, (page,)
    sheet = pager.pagination(sheets, key="sheet-number", persist_state="session") - 1
    caption.caption(f"Sheet {sheet + 1} of {sheets}")
    return view, (2 * sheet, 2 * sheet + 1)


def _ask_view() -> View:
    chosen = st.segmented_control(
        "View",
        list(View),
        key="view",
        default=View.PAGE,
        required=True,
        format_func=_VIEWS.__getitem__,
        label_visibility="collapsed",
        on_change=_keep_place,
        persist_state="session",
    )
    return View(chosen)


def _keep_place() -> None:
    """The same sheet in the other view's page picker."""
    state = st.session_state
    if state["view"] is View.PAGE:
        state["page"] = 2 * state.get("sheet-number", 1) - 1
    else:
        state["sheet-number"] = (state.get("page", 1) + 1) // 2


def turn_to(page: int, slot: int) -> None:
    """Shows that page (from 0) from the next run on, and zooms to the slot."""
    state = st.session_state
    if state.get("view", View.PAGE) is View.PAGE:
        state["page"] = page + 1
    else:
        state["sheet-number"] = page // 2 + 1
    turn = state.get("sheet-focus", {}).get("turn", 0) + 1
    state["sheet-focus"] = {"slot": slot, "page": page, "turn": turn}


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
    data = {
        "view": view.value,
        "told": st.session_state.setdefault(told, 0),
        "focus": st.session_state.get("sheet-focus"),
        "pages": [
            {
                "page": page,
                "src": _address(content, f"{key} {place}"),
                "alt": f"Page {page + 1} of {pages} as it will be printed",
                "overlay": _ui.workbench().overlay(request, page).as_json(),
            }
            for place, (page, content) in enumerate(sorted(pictures.items()))
        ],
    }
    slots = len(request.sheet.slots)

    def hear() -> None:
        click = checked(st.session_state[key].get("skip"), slots)
        if click:
            st.session_state[told] = click.turn
            on_skip(list(click.skip))

    _mount(data=data, key=key, on_skip_change=hear)


@dataclass(frozen=True, slots=True)
class Click:
    """All slots that are to be skipped after a click. The browser counts its `turn`s, and waits for the last one."""

    skip: tuple[int, ...]
    turn: int


def checked(value: object, slots: int) -> Click | None:
    """What the browser sent, if it is about slots of such a sheet."""
    match value:
        case {"skip": list(skip), "turn": int(turn)} if all(type(s) is int and 0 <= s < slots for s in skip):
            return Click(tuple(sorted(set(skip))), turn)
    return None


def _address(content: bytes, place: str) -> str:
    """Where the browser gets the picture; the one before it at that place is let go."""
    path = runtime.get_instance().media_file_mgr.add(content, "image/jpeg", f"sheet view {place}")
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}{path}" if base else path
