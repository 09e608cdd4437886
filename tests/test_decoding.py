"""What a PDF cannot hold as it is comes out in the right colours.

Expected colours are reckoned here by arithmetic. Lossless kinds must agree within 1 of 255 (rounding), lossy ones
within 6, conversions between colour spaces within 3.
"""

import io
import re
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from PIL import Image

from cardmaker.render import Result, render
from tests import art, files, icc

EXACT, CONVERTED, LOSSY = 1, 3, 6
GREYS = (0, 64, 128, 255)
ALPHAS = (0, 85, 170, 255)


class Case(NamedTuple):
    content: bytes
    expected: Sequence[art.Colour]
    tolerance: int = EXACT


def quarters(mode: str, values: Sequence[int | tuple[int, ...]]) -> Image.Image:
    """Four quarters of these samples, in the order of `art.colours_of`."""
    card = Image.new(mode, (64, 64))
    for i, value in enumerate(values):
        card.paste(value, (i % 2 * 32, i // 2 * 32, i % 2 * 32 + 32, i // 2 * 32 + 32))
    return card


def png(bits: int, colour: int, values: Sequence[Sequence[int]], **options: object) -> bytes:
    def sample(x: int, y: int) -> Sequence[int]:
        return values[x // 32 + y // 32 * 2]

    return files.png((64, 64), bits, colour, sample, **options)  # type: ignore[arg-type]


def grey(value: int) -> art.Colour:
    return value, value, value


def over_white(colour: Sequence[int], alpha: int) -> art.Colour:
    red, green, blue = (round((c * alpha + 255 * (255 - alpha)) / 255) for c in colour)
    return red, green, blue


def wide(values: Sequence[int]) -> tuple[int, ...]:
    """8 bits as 16: white is 65535."""
    return tuple(v * 257 for v in values)


def from_cmyk(c: int, m: int, y: int, k: int) -> art.Colour:
    """Inks multiply: what is documented where no profile says otherwise."""
    red, green, blue = (round((255 - ink) * (255 - k) / 255) for ink in (c, m, y))
    return red, green, blue


def shown(content: bytes) -> tuple[list[art.Colour], Result]:
    artwork = art.deck_of([content])
    wanted = art.request(artwork)
    sink = io.BytesIO()
    result = render(wanted, artwork.images, sink)
    return art.colours_of(sink.getvalue(), wanted), result


RGBA = [(*colour, alpha) for colour, alpha in zip(art.FOUR, ALPHAS, strict=True)]
LA = list(zip(GREYS, ALPHAS, strict=True))
RGBA_SHOWN = [over_white(colour, alpha) for colour, alpha in zip(art.FOUR, ALPHAS, strict=True)]
LA_SHOWN = [over_white(grey(value), alpha) for value, alpha in LA]
FIRST_CLEAR = [art.WHITE, *art.FOUR[1:]]
PALETTE = bytes(v for colour in art.FOUR for v in colour)
INDICES = [(0,), (1,), (2,), (3,)]
MUTED: list[art.Colour] = [(180, 90, 90), (90, 160, 100), (100, 110, 190), (200, 200, 200)]
INKS = [(200, 20, 0, 0), (0, 180, 30, 40), (10, 0, 220, 90), (0, 0, 0, 200)]
INKS_SHOWN = [from_cmyk(*inks) for inks in INKS]

CASES = {
    "RGBA": Case(png(8, 6, RGBA), RGBA_SHOWN),
    "RGBA without a transparent pixel": Case(png(8, 6, [(*c, 255) for c in art.FOUR]), art.FOUR),
    "LA": Case(png(8, 4, LA), LA_SHOWN),
    "palette with transparency": Case(
        png(8, 3, INDICES, chunks=[(b"PLTE", PALETTE), (b"tRNS", bytes(ALPHAS))]), RGBA_SHOWN
    ),
    "2-bit palette with transparency": Case(
        png(2, 3, INDICES, chunks=[(b"PLTE", PALETTE), (b"tRNS", bytes(ALPHAS))]), RGBA_SHOWN
    ),
    "RGB with a transparent colour": Case(png(8, 2, art.FOUR, chunks=[(b"tRNS", files.shorts(art.RED))]), FIRST_CLEAR),
    "grey with a transparent value": Case(
        png(8, 0, [(v,) for v in GREYS], chunks=[(b"tRNS", files.shorts([0]))]), [grey(v) for v in (255, 64, 128, 255)]
    ),
    "1-bit with a transparent value": Case(
        png(1, 0, [(0,), (1,), (1,), (0,)], chunks=[(b"tRNS", files.shorts([0]))]), [art.WHITE] * 4
    ),
    "16-bit grey": Case(png(16, 0, [wide([v]) for v in GREYS]), [grey(v) for v in GREYS]),
    "16-bit grey, nothing light": Case(png(16, 0, [(0,), (257,), (2570,), (5140,)]), [grey(v) for v in (0, 1, 10, 20)]),
    "16-bit grey with a transparent value": Case(
        png(16, 0, [wide([v]) for v in GREYS], chunks=[(b"tRNS", files.shorts([0]))]),
        [grey(v) for v in (255, 64, 128, 255)],
    ),
    "16-bit grey and alpha": Case(png(16, 4, [wide(v) for v in LA]), LA_SHOWN),
    "16-bit RGB": Case(png(16, 2, [wide(c) for c in art.FOUR]), art.FOUR),
    "16-bit RGBA": Case(png(16, 6, [wide(c) for c in RGBA]), RGBA_SHOWN),
    "interlaced RGB": Case(png(8, 2, art.FOUR, interlaced=True), art.FOUR),
    "interlaced palette": Case(png(4, 3, INDICES, interlaced=True, chunks=[(b"PLTE", PALETTE)]), art.FOUR),
    "interlaced 16-bit grey": Case(png(16, 0, [wide([v]) for v in GREYS], interlaced=True), [grey(v) for v in GREYS]),
    "interlaced RGBA": Case(png(8, 6, RGBA, interlaced=True), RGBA_SHOWN),
    "1-bit": Case(art.encoded(quarters("1", (0, 255, 255, 0))), [grey(v) for v in (0, 255, 255, 0)]),
    "WebP, lossless": Case(art.encoded(quarters("RGB", art.FOUR), "WEBP", lossless=True), art.FOUR),
    "WebP, lossless with alpha": Case(
        art.encoded(quarters("RGBA", RGBA), "WEBP", lossless=True, exact=True), RGBA_SHOWN
    ),
    "WebP, lossy": Case(art.encoded(quarters("RGB", art.FOUR), "WEBP", quality=95), art.FOUR, LOSSY),
    "WebP, lossy with alpha": Case(art.encoded(quarters("RGBA", RGBA), "WEBP", quality=95), RGBA_SHOWN, LOSSY),
    "AVIF": Case(art.encoded(quarters("RGB", art.FOUR), "AVIF", quality=95), art.FOUR, LOSSY),
    "AVIF with alpha": Case(art.encoded(quarters("RGBA", RGBA), "AVIF", quality=95), RGBA_SHOWN, LOSSY),
    "TIFF": Case(art.encoded(quarters("RGB", art.FOUR), "TIFF"), art.FOUR),
    "TIFF, LZW": Case(art.encoded(quarters("RGB", art.FOUR), "TIFF", compression="tiff_lzw"), art.FOUR),
    "TIFF, 16-bit grey": Case(
        art.encoded(quarters("I;16", [v * 257 for v in GREYS]), "TIFF"), [grey(v) for v in GREYS]
    ),
    "TIFF, RGBA": Case(art.encoded(quarters("RGBA", RGBA), "TIFF"), RGBA_SHOWN),
    "TIFF, CMYK": Case(art.encoded(quarters("CMYK", INKS), "TIFF"), INKS_SHOWN),
    "TIFF, fax": Case(
        art.encoded(quarters("1", (0, 255, 255, 0)), "TIFF", compression="group4"),
        [grey(v) for v in (0, 255, 255, 0)],
    ),
    "GIF": Case(art.encoded(quarters("RGB", art.FOUR).quantize(4), "GIF"), art.FOUR),
    "GIF with transparency": Case(
        art.encoded(quarters("P", range(4)), "GIF", palette=PALETTE, transparency=0), FIRST_CLEAR
    ),
    "BMP": Case(art.encoded(quarters("RGB", art.FOUR), "BMP"), art.FOUR),
    "BMP, palette": Case(art.encoded(quarters("RGB", art.FOUR).quantize(4), "BMP"), art.FOUR),
    "JPEG, CMYK as Adobe writes it": Case(art.jpeg(quarters("CMYK", INKS)), INKS_SHOWN, LOSSY),
}


# What is said of 64 x 64 pixels on a card, whatever they are.
OF_ANY_SMALL_SQUARE = {"mark-clearance", "low-ppi", "distortion"}
CLEAR = [kind for kind in CASES if re.search(r"alpha|transparen|RGBA$|LA$", kind)]
TOLD = {
    **{kind: {"transparency"} for kind in CLEAR},
    **{kind: {"converted"} for kind in ("TIFF, CMYK", "JPEG, CMYK as Adobe writes it")},
    "RGBA without a transparent pixel": set[str](),
}


@pytest.mark.parametrize("kind", CASES)
def test_an_image_is_printed_in_its_colours(kind: str) -> None:
    content, expected, tolerance = CASES[kind]

    seen, result = shown(content)

    assert [art.distance(a, b) <= tolerance for a, b in zip(seen, expected, strict=True)] == [True] * 4, seen
    assert {finding.code for finding in result.findings} - OF_ANY_SMALL_SQUARE == TOLD.get(kind, set())


def test_a_cmyk_jpeg_without_adobes_marker_is_not_taken_for_an_inverted_one() -> None:
    inverted = quarters("CMYK", [tuple(255 - ink for ink in inks) for inks in INKS])
    segments = files.split_jpeg(art.jpeg(inverted))
    content = files.join_jpeg([(m, payload) for m, payload in segments if m != 0xEE])

    seen, _ = shown(content)

    assert len(content) < len(art.jpeg(inverted))
    for colour, expected in zip(seen, INKS_SHOWN, strict=True):
        assert art.distance(colour, expected) <= LOSSY


def test_a_cmyk_jpeg_is_converted_through_its_own_profile() -> None:
    inks = [(255, 0, 0, 0), (0, 255, 255, 0), (90, 90, 90, 255), (0, 0, 0, 127)]
    content = art.jpeg(quarters("CMYK", inks), icc_profile=icc.black_only_cmyk_profile())

    seen, _ = shown(content)

    # L* of 50.2 is a luminance of 0.185 (CIE 15).
    half = round(255 * icc.srgb_encoded(0.185))
    for colour, expected in zip(seen, (art.WHITE, art.WHITE, art.BLACK, grey(half)), strict=True):
        assert art.distance(colour, expected) <= LOSSY


@pytest.mark.parametrize(
    ("kind", "tolerance"), [("PNG", CONVERTED), ("TIFF", CONVERTED), ("JPEG", LOSSY), ("WEBP", LOSSY)]
)
def test_a_wide_gamut_image_is_converted_to_srgb(kind: str, tolerance: int) -> None:
    profile = icc.rgb_profile(icc.P3, 2.2)
    content = art.encoded(quarters("RGB", MUTED), kind, icc_profile=profile, quality=96)

    seen, _ = shown(content)

    for colour, sample in zip(seen, MUTED, strict=True):
        assert art.distance(colour, icc.p3_to_srgb(sample, 2.2)) <= tolerance
    assert art.distance(seen[0], MUTED[0]) > 2 * tolerance  # the profile was not merely dropped


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_a_wide_gamut_profile_holds_for_transparent_and_palette_images_too(mode: str) -> None:
    plain = quarters("RGB", MUTED)
    picture = plain.quantize(4) if mode == "P" else plain
    if mode == "RGBA":
        picture = plain.copy()
        picture.putalpha(170)
    content = art.encoded(picture, icc_profile=icc.rgb_profile(icc.P3, 2.2))

    seen, _ = shown(content)

    for colour, sample in zip(seen, MUTED, strict=True):
        expected = icc.p3_to_srgb(sample, 2.2)
        assert art.distance(colour, over_white(expected, 170) if mode == "RGBA" else expected) <= CONVERTED


@pytest.mark.parametrize("kind", ["L", "LA", "I;16"])
def test_a_grey_image_with_another_tone_curve_is_converted(kind: str) -> None:
    values = (30, 64, 128, 200)
    profile = files.iccp(icc.grey_profile(1.0))
    content = {
        "L": png(8, 0, [(v,) for v in values], chunks=[profile]),
        "LA": png(8, 4, [(v, 255) for v in values], chunks=[profile]),
        "I;16": png(16, 0, [wide([v]) for v in values], chunks=[profile]),
    }[kind]

    seen, _ = shown(content)

    for colour, value in zip(seen, values, strict=True):
        assert art.distance(colour, grey(round(255 * icc.srgb_encoded(value / 255)))) <= CONVERTED


def animated(kind: str) -> bytes:
    first, second = quarters("RGB", art.FOUR), art.solid(art.BLACK, (64, 64))
    options = {"lossless": True} if kind == "WEBP" else {}
    frames = [f.quantize(4) if kind == "GIF" else f for f in (first, second)]
    return art.encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_is_printed_and_a_finding_says_so(kind: str) -> None:
    seen, result = shown(animated(kind))

    assert [art.distance(a, b) <= EXACT for a, b in zip(seen, art.FOUR, strict=True)] == [True] * 4, seen
    (finding,) = [finding for finding in result.findings if finding.code == "frames"]
    assert finding.card == "card-000.img"
    assert "first" in finding.message


def test_the_kind_of_an_image_is_what_its_bytes_say() -> None:
    content = art.encoded(quarters("RGB", art.FOUR), "BMP")
    artwork = art.deck_of([art.source("photo.jpeg", content)])

    document = art.pdf(art.request(artwork), artwork)

    assert art.colours_of(document, art.request(artwork)) == list(art.FOUR)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("gamma", [1.0, 0.6])
def test_a_png_with_another_gamma_is_converted_to_srgb(gamma: float, interlaced: bool) -> None:
    values = (30, 64, 128, 200)
    said = [(b"gAMA", round(gamma * 100_000).to_bytes(4, "big"))]
    content = png(8, 0, [(v,) for v in values], chunks=said, interlaced=interlaced)

    seen, _ = shown(content)

    for colour, value in zip(seen, values, strict=True):
        expected = round(255 * icc.srgb_encoded((value / 255) ** (1 / gamma)))
        assert art.distance(colour, grey(expected)) <= CONVERTED


def test_a_png_that_says_srgb_keeps_its_values_whatever_its_gamma() -> None:
    chunks = [(b"sRGB", b"\0"), (b"gAMA", (100_000).to_bytes(4, "big"))]
    content = png(8, 0, [(30,), (64,), (128,), (200,)], chunks=chunks, interlaced=True)

    seen, _ = shown(content)

    assert [colour[0] for colour in seen] == [30, 64, 128, 200]


@pytest.mark.parametrize(("bits", "key"), [(2, 1), (4, 5)])
def test_grey_of_few_bits_has_its_transparent_value_over_white(bits: int, key: int) -> None:
    top = (1 << bits) - 1
    content = png(bits, 0, [(0,), (key,), (top,), (key,)], chunks=[(b"tRNS", key.to_bytes(2, "big"))])

    seen, _ = shown(content)

    assert [colour[0] for colour in seen] == [0, 255, 255, 255]
