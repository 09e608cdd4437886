"""What comes out: the pages, how to print them, and what to type at the cutting machine."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import streamlit as st

from cardmaker.cutfile import Fact
from cardmaker.source import ImageSource
from cardmaker.spec import RenderRequest
from cardmaker.units import format_number
from pages import _cut, _page_images, _ui
from pages._cards import Cards


def show(request: RenderRequest, cards: Cards, *, ready: bool) -> None:
    sheets, pages, _ = _ui.workbench().counts(request)
    sheet, megabytes = request.sheet, sum(image.size for image in _printed(request, cards)) / 1e6
    size = f"{format_number(sheet.width_mm, 1)} × {format_number(sheet.height_mm, 1)} mm"
    st.markdown(
        f"**You get** {_ui.count(pages, 'page')} on {_ui.count(sheets, 'sheet')} of {_ui.plain(sheet.paper.name)}, "
        f"{size}, {sheet.orientation}; about {format_number(max(megabytes, 0.1), 1)} MB. "
        f"Layout `{sheet.layout_name}`."
    )
    turn = f"two-sided, flip on the {request.printing.flip} edge" if request.deck.has_backs else "one-sided"
    st.markdown(f":material/print: Print at **Actual size**, {turn}.")
    _page_images.offer(request, cards.artwork, ready=ready)
    with st.expander("Silhouette Studio: what to type", icon=":material/content_cut:", key="studio"):
        st.markdown(_table(_ui.workbench().advice(request, leave_out=_cut.leave_out(request))))


def _printed(request: RenderRequest, cards: Cards) -> list[ImageSource]:
    deck = request.deck
    used = {card.front for card in deck.cards if card.quantity}
    used |= {back for card in deck.cards if card.quantity and (back := deck.back_of(card))}
    return [cards.artwork.images[digest] for digest in used]


def _table(facts: Iterable[Fact]) -> str:
    """What to type and to do, topic by topic."""
    lines: list[str] = []
    for topic, about in groupby(facts, key=lambda fact: fact.topic):
        lines.append(f"| | **{_ui.plain(topic.value)}** |")
        if len(lines) == 1:
            lines.append("|---|---|")  # the first topic heads the table
        for fact in about:
            note = f" :small[:gray[{_ui.plain(fact.note)}]]" if fact.note else ""
            lines.append(f"| {_ui.plain(fact.title)} | {_ui.plain(fact.value)}{note} |")
    return "\n".join(lines)
