"""All pages as PNGs in a ZIP: made behind the page, which says how far that is, and then offers the file."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cardmaker.deck import Artwork
from cardmaker.making import Making
from cardmaker.page_images import DPI
from cardmaker.spec import RenderRequest
from pages import _download, _fetching, _tasks, _ui
from pages._fetching import File

_REFRESH_S = 0.3
_KEY = "page-images"
_MIME = "application/zip"


@dataclass(frozen=True, slots=True)
class _Order:
    """What is being made for whom; of another document or resolution it is stopped and forgotten."""

    request: RenderRequest
    dpi: int
    making: Making


def offer(request: RenderRequest, artwork: Artwork, *, ready: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dpi: int = st.selectbox(
            "Resolution",
            DPI,
            index=1,
            key="page-dpi",
            format_func=lambda dpi: f"{dpi} dpi",
            width=120,
            persist_state="session",
        )
        order = _ordered(request, artwork, dpi, ready=ready)
        with st.container(key=_KEY, width="stretch"):
            if order is None or order.making.error:
                _button(ready=ready)
            elif order.making.is_over:
                _download_button(order)
            else:
                st.fragment(_moving, run_every=_REFRESH_S)(order.making)
    if order is not None and order.making.error:
        st.error(_ui.sentence(order.making.error), icon=":material/error:")


def _ordered(request: RenderRequest, artwork: Artwork, dpi: int, *, ready: bool) -> _Order | None:
    """What is made or ready now; begins it where the button was pressed."""
    state, order = st.session_state, st.session_state.get(_KEY + " order")
    if order is not None and (order.request != request or order.dpi != dpi or order.making.is_cancelled):
        order.making.cancel()
        order = None
    if state.pop(f"pressed {_KEY}", False) and ready:
        order = _Order(request, dpi, _ui.workbench().begin_page_images(request, artwork, dpi))
    state[_KEY + " order"] = order
    return order


def _button(*, ready: bool) -> None:
    st.button(
        "Pages as PNG",
        key="make-page-images",
        icon=":material/image:",
        on_click=_press,
        disabled=not ready,
        help="A ZIP with a picture of every page, for printers that take no PDF. It is made in the background, a third "
        "of a second for each page at 300 dpi.",
    )


def _press() -> None:
    st.session_state[f"pressed {_KEY}"] = True


def _moving(making: Making) -> None:
    if making.is_over or making.is_cancelled:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(making.progress, f"Drawing · {making.doing}" if making.doing else "Drawing the pages")
        st.button("Stop", key="stop-page-images", icon=":material/stop_circle:", on_click=making.cancel)


def _download_button(order: _Order) -> None:
    content = order.making.content or b""
    name = _download.file_name(order.request, f"-{order.dpi}dpi.zip")
    st.download_button(
        f"Download ZIP, {_tasks.megabytes(len(content))}",
        data=_fetching.held(lambda: File(content, name), _MIME),
        file_name=name,
        mime=_MIME,
        key="take-page-images",
        icon=":material/download:",
    )
