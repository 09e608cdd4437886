"""The bleed that an image brings: it never shows inside the trim, and what the sheet needs of it stays."""

import pytest
from PIL import Image, ImageDraw

from cardmaker.sheet import Rect
from tests import art

DPI = 300
RING, ART = art.RED, art.BLUE
# An anti-aliased pixel at each border.
SLACK_MM = 2 * 25.4 / DPI


def ringed(size: tuple[int, int], ring: tuple[int, int]) -> Image.Image:
    """Blue art in a red ring of that many pixels to each side."""
    picture = Image.new("RGB", size, RING)
    ImageDraw.Draw(picture).rectangle((ring[0], ring[1], size[0] - ring[0] - 1, size[1] - ring[1] - 1), fill=ART)
    return picture


def reds(raster: Image.Image, rect: Rect) -> int:
    """Pixels of the ring's colour in there."""
    found = art.area(raster, DPI, rect)
    data = found.convert("RGB").tobytes()
    return sum(art.distance(data[i : i + 3], RING) < 60 for i in range(0, len(data), 3))


def inner(trim: Rect) -> Rect:
    return Rect(trim.x_mm + SLACK_MM, trim.y_mm + SLACK_MM, trim.width_mm - 2 * SLACK_MM, trim.height_mm - 2 * SLACK_MM)


# The ring is 3 mm of a 63 x 88 mm card: 30 of 690 pixels across, 22 of 690 down.
@pytest.mark.parametrize("size", [(690, 690), (690, 1390), (1390, 690)], ids=str)
@pytest.mark.parametrize("fit", ["stretch", "cover", "contain"])
def test_an_images_own_bleed_never_shows_inside_the_trim(fit: str, size: tuple[int, int]) -> None:
    ring = (round(size[0] * 3 / 69), round(size[1] * 3 / 94))
    artwork = art.deck_of([ringed(size, ring)])
    wanted = art.request(artwork, fit=fit, source_bleed="3mm")

    page = art.by_pdfium(art.pdf(wanted, artwork), dpi=DPI)

    assert reds(page, inner(wanted.sheet.slots[0].trim)) == 0


@pytest.mark.parametrize("fit", ["stretch", "cover"])
def test_what_the_sheet_needs_of_it_stays(fit: str) -> None:
    artwork = art.deck_of([ringed((690, 940), (30, 30))])
    wanted = art.request(artwork, fit=fit, source_bleed="3mm")
    trim = wanted.sheet.slots[0].trim

    page = art.by_pdfium(art.pdf(wanted, artwork), dpi=DPI)

    above = Rect(trim.x_mm, trim.y_mm - 0.5, trim.width_mm, 0.3)
    assert reds(page, above) == art.area(page, DPI, above).width * art.area(page, DPI, above).height
