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
    _caption(canvas, request, numbered=_number_size(request, scale) >= _SMALLEST_PT)
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
    text = str(slot.index)
    size = _number_size(request, scale)
    if skipped and (smaller := _text_size(f"{text} skipped", width * scale, height * scale)) >= _SMALLEST_PT:
        text, size = f"{text} skipped", smaller
    if size >= _SMALLEST_PT:
        canvas.setFillGray(_TEXT_GREY)
        canvas.setFont(font.register(), size / scale)
        canvas.drawCentredString(x + width / 2, y + height / 2 - size / scale * _HALF_CAPITAL, text)
    canvas.restoreState()


def _number_size(request: CutRequest, scale: float) -> float:
    """The same for all slots: that of the longest number."""
    card, last = request.sheet.card, str(len(request.sheet.slots) - 1)
    return _text_size(last, mm_to_pt(card.width_mm) * scale, mm_to_pt(card.height_mm) * scale)


def _text_size(text: str, width_pt: float, height_pt: float) -> float:
    """As large as a card on the picture takes, in points of the page."""
    return min(_LARGEST_PT, height_pt * 0.5, width_pt * 0.85 / font.width_pt(text, 1.0))


def _caption(canvas: Canvas, request: CutRequest, *, numbered: bool) -> None:
    lines = ["The front, as printed.", *([] if numbered else ["Slots count row by row from 0."])]
    if request.printing.marks_on is MarksOn.BACK:
        lines.append("The marks are on the back.")
    if request.sheet.is_turned:
        lines.append("Turn it a quarter clockwise to load it.")
    canvas.setFillGray(_TEXT_GREY)
    canvas.setFont(font.register(), _CAPTION_PT)
    for i, line in enumerate(lines, start=1):
        canvas.drawString(0, -i * _CAPTION_PT * 1.35 - mm_to_pt(0.8), line)
