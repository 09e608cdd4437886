"""The form that shapes the sheet. A value that is wrong is said so beside its field, and until it is mended the
last one that was right stands in for it, so that nothing else is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import streamlit as st

from cardmaker import catalog, knobs
from cardmaker.catalog import CardSize, Paper
from cardmaker.errors import InputError, SettingError
from cardmaker.sheet import MarkKind, Sheet, Variant
from cardmaker.spec import MAX_TEXT, Fit, Flip, check_artwork, check_skip
from cardmaker.units import format_number
from pages import _ui

_CUSTOM = "custom"
_MARKS = {MarkKind.THREE: "Three", MarkKind.FOUR: "Four", MarkKind.NONE: "None"}
_FITS = {Fit.STRETCH: "Stretch", Fit.COVER: "Cover", Fit.CONTAIN: "Contain"}
_FLIPS = {Flip.LONG: "Long edge", Flip.SHORT: "Short edge"}


@dataclass
class Form:
    """The settings to use, and whether they are what the fields say."""

    settings: dict[str, object] = field(default_factory=dict)
    right: bool = True

    def take(self, values: Mapping[str, object], check: Callable[[Mapping[str, object]], object]) -> None:
        """Takes values that pass their check; else says why not, and takes the last ones that did, unless they too
        are wrong by now, on another sheet."""
        memory = "right " + " ".join(values)
        try:
            check(values)
            st.session_state[memory] = values
        except InputError as error:
            st.error(_ui.sentence(error), icon=":material/error:")
            self.right = False
            values = st.session_state.get(memory, {})
            try:
                check(values)
            except InputError:
                values = {}
        self.settings.update(values)


def ask(deck_name: str) -> Form:
    """The whole form, in the container that is open."""
    form = Form()
    with st.container(border=True):
        st.subheader("Sheet")
        _ask_sheet(form)
        sheet = _ui.workbench().sheet(form.settings)
        _ask_skip(form, sheet)
    with st.container(border=True):
        st.subheader("Artwork")
        _ask_artwork(form, sheet)
    with st.container(border=True):
        st.subheader("Print")
        _ask_print(form, deck_name)
    return form


def _ask_sheet(form: Form) -> None:
    papers = {name: _paper_label(paper) for name, paper in catalog.papers().items()}
    cards = {name: _card_label(card) for name, card in catalog.cards().items()}
    by_id = bool(st.session_state.get("layout", "").strip())
    left, right = st.columns(2)
    with left:
        paper = _size("Paper", papers, "300mm x 200mm", disabled=by_id)
    with right:
        card = _size("Card", cards, "70mm x 120mm", disabled=by_id)
    trouble = st.container()
    row = st.container(horizontal=True)
    variant = row.segmented_control(
        "Variant",
        list(Variant),
        key="variant",
        default=Variant.DEFAULT,
        required=True,
        format_func=str.capitalize,
        help="Borderless puts the marks 3.5 mm from the edge, for printers that print up to it.",
        disabled=by_id,
        persist_state="session",
    )
    marks = row.segmented_control(
        "Registration marks",
        list(_MARKS),
        key="marks",
        default=MarkKind.THREE,
        required=True,
        format_func=_MARKS.__getitem__,
        help="Three suit every machine, four the Cameo 5 Alpha.",
        disabled=by_id,
        persist_state="session",
    )
    layout = st.text_input(
        "Layout id",
        key="layout",
        placeholder="None",
        help="Instead of the fields above: the id on a sheet's label, in a cut file or on a settings card makes that "
        "very sheet again.",
        persist_state="session",
    ).strip()
    values: dict[str, object] = {"paper": paper, "card": card, "variant": variant, "marks": marks}
    if layout:
        values = {"layout": layout}

    def check(values: Mapping[str, object]) -> None:
        for what in ("paper", "card"):
            if what in values and not values[what]:
                raise SettingError(f"{what}: write its width and height, each with a unit, like 70mmx120mm")
        _ui.workbench().sheet(values)

    with trouble:
        form.take(values, check)


def _size(what: str, names: Mapping[str, str], example: str, *, disabled: bool) -> str:
    """A size from the catalogue, or one that is typed."""
    key = what.lower()
    choice = st.selectbox(
        what,
        [*names, _CUSTOM],
        key=key,
        format_func=lambda name: names.get(name, "Custom size"),
        disabled=disabled,
        persist_state="session",
    )
    if choice != _CUSTOM:
        return choice or ""
    return st.text_input(
        "Width x height",
        value=example,
        key=f"{key}-size",
        placeholder=example,
        help="Each with its unit: mm, cm or in.",
        disabled=disabled,
        persist_state="session",
    ).strip()


def _ask_skip(form: Form, sheet: Sheet) -> None:
    slots = range(len(sheet.slots))
    # A smaller sheet has fewer slots than those that were chosen on a larger one.
    st.session_state["skip"] = [slot for slot in st.session_state.get("skip", []) if slot in slots]
    skip = st.multiselect(
        "Skip slots",
        slots,
        key="skip",
        placeholder="None",
        select_all=False,
        help="These stay empty on every sheet. Slots count row by row from 0 at the top left.",
        persist_state="session",
    )
    form.take({"skip": skip}, lambda values: check_skip(sheet, knobs.slots_from(values.get("skip"))))


def _ask_artwork(form: Form, sheet: Sheet) -> None:
    fit = st.segmented_control(
        "Fit",
        list(_FITS),
        key="fit",
        default=Fit.STRETCH,
        required=True,
        format_func=_FITS.__getitem__,
        help="How an image takes the card's shape. Cover cuts what is over, contain leaves white.",
        persist_state="session",
    )
    form.settings["fit"] = fit
    crop, bleed, source_bleed = st.columns(3)
    with crop:
        _ask_length(form, sheet, "crop", "Crop", "0 mm", "Taken off each edge of the card, such as 1mm.")
    with bleed:
        _ask_length(
            form, sheet, "bleed", "Bleed", "0.625 mm", "Ink beyond the cut line. Empty: half the gap between cards."
        )
    with source_bleed:
        _ask_length(
            form,
            sheet,
            "source_bleed",
            "Source bleed",
            "0 mm",
            "What your images carry beyond the card, such as 0.12in.",
        )


def _ask_length(form: Form, sheet: Sheet, name: str, label: str, placeholder: str, help_text: str) -> None:
    text = st.text_input(label, key=name, placeholder=placeholder, help=help_text, persist_state="session").strip()
    values = {name: text}
    form.take(values, lambda values: check_artwork(sheet, knobs.artwork_from(values)))


def _ask_print(form: Form, deck_name: str) -> None:
    flip = st.segmented_control(
        "Flip on",
        list(_FLIPS),
        key="flip",
        default=Flip.LONG,
        required=True,
        format_func=_FLIPS.__getitem__,
        help="The edge over which your printer turns the paper.",
        persist_state="session",
    )
    label = st.toggle("Label on each sheet", value=True, key="label", persist_state="session")
    text = st.text_input(
        "Label text", key="label-text", max_chars=MAX_TEXT, disabled=not label, persist_state="session"
    )
    outline = st.toggle(
        "Draw the cut line",
        key="outline",
        help="For a test print: shows where the machine will cut.",
        persist_state="session",
    )
    name = st.text_input(
        "Deck name", key="name", max_chars=MAX_TEXT, placeholder=deck_name, persist_state="session"
    ).strip()
    form.settings |= {
        "flip": flip,
        "label": text.strip(),
        "no_label": not label,
        "outline": outline,
        "title": name or deck_name,
    }


def _paper_label(paper: Paper) -> str:
    return f"{_words(paper.name)} · {_millimetres(paper.width_mm, paper.height_mm)}"


def _card_label(card: CardSize) -> str:
    if card.circle:
        return f"Circle · {format_number(card.width_mm, 1)} mm"
    return f"{_words(card.name)} · {_millimetres(card.width_mm, card.height_mm)}"


def _millimetres(width: float, height: float) -> str:
    return f"{format_number(width, 0)} × {format_number(height, 0)} mm"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
