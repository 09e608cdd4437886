"""A value as the cache holds it: bytes in pieces that are never joined unless someone asks."""

from __future__ import annotations

from collections.abc import Iterator

CHUNK_BYTES = 8 << 20


class Blob:
    """Immutable bytes in chunks of at most 8 MiB. `bytes(blob)` joins them, which for a big one costs a copy."""

    __slots__ = ("chunks", "size")

    def __init__(self, chunks: tuple[bytes, ...]) -> None:
        self.chunks = chunks
        self.size = sum(map(len, chunks))

    @classmethod
    def of(cls, value: bytes | Blob) -> Blob:
        if isinstance(value, Blob):
            return value
        pieces = range(0, len(value), CHUNK_BYTES)
        return cls((value,) if len(value) <= CHUNK_BYTES else tuple(value[at : at + CHUNK_BYTES] for at in pieces))

    def __bytes__(self) -> bytes:
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blob) and self.size == other.size and bytes(self) == bytes(other)

    def __hash__(self) -> int:
        return hash(bytes(self))

    def __repr__(self) -> str:
        return f"Blob({self.size} bytes)"


class BlobSink:
    """A binary sink whose content becomes a blob, copied once. Written to by one thread."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes, /) -> int:
        for piece in (data,) if len(data) <= CHUNK_BYTES else Blob.of(data):
            if self._size + len(piece) > CHUNK_BYTES:
                self._close_chunk()
            self._pieces.append(bytes(piece))
            self._size += len(piece)
        return len(data)

    def blob(self) -> Blob:
        """All that was written."""
        self._close_chunk()
        return Blob(tuple(self._chunks) or (b"",))

    def _close_chunk(self) -> None:
        if self._pieces:
            self._chunks.append(b"".join(self._pieces))
        self._pieces, self._size = [], 0
