"""What preflight found: where it is, and what cures it without harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cardmaker.finding import Finding, Severity, summarised
from cardmaker.inspection import Inspection
from cardmaker.spec import Fit, RenderRequest, Turn
from pages import _cards, _sheet_view, _ui
from pages._cards import Cards

_REFRESH_S = 1.0
# What a press of the download waits for at most; then the render itself finds what is broken.
_PRESSED_S = 20.0
_ICONS = {
    Severity.ERROR: ":material/error:",
    Severity.WARNING: ":material/warning:",
    Severity.NOTE: ":material/info:",
}


@dataclass(frozen=True, slots=True)
class Cure:
    label: str
    act: Callable[[], None]
    help: str


def inspect(request: RenderRequest, cards: Cards, *, pressed: bool) -> Inspection:
    """The look at this document's images; over, where a button was `pressed` that needs to know."""
    inspection: Inspection | None = st.session_state.get("inspection")
    if inspection is None or inspection.request != request:
        if inspection is not None:
            inspection.cancel()
        inspection = _ui.workbench().inspection(request, cards.artwork)
        st.session_state["inspection"] = inspection
    if pressed:
        inspection.wait(_PRESSED_S)
    if inspection.broken and _cards.mark_broken(inspection.broken):
        st.rerun()  # the list of cards says so, and what to do
    return inspection


def words(inspection: Inspection) -> str:
    """How many, for the head of the page; a link to them."""
    count = sum(each.severity is Severity.WARNING for each in summarised(_so_far(inspection)))
    return f" · [{count} to look at](#print)" if count else ""


def show(inspection: Inspection, cards: Cards) -> None:
    if inspection.findings is None:
        st.fragment(_moving, run_every=_REFRESH_S)(inspection)
    told = [each for each in summarised(_so_far(inspection)) if each.severity is not Severity.ERROR]
    if not told and inspection.findings is not None:
        st.markdown(":material/check_circle: Nothing to mend: the images suit this sheet.")
    for number, finding in enumerate(sorted(told, key=lambda each: each.severity is Severity.NOTE)):
        _tell(number, finding, inspection, cards)


def _so_far(inspection: Inspection) -> tuple[Finding, ...]:
    return inspection.early if inspection.findings is None else inspection.findings


def _moving(inspection: Inspection) -> None:
    if inspection.findings is not None:
        st.rerun()
    st.progress(inspection.progress, f"Checking the images · {inspection.doing}" if inspection.doing else "Checking")


def _tell(number: int, finding: Finding, inspection: Inspection, cards: Cards) -> None:
    """One finding with its buttons."""
    alike = _alike(finding, inspection)
    names = [each.card for each in alike if each.card]
    with st.container(key=f"finding-{number}", gap=None):
        st.markdown(f"{_ICONS[finding.severity]} {_ui.sentence(finding.message)}")
        cure = _cure(finding, names, cards)
        if not (names or cure):
            return
        with st.container(horizontal=True, gap="small"):
            if names:
                st.button(
                    "Show me",
                    key=f"show {finding.code} {names[0]}",
                    icon=":material/visibility:",
                    type="tertiary",
                    on_click=_show,
                    args=(inspection.request, cards, names[0]),
                )
            if cure:
                st.button(
                    cure.label,
                    key=f"fix {finding.code} {names[:1]}",
                    icon=":material/build:",
                    type="tertiary",
                    on_click=cure.act,
                    help=cure.help,
                )


def _alike(finding: Finding, inspection: Inspection) -> list[Finding]:
    """Those that it speaks for."""
    if finding.card or not finding.shared:
        return [finding]
    key = finding.code, finding.severity, finding.shared
    return [each for each in _so_far(inspection) if (each.code, each.severity, each.shared) == key]


def _cure(finding: Finding, names: list[str], cards: Cards) -> Cure | None:
    """What mends it and takes nothing away that somebody wanted."""
    if finding.slots:
        slots = ", ".join(map(str, finding.slots))
        label = f"Skip slot{'s' if len(finding.slots) > 1 else ''} {slots}"
        return Cure(label, lambda: _skip(finding.slots), "Leaves it empty on every sheet.")
    listed = [name for name in names if name in cards.names]
    match finding.code:
        case "distortion" if listed:
            return _card_cure("Crop instead", "fit", Fit.COVER, listed, "Fit cover: cuts what is over.")
        case "orientation" if listed:
            return _card_cure("Turn it", "rotate", Turn.QUARTER, listed, "A quarter clockwise, for this card alone.")
        case "duplicate" if listed:
            return Cure("Merge into one", _cards.merge_twins, "One card with as many copies.")
        case "no-bleed" if st.session_state.get("bleed"):
            return Cure("Use the layout's bleed", _clear_bleed, "Half the gap between cards.")
    return None


def _card_cure(label: str, knob: str, value: str, names: list[str], help_text: str) -> Cure:
    return Cure(label, lambda: _cards.set_knob(names, knob, value), help_text)


def _show(request: RenderRequest, cards: Cards, name: str) -> None:
    place = _ui.workbench().place_of(request, cards.artwork, name)
    if place is not None:
        _sheet_view.turn_to(*place)


def _skip(slots: tuple[int, ...]) -> None:
    st.session_state["skip"] = sorted({*st.session_state.get("skip", ()), *slots})


def _clear_bleed() -> None:
    st.session_state["bleed"] = ""
