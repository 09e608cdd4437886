"""A small picture of a sheet: the marks where they are printed, the slots with their numbers."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from cardmaker import font
from cardmaker.cutfile.advice import CutRequest
from cardmaker.pdf import ink
from cardmaker.sheet import Rect, Slot
from cardmaker.spec import MarksOn
from cardmaker.units import mm_to_pt

_LINE_MM = 0.25
_CARD_GREY, _TEXT_GREY = 0.88, 0.25
_CAPTION_PT = 7.8
_LARGEST_PT, _SMALLEST_PT = 11.0, 4.0
_HALF_CAPITAL = 0.365  # of DejaVu Sans, in ems


def draw(canvas: Canvas, request: CutRequest, box: Rect, page_height_mm: float) -> None:
    """The front at the top of `box`, as large as it fits, with a caption beneath. `box` in mm from the page's top."""
    sheet = request.sheet
    scale = min(box.width_mm / sheet.width_mm, box.height_mm / sheet.height_mm)
    bottom = box.y_mm + scale * sheet.height_mm
    canvas.saveState()
    canvas.translate(mm_to_pt(box.x_mm), mm_to_pt(page_height_mm - bottom))
    _caption(canvas, request)
    canvas.scale(scale, scale)
    canvas.setLineWidth(mm_to_pt(_LINE_MM / scale))
    canvas.setStrokeGray(_TEXT_GREY)
    canvas.rect(0, 0, mm_to_pt(sheet.width_mm), mm_to_pt(sheet.height_mm))
    for slot in sheet.slots:
        _slot(canvas, request, slot, scale)
    if request.printing.marks_on is not MarksOn.BACK:
        ink.draw_marks(canvas, sheet)
    canvas.restoreState()


def _slot(canvas: Canvas, request: CutRequest, slot: Slot, scale: float) -> None:
    sheet, trim = request.sheet, slot.trim
    x, y = mm_to_pt(trim.x_mm), mm_to_pt(sheet.height_mm - trim.bottom_mm)
    width, height = mm_to_pt(trim.width_mm), mm_to_pt(trim.height_mm)
    skipped = slot.index in request.printing.skip
    canvas.saveState()
    if skipped:
        canvas.setDash(mm_to_pt(0.8 / scale), mm_to_pt(0.8 / scale))
    else:
        canvas.setFillGray(_CARD_GREY)
    canvas.roundRect(x, y, width, height, mm_to_pt(sheet.corner_radius_mm), stroke=int(skipped), fill=int(not skipped))
    words = (f"{slot.index} skipped", str(slot.index)) if skipped else (str(slot.index),)
    sizes = ((text, _text_size(text, width * scale, height * scale)) for text in words)
    text, size = next(((t, s) for t, s in sizes if s >= _SMALLEST_PT), ("", 0.0))
    if text:
        canvas.setFillGray(_TEXT_GREY)
        canvas.setFont(font.register(), size / scale)
        canvas.drawCentredString(x + width / 2, y + height / 2 - size / scale * _HALF_CAPITAL, text)
    canvas.restoreState()


def _text_size(text: str, width_pt: float, height_pt: float) -> float:
    """As large as a card on the picture takes, in points of the page."""
    return min(_LARGEST_PT, height_pt * 0.5, width_pt * 0.85 / font.width_pt(text, 1.0))


def _caption(canvas: Canvas, request: CutRequest) -> None:
    lines = ["The front, as printed; slots by number."]
    if request.printing.marks_on is MarksOn.BACK:
        lines.append("The marks are on the back.")
    if request.is_turned:
        lines.append("Turn it a quarter clockwise to load it.")
    canvas.setFillGray(_TEXT_GREY)
    canvas.setFont(font.register(), _CAPTION_PT)
    for i, line in enumerate(lines, start=1):
        canvas.drawString(0, -i * _CAPTION_PT * 1.35 - mm_to_pt(0.8), line)
