"""Only what was sealed opens, and only as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardmaker.cache import Blob, BlobSink
from cardmaker.cache import envelope as envelopes
from cardmaker.cache.blob import CHUNK_BYTES
from cardmaker.cache.envelope import MAGIC, Chunk, Corrupt, checked, digest_of, open_, seal, seal_manifest

CHUNKS = st.lists(st.binary(max_size=50), min_size=1, max_size=5).map(tuple)


def manifest(chunks: tuple[bytes, ...]) -> bytes:
    return seal_manifest(chunks, [digest_of(chunk).result(10) for chunk in chunks])


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens_as_it_was(value: bytes) -> None:
    assert open_(seal(Blob.of(value))) == Blob.of(value)


@given(CHUNKS)
def test_a_value_in_pieces_opens_as_one(chunks: tuple[bytes, ...]) -> None:
    assert open_(seal(Blob(chunks))) == Blob((b"".join(chunks),))


@given(CHUNKS)
def test_a_manifest_says_what_its_chunks_are(chunks: tuple[bytes, ...]) -> None:
    opened = open_(manifest(chunks))

    assert isinstance(opened, tuple)
    assert [checked(expected, chunk).result(10) for expected, chunk in zip(opened, chunks, strict=True)] == list(chunks)


@given(st.one_of(st.binary(), st.binary(min_size=45).map(lambda data: MAGIC + data)))
def test_no_other_bytes_open(data: bytes) -> None:
    with pytest.raises(Corrupt):
        open_(data)


@given(st.binary(max_size=200), st.booleans(), st.data())
def test_one_flipped_bit_is_found(value: bytes, is_manifest: bool, data: st.DataObject) -> None:
    sealed = manifest((value,)) if is_manifest else seal(Blob.of(value))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    flipped = bytearray(sealed)
    flipped[bit // 8] ^= 1 << bit % 8

    with pytest.raises(Corrupt):
        open_(bytes(flipped))


@given(st.binary(max_size=200), st.data())
def test_a_shorter_or_longer_one_is_found(value: bytes, data: st.DataObject) -> None:
    sealed = seal(Blob.of(value))
    end = data.draw(st.integers(0, len(sealed) - 1))

    for other in (sealed[:end], sealed + b"\x00", sealed + sealed):
        with pytest.raises(Corrupt):
            open_(other)


@pytest.mark.parametrize("payload", [b"", b"x" * 39, b"x" * 41])
def test_a_manifest_that_lists_no_whole_chunks_is_none(payload: bytes) -> None:
    with pytest.raises(Corrupt, match="no manifest"):
        open_(envelopes._sealed(envelopes._MANIFEST, payload))


@pytest.mark.parametrize("chunk", [None, b"", b"valu", b"valuf", b"values", "value", ValueError()])
def test_a_chunk_that_is_not_the_listed_one_is_found(chunk: object) -> None:
    listed = open_(manifest((b"value",)))
    assert isinstance(listed, tuple)
    assert isinstance(listed[0], Chunk)

    with pytest.raises(Corrupt):
        checked(listed[0], chunk).result(10)


# -- blobs --


@given(st.lists(st.binary(max_size=20)))
def test_a_sink_gives_what_was_written(parts: list[bytes]) -> None:
    sink = BlobSink()

    written = [sink.write(part) for part in parts]

    assert written == list(map(len, parts))
    assert bytes(sink.blob()) == b"".join(parts)


@pytest.mark.parametrize("size", [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 5])
@pytest.mark.parametrize("part_bytes", [5 << 20, 20 << 20])
def test_a_sink_cuts_what_was_written_into_chunks(size: int, part_bytes: int) -> None:
    value = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    sink = BlobSink()

    for at in range(0, size, part_bytes):
        sink.write(value[at : at + part_bytes])
    blob = sink.blob()

    assert max(map(len, blob)) <= CHUNK_BYTES
    assert len(blob.chunks) <= 2 * len(Blob.of(value).chunks)
    assert bytes(blob) == value


def test_blobs_are_equal_by_their_bytes_however_they_are_cut() -> None:
    one, other = Blob((b"ab", b"c")), Blob((b"a", b"bc"))

    assert one == other
    assert hash(one) == hash(other)
    assert one != Blob((b"abd",))
    assert one != b"abc"
    assert (len(one), repr(one)) == (3, "Blob(3 bytes)")
