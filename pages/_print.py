"""What a press of the button gives, and the button."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import streamlit as st

from cardmaker.deck import Artwork
from cardmaker.errors import ImageError
from cardmaker.spec import RenderRequest
from cardmaker.workbench import Task, document_digest
from pages import _cut, _make, _panel, _ui
from pages._cards import Cards
from pages._fields import Form


def offer(request: RenderRequest, cards: Cards, form: Form) -> None:
    """What there is to get, the buttons, and the task that makes it."""
    sheets, pages, _ = _ui.workbench().counts(request)
    broken = _broken(request, cards.artwork)
    ready = form.right and cards.complete and not broken
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        counts = (_count(len(request.deck), "card"), _count(sheets, "sheet"), _count(pages, "page"))
        # Two lines, whatever they say, so that the sheet below never moves.
        below = f"`{request.sheet.layout_name}`" if ready else ":red[Mend what is marked in red, then download.]"
        st.markdown(f"**{' · '.join(counts)}**  \n:small[{below}]", width="content")
        with st.container(horizontal=True, width="content"):
            _cut.offer(request, ready=form.right)
            by_task = _make.button(request, cards.artwork, form.settings, ready=ready)

    def anew(task: Task) -> Callable[[], Task] | None:
        if not ready or document_digest(request) != task.pdf:
            return None
        return functools.partial(_ui.workbench().submit, cards.artwork, form.settings)

    _panel.show(anew, expected=by_task)
    if broken:
        cards.trouble.error(_complaint(broken, cards.artwork), icon=":material/broken_image:")


def advice(request: RenderRequest) -> None:
    turn = f"two-sided, flip on the {request.printing.flip} edge" if request.deck.has_backs else "one-sided"
    st.markdown(f":material/print: Print at **Actual size**, {turn}.")


def status(request: RenderRequest) -> None:
    """One line about the document and where its parts are kept."""
    sheets, _, _ = _ui.workbench().counts(request)
    parts = (_count(len(request.deck), "card"), _count(sheets, "sheet"), request.sheet.layout_name)
    where, why = _ui.cache_words()
    st.caption(_ui.plain(" · ".join((*parts, where))), help=_ui.sentence(why) if why else None)


def _broken(request: RenderRequest, artwork: Artwork) -> tuple[ImageError, ...]:
    """Every image of the deck that cannot be printed, found once for each deck."""
    deck, found = st.session_state.get("checked", (None, ()))
    if deck != request.deck:
        with st.spinner("Checking the images"):
            found = _ui.workbench().broken(request, artwork)
        st.session_state["checked"] = (request.deck, found)
    return tuple(found)


def _complaint(broken: Sequence[ImageError], artwork: Artwork) -> str:
    lines = [(name, error.reason) for error in broken for name in _names(error, artwork)]
    listed = "\n".join(f"- **{_ui.plain(name)}** {_ui.plain(reason)}" for name, reason in lines)
    return f"{_count(len(lines), 'image')} cannot be printed:\n\n{listed}"


def _names(error: ImageError, artwork: Artwork) -> list[str]:
    """Of every front that holds the broken image: equal files are one image, and each has to go."""
    digests = {digest for digest, source in artwork.images.items() if source.name == error.card}
    return [card.name for card in artwork.deck.cards if card.front in digests] or [error.card]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
