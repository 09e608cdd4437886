"""Pages as three renderers show them, pdfium, poppler and Ghostscript: where the marks are, that no paper shows at a
trim, and that every back lies on its own front.

A pixel is 0.085 mm at 300 dpi and 0.042 mm at 600 dpi; marks and steps must lie within 0.1 mm. Between pixels a
renderer may round outward, so they are compared with the same tolerance.
"""

from collections.abc import Callable

import pytest
from PIL import Image, ImageChops

from cardmaker.sheet import Corner, Orientation, Rect, Sheet
from tests import art

TOLERANCE_MM = 0.1
# Ghostscript paints every pixel that ink touches, on a page rounded to whole pixels.
ROUNDED_OUTWARD_MM = 0.01
Renderer = Callable[[bytes, int, float], Image.Image]

renderers = pytest.mark.parametrize("renderer", art.RENDERERS, ids=["pdfium", "poppler", "ghostscript"])
resolutions = pytest.mark.parametrize("dpi", [300, pytest.param(600, marks=pytest.mark.slow)])


def extent(page: Image.Image, dpi: float, region: Rect) -> Rect | None:
    """The box around all dark ink in a region, in mm from the page's top-left."""
    left, top = round(region.x_mm / 25.4 * dpi), round(region.y_mm / 25.4 * dpi)
    right, bottom = round(region.right_mm / 25.4 * dpi), round(region.bottom_mm / 25.4 * dpi)
    ink = page.crop((left, top, right, bottom)).convert("L").point(lambda v: 255 if v < 128 else 0)
    box = ink.getbbox()
    if box is None:
        return None
    x0, y0, x1, y1 = (side / dpi * 25.4 for side in box)
    x, y = left / dpi * 25.4, top / dpi * 25.4
    return Rect(x + x0, y + y0, x1 - x0, y1 - y0)


def turned_to_top_left(rect: Rect, sheet: Sheet, corner: Corner) -> Rect:
    """The rectangle as it lies seen from that corner of the page."""
    x = rect.x_mm if corner.is_left else sheet.width_mm - rect.right_mm
    y = rect.y_mm if corner.is_top else sheet.height_mm - rect.bottom_mm
    return Rect(x, y, rect.width_mm, rect.height_mm)


def assert_spans(
    rect: Rect | None, x: tuple[float, float], y: tuple[float, float], tolerance_mm: float = TOLERANCE_MM
) -> None:
    assert rect is not None
    found = [rect.x_mm, rect.right_mm, rect.y_mm, rect.bottom_mm]
    assert found == pytest.approx([*x, *y], abs=tolerance_mm)


@renderers
@resolutions
@pytest.mark.parametrize(
    ("settings", "inset", "thickness", "length"),
    [
        ({"paper": "a4"}, 10, 1, 9.37),
        ({"paper": "tabloid", "mark_length": "12.34mm", "thickness": "0.5mm", "inset": "0.625in"}, 15.875, 0.5, 12.34),
        ({"paper": "a4", "variant": "borderless"}, 3.5, 1, 10.5),
    ],
    ids=["a4", "tabloid", "borderless"],
)
def test_marks_lie_within_a_tenth_of_a_millimetre(
    renderer: Renderer, dpi: int, settings: dict[str, object], inset: float, thickness: float, length: float
) -> None:
    artwork = art.deck_of([art.solid(art.RED)])
    wanted = art.request(artwork, no_label=True, skip=[0], **settings)
    sheet, half = wanted.sheet, thickness / 2
    assert sheet.marks.length_mm == pytest.approx(length, abs=0.05)

    page = renderer(art.pdf(wanted, artwork), 0, dpi)

    tolerance = TOLERANCE_MM + (ROUNDED_OUTWARD_MM if renderer is art.by_ghostscript else 0)
    reach = inset + length + 1
    # Red cards are no ink in the red channel.
    page = page.getchannel("R").convert("RGB")
    for corner in Corner:
        x = 0 if corner.is_left else sheet.width_mm - reach
        y = 0 if corner.is_top else sheet.height_mm - reach
        everything = extent(page, dpi, Rect(x, y, reach, reach))
        if corner is Corner.BOTTOM_RIGHT:
            assert everything is None
            continue
        assert everything is not None
        if corner is Corner.TOP_LEFT:
            side = (inset - half, inset + 5 + half)
            assert_spans(everything, side, side, tolerance)
            solid = Rect(side[0] + 0.1, side[0] + 0.1, 5 + 2 * half - 0.2, 5 + 2 * half - 0.2)
            assert art.ranges(art.area(page, dpi, solid))[0][1] < 10
            continue
        span = (inset - half, inset + length)
        assert_spans(turned_to_top_left(everything, sheet, corner), span, span, tolerance)
        # Each arm on its own, beyond the corner.
        away = inset + 1
        across = Rect(x if not corner.is_left else away, y, reach - away, reach)
        down = Rect(x, y if not corner.is_top else away, reach, reach - away)
        stroke = (inset - half, inset + half)
        for arm, spans in ((across, ((away, inset + length), stroke)), (down, (stroke, (away, inset + length)))):
            found = extent(page, dpi, arm)
            assert found is not None
            assert_spans(turned_to_top_left(found, sheet, corner), *spans, tolerance)


