"""One page of a document as a picture: a raster of a one-page PDF that the same code makes."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Protocol

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from cardmaker import imposition, limits
from cardmaker.artwork import Preparer, Tile
from cardmaker.errors import ImageError, SettingError
from cardmaker.finding import Finding
from cardmaker.limits import Limits
from cardmaker.rasteriser import LOCK
from cardmaker.render import Images, render
from cardmaker.sheet import Sheet
from cardmaker.source import ImageSource
from cardmaker.spec import RenderRequest, TileSpec
from cardmaker.units import mm_to_px

DPI_RANGE = (18.0, 600.0)
MAX_PIXELS = 100_000_000
# Encoding PNG costs more than rendering the page; at this quality card art shows no artefacts on a screen.
_JPEG_QUALITY = 85
# Proxies come in few sizes, so that pages shown a little larger or smaller share them; each has at least this many
# pixels to one of the picture.
PROXY_PPI = (75, 150, 300, 600)
_PIXELS_TO_ONE = 1.2


class PrepareProxy(Protocol):
    """`artwork.prepare` for a preview, or a cache in front of it; without `ppi`, for print."""

    def __call__(self, source: ImageSource, spec: TileSpec, ppi: float | None, /) -> Tile: ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of a page, `width` x `height` pixels. `pages` is how many the whole document has, `broken` names the
    cards that show as placeholders."""

    content: bytes
    width: int
    height: int
    pages: int
    findings: tuple[Finding, ...]
    broken: tuple[ImageError, ...]

    def _repr_jpeg_(self) -> tuple[bytes, dict[str, int]]:
        """As a notebook shows it."""
        return self.content, {"width": self.width, "height": self.height}


def picture(
    request: RenderRequest,
    images: Images,
    page: int,
    *,
    dpi: float | None = None,
    width_px: int | None = None,
    prepare: PrepareProxy | None = None,
    limits: Limits = limits.DEFAULT,
) -> Picture:
    """The page of that index (from 0) as printed, at `dpi` or `width_px` wide; only what it needs is rendered, and
    images far finer than the picture are reduced before they are.

    Raises SettingError for a page that is not there or a resolution out of `DPI_RANGE`.
    """
    _, pages, _ = imposition.count(request)
    if not 0 <= page < pages:
        raise SettingError(f"page {page + 1} is not there; the document has {pages}")
    sheet = request.sheet
    resolution = (dpi or 0.0) if width_px is None else width_px / mm_to_px(sheet.width_mm, 1)
    if not DPI_RANGE[0] <= resolution <= DPI_RANGE[1]:
        raise SettingError(f"preview: give a resolution of {DPI_RANGE[0]:.0f} to {DPI_RANGE[1]:.0f} dpi")
    width, height = size_px(sheet, resolution)
    if width * height > MAX_PIXELS:
        raise SettingError(f"preview: {width} x {height} pixels are too many; give a lower resolution")
    sink = io.BytesIO()
    make, ppi = prepare or Preparer(limits), proxy_ppi(resolution)

    def proxy(source: ImageSource, spec: TileSpec) -> Tile:
        return make(source, spec, ppi)

    result = render(request, images, sink, prepare=proxy, page=page, placeholders=True)
    content = _raster(sink.getvalue(), width, height)
    return Picture(content, width, height, pages, result.findings, result.broken)


def proxy_ppi(dpi: float) -> float | None:
    """How fine the proxies for a picture of that resolution are; None when it needs the images themselves."""
    return next((ppi for ppi in PROXY_PPI if ppi >= _PIXELS_TO_ONE * dpi), None)


def size_px(sheet: Sheet, dpi: float) -> tuple[int, int]:
    """A pixel that the page only partly fills counts; what floats add to a whole number does not."""
    width, height = (math.ceil(mm_to_px(side, dpi) - 1e-6) for side in (sheet.width_mm, sheet.height_mm))
    return width, height


def drawn(pdf: bytes, page: int, width: int, height: int) -> Image.Image:
    """That page (from 0) of a finished document, stretched to exactly that many pixels."""
    with LOCK:
        document = pypdfium2.PdfDocument(pdf)
        bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_BGR)
        try:
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
            pdfium.FPDF_RenderPageBitmap(bitmap, document[page], 0, 0, width, height, 0, 0)
            pixels: Image.Image = bitmap.to_pil()  # in another order of bytes, hence a copy
        finally:
            bitmap.close()
            document.close()
    return pixels


def _raster(pdf: bytes, width: int, height: int) -> bytes:
    """The first page as JPEG."""
    buffer = io.BytesIO()
    drawn(pdf, 0, width, height).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
