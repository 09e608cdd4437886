"""A document's pages as pictures to keep: PNGs in a ZIP, for printers and print shops that take no PDF."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from cardmaker import imposition, preview
from cardmaker.errors import Cancelled, SettingError
from cardmaker.spec import RenderRequest

DPI = (150, 300)
# Files of the same pages are the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
# Most of what zlib gains, in a fraction of its time: art hardly shrinks.
_COMPRESSION = 1
_MOST_PIXELS = 4_000_000_000

Progress = Callable[[float, str], object]
Cancel = Callable[[], bool]


def check(request: RenderRequest, dpi: int) -> None:
    """SettingError for a resolution that is none of `DPI`, or where the pages are too many for it."""
    _, pages, _ = imposition.count(request)
    if dpi not in DPI:
        raise SettingError(f"page images: choose {DPI[0]} or {DPI[1]} dpi")
    width, height = preview.size_px(request.sheet, dpi)
    if width * height * pages > _MOST_PIXELS:
        raise SettingError(f"page images: {pages:,} pages are too many at {dpi} dpi; choose a lower resolution")


def archive(
    request: RenderRequest, pdf: bytes, dpi: int, progress: Progress | None = None, cancelled: Cancel | None = None
) -> bytes:
    """All pages of the finished `pdf` of that request, named by sheet and side. Raises as `check` does, and Cancelled
    between two pages."""
    check(request, dpi)
    sheets, pages, _ = imposition.count(request)
    width, height = preview.size_px(request.sheet, dpi)
    digits = max(2, len(str(sheets)))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as packed:
        for index in range(pages):
            if cancelled and cancelled():
                raise Cancelled("the page images were stopped")
            sheet, back = divmod(index, pages // sheets)
            buffer = io.BytesIO()
            preview.drawn(pdf, index, width, height).save(buffer, "PNG", compress_level=_COMPRESSION, dpi=(dpi, dpi))
            name = f"sheet {sheet + 1:0{digits}} {'back' if back else 'front'}.png"
            packed.writestr(zipfile.ZipInfo(name, _DATE), buffer.getvalue())
            if progress:
                progress((index + 1) / pages, f"page {index + 1} of {pages}")
    return stream.getvalue()
