"""A sheet as it shows itself: page, slots, marks and quiet zones as SVG. For looking; blades follow `cutfile`."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from cardmaker.sheet.model import SQUARE_MM, Mark, Rect, Sheet, Slot
from cardmaker.units import format_number

WIDEST_PX, TALLEST_PX = 560, 440
_EDGE_MM = 0.4
# Of the words below the page: their size, their line's height, and what a letter takes at most on the whole.
_WORDS_PX, _FOOT_PX, _LETTER_PX = 12, 22, 6.6
# The words below the page stand on the notebook's own ground, light or dark.
_WORDS = "#808080"


def svg(sheet: Sheet) -> str:
    """The whole picture, in mm of the page, with its facts in a line below."""
    scale = min(WIDEST_PX / sheet.width_mm, TALLEST_PX / sheet.height_mm)
    width = max(sheet.width_mm, _LETTER_PX * len(facts(sheet)) / scale) + 2 * _EDGE_MM
    height = sheet.height_mm + _EDGE_MM + _FOOT_PX / scale
    size = f'width="{_n(width * scale)}" height="{_n(height * scale)}"'
    box = f'viewBox="{-_EDGE_MM} {-_EDGE_MM} {_n(width)} {_n(height)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} font-family="sans-serif" role="img">',
        f"<title>{escape(facts(sheet))}</title>",
        _rect(Rect(0, 0, sheet.width_mm, sheet.height_mm), 'class="page" fill="#fff" stroke="#999" stroke-width="0.4"'),
        *(_quiet(sheet.quiet_zone(mark.corner)) for mark in sheet.marks.drawn),
        *(part for slot in sheet.slots for part in _slot(sheet, slot)),
        *(_mark(sheet, mark) for mark in sheet.marks.drawn),
        _foot(sheet, scale),
        "</svg>",
    ]
    return "\n".join(parts)


def facts(sheet: Sheet) -> str:
    """What is to be known of it, in a line."""
    page = f"{_n(sheet.width_mm)} × {_n(sheet.height_mm)} mm"
    grid = f"{sheet.columns} × {sheet.rows} {sheet.card.name}"
    return f"{sheet.layout_name} · {sheet.paper.name}, {page} · {grid}"


def _quiet(zone: Rect) -> str:
    return _rect(zone, 'class="quiet" fill="#E69F00" fill-opacity="0.25"')


def _slot(sheet: Sheet, slot: Slot) -> Iterator[str]:
    trim, radius = slot.trim, _n(sheet.corner_radius_mm)
    yield _rect(trim, f'class="slot" rx="{radius}" fill="#56B4E9" fill-opacity="0.25" stroke="#0072B2"')
    x, y = _n(trim.x_mm + trim.width_mm / 2), _n(trim.y_mm + trim.height_mm / 2)
    size = _n(min(trim.width_mm, trim.height_mm) / 5)
    words = f'text-anchor="middle" dominant-baseline="central" font-size="{size}" fill="#0072B2"'
    yield f'<text x="{x}" y="{y}" {words}>{slot.index}</text>'


def _mark(sheet: Sheet, mark: Mark) -> str:
    marks, corner = sheet.marks, mark.corner
    x = marks.inset_mm if corner.is_left else sheet.width_mm - marks.inset_mm
    y = marks.inset_mm if corner.is_top else sheet.height_mm - marks.inset_mm
    right, down = 1 if corner.is_left else -1, 1 if corner.is_top else -1
    stroke = f'stroke="#000" stroke-width="{_n(marks.thickness_mm)}"'
    if mark.square:
        side = SQUARE_MM
        path = f"M {_n(x)} {_n(y)} h {right * side} v {down * side} h {-right * side} Z"
        return f'<path class="mark" d="{path}" fill="#000" {stroke}/>'
    arm = marks.length_mm
    path = f"M {_n(x)} {_n(y + down * arm)} V {_n(y)} H {_n(x + right * arm)}"
    return f'<path class="mark" d="{path}" fill="none" {stroke}/>'


def _foot(sheet: Sheet, scale: float) -> str:
    size, down = _n(_WORDS_PX / scale), _n(sheet.height_mm + 16 / scale)
    return f'<text x="0" y="{down}" font-size="{size}" fill="{_WORDS}">{escape(facts(sheet))}</text>'


def _rect(rect: Rect, attributes: str) -> str:
    place = f'x="{_n(rect.x_mm)}" y="{_n(rect.y_mm)}" width="{_n(rect.width_mm)}" height="{_n(rect.height_mm)}"'
    return f'<rect {place} {attributes} vector-effect="non-scaling-stroke"/>'


def _n(mm: float) -> str:
    return format_number(mm, 3)
