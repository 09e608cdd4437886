"""Whatever the bytes are: a tile, or an ImageError that names the card and says what is wrong."""

import io
import struct
import time
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from cardmaker.artwork import Tile, jpeg, kinds, prepare
from cardmaker.errors import ImageError
from cardmaker.source import BytesSource
from cardmaker.spec import ArtworkSettings, Fit, TileSpec
from tests import art, files

WITH_BLEED = ArtworkSettings(bleed_mm=0.625)
OWN_BLEED = ArtworkSettings(source_bleed_mm=3.0, bleed_mm=0.625)


def prepared(content: bytes, how: ArtworkSettings = WITH_BLEED, name: str = "Sol Ring [LEB].jpg") -> Tile:
    source = BytesSource(name, content)
    return prepare(source, TileSpec(source.digest, how, 63.0, 88.0))


def refusal(content: bytes, how: ArtworkSettings = WITH_BLEED) -> ImageError:
    with pytest.raises(ImageError) as caught:
        prepared(content, how)
    assert caught.value.card == "Sol Ring [LEB].jpg"
    assert '"Sol Ring [LEB].jpg"' in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


CARD = art.photo((84, 117))
WHOLE = {
    "JPEG": art.jpeg(CARD),
    "progressive JPEG": art.jpeg(CARD, progressive=True),
    "PNG": art.encoded(CARD),
    "interlaced PNG": files.png((84, 117), 8, 2, lambda x, y: (x, y, x * y % 256), interlaced=True),
    "PNG with alpha": art.encoded(CARD.convert("RGBA")),
    "WebP": art.encoded(CARD, "WEBP"),
    "AVIF": art.encoded(CARD, "AVIF"),
    "TIFF": art.encoded(CARD, "TIFF"),
    "GIF": art.encoded(CARD, "GIF"),
    "BMP": art.encoded(CARD, "BMP"),
}


