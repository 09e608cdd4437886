"""The page: cards and settings on the left, the sheet they make on the right."""

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cardmaker.spec import RenderRequest
from pages import _cards, _form, _panel, _print, _sheet_view, _ui
from pages._cards import Cards

_PICTURE_PX = 1200
_MAX_DPI = 300.0


def main() -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.title("Cardmaker", anchor=False)
        cards = _cards.ask()
        settings = st.container(key="settings")
    with right, st.container(key="sheet"):
        if cards:
            _workbench(cards, settings)
        else:
            _panel.show()
            _welcome()


@st.fragment
def _workbench(cards: Cards, settings: DeltaGenerator) -> None:
    """All that a tweak runs again: the form, in the `settings` container, and what comes of it."""
    if _cards.are_stale(cards):
        st.rerun()
    with settings:
        form = _form.ask(cards.artwork.deck, cards.name)
        with st.container(border=True):
            st.subheader("Print", anchor="print")
            below = st.container()
    _cards.settle(cards, form)
    _cards.offer_project(cards, form)
    request = _ui.workbench().request(cards.artwork, form.settings)
    _print.offer(request, cards, form, below)
    _show(request, cards)
    _print.status(request)


def _show(request: RenderRequest, cards: Cards) -> None:
    """A page of the document, as it will be printed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        view, pages = _sheet_view.ask(request, st.container(width="content"))
    dpi = min(_PICTURE_PX / request.sheet.width_mm * 25.4, _MAX_DPI)
    start = time.perf_counter()
    pictures = {page: _ui.workbench().picture(request, cards.artwork, page, dpi) for page in pages}
    _ui.remember_pace(time.perf_counter() - start)
    with st.container(key="picture"):
        contents = {page: picture.content for page, picture in pictures.items()}
        _sheet_view.show(request, contents, key="sheet-view", view=view, on_skip=_set_skip)


def _set_skip(slots: list[int]) -> None:
    st.session_state["skip"] = slots


def _welcome() -> None:
    with st.container(border=True, height=420, horizontal_alignment="center", vertical_alignment="center"):
        st.markdown("Your sheet appears here.", width="content")
        st.caption("Drop card images on the left, or look around first.", width="content")
        _cards.offer_sample()


main()