# -- the trim --

ODD_SIZES = [(745, 1041), (333, 467), (999, 1399), (61, 89), (1500, 2100), (640, 641), (747, 1040), (501, 703)]


def dark_deck() -> list[bytes]:
    """Full art, darker than 60, as JPEG and PNG, grey and turned, of sizes that no raster divides evenly."""
    cards = [art.dark(size, seed) for seed, size in enumerate(ODD_SIZES)]
    turned = art.turned_exif(6)
    return [
        art.jpeg(cards[0], quality=97),
        art.encoded(cards[1]),
        art.encoded(cards[2].convert("L")),
        art.encoded(cards[3]),
        art.jpeg(cards[4].convert("L"), quality=97),
        art.encoded(cards[5].convert("RGBA"), "WEBP", quality=97),
        art.jpeg(cards[6].transpose(Image.Transpose.ROTATE_90), quality=97, exif=turned),
        art.encoded(cards[7].quantize(64)),
    ]


KNOBS: dict[str, dict[str, object]] = {
    "as it is": {},
    "cover": {"fit": "cover"},
    "crop": {"crop": "2mm"},
    "cover and crop": {"fit": "cover", "crop": "1.3mm"},
    "own bleed": {"source_bleed": "3.048mm"},
    "a little bleed of its own": {"source_bleed": "0.3mm"},
    "own bleed and crop": {"source_bleed": "3.048mm", "crop": "1mm"},
}


DARK_DECK = dark_deck()
# Eight cards of 63 x 88 mm, and for the finer raster four.
FULL, SMALL = "letter", "230mmx165mm"


@renderers
@pytest.mark.parametrize(
    ("paper", "dpi", "knobs"),
    [
        *((FULL, 300, knobs) for knobs in KNOBS),
        *((SMALL, 600, knobs) for knobs in ("as it is", "cover and crop", "own bleed")),
    ],
)
@pytest.mark.slow
def test_no_paper_shows_at_the_trim_of_a_dark_card_or_between_neighbours(
    renderer: Renderer, paper: str, dpi: int, knobs: str
) -> None:
    artwork = art.deck_of(DARK_DECK)
    wanted = art.request(artwork, paper=paper, no_label=True, **KNOBS[knobs])
    first, last = wanted.sheet.slots[0].trim, wanted.sheet.slots[-1].trim
    bleed = 0.5
    inked = Rect(
        first.x_mm - bleed,
        first.y_mm - bleed,
        last.right_mm - first.x_mm + 2 * bleed,
        last.bottom_mm - first.y_mm + 2 * bleed,
    )

    page = renderer(art.pdf(wanted, artwork), 0, dpi)

    assert len(wanted.sheet.slots) == (8 if paper == FULL else 4)
    lightest = max(high for _, high in art.ranges(art.area(page, dpi, inked)))
    assert lightest < 75


