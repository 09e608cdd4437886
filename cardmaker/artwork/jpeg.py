"""The structure of a JPEG file: enough to embed it untouched, without its metadata, and to see that it is whole.

Markers and segments as in ITU-T T.81; Adobe's APP14 as in Adobe Technical Note 5116.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cardmaker.artwork import exif
from cardmaker.artwork.malformed import Malformed

SIGNATURE = b"\xff\xd8\xff"
_EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_METADATA = {*range(0xE0, 0xF0), 0xFE}  # APPn and comments
_ICC = b"ICC_PROFILE\0"
# In entropy-coded data: a marker that is neither a stuffed FF, a restart nor a fill byte.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Jpeg:
    """`frame` is the SOF marker's byte, `jfif` whether that segment is kept, `spans` the byte ranges to keep: all from
    SOI to EOI but metadata."""

    width: int
    height: int
    components: int
    bits: int
    frame: int
    component_ids: tuple[int, ...]
    adobe_transform: int | None
    jfif: bool
    orientation: int
    icc: bytes | None
    spans: tuple[tuple[int, int], ...]

    @property
    def is_embeddable(self) -> bool:
        """Whether every PDF reader shows it right as it is: Huffman-coded, 8 bits, grey or YCbCr or marked RGB."""
        huffman = self.frame in (0xC0, 0xC1, 0xC2)
        return huffman and self.bits == 8 and self.height > 0 and (self.components == 1 or self._is_plain_colour)

    @property
    def _is_plain_colour(self) -> bool:
        # Readers disagree on three components without any marker whose ids spell RGB.
        marked = self.jfif or self.adobe_transform is not None
        return self.components == 3 and (marked or self.component_ids != (0x52, 0x47, 0x42))


def parse(data: bytes) -> Jpeg:
    """Reads the segments of a whole file. Raises Malformed for one that is cut short or no JPEG."""
    return _Reader(data).read()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 2
        self.spans: list[tuple[int, int]] = [(0, 2)]
        self.frame: tuple[int, bytes] | None = None
        self.adobe: int | None = None
        self.jfif = False
        self.orientation = 1
        self.icc: dict[int, bytes] = {}

    def read(self) -> Jpeg:
        if not self.data.startswith(SIGNATURE):
            raise Malformed("is no JPEG")
        while (marker := self._next_marker()) != _EOI:
            start = self.at - 2
            if marker in _STANDALONE:
                self._keep(start, self.at)
                continue
            payload = self._segment()
            if marker in _FRAMES and self.frame is None:
                self.frame = marker, payload
            if marker in _METADATA:
                self._metadata(marker, payload, start)
                continue
            if marker == _SOS:
                self._skip_scan()
            self._keep(start, self.at)
        self._keep(self.at - 2, self.at)
        return self._finished()

    def _next_marker(self) -> int:
        if self.at + 2 > len(self.data):
            raise Malformed(self._cut_short())
        if self.data[self.at] != 0xFF:
            raise Malformed(f"is damaged at byte {self.at}")
        while self.data[self.at + 1 : self.at + 2] == b"\xff":  # fill bytes
            self.at += 1
        if self.at + 2 > len(self.data):
            raise Malformed(self._cut_short())
        self.at += 2
        return self.data[self.at - 1]

    def _segment(self) -> bytes:
        length = int.from_bytes(self.data[self.at : self.at + 2], "big")
        if length < 2:
            raise Malformed(f"is damaged at byte {self.at}")
        payload = self.data[self.at + 2 : self.at + length]
        self.at += length
        if self.at > len(self.data):
            raise Malformed(self._cut_short())
        return payload

    def _skip_scan(self) -> None:
        found = _NEXT_MARKER.search(self.data, self.at)
        if not found:
            raise Malformed(self._cut_short())
        self.at = found.start()

    def _metadata(self, marker: int, payload: bytes, start: int) -> None:
        if marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
            self.adobe = payload[11]
            self._keep(start, self.at)
        elif marker == _APP0 and payload.startswith(b"JFIF\0"):
            if payload[12:14] == b"\0\0":  # no thumbnail: that could show what was cropped away
                self.jfif = True
                self._keep(start, self.at)
        elif marker == _APP1 and payload.startswith(b"Exif\0\0"):
            self.orientation = exif.orientation(payload[6:])
        elif marker == _APP2 and payload.startswith(_ICC) and len(payload) > 14:
            self.icc[payload[12]] = payload[14:]

    def _keep(self, start: int, end: int) -> None:
        if self.spans and self.spans[-1][1] == start:
            start = self.spans.pop()[0]
        self.spans.append((start, end))

    def _finished(self) -> Jpeg:
        if self.frame is None or len(self.frame[1]) < 6:
            raise Malformed("holds no picture")
        marker, payload = self.frame
        components = payload[5]
        return Jpeg(
            width=int.from_bytes(payload[3:5], "big"),
            height=int.from_bytes(payload[1:3], "big"),
            components=components,
            bits=payload[0],
            frame=marker,
            component_ids=tuple(payload[6 : 6 + 3 * components : 3]),
            adobe_transform=self.adobe,
            jfif=self.jfif,
            orientation=self.orientation,
            icc=b"".join(self.icc[i] for i in sorted(self.icc)) or None,
            spans=tuple(self.spans),
        )

    def _cut_short(self) -> str:
        return f"is truncated after {len(self.data)} bytes"
