"""A sheet's contours as DXF R2010, in mm, y up from the page's bottom-left. The only module that knows ezdxf.

Silhouette Studio's free edition opens DXF. One closed polyline with true arcs for each card, or a circle, on layer
`cut`; anchors, where there are any, on a layer whose name says what to do with it.
"""

from __future__ import annotations

import io
import math

import ezdxf
from ezdxf import units
from ezdxf.filemanagement import new
from ezdxf.layouts.layout import Modelspace

from cardmaker.cutfile.paths import Contour, anchors, contours
from cardmaker.sheet import Sheet

CUT_LAYER = "cut"
ANCHOR_LAYER = "anchors-do-not-cut"
LAYOUT_PROPERTY = "Cardmaker layout"
ANCHOR_MM = 0.02
_QUARTER = math.tan(math.pi / 8)  # the bulge of a quarter circle, counter-clockwise
_METRIC = 1
_DECIMALS = 6

# No clock, machine or version of ezdxf in the file: the same sheet gives the same bytes.
ezdxf.options.write_fixed_meta_data_for_testing = True  # type: ignore[attr-defined]


def content(sheet: Sheet, leave_out: frozenset[int]) -> bytes:
    """The whole file; slots to `leave_out` have no contour."""
    document = new("R2010", units=units.MM)
    document.header["$MEASUREMENT"] = _METRIC
    document.header.custom_vars.append(LAYOUT_PROPERTY, sheet.layout_name)
    document.layers.add(CUT_LAYER)
    space = document.modelspace()
    for contour in contours(sheet, leave_out):
        _add_contour(space, contour, sheet.height_mm)
    ends = list(anchors(sheet, leave_out))
    if ends:
        document.layers.add(ANCHOR_LAYER).dxf.plot = 0
        _add_anchors(space, ends, sheet.height_mm)
    # In an order of our own: ezdxf goes through a set, which Python orders anew in each process.
    for name in sorted(document.entitydb.dxf_types_in_use()):
        document.classes.add_class(name)
    text = io.StringIO()
    document.write(text)
    return text.getvalue().encode(document.output_encoding)


def _add_contour(space: Modelspace, contour: Contour, page_height_mm: float) -> None:
    attributes = {"layer": CUT_LAYER}
    if contour.circle:
        x, y = contour.centre_mm
        space.add_circle(_point(x, page_height_mm - y), contour.radius_mm, attributes)
        return
    points = [(*_point(v.x_mm, page_height_mm - v.y_mm), _QUARTER if v.arc else 0.0) for v in contour.vertices()]
    space.add_lwpolyline(points, format="xyb", close=True, dxfattribs=attributes)


def _add_anchors(space: Modelspace, ends: list[tuple[float, float]], page_height_mm: float) -> None:
    """A tiny line at each corner of the grid, inward, where a card's round corner would leave waste."""
    for (x, y), inward in zip(ends, (1, -1), strict=True):
        tip = _point(x + inward * ANCHOR_MM, page_height_mm - y - inward * ANCHOR_MM)
        space.add_line(_point(x, page_height_mm - y), tip, {"layer": ANCHOR_LAYER})


def _point(x_mm: float, y_mm: float) -> tuple[float, float]:
    return round(x_mm, _DECIMALS), round(y_mm, _DECIMALS)