@renderers
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.slow
def test_bright_and_changing_edges_go_on_beyond_the_trim_in_their_own_colours(renderer: Renderer, kind: str) -> None:
    blocks, size = 6, (744, 1044)
    card = art.edged(size, blocks)
    artwork = art.deck_of([art.jpeg(card, quality=97) if kind == "JPEG" else card] * 8)
    wanted, dpi = art.request(artwork, no_label=True), 300

    page = renderer(art.pdf(wanted, artwork), 0, dpi)

    for slot in wanted.sheet.slots:
        trim = slot.trim
        for i in range(blocks):
            along_x = trim.x_mm + (i + 0.5) / blocks * trim.width_mm
            along_y = trim.y_mm + (i + 0.5) / blocks * trim.height_mm
            for out in (-0.3, -0.1, 0, 0.1, 0.3, 0.5):  # mm from the trim, outward
                for (x, y), block in (
                    ((along_x, trim.y_mm - out), (i, 0)),
                    ((along_x, trim.bottom_mm + out), (i, blocks - 1)),
                    ((trim.x_mm - out, along_y), (0, i)),
                    ((trim.right_mm + out, along_y), (blocks - 1, i)),
                ):
                    seen = art.colour_at(page, dpi, x, y)
                    assert art.distance(seen, art.edge_colour(*block)) <= 12, (slot.index, block, out)


@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.slow
def test_the_renderers_put_cards_and_their_content_in_the_same_place(dpi: int) -> None:
    at = (0.1, 0.35, 0.9)
    artwork = art.deck_of([art.steps(at, at, (745, 1041))] * 4)
    wanted = art.request(artwork, paper=SMALL, no_label=True)
    document = art.pdf(wanted, artwork)

    rasters = [render(document, 0, dpi) for render in art.RENDERERS]

    for raster in rasters:
        assert raster.size == pytest.approx(rasters[0].size, abs=1)
    for slot in (wanted.sheet.slots[0], wanted.sheet.slots[-1]):
        trim = slot.trim
        row, column = round((trim.y_mm + 44) / 25.4 * dpi), round((trim.x_mm + 31.5) / 25.4 * dpi)
        for raster in rasters:
            red = raster.getchannel("R").crop((0, row, raster.width, row + 1))
            green = raster.getchannel("G").crop((column, 0, column + 1, raster.height))
            across = [x for x in art.crossings(red, dpi) if trim.x_mm + 1 < x < trim.right_mm - 1]
            down = [y for y in art.crossings(green, dpi) if trim.y_mm + 1 < y < trim.bottom_mm - 1]
            steps_x = [trim.x_mm + round(share * 745) / 745 * 63 for share in at]
            steps_y = [trim.y_mm + round(share * 1041) / 1041 * 88 for share in at]
            assert across == pytest.approx(steps_x, abs=TOLERANCE_MM)
            assert down == pytest.approx(steps_y, abs=TOLERANCE_MM)


