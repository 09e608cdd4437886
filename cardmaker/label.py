"""The label at a sheet's edge: which sheet this is, for which cutting layout, and the user's words.

It is centred on the short side opposite the square mark, 8 mm from the edge, on fronts only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardmaker import font
from cardmaker.finding import Finding, Severity
from cardmaker.sheet import BLEED_OVERLAP_MM, QUIET_ZONE_MM, Orientation, Rect, Sheet
from cardmaker.spec import RenderRequest, plain_words
from cardmaker.units import mm_to_pt, pt_to_mm

SIZE_PT = 9.6
SMALLEST_PT = 6.0
EDGE_MM = 8.0
# White between the label and the nearest ink of a card or a mark.
_CLEAR_MM = 0.3
_CLEAR_OF_MARKS_MM = 2.0
_CLEAR_OF_OUTER_BLEED_MM = 1.0
# Of DejaVu Sans, in ems: the height of a capital, whose middle is the text's.
_CAP_HEIGHT = 0.729
# Less room than this holds no word worth reading.
_SHORTEST_MM = 15.0


@dataclass(frozen=True, slots=True)
class Label:
    """`x_mm`, `y_mm` is the text's centre, from the page's top-left. A `vertical` one reads upward."""

    text: str
    size_pt: float
    x_mm: float
    y_mm: float
    vertical: bool
    is_cut: bool


def text_for(request: RenderRequest, sheet: int, sheets: int) -> str:
    parts = (f"sheet {sheet}/{sheets}", request.sheet.layout_name, plain_words(request.printing.label_text))
    return " · ".join(part for part in parts if part)


def place(request: RenderRequest, text: str) -> Label | None:
    """The label on that request's sheet, shrunk and then cut to the room between the marks. None where there is no
    room between the page's edge and the cards' bleed."""
    sheet = request.sheet
    landscape = sheet.orientation is Orientation.LANDSCAPE
    first = sheet.slots[0].trim
    bleed = request.front_bleed_mm + BLEED_OVERLAP_MM
    depth = (first.x_mm if landscape else first.y_mm) - bleed - _CLEAR_MM
    at_end = _square_at_start(sheet)
    largest = min(SIZE_PT, mm_to_pt((depth - EDGE_MM) / _toward_cards_em(sheet, text)))
    if largest < SMALLEST_PT:
        return None
    marks = sheet.marks
    ends = marks.inset_mm + max(marks.length_mm, QUIET_ZONE_MM) + _CLEAR_OF_MARKS_MM
    short_side = sheet.height_mm if landscape else sheet.width_mm
    room = short_side - 2 * ends
    if room < _SHORTEST_MM:
        return None
    shown, size = _fitted(text, largest, mm_to_pt(room))
    if landscape:
        x = sheet.width_mm - EDGE_MM if at_end else EDGE_MM
        return Label(shown, size, x, sheet.height_mm / 2, vertical=True, is_cut=shown != text)
    y = sheet.height_mm - EDGE_MM if at_end else EDGE_MM
    return Label(shown, size, sheet.width_mm / 2, y, vertical=False, is_cut=shown != text)


def band(sheet: Sheet, label: Label) -> Rect:
    """What cards' outer bleed leaves to the label: the page's edge as deep as the label reaches, in mm."""
    depth = EDGE_MM + pt_to_mm(label.size_pt) * _toward_cards_em(sheet, label.text) + _CLEAR_OF_OUTER_BLEED_MM
    at_end = _square_at_start(sheet)
    if label.vertical:
        return Rect(sheet.width_mm - depth if at_end else 0.0, 0.0, depth, sheet.height_mm)
    return Rect(0.0, sheet.height_mm - depth if at_end else 0.0, sheet.width_mm, depth)


def findings(request: RenderRequest, sheets: int) -> Iterator[Finding]:
    """What is wrong with the request's label: no room for it, words cut off, characters without a glyph."""
    if not request.printing.label:
        return
    text = text_for(request, sheets, sheets)
    label = place(request, text)
    if label is None:
        yield Finding("label-no-room", "the cards leave no room for the label on this sheet; it is left out")
        return
    if label.is_cut:
        yield Finding(
            "label-cut", f'the label is too long for this sheet and is cut to "{label.text}"', severity=Severity.WARNING
        )
    if missing := font.missing_glyphs(text):
        yield Finding(
            "label-glyphs",
            f'the label\'s font cannot draw "{missing}"; they are printed as empty boxes',
            severity=Severity.WARNING,
        )


def _fitted(text: str, largest_pt: float, room_pt: float) -> tuple[str, float]:
    natural = font.width_pt(text, largest_pt)
    size = max(SMALLEST_PT, min(largest_pt, largest_pt * room_pt / natural))
    if font.width_pt(text, size) <= room_pt + 1e-6:
        return text, size
    kept = text
    while kept and font.width_pt(kept + "…", size) > room_pt:
        kept = kept[:-1]
    return kept.rstrip() + "…", size


def _toward_cards_em(sheet: Sheet, text: str) -> float:
    """How far the text reaches from its middle line toward the cards, in ems."""
    above, below = font.reach_em(text)
    # Upward is toward the cards at the right and at the bottom, away from them at the left and at the top.
    return above - _CAP_HEIGHT / 2 if _square_at_start(sheet) else below + _CAP_HEIGHT / 2


def _square_at_start(sheet: Sheet) -> bool:
    """Whether the square (or where it would be) is on the left of a landscape page, the top of a portrait one."""
    square = next((mark.corner for mark in sheet.marks.drawn if mark.square), None)
    if square is None:
        return True
    return square.is_left if sheet.orientation is Orientation.LANDSCAPE else square.is_top


def baseline_shift_mm(label: Label) -> float:
    """From the text's centre line down to its baseline: half the height of a capital."""
    return pt_to_mm(label.size_pt) * _CAP_HEIGHT / 2
