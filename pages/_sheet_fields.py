"""Paper, card and marks: what the sheet is made from."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cardmaker import catalog, knobs
from cardmaker.catalog import CardSize, Paper, Specialty
from cardmaker.errors import SettingError
from cardmaker.sheet import MarkKind, Orientation, Sheet, Variant
from cardmaker.spec import MarksOn, check_skip
from cardmaker.units import format_number
from pages import _fields, _ui
from pages._fields import Form

_CUSTOM = "custom"
_MARKS = {MarkKind.THREE: "Three", MarkKind.FOUR: "Four", MarkKind.NONE: "None"}
_LIES: dict[str, str] = {Orientation.LANDSCAPE: "Landscape", Orientation.PORTRAIT: "Portrait"}
_SIDES: dict[str, str] = {MarksOn.FRONT: "Fronts alone", MarksOn.BACK: "Backs alone"}
_AS_PRINTED, _BOTH_SIDES = "As printed", "Both sides"
_BY_ID = "The layout id says this; empty it to choose here."
_BY_SPECIALTY = "This card has a sheet of its own, which brings it."
_NO_MARKS = "No marks are printed."


def ask(form: Form, *, has_backs: bool) -> Sheet:
    """The fields, and the sheet that they make."""
    by_id = _BY_ID if st.session_state.get("layout", "").strip() else None
    special = None if by_id or st.session_state.get("card") not in catalog.specialties() else _BY_SPECIALTY
    papers = {name: _paper_label(paper) for name, paper in catalog.papers().items()}
    cards = {name: _card_label(card) for name, card in catalog.cards().items()}
    cards |= {name: _specialty_label(each) for name, each in catalog.specialties().items()}
    left, right = st.columns(2)
    with left:
        paper = _size("Paper", papers, "300mm x 200mm", off=by_id or special)
    with right:
        card = _size("Card", cards, "70mm x 120mm", off=by_id)
    trouble = st.container()
    row = st.container(horizontal=True)
    variant = row.segmented_control(
        "Variant",
        list(Variant),
        key="variant",
        default=Variant.DEFAULT,
        required=True,
        format_func=str.capitalize,
        help=by_id or special or "Borderless puts the marks 3.5 mm from the edge, for printers that print up to it.",
        disabled=bool(by_id or special),
        persist_state="session",
    )
    marks = row.segmented_control(
        "Registration marks",
        list(_MARKS),
        key="marks",
        default=MarkKind.THREE,
        required=True,
        format_func=_MARKS.__getitem__,
        help=by_id or "Three suit every machine, four the Cameo 5 Alpha. None: the machine finds no cards.",
        disabled=bool(by_id),
        persist_state="session",
    )
    values: dict[str, object] = {"paper": paper, "card": card, "variant": variant, "marks": marks}
    if special:
        values = {"specialty": card, "marks": marks}
    skip = st.container()
    with _fields.fold("More about the sheet", "more-sheet") as inside:
        layout = _ask_layout(inside)
        form.take({"layout": layout} if layout else values, _check, trouble)
        _ask_rare(form, inside, by_id=by_id, has_backs=has_backs)
    sheet = _ui.workbench().sheet(form.settings)
    with skip:
        _ask_skip(form, sheet)
    return sheet


def fill(settings: Mapping[str, object]) -> None:
    """Makes the fields say these settings, which are known to be right."""

    def text(name: str) -> str:
        return _fields.said(settings, name)

    chosen: dict[str, object] = {
        "layout": text("layout"),
        "variant": Variant(text("variant").lower() or Variant.DEFAULT),
        "marks": MarkKind(text("marks").lower() or MarkKind.THREE),
        "registration_orientation": text("registration_orientation").lower() or _AS_PRINTED,
        "marks_on": text("marks_on").lower(),
        "skip": sorted(knobs.slots_from(settings.get("skip"))),
    }
    if chosen["marks_on"] not in [*_SIDES]:
        chosen["marks_on"] = _BOTH_SIDES
    chosen |= {name: text(name) for name in ("inset", "corner_radius", "thickness", "mark_length")}
    chosen |= _size_fields("paper", text("paper"), catalog.papers(), "letter")
    card = text("specialty").lower() or text("card")
    chosen |= _size_fields("card", card, {**catalog.cards(), **catalog.specialties()}, "standard")
    st.session_state.update(chosen)


def _size_fields(key: str, text: str, names: Mapping[str, object], default: str) -> dict[str, object]:
    if not text or text.lower() in names:
        return {key: text.lower() or default}
    return {key: _CUSTOM, f"{key}-size": text}


def _check(values: Mapping[str, object]) -> None:
    for what in ("paper", "card"):
        if what in values and not values[what]:
            raise SettingError(f"{what}: write its width and height, each with a unit, like 70mmx120mm")
    _ui.workbench().sheet(values)


def _ask_layout(inside: _fields.Fold) -> str:
    layout = st.text_input(
        "Layout id",
        key="layout",
        placeholder="None",
        help="Instead of the fields above: the id on a sheet's label, in a cut file or on a settings card makes that "
        "very sheet again.",
        persist_state="session",
    ).strip()
    inside.note("layout id", layout)
    return layout


def _ask_rare(form: Form, inside: _fields.Fold, *, by_id: str | None, has_backs: bool) -> None:
    marked = form.settings.get("marks") != MarkKind.NONE
    borderless = form.settings.get("variant") == Variant.BORDERLESS
    no_marks = None if marked else _NO_MARKS

    def check(values: Mapping[str, object]) -> None:
        _ui.workbench().sheet({**form.settings, **values})

    (left, right), below = st.columns(2), st.container()
    with left:
        off = by_id or ("Borderless has its marks 3.5 mm from the edge." if borderless else None)
        text = "From the page's edge to the marks' lines, 10 to 86.36 mm. The cards stay inside."
        _fields.length(form, "inset", "Inset", "10 mm", text, check, below=below, off=off, inside=inside)
    with right:
        text, empty = "Corner of the cut line. Empty: the card's own.", "as the card"
        _fields.length(
            form, "corner_radius", "Corner radius", empty, text, check, below=below, off=by_id, inside=inside
        )
    off = by_id or no_marks
    (left, right), below = st.columns(2), st.container()
    with left:
        text = "Stroke of the marks, 0.5 to 1 mm."
        _fields.length(form, "thickness", "Line of marks", "1 mm", text, check, below=below, off=off, inside=inside)
    with right:
        text, empty = "Arms of the marks, 5 to 20 mm. Empty: as long as there is room.", "as there is room"
        _fields.length(form, "mark_length", "Arms of marks", empty, text, check, below=below, off=off, inside=inside)
    left, right = st.columns(2)
    with left:
        name, text = "registration_orientation", "How the page lies in the machine."
        _fields.choice(form, name, "In the machine", _LIES, text, default=_AS_PRINTED, off=off, inside=inside)
    with right:
        off = no_marks or (None if has_backs else "The deck has no backs.")
        text = "Which pages carry the marks."
        _fields.choice(form, "marks_on", "Marks on", _SIDES, text, default=_BOTH_SIDES, off=off, inside=inside)


def _size(what: str, names: Mapping[str, str], example: str, *, off: str | None) -> str:
    """A size from the catalogue, or one that is typed."""
    key = what.lower()
    choice = st.selectbox(
        what,
        [*names, _CUSTOM],
        key=key,
        format_func=lambda name: names.get(name, "Custom size"),
        help=off,
        disabled=bool(off),
        persist_state="session",
    )
    if choice != _CUSTOM:
        return choice or ""
    return st.text_input(
        "Width x height",
        value=example,
        key=f"{key}-size",
        placeholder=example,
        help=off or "Each with its unit: mm, cm or in.",
        disabled=bool(off),
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


def _paper_label(paper: Paper) -> str:
    return f"{_words(paper.name)} · {_millimetres(paper.width_mm, paper.height_mm)}"


def _card_label(card: CardSize) -> str:
    if card.circle:
        return f"Circle · {format_number(card.width_mm, 1)} mm"
    return f"{_words(card.name)} · {_millimetres(card.width_mm, card.height_mm)}"


def _specialty_label(known: Specialty) -> str:
    return f"{_words(known.card.name)} · {known.columns * known.rows} on {_words(known.paper.name)}"


def _millimetres(width: float, height: float) -> str:
    return f"{format_number(width, 0)} × {format_number(height, 0)} mm"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
