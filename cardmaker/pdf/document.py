"""A print-ready document: tiles and pages go in, a PDF comes out of the sink's other end.

Each distinct image is one XObject, however often and with whatever settings it is placed. Dates and ids are fixed:
the same request gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from reportlab.pdfbase import pdfdoc

import cardmaker
from cardmaker import imposition, label, margin
from cardmaker.artwork import Encoded, Tile, Untouched
from cardmaker.artwork.colour import srgb_profile
from cardmaker.imposition import Page, Placement
from cardmaker.label import Label
from cardmaker.pdf import image, ink
from cardmaker.pdf.stream import Sink, StreamedCanvas, StreamedDocument
from cardmaker.sheet import Rect, Sheet
from cardmaker.source import ImageSource
from cardmaker.spec import Flip, MarksOn, RenderRequest, Side, TileSpec, plain_words
from cardmaker.units import PT_PER_MM, mm_to_pt

DEFAULT_TITLE = "Playing cards"
_DUPLEX = {Flip.LONG: "DuplexFlipLongEdge", Flip.SHORT: "DuplexFlipShortEdge"}


class Document:
    """Add every tile before the pages that place it, then call `finish`. Counts the pages and placements it wrote."""

    def __init__(self, request: RenderRequest, sink: Sink) -> None:
        self.pages = 0
        self.placements = 0
        self._request = request
        self._document = StreamedDocument(sink)
        sheet = request.sheet
        self._canvas = StreamedCanvas(self._document, mm_to_pt(sheet.width_mm), mm_to_pt(sheet.height_mm))
        self._names: dict[str, str] = {}
        self._tiles: dict[TileSpec, tuple[str, list[str]]] = {}
        self._describe()

    def add_tile(self, spec: TileSpec, tile: Tile, source: ImageSource) -> None:
        """Writes the tile's images, unless equal ones are in the document already."""
        picture = tile.image
        if isinstance(picture, Untouched):
            header = image.dictionary(picture.encoding, image.length(picture))
            name = self._add(source.digest, header, image.data(picture, source))
        else:
            name = self._add_encoded(picture)
        patches = [self._add_encoded(patch.image) for patch in tile.patches]
        self._tiles[spec] = image.operators(tile, spec.height_mm, name, patches), [name, *patches]

    def add_page(self, page: Page) -> None:
        request, canvas = self._request, self._canvas
        marked = request.printing.marks_on in (MarksOn.BOTH, page.side.value)
        words = self._label(page)
        zones = margin.mark_zones(request.sheet) if marked else ()
        zones += (label.band(request.sheet, words),) if words else ()
        for placement in page.placements:
            code, names = self._tiles[placement.tile]
            clip = _clip(placement, request.sheet, zones)
            canvas.place(f"q {clip}{_matrix(placement, request.sheet)} cm\n{code}\nQ", names)
            self.placements += 1
        if request.printing.outline:
            ink.draw_outlines(canvas, request.sheet, imposition.slots_in_use(request, page.side))
        if marked:
            ink.draw_marks(canvas, request.sheet)
        if words:
            ink.draw_label(canvas, request.sheet, words)
        canvas.showPage()
        self.pages += 1

    def finish(self) -> int:
        """Writes what remains; the document's size in bytes."""
        self._canvas.finish()
        return self._document.size

    def _label(self, page: Page) -> Label | None:
        if not self._request.printing.label or page.side is Side.BACK:
            return None
        return label.place(self._request, label.text_for(self._request, page.sheet, page.sheets))

    def _add_encoded(self, encoded: Encoded) -> str:
        header = image.dictionary(encoded.encoding, len(encoded.content))
        return self._add(hashlib.sha256(header + encoded.content).hexdigest(), header, [encoded.content])

    def _add(self, digest: str, header: bytes, parts: Iterable[bytes]) -> str:
        name = self._names.get(digest)
        if name is None:
            name = self._names[digest] = f"Im{len(self._names)}"
            self._document.write_stream(name, header, parts)
        return name

    def _describe(self) -> None:
        request, document = self._request, self._document
        info = document.info
        info.title = plain_words(request.printing.title) or DEFAULT_TITLE
        info.author = info.subject = info.keywords = ""
        info.creator = f"Cardmaker {cardmaker.__version__}"
        document.updateSignature(request.digest)  # the document's id
        duplex = _DUPLEX[request.printing.flip] if request.deck.has_backs else "Simplex"
        preferences = {
            "PrintScaling": pdfdoc.PDFName("None"),
            "Duplex": pdfdoc.PDFName(duplex),
            "PickTrayByPDFSize": "true",
            "DisplayDocTitle": "true",
        }
        profile = srgb_profile()
        document.write_stream("sRGB", f"<< /N 3 /Length {len(profile)} >>".encode("ascii"), [profile])
        intent = {
            "Type": pdfdoc.PDFName("OutputIntent"),
            "S": pdfdoc.PDFName("GTS_PDFA1"),
            "OutputConditionIdentifier": pdfdoc.PDFString("sRGB IEC61966-2.1"),
            "DestOutputProfile": pdfdoc.PDFObjectReference("sRGB"),
        }
        document.set_catalog(
            ViewerPreferences=pdfdoc.PDFDictionary(preferences),
            OutputIntents=pdfdoc.PDFArray([document.write_object("OutputIntent", intent)]),
        )


def _clip(placement: Placement, sheet: Sheet, zones: Sequence[Rect]) -> str:
    """Holds a card with other bleed on the sheet's outer sides to where it may print."""
    parts = margin.area(sheet, placement.slot, placement.tile.settings, zones)
    if parts is None:
        return ""
    boxes = (
        (mm_to_pt(p.x_mm), mm_to_pt(sheet.height_mm - p.bottom_mm), mm_to_pt(p.width_mm), mm_to_pt(p.height_mm))
        for p in parts
    )
    return " ".join(" ".join(f"{v:.5f}" for v in box) + " re" for box in boxes) + " W n "


def _matrix(placement: Placement, sheet: Sheet) -> str:
    """From a tile's millimetres (origin at its trim's bottom-left) to the page's points."""
    trim = placement.slot.trim
    x, y = mm_to_pt(trim.x_mm), mm_to_pt(sheet.height_mm - trim.bottom_mm)
    scale = PT_PER_MM
    if placement.turned:
        scale, x, y = -scale, x + mm_to_pt(trim.width_mm), y + mm_to_pt(trim.height_mm)
    return f"{scale:.8f} 0 0 {scale:.8f} {x:.5f} {y:.5f}"
