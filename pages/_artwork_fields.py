"""How images come onto their cards: for all of them, and where backs differ."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cardmaker import knobs
from cardmaker.deck import Deck
from cardmaker.sheet import Sheet
from cardmaker.spec import Fit, Turn, check_artwork
from cardmaker.units import format_number
from pages import _fields
from pages._fields import Fold, Form

_FITS: dict[str, str] = {Fit.STRETCH: "Stretch", Fit.COVER: "Cover", Fit.CONTAIN: "Contain"}
_TURNS: dict[str, str] = {turn: f"{turn}°" for turn in Turn}
_FRONTS = "As the fronts"
# Knob -> label, what stands there when it is empty, help.
_LENGTHS = {
    "crop": ("Crop", "0 mm", "Taken off each edge of the card, such as 1mm."),
    "bleed": ("Bleed", "", "Ink beyond the cut line. Empty: half the gap between cards."),
    "source_bleed": (
        "Source bleed",
        "0 mm, or auto",
        "What your images carry beyond the card, such as 0.12in; auto goes by their shape.",
    ),
    "extend_edges": ("Extend edges", "0 mm", "Cuts a ring of this width off and fills it from the pixels inside."),
    "fill_corners": ("Fill corners", "0 mm", "Radius of the images' own round corners, to be filled from inside."),
    "outer_bleed": ("Outer bleed", "as bleed", "Bleed on the sheet's outer sides, clear of marks and label."),
}


def ask(form: Form, sheet: Sheet) -> None:
    form.settings["fit"] = st.segmented_control(
        "Fit",
        list(_FITS),
        key="fit",
        default=Fit.STRETCH,
        required=True,
        format_func=_FITS.__getitem__,
        help="How an image takes the card's shape. Cover cuts what is over, contain leaves white.",
        persist_state="session",
    )
    _ask_lengths(form, sheet, ("crop", "bleed", "source_bleed"))
    with _fields.fold("More about the artwork", "more-artwork") as inside:
        turns = {turn: words for turn, words in _TURNS.items() if turn is not Turn.NONE}
        text = "Turns the images clockwise."
        _fields.choice(form, "rotate", "Rotate", turns, text, default=_TURNS[Turn.NONE], inside=inside)
        _ask_lengths(form, sheet, ("extend_edges", "fill_corners", "outer_bleed"), inside=inside)


def fill(settings: Mapping[str, object]) -> None:
    """Makes the fields say these settings, which are known to be right."""
    for whose in ("", "back_", "backs_"):
        for name in _LENGTHS:
            st.session_state[f"{whose}{name}"] = _fields.said(settings, f"{whose}{name}")
        fit, turn = (_fields.said(settings, f"{whose}{name}").lower() for name in ("fit", "rotate"))
        st.session_state[f"{whose}fit"] = fit or (_FRONTS if whose else Fit.STRETCH)
        st.session_state[f"{whose}rotate"] = turn or (_FRONTS if whose else _TURNS[Turn.NONE])
    if st.session_state["rotate"] == Turn.NONE:
        st.session_state["rotate"] = _TURNS[Turn.NONE]


def ask_backs(form: Form, sheet: Sheet, deck: Deck) -> None:
    """What is empty here is as for the fronts."""
    with _fields.fold("Artwork of backs", "more-backs") as inside:
        is_common = deck.back is not None and any(not card.back for card in deck.cards)
        has_own = any(card.back for card in deck.cards)
        if not (is_common or has_own):
            st.caption("The deck has no backs. Drop them under Cards.")
        if is_common:
            st.markdown("**Common back**")
            _ask_back(form, sheet, "back_", inside)
        if has_own:
            st.markdown("**Own backs**")
            _ask_back(form, sheet, "backs_", inside)


def _ask_back(form: Form, sheet: Sheet, whose: str, inside: Fold) -> None:
    left, right = st.columns(2)
    with left:
        text = "How the image takes the card's shape."
        _fields.choice(form, f"{whose}fit", "Fit", _FITS, text, default=_FRONTS, inside=inside)
    with right:
        text = "Turns the image clockwise."
        _fields.choice(form, f"{whose}rotate", "Rotate", _TURNS, text, default=_FRONTS, inside=inside)
    _ask_lengths(form, sheet, ("crop", "bleed", "source_bleed"), whose, inside)
    _ask_lengths(form, sheet, ("extend_edges", "fill_corners", "outer_bleed"), whose, inside)


def _ask_lengths(form: Form, sheet: Sheet, names: tuple[str, ...], whose: str = "", inside: Fold | None = None) -> None:
    """Side by side."""

    def check(values: Mapping[str, object]) -> None:
        check_artwork(sheet, knobs.artwork_from(values))

    columns, below = st.columns(len(names)), st.container()
    for column, name in zip(columns, names, strict=True):
        label, empty, text = _LENGTHS[name]
        if name == "bleed":
            empty = f"{format_number(sheet.gap_mm / 2, 3)} mm"
        with column:
            empty = "as fronts" if whose else empty
            _fields.length(form, f"{whose}{name}", label, empty, text, check, below=below, inside=inside)
