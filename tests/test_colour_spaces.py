"""PNGs that name their colour space by numbers: cICP, cHRM, gAMA, and which of them counts.

Expected colours are reckoned here, through XYZ without a colour engine; tolerance 3 of 255, as for every conversion.
"""

import struct

import pytest

from tests import art, files, icc
from tests.test_decoding import CONVERTED, MUTED, grey, png, shown

Chunk = tuple[bytes, bytes]
P3_D65, BT2020, SRGB = 12, 9, 1
SRGB_CURVE, LINEAR, PQ, HLG = 13, 8, 16, 18
CHRM_P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
CHRM_SRGB = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
# BT.2020's primaries in XYZ adapted to D50 (Bradford), columns red, green, blue.
REC2020: icc.Matrix = ((0.67348, 0.16567, 0.12505), (0.27904, 0.67534, 0.04561), (-0.00193, 0.02998, 0.79686))


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> Chunk:
    return b"cICP", bytes((primaries, transfer, matrix, full))


def gama(value: float) -> Chunk:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def colours(*chunks: Chunk, samples: list[art.Colour] = MUTED) -> list[art.Colour]:
    seen, _ = shown(png(8, 2, samples, chunks=chunks))
    return seen


def through(matrix: icc.Matrix, sample: art.Colour) -> art.Colour:
    """A colour whose samples have sRGB's curve, from other primaries to sRGB's."""
    red, green, blue = (round(255 * icc.srgb_encoded(v)) for v in icc.to_linear_srgb(matrix, sample))
    return red, green, blue


def all_near(seen: list[art.Colour], expected: list[art.Colour]) -> bool:
    return all(art.distance(a, b) <= CONVERTED for a, b in zip(seen, expected, strict=True))


@pytest.mark.parametrize(("code", "matrix"), [(P3_D65, icc.P3), (BT2020, REC2020)], ids=["Display P3", "BT.2020"])
def test_primaries_named_by_cicp_are_converted(code: int, matrix: icc.Matrix) -> None:
    seen = colours(cicp(code, SRGB_CURVE))

    assert all_near(seen, [through(matrix, sample) for sample in MUTED])
    assert not all_near(seen, MUTED)


def test_a_display_p3_red_is_the_reddest_srgb() -> None:
    assert colours(cicp(P3_D65, SRGB_CURVE), samples=[(255, 0, 0)] * 4) == [(255, 0, 0)] * 4
    assert all_near(
        colours(cicp(P3_D65, SRGB_CURVE), samples=[(200, 90, 90)] * 4), [through(icc.P3, (200, 90, 90))] * 4
    )


def test_primaries_of_chrm_are_converted() -> None:
    assert all_near(colours((b"cHRM", CHRM_P3)), [through(icc.P3, sample) for sample in MUTED])


def test_chrm_and_gama_count_together() -> None:
    seen = colours((b"cHRM", CHRM_P3), gama(1 / 1.8))

    assert all_near(seen, [icc.p3_to_srgb(sample, 1.8) for sample in MUTED])


@pytest.mark.parametrize(
    "chunks",
    [
        [cicp(SRGB, SRGB_CURVE)],
        [cicp(SRGB, 1)],
        [(b"cHRM", CHRM_SRGB)],
        [(b"cHRM", CHRM_SRGB), gama(0.45455)],
        [(b"sRGB", b"\0"), (b"cHRM", CHRM_P3), gama(1.0)],
    ],
    ids=["cICP", "cICP of video", "cHRM", "cHRM and gAMA", "sRGB before all but cICP"],
)
def test_what_comes_to_srgb_stays_untouched(chunks: list[Chunk]) -> None:
    content = png(8, 2, MUTED, chunks=chunks)

    (image,) = [image for image in art.images_in(art.printed([content])) if image.size == (64, 64)]

    assert image.data == files.idat(content)


