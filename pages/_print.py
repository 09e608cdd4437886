"""What a press of the button gives, and the button."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import streamlit as st

from cardmaker.deck import Artwork
from cardmaker.errors import ImageError, InputError
from cardmaker.spec import RenderRequest
from pages import _ui
from pages._cards import Cards
from pages._handover import Handover

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')


def offer(request: RenderRequest, cards: Cards, *, ready: bool) -> None:
    """What there is to get, and the button. `ready` unless a field of the form waits to be mended."""
    sheets, pages, _ = _ui.workbench().counts(request)
    broken = _broken(request, cards.artwork)
    ready = ready and cards.complete and not broken
    handover: Handover = st.session_state.setdefault("handover", Handover())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        counts = (_count(len(request.deck), "card"), _count(sheets, "sheet"), _count(pages, "page"))
        # Two lines, whatever they say, so that the sheet below never moves.
        below = f"`{request.sheet.layout_name}`" if ready else ":red[Mend what is marked in red, then download.]"
        st.markdown(f"**{' · '.join(counts)}**  \n:small[{below}]", width="content")
        st.download_button(
            "Download PDF",
            data=handover.take,
            file_name=file_name(request),
            mime="application/pdf",
            key="download",
            on_click=_press,
            type="primary",
            icon=":material/download:",
            disabled=not ready,
        )
    if broken:
        cards.trouble.error(_complaint(broken, cards.artwork), icon=":material/broken_image:")
    if st.session_state.pop("pressed", False):
        make = functools.partial(_ui.workbench().pdf, request, cards.artwork) if ready else _refuse
        if not handover.give(make):
            st.toast("The download did not start. Press the button again.", icon=":material/error:")


def _press() -> None:
    st.session_state["pressed"] = True


def _refuse() -> bytes:
    raise InputError("the page says what to mend before the download")


def advice(request: RenderRequest) -> None:
    turn = f"two-sided, flip on the {request.printing.flip} edge" if request.deck.has_backs else "one-sided"
    st.markdown(f":material/print: Print at **Actual size**, {turn}.")


def file_name(request: RenderRequest) -> str:
    """Deck and layout, which names the paper: `elves-letter-standard-v6.pdf`, in any script, for any file system."""
    deck = " ".join(_UNSAFE.sub(" ", request.printing.title).split()).strip(" .")[:80] or "deck"
    return f"{deck}-{request.sheet.layout_name}.pdf"


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
