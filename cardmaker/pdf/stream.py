"""reportlab's document, written to a sink while it is made.

reportlab collects every object as text and joins them at the end, which holds a deck of PNGs in memory several
times. Here each object goes out as soon as it is known; images go out piece by piece. Only offsets are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from reportlab import rl_config
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

# Streams stay binary: ASCII85 would add a quarter to every page's size.
rl_config.useA85 = 0
PDF_VERSION = (1, 7)


class Sink(Protocol):
    """Where a document's bytes go, in order. No seeking, no reading."""

    def write(self, data: bytes, /) -> object: ...


class StreamedDocument(pdfdoc.PDFDocument):
    """Objects are numbered by reportlab; `write_stream` sends one at once, `format` the rest and the tables."""

    Catalog: Any  # reportlab sets it; its stubs leave it out

    def __init__(self, sink: Sink) -> None:
        super().__init__(compression=1, invariant=1, pdfVersion=PDF_VERSION)
        self._sink_file = _SinkFile(sink)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._sink_file.offset

    def write_stream(self, name: str, dictionary: bytes, parts: Iterable[bytes]) -> None:
        """An indirect stream object under that name; `dictionary` is all of it, with its Length."""
        self._register(pdfdoc.PDFObject(), name)
        number, generation = self.idToObjectNumberAndVersion[name]
        file = self._sink_file
        self.idToOffset[name] = file.add(b"%d %d obj\n" % (number, generation))
        file.add(dictionary)
        file.add(b"\nstream\n")
        for part in parts:
            file.add(part)
        file.add(b"\nendstream\nendobj\n")

    def write_object(self, name: str, entries: Mapping[str, object]) -> pdfdoc.PDFObjectReference:
        """An indirect dictionary, written at the end; its reference."""
        self._register(pdfdoc.PDFDictionary(dict(entries)), name)
        return pdfdoc.PDFObjectReference(name)

    def set_catalog(self, **entries: object) -> None:
        """Entries of the document's catalog."""
        for name, value in entries.items():
            setattr(self.Catalog, name, value)
        missing = [name for name in entries if name not in self.Catalog.__NoDefault__]
        # reportlab writes only the entries that it knows.
        self.Catalog.__NoDefault__ = [*self.Catalog.__NoDefault__, *missing]

    def xobjDict(self, formnames: Iterable[str]) -> pdfdoc.PDFDictionary:  # noqa: N802  # reportlab's hook
        """A page's XObjects, under their own names."""
        return pdfdoc.PDFDictionary({name: pdfdoc.PDFObjectReference(name) for name in formnames})

    def format(self) -> bytes:
        """Writes what is still missing: reportlab calls this once at the end and would join a whole file here."""
        file = self._sink_file
        number = 0
        while (number := number + 1) in self.numberToId:  # formatting may add objects
            name = self.numberToId[number]
            if name not in self.idToOffset:
                body = pdfdoc.PDFIndirectObject(name, self.idToObject[name]).format(self)
                self.idToOffset[name] = file.add(body)
        table = pdfdoc.PDFCrossReferenceTable()
        table.addsection(0, [self.numberToId[i] for i in range(1, number)])
        start = file.add(table.format(self))
        trailer = pdfdoc.PDFTrailer(
            startxref=start,
            Size=number,
            Root=self._register(self.Catalog),
            Info=self._register(self.info),
            ID=self.ID(),
        )
        file.add(trailer.format(self))
        return b""

    def _register(self, thing: object, name: str | None = None) -> Any:
        return self.Reference(thing, name)  # type: ignore[no-untyped-call]


class StreamedCanvas(Canvas):
    """reportlab's canvas over a streamed document; y runs up from the page's bottom, in points."""

    _formsinuse: list[str]

    def __init__(self, document: StreamedDocument, width_pt: float, height_pt: float) -> None:
        box = (0.0, 0.0, width_pt, height_pt)
        super().__init__("", pagesize=(width_pt, height_pt), pageCompression=1, invariant=1, trimBox=box)
        self._doc = document

    def place(self, code: str, names: Iterable[str]) -> None:
        """Operators that paint the named XObjects."""
        self.addLiteral(code)
        self._currentPageHasImages = 1
        self._formsinuse.extend(names)

    def finish(self) -> None:
        """Ends the document; nothing can be drawn afterwards."""
        self._doc.GetPDFData(self)

    def _make_preamble(self) -> None:
        # reportlab's own sets Helvetica on every page, a font that is not embedded and that no page uses.
        self._preamble = "1 0 0 1 0 0 cm"


class _SinkFile(pdfdoc.PDFFile):
    def __init__(self, sink: Sink) -> None:
        self.offset = 0
        self._sink = sink
        self.add(b"".join(pdfdoc.PDFFile(PDF_VERSION).strings))  # the header line and its binary comment

    def add(self, s: bytes) -> int:
        """Writes the bytes and gives the offset that they stand at."""
        start, self.offset = self.offset, self.offset + len(s)
        self._sink.write(s)
        return start
