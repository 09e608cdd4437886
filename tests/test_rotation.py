"""A quarter turn is what it would be if the image had been turned before, whatever its EXIF orientation."""

from typing import Any

import pytest
from PIL import Image, ImageChops

from cardmaker.artwork import exif
from cardmaker.artwork.decode import turned_upright
from tests import art

# Pillow turns counter-clockwise.
CLOCKWISE = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
KNOBS: dict[str, str] = {
    "fit": "cover",
    "crop": "2mm",
    "source_bleed": "1mm",
    "fill_corners": "4mm",
    "extend_edges": "0.5mm",
}


def uneven() -> Image.Image:
    picture = art.edged((280, 210), 7)
    picture.paste(art.corners(size=(140, 90)), (40, 30))
    return picture


def pages_of(content: bytes, back: bytes, **settings: Any) -> list[Image.Image]:
    artwork = art.deck_of([content], back=back)
    document = art.pdf(art.request(artwork, no_label=True, **settings), artwork)
    return [art.by_pdfium(document, page, 150) for page in (0, 1)]


def assert_alike(some: list[Image.Image], others: list[Image.Image]) -> None:
    """But for single pixels: pdfium may round the edge of a turned image otherwise, blocks of a JPEG lie elsewhere."""
    for one, other in zip(some, others, strict=True):
        difference = ImageChops.difference(one, other).convert("L")
        assert sum(difference.histogram()[24:]) / (one.width * one.height) < 0.001


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_orientations_are_the_group_of_the_squares_symmetries(orientation: int, degrees: int) -> None:
    picture = uneven()

    combined = turned_upright(picture, exif.turned(orientation, degrees))

    upright = turned_upright(picture, orientation)
    expected = upright.transpose(CLOCKWISE[degrees]) if degrees else upright
    assert combined.tobytes() == expected.tobytes()
    undone = turned_upright(upright, exif.undone(orientation))
    assert undone.tobytes() == picture.tobytes()


@pytest.mark.parametrize("degrees", CLOCKWISE)
@pytest.mark.parametrize(
    "settings", [{}, KNOBS, {"fit": "contain", "fill_corners": "3mm"}], ids=["plain", "all", "contain"]
)
def test_turning_by_the_knob_is_turning_before(degrees: int, settings: dict[str, str]) -> None:
    picture = uneven()
    before = picture.transpose(CLOCKWISE[degrees])

    turned = pages_of(art.encoded(picture), art.encoded(picture), rotate=degrees, **settings)
    expected = pages_of(art.encoded(before), art.encoded(before), **settings)

    assert_alike(turned, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_turn_comes_after_the_exif_orientation(orientation: int, kind: str) -> None:
    stored = turned_upright(uneven(), exif.undone(orientation))
    options = {"lossless": True} if kind == "WEBP" else {"quality": 97, "subsampling": 0} if kind == "JPEG" else {}
    content = art.encoded(stored, kind, exif=art.turned_exif(orientation), **options)
    upright = art.encoded(uneven(), kind, **options)

    one = pages_of(content, content, rotate=90, back_rotate=270, fill_corners="3mm")
    other = pages_of(upright, upright, rotate=90, back_rotate=270, fill_corners="3mm")

    assert_alike(one, other)


def test_a_turned_transparent_image_is_one_and_the_same_in_the_document() -> None:
    picture = uneven().convert("RGBA")
    picture.putpixel((9, 9), (1, 2, 3, 77))
    artwork = art.deck_of([picture, picture])

    document = art.pdf(art.request(artwork, overrides={"card-001": {"rotate": 90}}), artwork)

    assert [image.size for image in art.images_in(document) if 1 not in image.size] == [(280, 210)]
