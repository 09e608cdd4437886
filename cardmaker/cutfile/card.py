"""The settings card: a page that fits A4 and letter, with what `advice` says and the sheet as it is printed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from reportlab.pdfbase import pdfdoc

import cardmaker
from cardmaker import font
from cardmaker.cutfile import diagram
from cardmaker.cutfile.advice import CutRequest, Fact, Topic, advice
from cardmaker.pdf.stream import StreamedCanvas, StreamedDocument
from cardmaker.sheet import Rect
from cardmaker.units import mm_to_pt, pt_to_mm

# As wide as A4, as high as letter: printed on either, nothing is lost.
WIDTH_MM, HEIGHT_MM = 210.0, 279.4
_MARGIN_MM = 16.0
_TITLES_MM, _VALUES_MM = 30.0, 86.0
_PICTURE = Rect(138.0, 35.0, WIDTH_MM - _MARGIN_MM - 138.0, 80.0)
_TOP_MM = 33.0
_HEADING_PT, _TOPIC_PT, _TEXT_PT, _NOTE_PT = 15.0, 10.5, 9.5, 7.8
_LEADING = 1.3
_BLACK, _GREY = 0.0, 0.35
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.7)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; its baseline lies `y_mm` below the page's top."""

    text: str
    x_mm: float
    y_mm: float
    size_pt: float
    grey: float


def content(request: CutRequest) -> bytes:
    """The PDF; the same request gives the same bytes."""
    sink = io.BytesIO()
    document = StreamedDocument(sink)
    canvas = StreamedCanvas(document, mm_to_pt(WIDTH_MM), mm_to_pt(HEIGHT_MM))
    facts = advice(request)
    _describe(document, request, facts)
    for line in (*_heading(request), *_fitted(facts)):
        _draw(canvas, line)
    diagram.draw(canvas, request, _PICTURE, HEIGHT_MM)
    canvas.showPage()
    canvas.finish()
    return sink.getvalue()


def _describe(document: StreamedDocument, request: CutRequest, facts: Sequence[Fact]) -> None:
    info = document.info
    info.title = f"Settings for {request.sheet.layout_name}"
    info.author = info.subject = info.keywords = ""
    info.creator = f"Cardmaker {cardmaker.__version__}"
    document.updateSignature(repr(facts))
    preferences = {"PrintScaling": pdfdoc.PDFName("None"), "DisplayDocTitle": "true"}
    document.set_catalog(ViewerPreferences=pdfdoc.PDFDictionary(preferences))


def _heading(request: CutRequest) -> Iterator[Line]:
    yield Line("Settings for printing and cutting", _MARGIN_MM, 20.0, _HEADING_PT, _BLACK)
    name = request.sheet.layout_name
    widest = mm_to_pt(WIDTH_MM - 2 * _MARGIN_MM) / font.width_pt(name, 1.0)
    yield Line(name, _MARGIN_MM, 26.5, min(_TOPIC_PT, widest), _GREY)


def _fitted(facts: Sequence[Fact]) -> list[Line]:
    """The facts' lines, as large as the page takes."""
    for scale in _SCALES:
        lines = list(_lines(facts, scale))
        if lines[-1].y_mm <= HEIGHT_MM - _MARGIN_MM:
            break
    return lines


def _lines(facts: Sequence[Fact], scale: float) -> Iterator[Line]:
    y = _TOP_MM
    for topic, members in groupby(facts, key=lambda fact: fact.topic):
        y += 9.0 * scale
        yield Line(topic.value, _MARGIN_MM, y, _TOPIC_PT * scale, _BLACK)
        y += 1.0 * scale
        for fact in members:
            for line in _warning(fact, y, scale) if topic is Topic.MIND else _fact(fact, y, scale):
                yield line
                y = line.y_mm
            y += 0.9 * scale


def _fact(fact: Fact, y: float, scale: float) -> Iterator[Line]:
    values = _wrapped(fact.value, _TEXT_PT * scale, _VALUES_MM)
    first = y + _leading_mm(_TEXT_PT * scale)
    yield Line(fact.title, _MARGIN_MM, first, _TEXT_PT * scale, _GREY)
    x, y = _MARGIN_MM + _TITLES_MM, first
    for i, text in enumerate(values):
        y = first + i * _leading_mm(_TEXT_PT * scale)
        yield Line(text, x, y, _TEXT_PT * scale, _BLACK)
    for text in _wrapped(fact.note, _NOTE_PT * scale, _VALUES_MM):
        y += _leading_mm(_NOTE_PT * scale)
        yield Line(text, x, y, _NOTE_PT * scale, _GREY)


def _warning(fact: Fact, y: float, scale: float) -> Iterator[Line]:
    for text in _wrapped(fact.value[:1].upper() + fact.value[1:] + ".", _TEXT_PT * scale, WIDTH_MM - 2 * _MARGIN_MM):
        y += _leading_mm(_TEXT_PT * scale)
        yield Line(text, _MARGIN_MM, y, _TEXT_PT * scale, _BLACK)


def _wrapped(text: str, size_pt: float, width_mm: float) -> Iterator[str]:
    line = ""
    for word, gap in _words(text, size_pt, width_mm):
        longer = line + gap + word if line else word
        if line and font.width_pt(longer, size_pt) > mm_to_pt(width_mm):
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line


def _words(text: str, size_pt: float, width_mm: float) -> Iterator[tuple[str, str]]:
    """Each with the gap before it; one that is wider than a line, such as a layout's name, in parts after hyphens."""
    for word in text.split():
        if font.width_pt(word, size_pt) <= mm_to_pt(width_mm):
            yield word, " "
            continue
        gap = " "
        for part in re.split("(?<=-)", word):
            yield part, gap
            gap = ""


def _leading_mm(size_pt: float) -> float:
    return pt_to_mm(size_pt) * _LEADING


def _draw(canvas: StreamedCanvas, line: Line) -> None:
    canvas.setFillGray(line.grey)
    canvas.setFont(font.register(), line.size_pt)
    canvas.drawString(mm_to_pt(line.x_mm), mm_to_pt(HEIGHT_MM - line.y_mm), line.text)