@pytest.mark.parametrize("how", [WITH_BLEED, OWN_BLEED], ids=["continued", "own bleed"])
@pytest.mark.parametrize("kind", WHOLE)
def test_a_truncated_image_is_refused_wherever_it_ends(kind: str, how: ArtworkSettings) -> None:
    content = WHOLE[kind]
    assert isinstance(prepared(content, how), Tile)

    for tenth in range(10):
        cut = content[: max(1, len(content) * tenth // 10)]

        assert refusal(cut, how).reason


@pytest.mark.parametrize("kind", ["JPEG", "progressive JPEG", "PNG"])
@pytest.mark.parametrize("missing", [1, 2, 5, 13])
def test_an_image_without_its_last_bytes_is_refused(kind: str, missing: int) -> None:
    error = refusal(WHOLE[kind][:-missing])

    assert "truncated" in error.reason


def test_an_empty_file_is_called_empty() -> None:
    assert "empty" in refusal(b"").reason


@pytest.mark.parametrize(
    "content",
    [
        b"\0" * 4096,
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"P6 1 1 255 abc",
    ],
    ids=["zeros", "PDF", "SVG", "EPS", "PPM"],
)
def test_a_file_that_is_no_image_we_print_is_refused_with_those_we_do(content: bytes) -> None:
    error = refusal(content)

    assert "JPEG" in error.reason
    assert "PNG" in error.reason


@pytest.mark.parametrize("kind", WHOLE)
def test_a_wrong_magic_number_is_refused(kind: str) -> None:
    refusal(b"\x13\x37\xc0\xde" + WHOLE[kind][4:] if kind != "AVIF" else b"\0" * 12 + WHOLE[kind][12:])


def test_a_name_with_control_characters_makes_no_second_line() -> None:
    with pytest.raises(ImageError) as caught:
        prepared(b"", name="a\nb\x1b[31m.png")

    assert str(caught.value).isprintable()


def bomb(kind: str) -> bytes:
    """30000 x 30000 pixels by the header, a few bytes of data."""
    if kind == "JPEG":
        segments = files.split_jpeg(WHOLE["JPEG"])
        sized = [(m, p[:1] + struct.pack(">HH", 30000, 30000) + p[5:] if m == 0xC0 else p) for m, p in segments]
        return files.join_jpeg(sized)
    if kind == "PNG":
        header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
        return files.join_png([(b"IHDR", header), *files.split_png(WHOLE["PNG"])[1:]])
    if kind == "BMP":
        return WHOLE["BMP"][:18] + struct.pack("<II", 30000, 30000) + WHOLE["BMP"][26:]
    if kind == "GIF":
        return WHOLE["GIF"][:6] + struct.pack("<HH", 30000, 30000) + WHOLE["GIF"][10:]
    return art.encoded(Image.new("1", (30000, 30000)), "TIFF", compression="group4")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("how", [WITH_BLEED, OWN_BLEED], ids=["continued", "own bleed"])
def test_an_image_of_too_many_pixels_is_refused_by_its_header(kind: str, how: ArtworkSettings) -> None:
    content = bomb(kind)
    started = time.perf_counter()

    error = refusal(content, how)

    assert time.perf_counter() - started < 0.5
    assert "30000" in error.reason or "megapixels" in error.reason


@pytest.mark.parametrize("options", [{}, {"subsampling": 2}, {"restart_marker_blocks": 3}, {"quality": 100}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_whose_data_ends_early_is_refused_although_its_end_is_marked(options: dict[str, int], mode: str) -> None:
    content = art.jpeg(art.photo((90, 120)).convert(mode), **options)
    start = content.index(b"\xff\xda")
    assert isinstance(prepared(content), Tile)

    for share in (0.1, 0.5, 0.9):
        cut = content[: round(start + (len(content) - start) * share)]
        closed = cut.removesuffix(b"\xff") + b"\xff\xd9"

        assert "damaged" in refusal(closed).reason


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_whole_jpeg_is_decoded_to_its_last_pixel(seed: int, mode: str) -> None:
    content = art.jpeg(art.photo((60 + seed, 50 + 3 * seed), seed).convert(mode), subsampling=seed % 3)

    header = jpeg.parse(content)
    bare = jpeg.bare(content, header)

    assert not bare.endswith(b"\xff\xd9")
    with Image.open(io.BytesIO(content)) as whole, Image.open(io.BytesIO(bare)) as read:
        assert read.tobytes() == whole.tobytes()


def test_a_jpeg_that_lost_a_restart_marker_is_refused_even_where_it_is_not_decoded() -> None:
    content = art.jpeg(CARD, restart_marker_blocks=2)
    at = content.index(b"\xff\xd2", content.index(b"\xff\xda"))

    assert "missing" in refusal(content[:at] + content[at + 2 :], OWN_BLEED).reason


@pytest.mark.parametrize("lost", [0xC4, 0xDB])
def test_a_jpeg_without_tables_is_not_embedded(lost: int) -> None:
    segments = [(marker, data) for marker, data in files.split_jpeg(WHOLE["JPEG"]) if marker != lost]

    assert not jpeg.parse(files.join_jpeg(segments)).is_embeddable


@pytest.mark.parametrize("kind", ["WebP", "AVIF"])
def test_a_pillow_that_lacks_a_kind_says_so(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: name != kind.lower())
    kinds._is_readable.cache_clear()

    reason = refusal(WHOLE[kind]).reason

    kinds._is_readable.cache_clear()
    assert f"this Pillow cannot read {kind}" in reason


def test_a_pillow_without_littlecms_refuses_other_profiles_and_prints_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kinds, "converts_colour", lambda: False)

    assert "cannot convert colours" in refusal(art.jpeg(CARD, icc_profile=b"any")).reason
    assert isinstance(prepared(art.jpeg(CARD)), Tile)


# -- mutations --


def mutated(content: bytes) -> st.SearchStrategy[bytes]:
    """A few bytes changed, and perhaps a piece cut out or repeated."""
    edits = st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=6)
    pieces = st.tuples(st.integers(0, len(content)), st.integers(0, 40), st.integers(0, 2))

    def apply(changes: tuple[list[tuple[int, int]], tuple[int, int, int]]) -> bytes:
        points, (start, length, times) = changes
        data = bytearray(content)
        for at, value in points:
            data[at] = value
        return bytes(data[:start] + data[start : start + length] * times + data[start + length :])

    return st.tuples(edits, pieces).map(apply)


def resealed(content: bytes) -> bytes:
    """The checksums of a PNG's chunks made right again, so that damage reaches the decoder."""
    try:
        return files.join_png(files.split_png(content))
    except (IndexError, struct.error):
        return content


SMALL = art.corners(size=(20, 28))
SMALL_JPEGS = st.sampled_from(
    [
        art.jpeg(SMALL),
        art.jpeg(
            SMALL, progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
        ),
        art.jpeg(SMALL.convert("CMYK")),
        art.jpeg(SMALL.convert("L"), comment=b"hello", restart_marker_blocks=1),
    ]
)
SMALL_PNGS = st.sampled_from(
    [
        art.encoded(SMALL),
        art.encoded(SMALL.convert("RGBA")),
        art.encoded(SMALL.quantize(5), transparency=1),
        files.png((20, 28), 16, 0, lambda x, y: (x * y * 99,), interlaced=True, chunks=[(b"gAMA", b"\0\0\xb1\x8f")]),
    ]
)
SMALL_OTHERS = st.sampled_from([art.encoded(SMALL, kind) for kind in ("WEBP", "AVIF", "TIFF", "GIF", "BMP")])
HOW = st.builds(
    ArtworkSettings,
    fit=st.sampled_from(Fit),
    crop_mm=st.sampled_from([0.0, 3.0]),
    source_bleed_mm=st.sampled_from([0.0, 3.0]),
    bleed_mm=st.sampled_from([0.0, 0.625]),
)


def check(content: bytes, how: ArtworkSettings) -> None:
    try:
        made: Tile | ImageError = prepared(content, how)
    except ImageError as error:
        made = error
    if isinstance(made, Tile):
        assert made.area.width_mm > 0
        assert made.image.encoding.width > 0
    else:
        assert str(made).isprintable()


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(SMALL_JPEGS.flatmap(mutated), HOW)
@example(b"\xff\xd8\xff", WITH_BLEED)
@example(b"\xff\xd8\xff\xd9", WITH_BLEED)
def test_a_damaged_jpeg_is_a_tile_or_an_image_error(content: bytes, how: ArtworkSettings) -> None:
    check(content, how)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(SMALL_PNGS.flatmap(mutated), HOW)
@example(b"\x89PNG\r\n\x1a\n", WITH_BLEED)
def test_a_damaged_png_is_a_tile_or_an_image_error(content: bytes, how: ArtworkSettings) -> None:
    check(content, how)
    check(resealed(content), how)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(SMALL_OTHERS.flatmap(mutated), HOW)
def test_a_damaged_image_of_another_kind_is_a_tile_or_an_image_error(content: bytes, how: ArtworkSettings) -> None:
    check(content, how)


def repacked(content: bytes, pixels: bytes) -> bytes:
    """That PNG with other image data, its checksums right."""
    chunks = [(kind, pixels if kind == b"IDAT" else data) for kind, data in files.split_png(content)]
    packed = (
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in chunks
    )
    return content[:8] + b"".join(packed)


def image_data(content: bytes) -> bytes:
    return b"".join(data for kind, data in files.split_png(content) if kind == b"IDAT")


@pytest.mark.parametrize("bleed", ["0mm", "0.625mm"])
@pytest.mark.parametrize("harm", ["noise", "cut", "half the rows"])
def test_a_png_whose_checksums_are_right_and_whose_pixels_are_not_is_refused(harm: str, bleed: str) -> None:
    whole = art.encoded(art.photo((40, 60)))
    rows = zlib.decompress(image_data(whole))
    pixels = {
        "noise": bytes(range(256)) * 4,
        "cut": image_data(whole)[:-200],
        "half the rows": zlib.compress(rows[: len(rows) // 2]),
    }[harm]

    with pytest.raises(ImageError, match=r"damaged|truncated"):
        art.printed([repacked(whole, pixels)], bleed=bleed)


@pytest.mark.parametrize("bleed", ["0mm", "0.625mm"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA"])
def test_a_png_is_refused_when_its_last_rows_are_missing_and_not_when_only_its_checksum_is(
    mode: str, bleed: str
) -> None:
    whole = art.encoded(art.dark((40, 60)).convert(mode))
    data = image_data(whole)
    rows = zlib.decompress(data)

    for missing in (1, 30):
        kept = rows[: len(rows) - missing * (len(rows) // 60)]
        with pytest.raises(ImageError, match="truncated"):
            art.printed([repacked(whole, zlib.compress(kept))], bleed=bleed)

    art.printed([repacked(whole, data[:-4])], bleed=bleed)


def test_a_png_of_a_depth_that_there_is_not_is_refused() -> None:
    with pytest.raises(ImageError, match="damaged in its header"):
        art.printed([files.png((8, 8), 4, 2, lambda _x, _y: (1, 2, 3))])


@pytest.mark.parametrize("size", [(40_000, 10), (10, 30_001)])
def test_an_image_with_too_long_a_side_is_refused_in_these_words(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match="a side may have 30000 at most"):
        art.printed([art.encoded(Image.new("1", size))])


def test_a_png_with_two_headers_is_refused_before_the_second_is_believed() -> None:
    small, huge = art.encoded(art.photo((40, 60))), art.encoded(Image.new("1", (9000, 9000)))
    first, *rest = files.split_png(small)
    second = files.split_png(huge)[0]

    with pytest.raises(ImageError, match="two headers"):
        art.printed([files.join_png([first, second, *rest])])


def test_a_jpeg_with_two_frames_is_refused() -> None:
    content = art.jpeg(art.photo((40, 60)))
    at = content.index(b"\xff\xc0")
    length = 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    frame = bytearray(content[at : at + length])
    frame[5:9] = (9000).to_bytes(2, "big") * 2

    with pytest.raises(ImageError, match="damaged"):
        art.printed([content[: at + length] + bytes(frame) + content[at + length :]])
