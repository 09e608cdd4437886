"""An existing PDF, moved on its pages: what corrects a printer that puts ink beside its place.

Each page's content gets one more matrix in front; text stays text and images stay as they are. Pages are named by
whoever asks, since a PDF does not say which of its pages are backs.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from cardmaker.errors import DocumentError, SettingError, one_line
from cardmaker.rasteriser import LOCK
from cardmaker.units import PT_PER_MM, format_number, parse_length

NAMES = ("x", "y", "angle", "scale_x", "scale_y", "pages")
MOST_MM, MOST_DEGREES, SCALES = 50.0, 10.0, (0.9, 1.1)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_RANGE = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")

Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Offset:
    """As seen looking at the printed page: `x_mm` moves the ink right, `y_mm` up, `degrees` turns it clockwise about
    the page's middle; scales are factors about the middle, taken before it is turned. `pages` is `all`, `odd`, `even`,
    or numbers from 1 such as `2,4-8`."""

    x_mm: float = 0.0
    y_mm: float = 0.0
    degrees: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    pages: str = "all"


def offset_from(settings: Mapping[str, object]) -> Offset:
    """Of settings such as `{"x": "0.4mm", "angle": 0.2, "pages": "even"}`. Raises SettingError."""
    for name in settings:
        if name not in NAMES:
            raise SettingError(f'"{one_line(str(name))[:60]}" is no setting of an offset; there are {", ".join(NAMES)}')
    pages = settings.get("pages", "all")
    if not isinstance(pages, str) or (pages not in ("all", "odd", "even") and not _ranges(pages)):
        raise SettingError("pages: write all, odd, even, or numbers such as 2,4-8")
    return Offset(
        _length(settings.get("x", "0mm"), "x"),
        _length(settings.get("y", "0mm"), "y"),
        _number(settings.get("angle", 0), "angle", -MOST_DEGREES, MOST_DEGREES, "degrees"),
        _number(settings.get("scale_x", 1), "scale_x", *SCALES),
        _number(settings.get("scale_y", 1), "scale_y", *SCALES),
        pages,
    )


def moved(pdf: bytes, offset: Offset) -> tuple[bytes, int]:
    """The PDF with those pages moved, and how many pages it has. Raises DocumentError for what is no PDF that can be
    read, SettingError for a page that it does not have."""
    with LOCK:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise _unreadable(error) from None
        try:
            count = len(document)
            if not count:
                raise DocumentError("the PDF has no pages; send one that does")
            for index in _indices(offset.pages, count):
                _move(document[index], offset)
            sink = io.BytesIO()
            document.save(sink)
        except pypdfium2.PdfiumError as error:
            raise _unreadable(error) from None
        finally:
            document.close()
    return sink.getvalue(), count


def _move(page: pypdfium2.PdfPage, offset: Offset) -> None:
    a, b, c, d, e, f = _matrix(offset, page.get_cropbox(), page.get_rotation())
    matrix = pdfium.FS_MATRIX(a, b, c, d, e, f)
    done = pdfium.FPDFPage_TransFormWithClip(page, matrix, None)
    # Of a blank page there is nothing to move.
    if not done and pdfium.FPDFPage_CountObjects(page):
        raise DocumentError("a page of the PDF cannot be moved; print it to a new PDF, and send that")
    pdfium.FPDFPage_TransformAnnots(page, a, b, c, d, e, f)
    page.close()


def _matrix(offset: Offset, box: tuple[float, float, float, float], turned: int) -> Matrix:
    """For content in points from the page's bottom-left, before the viewer turns the page clockwise by `turned`."""
    left, bottom, right, top = box
    middle = (left + right) / 2, (bottom + top) / 2
    seen = _product(_turn(offset.degrees), (offset.scale_x, 0, 0, offset.scale_y))
    inside = _product(_turn(-turned), _product(seen, _turn(turned)))
    ma, mb, mc, md = inside
    shift = _applied(_turn(-turned), (offset.x_mm * PT_PER_MM, offset.y_mm * PT_PER_MM))
    kept = _applied(inside, middle)
    return ma, mb, mc, md, middle[0] - kept[0] + shift[0], middle[1] - kept[1] + shift[1]


def _turn(degrees: float) -> tuple[float, float, float, float]:
    """Clockwise, as a, b, c, d of x' = a x + c y, y' = b x + d y."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return cosine, -sine, sine, cosine


def _product(
    last: tuple[float, float, float, float], first: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    return *_applied(last, first[:2]), *_applied(last, first[2:])


def _applied(matrix: tuple[float, float, float, float], point: tuple[float, float]) -> tuple[float, float]:
    a, b, c, d = matrix
    x, y = point
    return a * x + c * y, b * x + d * y


def _indices(pages: str, count: int) -> list[int]:
    if pages in ("all", "odd", "even"):
        return list(range(1 if pages == "even" else 0, count, 1 if pages == "all" else 2))
    found = {index for first, last in _ranges(pages) for index in range(first - 1, min(last, count + 1))}
    if found and max(found) >= count:
        raise SettingError(f'pages: "{pages}" goes beyond the last page, {count}')
    return sorted(found)


def _ranges(pages: str) -> list[tuple[int, int]]:
    """First and last of each, from 1; empty when they are no ranges of pages."""
    found = []
    for part in pages.replace(" ", "").split(",") if len(pages) <= 1000 else ():
        match = _RANGE.fullmatch(part)
        if match is None or not 1 <= int(match[1]) <= int(match[2] or match[1]):
            return []
        found.append((int(match[1]), int(match[2] or match[1])))
    return found


def _length(value: object, what: str) -> float:
    if not isinstance(value, str):
        raise SettingError(f'{what}: write a length with its unit, such as "0.4mm"')
    found = parse_length(value, what)
    if abs(found) > MOST_MM:
        raise SettingError(f"{what}: {format_number(found)} mm is out of range; at most {MOST_MM:g} mm each way")
    return found


def _number(value: object, what: str, least: float, most: float, unit: str = "") -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise SettingError(f"{what}: write a number from {least:g} to {most:g}{' ' + unit if unit else ''}")
    return float(value)


def _unreadable(error: pypdfium2.PdfiumError) -> DocumentError:
    if "password" in str(error).lower():
        return DocumentError("the PDF wants a password; save it without one")
    return DocumentError("this is no PDF that can be read; save it again from where it was made")
