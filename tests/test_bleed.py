"""Where an image lies on its card, and what lies beyond the trim.

Steps of a ruler are found on rasters of 600 dpi (a pixel is 0.042 mm) by interpolation, and must lie within 0.05 mm.
Colours of bleed are compared exactly for lossless images (rounding of 2), and within 10 for JPEG, whose strips hold
half the samples of the edge in six bits.
"""

import pytest
from PIL import Image

from cardmaker.sheet import Rect
from cardmaker.spec import RenderRequest
from tests import art

DPI, TOLERANCE_MM = 600, 0.05
CARD = (63.0, 88.0)
AT = (0.15, 0.3, 0.52, 0.7, 0.85)


def measured(image: Image.Image, **settings: object) -> tuple[list[float], list[float]]:
    """The ruler's steps on the first card, across and down, in mm from the trim's top-left."""
    artwork = art.deck_of([image])
    wanted = art.request(artwork, **settings)
    trim = wanted.sheet.slots[0].trim
    page = art.by_pdfium(art.pdf(wanted, artwork), dpi=DPI)
    red, green, _ = page.split()
    x, y = round((trim.x_mm + 1) / 25.4 * DPI), round((trim.y_mm + 1) / 25.4 * DPI)
    right, bottom = round((trim.right_mm - 1) / 25.4 * DPI), round((trim.bottom_mm - 1) / 25.4 * DPI)
    middle_x, middle_y = (x + right) // 2, (y + bottom) // 2
    across = art.crossings(red.crop((x, middle_y, right, middle_y + 1)), DPI)
    down = art.crossings(green.crop((middle_x, y, middle_x + 1, bottom)), DPI)
    return (
        [x / DPI * 25.4 - trim.x_mm + step for step in across],
        [y / DPI * 25.4 - trim.y_mm + step for step in down],
    )


def assert_near(found: list[float], expected: list[float]) -> None:
    assert len(found) == len(expected), (found, expected)
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= TOLERANCE_MM, (found, expected)


def centred(side: float, shown: float) -> list[float]:
    """Steps of an image that is `shown` mm long, centred on a side, as far as they are measured."""
    places = [side / 2 + (at - 0.5) * shown for at in AT]
    return [place for place in places if 1 < place < side - 1]


def test_stretch_takes_each_axis_on_its_own_to_the_trim() -> None:
    across, down = measured(art.steps(AT, AT, (1400, 1000)))

    assert_near(across, centred(63, 63))
    assert_near(down, centred(88, 88))


@pytest.mark.parametrize("size", [(1400, 1000), (1000, 2000)])
def test_cover_keeps_the_aspect_and_cuts_what_overhangs(size: tuple[int, int]) -> None:
    across, down = measured(art.steps(AT, AT, size), fit="cover")

    scale = max(63 / size[0], 88 / size[1])
    assert_near(across, centred(63, size[0] * scale))
    assert_near(down, centred(88, size[1] * scale))


@pytest.mark.parametrize("size", [(1400, 1000), (1000, 2000)])
def test_contain_keeps_the_aspect_and_shows_the_whole_image_on_white(size: tuple[int, int]) -> None:
    scale = min(63 / size[0], 88 / size[1])
    width, height = size[0] * scale, size[1] * scale
    artwork = art.deck_of([art.steps(AT, AT, size)])
    wanted = art.request(artwork, fit="contain")
    trim = wanted.sheet.slots[0].trim

    across, down = measured(art.steps(AT, AT, size), fit="contain")
    page = art.by_pdfium(art.pdf(wanted, artwork), dpi=300)

    # Where the image ends and the white begins there may be one more step.
    assert_near([a for a in across if abs(a - 31.5) < width / 2 - 1], centred(63, width))
    assert_near([d for d in down if abs(d - 44) < height / 2 - 1], centred(88, height))
    pad_x, pad_y = (63 - width) / 2 - 0.1, (88 - height) / 2 - 0.1
    for pad in (
        Rect(trim.x_mm - 1, trim.y_mm, 1 + pad_x, 88) if pad_x > 0 else Rect(trim.x_mm, trim.y_mm - 1, 63, 1 + pad_y),
        Rect(trim.right_mm - pad_x, trim.y_mm, pad_x, 88)
        if pad_x > 0
        else Rect(trim.x_mm, trim.bottom_mm - pad_y, 63, pad_y),
    ):
        assert art.area(page, 300, pad).getextrema() == ((255, 255),) * 3


def test_crop_takes_a_share_of_the_cards_own_size_off_each_edge() -> None:
    across, down = measured(art.steps(AT, AT, (1260, 1760)), crop="3mm")

    assert_near(across, centred(63, 63 * 63 / (63 - 6)))
    assert_near(down, centred(88, 88 * 88 / (88 - 6)))


