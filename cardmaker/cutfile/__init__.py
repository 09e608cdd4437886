"""What a machine cuts and what a person types into its software, made from the very `Sheet` that is printed.

Skipped slots stay empty on paper and are cut all the same, unless they are left out: a drawing that lost an outer
slot would have another middle, and 'Center to Page' would move all cuts. Where slots are left out and the others no
longer span the whole grid, a DXF gets two tiny anchors at the grid's corners, on a layer of their own; an SVG is as
large as the page anyway.
"""

from __future__ import annotations

from cardmaker.cutfile.advice import CutRequest, Fact, Topic, advice
from cardmaker.errors import OutputError
from cardmaker.sheet import Sheet
from cardmaker.spec import check_skip

__all__ = ["CutRequest", "Fact", "Topic", "advice", "dxf", "settings_card", "svg"]


def dxf(sheet: Sheet, skip: frozenset[int] = frozenset(), leave_out: bool = False) -> bytes:
    """DXF R2010 in mm, y up from the page's bottom-left: a closed polyline with true arcs or a circle for each slot.
    With `leave_out`, the slots of `skip` are not cut. Raises LayoutError for a slot that is not there, or for all."""
    try:
        from cardmaker.cutfile import dxf_format  # ezdxf takes a quarter of a second to load
    except (Exception, SystemExit) as error:
        # It reads settings of its own, and gives up on a file that it cannot read.
        raise OutputError("the DXF library stumbles over an ezdxf.ini; remove that file from this folder") from error
    return dxf_format.content(sheet, _left_out(sheet, skip, leave_out))


def svg(sheet: Sheet, skip: frozenset[int] = frozenset(), leave_out: bool = False) -> bytes:
    """SVG in mm, y down from the page's top-left, of the printed sheet's size: a path for each slot, and an invisible
    one at two corners of the page. With `leave_out`, the slots of `skip` are not cut. Raises LayoutError as `dxf`."""
    from cardmaker.cutfile import svg_format

    return svg_format.content(sheet, _left_out(sheet, skip, leave_out))


def settings_card(request: CutRequest) -> bytes:
    """A PDF of one page for the machine's side: what `advice` says, and a picture of the sheet."""
    from cardmaker.cutfile import card  # reportlab and the font

    return card.content(request)


def _left_out(sheet: Sheet, skip: frozenset[int], leave_out: bool) -> frozenset[int]:
    check_skip(sheet, skip)
    return skip if leave_out else frozenset()