def test_cicp_comes_before_a_profile_and_a_profile_before_chrm() -> None:
    p3 = files.iccp(icc.rgb_profile(icc.P3, 2.2))

    assert all_near(colours(p3, cicp(SRGB, SRGB_CURVE)), MUTED)
    assert all_near(colours(p3, (b"cHRM", CHRM_SRGB), gama(1.0)), [icc.p3_to_srgb(s, 2.2) for s in MUTED])


@pytest.mark.parametrize(
    "chunk",
    [
        cicp(2, 2),
        cicp(P3_D65, SRGB_CURVE, matrix=1),
        cicp(255, 255),
        (b"cICP", b"\x0c"),
        (b"cHRM", bytes(32)),
        (b"cHRM", b"\xff" * 32),
        (b"cHRM", struct.pack(">8I", *[33000, 33000] * 4)),
        (b"cHRM", b"short"),
        (b"gAMA", bytes(4)),
        (b"gAMA", b"\0"),
    ],
    ids=[
        "unspecified",
        "YCbCr",
        "reserved",
        "cICP cut",
        "zeros",
        "ones",
        "one point",
        "cHRM cut",
        "no gamma",
        "gAMA cut",
    ],
)
def test_what_makes_no_sense_says_nothing(chunk: Chunk) -> None:
    assert colours(chunk) == MUTED


def test_a_linear_grey_is_encoded() -> None:
    values = (5, 30, 64, 200)
    content = png(8, 0, [(v,) for v in values], chunks=[cicp(SRGB, LINEAR)])

    seen, result = shown(content)

    assert all_near(seen, [grey(round(255 * icc.srgb_encoded(v / 255))) for v in values])
    assert "converted" in {finding.code for finding in result.findings}


def test_samples_of_the_narrow_range_are_stretched() -> None:
    values = (16, 71, 126, 235)
    content = png(8, 0, [(v,) for v in values], chunks=[cicp(SRGB, SRGB_CURVE, full=0)])

    seen, _ = shown(content)

    assert all_near(seen, [grey(round((v - 16) / 219 * 255)) for v in values])


# BT.2100's PQ signal of 0, 50 and 203 cd/m2 (of 10 000) and of 1000; HLG's of black and of its reference white.
@pytest.mark.parametrize(
    ("transfer", "signals", "light"),
    [(PQ, (0.0, 0.4403, 0.5807, 0.7518), (0.0, 50 / 203, 1.0, 1.0)), (HLG, (0.0, 0.5, 0.75, 1.0), (0, 0.3144, 1, 1))],
    ids=["PQ", "HLG"],
)
def test_of_an_image_of_high_dynamic_range_what_is_paper_white_is_white(
    transfer: int, signals: tuple[float, ...], light: tuple[float, ...]
) -> None:
    content = png(16, 0, [(round(s * 65535),) for s in signals], chunks=[cicp(BT2020, transfer)])

    seen, result = shown(content)

    assert all_near(seen, [grey(round(255 * icc.srgb_encoded(v))) for v in light])
    (told,) = [finding.message for finding in result.findings if finding.code == "converted"]
    assert "high dynamic range" in told


def test_a_grey_image_with_a_profile_for_colour_takes_its_tone_curve() -> None:
    values = (30, 64, 128, 200)
    content = png(8, 0, [(v,) for v in values], chunks=[files.iccp(icc.rgb_profile(icc.SRGB, 1.0))])

    seen, _ = shown(content)

    assert all_near(seen, [grey(round(255 * icc.srgb_encoded(v / 255))) for v in values])


@pytest.mark.parametrize("size", [1_500_000, 3_000_000])
def test_a_large_profile_or_text_does_not_stand_in_the_way(size: int) -> None:
    large = icc.rgb_profile(icc.P3, 2.2) + bytes(size)
    content = png(8, 2, MUTED, chunks=[files.iccp(large), files.ztxt(bytes(size))])

    seen, _ = shown(content)

    assert all_near(seen, [icc.p3_to_srgb(sample, 2.2) for sample in MUTED])