def test_source_bleed_puts_the_images_trim_on_the_cards() -> None:
    across, down = measured(art.steps(AT, AT, (1380, 1880)), source_bleed="0.12in")

    assert_near(across, centred(63, 63 + 2 * 3.048))
    assert_near(down, centred(88, 88 + 2 * 3.048))


def test_crop_counts_from_the_trim_when_the_image_has_a_bleed_of_its_own() -> None:
    across, down = measured(art.steps(AT, AT, (1380, 1880)), source_bleed="3mm", crop="2mm")

    assert_near(across, centred(63, (63 + 6) * 63 / (63 - 4)))
    assert_near(down, centred(88, (88 + 6) * 88 / (88 - 4)))


def test_three_millimetres_of_crop_and_the_usual_source_bleed_keep_exactly_the_trim() -> None:
    # A card of 63 x 88 mm in 3.048 mm of bleed, 20 pixels to the millimetre, ruled from its trim.
    whole, ruled = (63 + 6.096, 88 + 6.096), (5.0, 10.0, 31.5, 44.0, 60.0)
    across_at = [(3.048 + mm) / whole[0] for mm in ruled if mm < 63]
    down_at = [(3.048 + mm) / whole[1] for mm in (*ruled, 80.0)]
    image = art.steps(across_at, down_at, (round(whole[0] * 20), round(whole[1] * 20)))

    kept = measured(image, source_bleed="3.048mm")
    cropped = measured(image, source_bleed="3.048mm", crop="3mm")

    assert_near(kept[0], [mm for mm in ruled if mm < 62])
    assert_near(kept[1], [*ruled, 80.0])
    assert_near(cropped[0], [(mm - 3) * 63 / (63 - 6) for mm in ruled if mm < 60])
    assert_near(cropped[1], [(mm - 3) * 88 / (88 - 6) for mm in (*ruled, 80.0)])


def test_cover_fits_what_crop_has_left() -> None:
    across, down = measured(art.steps(AT, AT, (1000, 1000)), fit="cover", crop="6.3mm")

    # Left are 80 % of the width and 85.7 % of the height: the height decides.
    shown = 88 / (1 - 2 * 6.3 / 88)
    assert max(shown * (1 - 2 * 6.3 / 63), 88) >= 63
    assert_near(across, centred(63, shown))
    assert_near(down, centred(88, shown))


# -- beyond the trim --


def page_of(image: bytes | Image.Image, **settings: object) -> tuple[Image.Image, RenderRequest]:
    artwork = art.deck_of([image])
    wanted = art.request(artwork, **settings)
    return art.by_pdfium(art.pdf(wanted, artwork), dpi=300), wanted


def framed(frame: art.Colour, inside: art.Colour, share: tuple[float, float], scale: int = 20) -> Image.Image:
    """A card whose outer share of each axis is a frame."""
    width, height = round(CARD[0] * scale), round(CARD[1] * scale)
    card = art.solid(frame, (width, height))
    x, y = round(share[0] * width), round(share[1] * height)
    card.paste(inside, (x, y, width - x, height - y))
    return card


def beyond(trim: Rect, out: float) -> list[tuple[float, float]]:
    """Points that far outside each side's middle and each corner."""
    xs = (trim.x_mm - out, trim.x_mm + trim.width_mm / 2, trim.right_mm + out)
    ys = (trim.y_mm - out, trim.y_mm + trim.height_mm / 2, trim.bottom_mm + out)
    return [(x, y) for x in xs for y in ys if not (x == xs[1] and y == ys[1])]


@pytest.mark.parametrize(("kind", "tolerance"), [("PNG", 2), ("JPEG", 10)])
@pytest.mark.parametrize("out", [0.15, 0.5])
def test_bleed_has_the_colour_of_the_edge_it_continues(kind: str, tolerance: int, out: float) -> None:
    blocks = 6
    content = art.encoded(art.edged((504, 704), blocks), kind, quality=97, subsampling=0)

    page, wanted = page_of(content)

    trim = wanted.sheet.slots[0].trim
    ends = {0: -out, blocks - 1: out}
    for x in range(blocks):
        for y in range(blocks):
            if x in ends or y in ends:
                # A corner's colour goes on past the corner; elsewhere the edge's goes straight outward.
                px = trim.x_mm + (x + 0.5) * trim.width_mm / blocks
                py = trim.y_mm + (y + 0.5) * trim.height_mm / blocks
                past_x = trim.x_mm - out if x == 0 else trim.right_mm + out if x == blocks - 1 else px
                past_y = trim.y_mm - out if y == 0 else trim.bottom_mm + out if y == blocks - 1 else py
                assert art.distance(art.colour_at(page, 300, past_x, past_y), art.edge_colour(x, y)) <= tolerance