@renderers
@pytest.mark.parametrize(
    "settings",
    [
        {"paper": "letter"},
        {"paper": "tabloid"},
        {"paper": "a4", "variant": "borderless"},
        {"paper": "a4", "marks": "four"},
        {"paper": "letter", "registration_orientation": "portrait"},
    ],
    ids=str,
)
def test_quiet_zones_hold_no_ink_but_the_marks(renderer: Renderer, settings: dict[str, object]) -> None:
    artwork, one = art.deck_of([art.solid(art.BLUE)] * 30), art.deck_of([art.solid(art.BLUE)])
    busy = art.request(artwork, outline=True, label="words " * 30, **settings)
    others = [slot.index for slot in busy.sheet.slots if slot.index != len(busy.sheet.slots) // 2]
    bare = art.request(one, no_label=True, skip=others, **settings)

    page, reference = (renderer(art.pdf(*pair), 0, 150) for pair in ((busy, artwork), (bare, one)))

    assert busy.sheet.marks.drawn
    for mark in busy.sheet.marks.drawn:
        zone = busy.sheet.quiet_zone(mark.corner)
        difference = ImageChops.difference(art.area(page, 150, zone), art.area(reference, 150, zone))
        assert difference.getbbox() is None, mark


# -- duplex --

FRONT_QUARTERS = art.FOUR
BACK_QUARTERS = ((250, 120, 10), (10, 120, 250), (120, 250, 10), (120, 10, 250))


def middle(number: int) -> art.Colour:
    """A colour that tells cards apart."""
    return 10 + 37 * number % 220, 10 + 91 * number % 230, 10 + 53 * number % 210


def through_the_paper(back: Image.Image, sheet: Sheet, flip: str) -> Image.Image:
    """The back as it lies behind the front, seen through the paper: turned over the top edge when that is the edge
    named by the flip, else over the side."""
    top_is_long = sheet.orientation is Orientation.LANDSCAPE
    over_top = top_is_long == (flip == "long")
    return back.transpose(Image.Transpose.FLIP_TOP_BOTTOM if over_top else Image.Transpose.FLIP_LEFT_RIGHT)


def quarters_at(page: Image.Image, dpi: float, trim: Rect) -> tuple[art.Colour, ...]:
    return tuple(art.on_card(page, dpi, trim, u, v) for v in (0.1, 0.9) for u in (0.1, 0.9))


def card_at(page: Image.Image, dpi: float, trim: Rect) -> int | None:
    seen = art.on_card(page, dpi, trim, 0.5, 0.5)
    return next((n for n in range(40) if art.distance(seen, middle(n)) <= 2), None)


@pytest.mark.parametrize("paper", ["letter", "tabloid"])
@pytest.mark.parametrize("flip", ["long", "short"])
@pytest.mark.parametrize(
    ("count", "settings", "without_back"),
    [
        (16, {}, ()),
        (21, {}, ()),
        (19, {"skip": [4, 0]}, ()),
        (16, {"skip": "3"}, (2, 9)),
        (11, {"fit": "cover", "crop": "2mm"}, (0,)),
    ],
    ids=["full", "partial last page", "skipped slots", "skipped and missing", "missing on a partial page"],
)
def test_every_back_lies_on_its_own_front_the_same_way_up(
    paper: str, flip: str, count: int, settings: dict[str, object], without_back: tuple[int, ...]
) -> None:
    fronts = [art.corners(FRONT_QUARTERS, middle(n)) for n in range(count)]
    backs = {n: art.corners(BACK_QUARTERS, middle(n)) for n in range(count) if n not in without_back}
    artwork = art.deck_of(fronts, backs=backs)
    wanted = art.request(artwork, paper=paper, flip=flip, **settings)
    document, dpi = art.pdf(wanted, artwork), 72

    found: list[int] = []
    for sheet_number in range(len(art.texts(document)) // 2):
        front = art.by_pdfium(document, 2 * sheet_number, dpi)
        behind = through_the_paper(art.by_pdfium(document, 2 * sheet_number + 1, dpi), wanted.sheet, flip)
        for slot in wanted.sheet.slots:
            number = card_at(front, dpi, slot.trim)
            seen = quarters_at(behind, dpi, slot.trim)
            if number is None or number in without_back:
                assert set(seen) == {art.WHITE}
            else:
                assert card_at(behind, dpi, slot.trim) == number
                # Behind the front's top-left lies the back's top-right.
                top_left, top_right, bottom_left, bottom_right = BACK_QUARTERS
                assert seen == (top_right, top_left, bottom_right, bottom_left)
            if number is not None:
                assert quarters_at(front, dpi, slot.trim) == FRONT_QUARTERS
                found.append(number)
    assert found == list(range(count))


@pytest.mark.parametrize("paper", ["letter", "tabloid"])
def test_the_marks_of_front_and_back_are_seen_alike_from_either_side(paper: str) -> None:
    artwork = art.deck_of([art.solid(art.RED)], back=art.solid(art.RED))
    wanted = art.request(artwork, paper=paper, no_label=True, skip=[0])

    document = art.pdf(wanted, artwork)

    zone = wanted.sheet.quiet_zone(Corner.TOP_LEFT)
    for render in art.RENDERERS:
        front, back = (art.area(render(document, page, 150), 150, zone) for page in (0, 1))
        assert ImageChops.difference(front, back).getbbox() is None
