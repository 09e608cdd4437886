"""The structure of a JPEG file: enough to embed it untouched, without its metadata, and to see that it is whole.

Markers and segments as in ITU-T T.81; Adobe's APP14 as in Adobe Technical Note 5116.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cardmaker.artwork import exif
from cardmaker.artwork.malformed import Malformed

SIGNATURE = b"\xff\xd8\xff"
_DHT, _EOI, _SOS, _DQT, _DRI = 0xC4, 0xD9, 0xDA, 0xDB, 0xDD
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_METADATA = {*range(0xE0, 0xF0), 0xFE}  # APPn and comments
_ICC = b"ICC_PROFILE\0"
# In entropy-coded data: a marker that is neither a stuffed FF, a restart nor a fill byte.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_SEQUENTIAL = (0xC0, 0xC1)
_JFIF_SEGMENT = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
# A decoder reads this far ahead of what it needs, and stops for more.
_AHEAD = bytes(16)


@dataclass(frozen=True, slots=True)
class Jpeg:
    """`frame` is the SOF marker's byte, `jfif` whether that segment is kept (`was_jfif`: whether there was one),
    `spans` the byte ranges to keep: all from SOI to EOI but metadata. `scans` counts the SOS segments; `has_tables`
    unless it relies on tables that stand elsewhere."""

    width: int
    height: int
    components: int
    bits: int
    frame: int
    component_ids: tuple[int, ...]
    adobe_transform: int | None
    jfif: bool
    was_jfif: bool
    scans: int
    has_tables: bool
    orientation: int
    icc: bytes | None
    spans: tuple[tuple[int, int], ...]

    @property
    def is_embeddable(self) -> bool:
        """Whether every PDF reader shows it right as it is: Huffman-coded, 8 bits, grey or YCbCr or marked RGB."""
        huffman = self.frame in (0xC0, 0xC1, 0xC2)
        known = huffman and self.has_tables and self.bits == 8 and self.height > 0
        return known and (self.components == 1 or self._is_plain_colour)

    @property
    def _is_plain_colour(self) -> bool:
        # Readers disagree on three components without any marker whose ids spell RGB.
        marked = self.jfif or self.adobe_transform is not None
        return self.components == 3 and (marked or self.component_ids != (0x52, 0x47, 0x42))


def parse(data: bytes) -> Jpeg:
    """Reads the segments of a whole file. Raises Malformed for one that is cut short or no JPEG."""
    return _Reader(data).read()


def bare(data: bytes, header: Jpeg) -> bytes:
    """What a decoder needs and nothing else: no metadata that it might stumble over. Where there is one scan alone the
    end marker is left out too. With it, decoders fill what is missing with grey and say nothing; without it they ask
    for more data."""
    kept = b"".join(data[start:end] for start, end in header.spans)
    if header.was_jfif and not header.jfif:
        kept = kept[:2] + _JFIF_SEGMENT + kept[2:]
    if header.frame in _SEQUENTIAL and header.scans == 1:
        kept = kept[:-2] + _AHEAD
    return kept


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 2
        self.spans: list[tuple[int, int]] = [(0, 2)]
        self.frame: tuple[int, bytes] | None = None
        self.adobe: int | None = None
        self.jfif = self.was_jfif = False
        self.scans = 0
        self.interval = b"\0\0"
        self.tables: set[int] = set()
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
            if marker in (_DHT, _DQT):
                self.tables.add(marker)
            if marker == _DRI:
                self.interval = payload
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
        self._check_restarts(self.at, found.start())
        self.scans += 1
        self.at = found.start()

    def _check_restarts(self, start: int, end: int) -> None:
        """Restart markers count from 0 to 7 over and over: one out of turn means that data has been lost."""
        if not any(self.interval):
            return
        for i, found in enumerate(_RESTART.finditer(self.data, start, end)):
            if found[1][0] & 7 != i & 7:
                raise Malformed(f"is damaged at byte {found.start()}: a part of its image data is missing")

    def _metadata(self, marker: int, payload: bytes, start: int) -> None:
        if marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
            self.adobe = payload[11]
            self._keep(start, self.at)
        elif marker == _APP0 and payload.startswith(b"JFIF\0"):
            self.was_jfif = True
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
            was_jfif=self.was_jfif,
            scans=self.scans,
            has_tables=self.tables == {_DHT, _DQT},
            orientation=self.orientation,
            icc=b"".join(self.icc[i] for i in sorted(self.icc)) or None,
            spans=tuple(self.spans),
        )

    def _cut_short(self) -> str:
        return f"is truncated after {len(self.data)} bytes"
