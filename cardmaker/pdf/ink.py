"""What is drawn around the cards, as vectors in pure black: registration marks, cut outline, label."""

from __future__ import annotations

from collections.abc import Iterable

from reportlab.pdfgen.canvas import Canvas

from cardmaker import font, label
from cardmaker.sheet import SQUARE_MM, Corner, Mark, Sheet, Slot
from cardmaker.units import mm_to_pt

_OUTLINE_MM = 0.15
_MITRE, _PROJECTING = 0, 2


def draw_marks(canvas: Canvas, sheet: Sheet) -> None:
    marks = sheet.marks
    canvas.saveState()
    canvas.setStrokeGray(0)
    canvas.setFillGray(0)
    canvas.setLineWidth(mm_to_pt(marks.thickness_mm))
    canvas.setLineJoin(_MITRE)
    canvas.setLineCap(_PROJECTING)
    for mark in marks.drawn:
        _draw_mark(canvas, sheet, mark)
    canvas.restoreState()


def draw_outlines(canvas: Canvas, sheet: Sheet, slots: Iterable[Slot]) -> None:
    """The cut path of each of these slots."""
    canvas.saveState()
    canvas.setStrokeGray(0)
    canvas.setLineWidth(mm_to_pt(_OUTLINE_MM))
    for slot in slots:
        trim = slot.trim
        x, y = mm_to_pt(trim.x_mm), mm_to_pt(sheet.height_mm - trim.bottom_mm)
        width, height = mm_to_pt(trim.width_mm), mm_to_pt(trim.height_mm)
        if sheet.corner_radius_mm:
            canvas.roundRect(x, y, width, height, mm_to_pt(sheet.corner_radius_mm))
        else:
            canvas.rect(x, y, width, height)
    canvas.restoreState()


def draw_label(canvas: Canvas, sheet: Sheet, placed: label.Label) -> None:
    canvas.saveState()
    canvas.setFillGray(0)
    canvas.translate(mm_to_pt(placed.x_mm), mm_to_pt(sheet.height_mm - placed.y_mm))
    if placed.vertical:
        canvas.rotate(90)
    canvas.setFont(font.register(), placed.size_pt)
    canvas.drawCentredString(0, -mm_to_pt(label.baseline_shift_mm(placed)), placed.text)
    canvas.restoreState()


def _draw_mark(canvas: Canvas, sheet: Sheet, mark: Mark) -> None:
    marks = sheet.marks
    x, y = _inset_corner(sheet, mark.corner)
    inward_x = 1 if mark.corner.is_left else -1
    inward_y = -1 if mark.corner.is_top else 1  # up is positive here
    if mark.square:
        side = SQUARE_MM
        canvas.rect(mm_to_pt(x), mm_to_pt(y), mm_to_pt(inward_x * side), mm_to_pt(inward_y * side), fill=1)
        return
    # The projecting cap adds half the thickness: the ink ends at inset + length.
    arm = marks.length_mm - marks.thickness_mm / 2
    path = canvas.beginPath()
    path.moveTo(mm_to_pt(x), mm_to_pt(y + inward_y * arm))
    path.lineTo(mm_to_pt(x), mm_to_pt(y))
    path.lineTo(mm_to_pt(x + inward_x * arm), mm_to_pt(y))
    canvas.drawPath(path)


def _inset_corner(sheet: Sheet, corner: Corner) -> tuple[float, float]:
    """In mm from the page's bottom-left, y up."""
    inset = sheet.marks.inset_mm
    return (
        inset if corner.is_left else sheet.width_mm - inset,
        sheet.height_mm - inset if corner.is_top else inset,
    )
