"""The cards: front images, a common back, own backs; or the sample deck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cardmaker.deck import Artwork
from cardmaker.errors import DeckError
from cardmaker.source import BytesSource
from pages import _ui, _uploads


@dataclass(frozen=True, slots=True)
class Cards:
    """The deck, as far as it can be made, and its name. `trouble` is the place for what is wrong with its images;
    `complete` unless one of them found no place in the deck."""

    artwork: Artwork
    name: str
    trouble: DeltaGenerator
    complete: bool = True


def ask() -> Cards | None:
    """The section where cards are dropped; None while there are none."""
    with st.container(border=True):
        st.subheader("Cards")
        fronts = _fronts()
        trouble = st.container()
        with st.expander("Backs", icon=":material/flip_to_back:"):
            back = _uploads.one("One back for all cards", "back")
            own = _uploads.many("Own backs of single cards", "backs", help="Named like their fronts, or elf-back.png.")
        if fronts or back or own:
            st.session_state["sample"] = False
            return _assembled(fronts, back, own, trouble)
        return _sample(trouble)


def offer_sample() -> None:
    st.button("Try a sample deck", icon=":material/auto_awesome:", type="primary", on_click=_lay_sample, args=(True,))


def _fronts() -> list[BytesSource]:
    kinds = st.segmented_control(
        "Front images",
        ["Files", "A folder"],
        key="kinds",
        default="Files",
        required=True,
        help="They print in the order of their names, card 2 before card 10.",
        persist_state="session",
    )
    return _uploads.many("Front images", "fronts", folder=kinds == "A folder", label_visibility="collapsed")


def _assembled(
    fronts: Sequence[BytesSource],
    back: BytesSource | None,
    own: Sequence[BytesSource],
    trouble: DeltaGenerator,
) -> Cards | None:
    deck = _ui.workbench().deck
    try:
        return Cards(deck(fronts, back, own), _folder_name(fronts) or "deck", trouble)
    except DeckError as error:
        trouble.error(_ui.sentence(error), icon=":material/error:")
    try:
        return Cards(deck(fronts, back), _folder_name(fronts) or "deck", trouble, complete=False)
    except DeckError:
        return None


def _folder_name(fronts: Sequence[BytesSource]) -> str:
    """The folder that all the fronts came from, if there is one."""
    tops = {PurePosixPath(front.name).parts[0] for front in fronts if "/" in front.name}
    return tops.pop() if len(tops) == 1 else ""


def _sample(trouble: DeltaGenerator) -> Cards | None:
    if not st.session_state.get("sample"):
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("This is the sample deck.", width="content")
        st.button(
            "Remove", key="sample-remove", on_click=_lay_sample, args=(False,), icon=":material/close:", type="tertiary"
        )
    return Cards(_ui.workbench().sample(), "sample", trouble)


def _lay_sample(there: bool) -> None:
    st.session_state["sample"] = there
