"""The form that shapes the sheet: what is often used in sight, the rest folded."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cardmaker import knobs
from cardmaker.deck import Deck
from cardmaker.spec import MAX_TEXT, Flip
from pages import _artwork_fields, _sheet_fields
from pages._fields import RIGHT, Form

_FLIPS = {Flip.LONG: "Long edge", Flip.SHORT: "Short edge"}


def ask(deck: Deck, deck_name: str) -> Form:
    """The whole form, in the container that is open."""
    form = Form()
    with st.container(border=True):
        st.subheader("Sheet", anchor=False)
        sheet = _sheet_fields.ask(form, has_backs=deck.has_backs)
    with st.container(border=True):
        st.subheader("Artwork", anchor=False)
        _artwork_fields.ask(form, sheet)
        _artwork_fields.ask_backs(form, sheet, deck)
    with st.container(border=True):
        st.subheader("Document", anchor=False)
        _ask_print(form, deck_name, has_backs=deck.has_backs)
    return form


def fill(settings: Mapping[str, object], deck_name: str) -> None:
    """Makes the fields say these settings, which are known to be right, and nothing of what they said before."""
    for memory in [key for key in st.session_state if str(key).startswith(RIGHT)]:
        del st.session_state[memory]
    _sheet_fields.fill(settings)
    _artwork_fields.fill(settings)
    printing, title = knobs.printing_from(settings), str(settings.get("title") or "")
    st.session_state.update(
        {
            "name": "" if title == deck_name else title,
            "flip": printing.flip,
            "label": printing.label,
            "label-text": printing.label_text,
            "outline": printing.outline,
        }
    )


def _ask_print(form: Form, deck_name: str, *, has_backs: bool) -> None:
    name = st.text_input(
        "Deck name",
        key="name",
        max_chars=MAX_TEXT,
        placeholder=deck_name,
        help="Stands in the names of the files.",
        persist_state="session",
    ).strip()
    flip = st.segmented_control(
        "Flip on",
        list(_FLIPS),
        key="flip",
        default=Flip.LONG,
        required=True,
        format_func=_FLIPS.__getitem__,
        help="The edge over which your printer turns the paper." if has_backs else "The deck has no backs.",
        disabled=not has_backs,
        persist_state="session",
    )
    label = st.toggle("Label on each sheet", value=True, key="label", persist_state="session")
    text = st.text_input(
        "Label text",
        key="label-text",
        max_chars=MAX_TEXT,
        placeholder="None" if label else "The label is off.",
        disabled=not label,
        help="Beside the sheet's number and the layout's name." if label else "The label is off.",
        persist_state="session",
    )
    outline = st.toggle(
        "Draw the cut line",
        key="outline",
        help="For a test print: shows where the machine will cut.",
        persist_state="session",
    )
    form.settings |= {
        "flip": flip,
        "label": text.strip(),
        "no_label": not label,
        "outline": outline,
        "title": name or deck_name,
    }
