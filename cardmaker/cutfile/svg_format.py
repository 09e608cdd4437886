"""A sheet's contours as SVG, in mm of the printed sheet, y down from its top-left; paths alone, corners as arcs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from cardmaker.cutfile.paths import Contour, Vertex, contours
from cardmaker.sheet import Sheet, Variant
from cardmaker.units import format_number

CUT_CLASS, ANCHOR_CLASS = "cut", "anchor"
_STROKE_MM = 0.1
_ANCHOR_MM = 0.02
_DECIMALS = 4


def content(sheet: Sheet, leave_out: frozenset[int]) -> bytes:
    """The whole file, UTF-8; slots to `leave_out` have no path."""
    width, height = _number(sheet.width_mm), _number(sheet.height_mm)
    size = f'width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<title>{escape(sheet.layout_name)}</title>",
        f"<desc>{escape(_description(sheet))}</desc>",
        *(_anchor(x, y, inward) for x, y, inward in ((0, 0, 1), (sheet.width_mm, sheet.height_mm, -1))),
        *(_path(contour) for contour in contours(sheet, leave_out)),
        "</svg>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _description(sheet: Sheet) -> str:
    parts = [f"Cut lines of layout {sheet.layout_name}, lengths in mm."]
    if sheet.variant is Variant.BORDERLESS:
        width, height = sheet.media_in_machine_mm
        parts.append(
            f"In the cutting software, declare media of {_number(width)} x {_number(height)} mm: "
            "larger than the paper, so that the marks lie where it expects them."
        )
    return " ".join(parts)


def _anchor(x: float, y: float, inward: int) -> str:
    """At a corner of the page: invisible, so never cut, but it makes the drawing as large as the page."""
    step = f"{inward * _ANCHOR_MM}"
    return (
        f'<path class="{ANCHOR_CLASS}" fill="none" stroke="none" '
        f'd="M {_number(x)} {_number(y)} l {step} 0 l 0 {step} z"/>'
    )


def _path(contour: Contour) -> str:
    steps = " ".join(_circle(contour) if contour.circle else _outline(contour))
    name = quoteattr(f"slot-{contour.slot}")
    return f'<path id={name} class="{CUT_CLASS}" fill="none" stroke="#000" stroke-width="{_STROKE_MM}" d="{steps}"/>'


def _outline(contour: Contour) -> Iterator[str]:
    vertices = contour.vertices()
    yield f"M {_point(vertices[0])}"
    for start, end in pairwise((*vertices, vertices[0])):
        yield _arc(contour.radius_mm, _point(end)) if start.arc else f"L {_point(end)}"
    yield "Z"


def _circle(contour: Contour) -> Iterator[str]:
    (x, y), r = contour.centre_mm, contour.radius_mm
    left, right = f"{_number(x - r)} {_number(y)}", f"{_number(x + r)} {_number(y)}"
    yield from (f"M {left}", _arc(r, right), _arc(r, left), "Z")


def _arc(radius: float, end: str) -> str:
    """The shorter way, counter-clockwise as seen."""
    return f"A {_number(radius)} {_number(radius)} 0 0 0 {end}"


def _point(vertex: Vertex) -> str:
    return f"{_number(vertex.x_mm)} {_number(vertex.y_mm)}"


def _number(mm: float) -> str:
    return format_number(mm, _DECIMALS)
