"""What a press of the button gives, and the button."""

from __future__ import annotations

import functools
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cardmaker.spec import RenderRequest
from cardmaker.workbench import Task, document_digest
from pages import _cut, _findings, _make, _outcome, _panel, _ui
from pages._cards import Cards
from pages._fields import Form


def offer(request: RenderRequest, cards: Cards, form: Form, below: DeltaGenerator) -> None:
    """What there is to get, the buttons, and the task that makes it; all there is to know before printing goes to the
    container `below` the form."""
    sheets, pages, _ = _ui.workbench().counts(request)
    inspection = _findings.inspect(request, cards, pressed=_make.is_pressed())
    ready = form.right and cards.complete and not inspection.broken
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        counts = (_ui.count(len(request.deck), "card"), _ui.count(sheets, "sheet"), _ui.count(pages, "page"))
        # Two lines, whatever they say, so that the sheet below never moves.
        about = f"`{request.sheet.layout_name}`{_findings.words(inspection)}"
        line = about if ready else ":red[Mend what is marked in red, then download.]"
        st.markdown(f"**{' · '.join(counts)}**  \n:small[{line}]", width="content")
        with st.container(horizontal=True, width="content"):
            _cut.offer(request, ready=form.right)
            by_task = _make.button(request, cards.artwork, form.settings, ready=ready)

    def anew(task: Task) -> Callable[[], Task] | None:
        if not ready or document_digest(request) != task.pdf:
            return None
        return functools.partial(_ui.workbench().submit, cards.artwork, form.settings)

    _panel.show(anew, expected=by_task)
    with below:
        with st.container(gap="xsmall"):
            _findings.show(inspection, cards)
        _outcome.show(request, cards, ready=ready)


def status(request: RenderRequest) -> None:
    """One line about the document and where its parts are kept."""
    sheets, _, _ = _ui.workbench().counts(request)
    parts = (_ui.count(len(request.deck), "card"), _ui.count(sheets, "sheet"), request.sheet.layout_name)
    where, why = _ui.cache_words()
    st.caption(_ui.plain(" · ".join((*parts, where))), help=_ui.sentence(why) if why else None)
