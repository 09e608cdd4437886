"""The bleed that an image brings: it never shows inside the trim, and what the sheet needs of it stays."""

import io
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cardmaker.artwork import source_bleed
from cardmaker.finding import summarised
from cardmaker.render import render
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


# -- found by the aspect --


@pytest.mark.parametrize(
    ("size", "card", "bleed"),
    [
        ((822, 1122), (63.0, 88.0), 3.048),
        ((1644, 2244), (63.5, 88.9), 3.048),
        ((816, 1110), (63.0, 88.0), 3.048),
        ((1122, 822), (88.0, 63.0), 3.048),
        ((745, 1040), (63.0, 88.0), 0.0),
        ((750, 1050), (63.5, 88.9), 0.0),
        ((750, 1050), (63.0, 88.0), 0.0),  # another card's shape is no bleed
        ((822, 1122), (59.0, 86.0), 0.0),
        ((1040, 745), (63.0, 88.0), 0.0),
        ((1000, 1000), (63.0, 88.0), 0.0),
        ((1000, 1000), (70.0, 70.0), 0.0),  # a square stays one with bleed
    ],
)
def test_the_aspect_tells_an_image_with_the_usual_bleed_from_a_card(
    size: tuple[int, int], card: tuple[float, float], bleed: float
) -> None:
    assert source_bleed.detect(*size, *card).bleed_mm == bleed


@given(
    st.floats(20, 130),
    st.floats(20, 130),
    st.floats(4, 60),
    st.booleans(),
)
def test_a_card_and_a_card_with_the_usual_bleed_are_each_known_by_their_pixels(
    width: float, height: float, per_mm: float, bled: bool
) -> None:
    extra = 2 * source_bleed.USUAL_MM if bled else 0.0
    size = round((width + extra) * per_mm), round((height + extra) * per_mm)
    card, larger = width / height, (width + 2 * source_bleed.USUAL_MM) / (height + 2 * source_bleed.USUAL_MM)
    # As far as whole pixels can say it.
    assume(abs(math.log(larger / card)) > max(0.006, 2.5 / min(size)))

    found = source_bleed.detect(*size, width, height)

    assert found.bleed_mm == (source_bleed.USUAL_MM if bled else 0.0)
    assert f"{size[0]} x {size[1]} pixels" in found.reason


def test_auto_treats_each_image_by_its_own_aspect_and_says_why() -> None:
    with_ring, without = ringed((822, 1122), (36, 36)), ringed((745, 1040), (0, 0))
    artwork = art.deck_of([with_ring, ringed((822, 1122), (37, 37)), without])
    wanted = art.request(artwork, source_bleed="auto")
    given = art.request(artwork, overrides={f"card-00{i}": {"source_bleed": "3.048mm"} for i in (0, 1)})
    sink = io.BytesIO()

    result = render(wanted, artwork.images, sink)

    one, other = art.by_pdfium(sink.getvalue(), dpi=DPI), art.by_pdfium(art.pdf(given, artwork), dpi=DPI)
    assert one.tobytes() == other.tobytes()
    assert reds(one, inner(wanted.sheet.slots[0].trim)) == 0
    first, second, plain = [finding for finding in result.findings if finding.code == "source-bleed"]
    for finding in (first, second):
        assert "is taken to carry 3.048 mm of bleed" in finding.message
        assert finding.message.endswith("822 x 1122 pixels are nearer to 69.1 x 94.1 mm than to 63 x 88 mm")
        assert finding.value == 3.048
    assert plain.message.startswith('"card-002.img" is taken to carry no bleed: 745 x 1040 pixels')
    assert plain.value == 0


def test_what_many_images_have_in_common_is_told_once_to_people() -> None:
    artwork = art.deck_of([art.solid((i, 0, 0)) for i in range(5)])

    result = render(art.request(artwork, source_bleed="auto"), artwork.images, io.BytesIO())

    (finding,) = [finding for finding in summarised(result.findings) if finding.code == "source-bleed"]
    assert finding.message.startswith("5 images are taken to carry no bleed")


def test_an_image_that_is_turned_is_judged_as_it_is_shown() -> None:
    lying = ringed((1122, 822), (36, 36))
    artwork = art.deck_of([lying])
    wanted = art.request(artwork, source_bleed="auto", rotate=90)

    page = art.by_pdfium(art.pdf(wanted, artwork), dpi=DPI)

    trim = wanted.sheet.slots[0].trim
    assert reds(page, inner(trim)) == 0
    assert reds(page, Rect(trim.x_mm, trim.y_mm - 0.5, trim.width_mm, 0.3)) > 0