@pytest.mark.parametrize(("bleed", "last_ink", "first_white"), [("0.3mm", 0.22, 0.45), ("0.625mm", 0.54, 0.78)])
def test_bleed_reaches_as_far_as_it_is_asked_to(bleed: str, last_ink: float, first_white: float) -> None:
    page, wanted = page_of(art.solid(art.BLUE), bleed=bleed)

    trim = wanted.sheet.slots[0].trim
    for point in beyond(trim, last_ink):
        assert art.distance(art.colour_at(page, 300, *point), art.BLUE) <= 2
    for point in beyond(trim, first_white):
        assert art.colour_at(page, 300, *point) == art.WHITE


def test_no_bleed_ends_at_the_trim() -> None:
    page, wanted = page_of(art.solid(art.BLUE), bleed="0mm")

    for point in beyond(wanted.sheet.slots[0].trim, 0.12):
        assert art.colour_at(page, 300, *point) == art.WHITE


def test_an_images_own_bleed_is_kept_as_real_bleed() -> None:
    own = 3 / (63 + 6), 3 / (88 + 6)
    page, wanted = page_of(framed(art.GREEN, art.BLUE, own), source_bleed="3mm")

    trim = wanted.sheet.slots[0].trim
    assert {art.colour_at(page, 300, *point) for point in beyond(trim, 0.3)} == {art.GREEN}
    assert {art.colour_at(page, 300, *point) for point in beyond(trim, -0.3)} == {art.BLUE}


def test_what_cover_overhangs_becomes_real_bleed_and_the_other_axis_is_continued() -> None:
    # 126 x 88 mm on a 63 x 88 mm card: half the width overhangs, a quarter on each side.
    image = art.solid(art.GREEN, (1260, 880))
    image.paste(art.BLUE, (315, 0, 945, 880))

    page, wanted = page_of(image, fit="cover")

    trim = wanted.sheet.slots[0].trim
    for x, colour in ((trim.x_mm - 0.3, art.GREEN), (trim.x_mm + 0.3, art.BLUE), (trim.right_mm + 0.3, art.GREEN)):
        for y in (trim.y_mm - 0.3, trim.y_mm + 0.3, trim.y_mm + 44, trim.bottom_mm + 0.3):
            assert art.distance(art.colour_at(page, 300, x, y), colour) <= 2, (x, y)


@pytest.mark.parametrize("knobs", [{}, {"fit": "cover"}, {"source_bleed": "1mm"}], ids=["alone", "cover", "own bleed"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_crop_removed_never_comes_back_as_bleed(knobs: dict[str, str], kind: str) -> None:
    own = 1.0 if "source_bleed" in knobs else 0.0
    # The frame is a tenth of a millimetre thinner than what is cropped, for readers blend pixels that touch.
    share = tuple((own + 2.9) / (side + 2 * own) for side in CARD)
    content = art.encoded(framed(art.RED, art.BLUE, (share[0], share[1])), kind, quality=97, subsampling=0)

    page, wanted = page_of(content, crop="3mm", **knobs)

    trim = wanted.sheet.slots[0].trim
    around = art.area(page, 300, Rect(trim.x_mm - 0.55, trim.y_mm - 0.55, trim.width_mm + 1.1, trim.height_mm + 1.1))
    (_, most_red), _, (least_blue, _) = art.ranges(around)
    assert most_red < art.BLUE[0] + 40
    assert least_blue > art.BLUE[2] - 60


@pytest.mark.slow
def test_synthetic_bleed_adds_little_to_a_deck_of_photographs() -> None:
    photos = [art.jpeg(art.photo((745, 1040), seed), quality=82, subsampling=2) for seed in range(8)]
    half, whole = sum(map(len, photos[:4])), sum(map(len, photos))

    first, second = art.printed(photos[:4]), art.printed(photos)

    assert 150_000 < whole / len(photos) < 300_000
    assert (len(second) - len(first)) / (whole - half) <= 1.03
    assert len(first) <= 1.03 * half + 40_000  # font, profile and tables stand there once


def test_strips_of_a_lossless_image_hold_its_very_edge() -> None:
    image = art.photo((250, 350))

    strips = [each.pixels for each in art.images_in(art.printed([image])) if each.size[1] == 1]

    edges = [(0, 0, 250, 1), (0, 349, 250, 350), (0, 0, 1, 350), (249, 0, 250, 350)]
    assert {strip.tobytes() for strip in strips} == {image.crop(box).tobytes() for box in edges}
