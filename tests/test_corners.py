"""Round corners and odd edges of the artwork, filled from the pixels inside.

Art is dark (every sample below 60) and what is to go is white, so that one light pixel betrays it. JPEG adds ringing
beside a white edge, hence the limit of 110.
"""

import io
import itertools
import math
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from cardmaker.artwork import corners
from cardmaker.artwork.placement import lay_out
from cardmaker.preview import picture
from cardmaker.sheet import Rect
from tests import art, files

RADIUS_MM = 3.5
SIZE = (745, 1040)
PX_PER_MM = 745 / 63
DARKEST_LIGHT = 110


def mask(size: tuple[int, int], margin: int, radius_mm: float = RADIUS_MM) -> Image.Image:
    """255 inside a card with round corners that lies so many pixels inside the image."""
    wide = Image.new("L", (size[0] * 4, size[1] * 4))
    box = (4 * margin, 4 * margin, 4 * (size[0] - margin) - 1, 4 * (size[1] - margin) - 1)
    ImageDraw.Draw(wide).rounded_rectangle(box, radius_mm * PX_PER_MM * 4, fill=255)
    return wide.resize(size, Image.Resampling.BOX)


def rounded(kind: str, margin: int = 0) -> bytes:
    """Dark art with round corners, white or transparent beyond them; with `margin`, dark bleed goes on around it, but
    not at the corners."""
    size = SIZE[0] + 2 * margin, SIZE[1] + 2 * margin
    inside = mask(size, margin)
    if margin:
        corner = int(RADIUS_MM * PX_PER_MM) - 1 + margin
        inside.paste(255, (corner, 0, size[0] - corner, margin))
        inside.paste(255, (corner, size[1] - margin, size[0] - corner, size[1]))
        inside.paste(255, (0, corner, margin, size[1] - corner))
        inside.paste(255, (size[0] - margin, corner, size[0], size[1] - corner))
    picture = art.dark(size)
    if kind == "alpha":
        picture.putalpha(inside)
        return art.encoded(picture)
    white = Image.composite(picture, art.solid(art.WHITE, size), inside)
    return art.encoded(white) if kind == "PNG" else art.jpeg(white, quality=88, subsampling=2)


def lightest(page: Image.Image, dpi: float, rect: Rect) -> int:
    return max(high for _, high in art.ranges(art.area(page, dpi, rect)))


def around(trim: Rect, by: float) -> Rect:
    return Rect(trim.x_mm - by, trim.y_mm - by, trim.width_mm + 2 * by, trim.height_mm + 2 * by)


def page_of(
    content: art.Picture, renderer: object = art.by_pdfium, dpi: float = 300, **settings: object
) -> Image.Image:
    artwork = art.deck_of([content])
    assert callable(renderer)
    shown: Image.Image = renderer(art.pdf(art.request(artwork, **settings), artwork), dpi=dpi)
    return shown


TRIM = art.request(art.deck_of([art.solid(art.BLUE)])).sheet.slots[0].trim


@pytest.mark.parametrize("renderer", [art.by_pdfium, art.by_poppler])
@pytest.mark.parametrize("margin", [0, 36], ids=["alone", "own bleed"])
@pytest.mark.parametrize("kind", ["PNG", "alpha", "JPEG"])
def test_filled_corners_leave_no_light_pixel_on_the_card_nor_in_its_bleed(
    kind: str, margin: int, renderer: object
) -> None:
    content = rounded(kind, margin)
    own: dict[str, Any] = {"source_bleed": f"{margin / PX_PER_MM}mm"}

    unfilled = page_of(content, renderer, **own)
    filled = page_of(content, renderer, fill_corners="3.5mm", **own)

    assert lightest(unfilled, 300, around(TRIM, 0)) > 230
    assert lightest(filled, 300, around(TRIM, 0.55)) < DARKEST_LIGHT


# Ghostscript paints a pixel that a clip touches with what lies at its middle: one of 0.25 mm may reach beyond an arc.
WHERE = [
    *((renderer, dpi) for renderer in (art.by_pdfium, art.by_poppler) for dpi in (100, 150, 600)),
    *((art.by_ghostscript, dpi) for dpi in (300, 600)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("renderer", "dpi"), WHERE)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_they_leave_none_at_any_resolution_in_any_renderer(renderer: object, kind: str, dpi: float) -> None:
    filled = page_of(rounded(kind), renderer, dpi, fill_corners="3.5mm")

    assert lightest(filled, dpi, around(TRIM, 0.4)) < DARKEST_LIGHT


SECTORS = 6


def sectored(centre: tuple[float, float], outward: tuple[int, int]) -> Image.Image:
    """A picture whose colour depends on the angle around a corner's centre alone; white where it is farther than the
    radius."""
    picture = art.solid((100, 100, 100), SIZE)
    columns, rows = (
        range(math.floor(middle), size) if towards > 0 else range(math.ceil(middle))
        for middle, size, towards in zip(centre, SIZE, outward, strict=True)
    )
    for y, x in itertools.product(rows, columns):
        dx, dy = (x + 0.5 - centre[0]) * outward[0], (y + 0.5 - centre[1]) * outward[1]
        if dx < 0 or dy < 0:
            continue
        sector = min(SECTORS - 1, int(math.atan2(dy, dx) / (math.pi / 2) * SECTORS))
        is_inside = math.hypot(dx, dy) < RADIUS_MM * PX_PER_MM
        picture.putpixel((x, y), art.edge_colour(sector, sector) if is_inside else art.WHITE)
    return picture


@pytest.mark.parametrize("outward", [(-1, -1), (1, -1), (1, 1), (-1, 1)], ids=["tl", "tr", "br", "bl"])
def test_beyond_the_arc_lies_the_colour_that_the_arc_has_at_the_same_angle(outward: tuple[int, int]) -> None:
    per_mm_y = SIZE[1] / 88
    radius_px = RADIUS_MM * PX_PER_MM
    centre = (
        radius_px if outward[0] < 0 else SIZE[0] - radius_px,
        RADIUS_MM * per_mm_y if outward[1] < 0 else SIZE[1] - RADIUS_MM * per_mm_y,
    )
    page = page_of(sectored(centre, outward), fill_corners="3.5mm")

    centre_x = TRIM.x_mm + RADIUS_MM if outward[0] < 0 else TRIM.right_mm - RADIUS_MM
    centre_y = TRIM.y_mm + RADIUS_MM if outward[1] < 0 else TRIM.bottom_mm - RADIUS_MM
    seen = []
    for sector in range(SECTORS):
        angle = (sector + 0.5) / SECTORS * math.pi / 2
        for distance in (RADIUS_MM + 0.1, RADIUS_MM + 0.4, RADIUS_MM + 0.6):
            x = centre_x + outward[0] * distance * math.cos(angle)
            y = centre_y + outward[1] * distance * math.sin(angle)
            seen.append(art.distance(art.colour_at(page, 300, x, y), art.edge_colour(sector, sector)))
    assert max(seen) <= 2, seen


def test_what_lies_inside_the_arcs_stays_as_it_is() -> None:
    content = art.encoded(art.edged(SIZE, 40))

    before, after = page_of(content), page_of(content, fill_corners="3.5mm")

    difference = ImageChops.difference(art.area(before, 300, TRIM), art.area(after, 300, TRIM))
    inside = mask(difference.size, 4).point(lambda v: 255 if v == 255 else 0)  # 0.3 mm inside the arcs
    changed_inside = Image.composite(difference, Image.new("RGB", difference.size), inside)
    assert max(high for _, high in art.ranges(changed_inside)) == 0
    assert max(high for _, high in art.ranges(difference)) > 40


def test_the_image_goes_in_as_it_is_however_its_corners_and_edges_are_filled() -> None:
    jpeg, png = rounded("JPEG"), rounded("PNG")

    document = art.printed(
        [jpeg, png], fill_corners="3.5mm", extend_edges="0.3mm", fit="cover", crop="1mm", rotate="90"
    )

    images = [image for image in art.images_in(document) if image.size == SIZE]
    assert [image.data for image in images] == [jpeg, files.idat(png)]


def test_transparent_corners_lie_over_the_filled_ones_not_over_white() -> None:
    wanted = art.request(art.deck_of([art.solid(art.BLUE)]), fill_corners="3.5mm")
    layout = lay_out(wanted.front(wanted.deck.cards[0]), *SIZE)
    opaque, veiled = mask(SIZE, 0, 3.5), mask(SIZE, 0, 6.0)  # the veil begins inside the arc, where R is too small
    alpha = Image.composite(Image.new("L", SIZE, 255), opaque.point(lambda v: v // 2), veiled)

    flat = corners.flattened(art.dark(SIZE), alpha, layout)

    square = round(RADIUS_MM * PX_PER_MM)
    for x in (0, SIZE[0] - square):
        for y in (0, SIZE[1] - square):
            corner = flat.crop((x, y, x + square, y + square))
            assert max(high for _, high in art.ranges(corner)) < 60


def test_what_is_transparent_elsewhere_lies_over_white() -> None:
    picture = art.dark(SIZE).convert("RGBA")
    picture.putalpha(0)

    page = page_of(picture, fill_corners="3.5mm")

    assert art.on_card(page, 300, TRIM, 0.5, 0.5) == art.WHITE


def bordered(kind: str, width: int = 2) -> bytes:
    picture = art.solid(art.WHITE, SIZE)
    picture.paste(art.dark((SIZE[0] - 2 * width, SIZE[1] - 2 * width)), (width, width))
    return art.encoded(picture) if kind == "PNG" else art.jpeg(picture, quality=97)


@pytest.mark.parametrize("renderer", [art.by_pdfium, art.by_poppler])
@pytest.mark.parametrize(("kind", "ring"), [("PNG", "0.2mm"), ("JPEG", "0.3mm")])
def test_extended_edges_remove_an_odd_border_of_two_pixels(kind: str, ring: str, renderer: object) -> None:
    content = bordered(kind)

    before, after = page_of(content, renderer), page_of(content, renderer, extend_edges=ring)

    assert lightest(before, 300, around(TRIM, 0.55)) > 230
    assert lightest(after, 300, around(TRIM, 0.55)) < DARKEST_LIGHT


def test_they_drop_the_images_own_bleed_with_the_border() -> None:
    content = bordered("PNG", width=35)  # 3.25 mm across, 3.17 down

    after = page_of(content, source_bleed="3.048mm", extend_edges="0.4mm")

    assert lightest(after, 300, around(TRIM, 0.55)) < DARKEST_LIGHT


def test_the_ring_has_the_colour_of_the_pixels_inside_it_and_nothing_else_moves() -> None:
    blocks = 6
    content = art.encoded(art.edged(SIZE, blocks))

    before, after = page_of(content), page_of(content, extend_edges="1mm")

    for i in range(blocks):
        at = (i + 0.5) / blocks
        for u, v, x, y in ((at, 0, i, 0), (at, 1, i, blocks - 1), (0, at, 0, i), (1, at, blocks - 1, i)):
            # Half a millimetre inside the trim: in the ring.
            u_in, v_in = min(max(u, 0.5 / 63), 1 - 0.5 / 63), min(max(v, 0.5 / 88), 1 - 0.5 / 88)
            assert art.distance(art.on_card(after, 300, TRIM, u_in, v_in), art.edge_colour(x, y)) <= 2
    inside = around(TRIM, -1.2)
    difference = ImageChops.difference(art.area(before, 300, inside), art.area(after, 300, inside))
    assert max(high for _, high in art.ranges(difference)) == 0


@pytest.mark.parametrize("dpi", [60, 100, 150])
def test_a_preview_shows_neither_corner_nor_border(dpi: float) -> None:
    fine = (1490, 2080)
    corner = Image.open(io.BytesIO(rounded("PNG"))).resize(fine)
    artwork = art.deck_of([art.jpeg(corner), corner])
    wanted = art.request(artwork, fill_corners="3.6mm", extend_edges="0.2mm")

    preview = picture(wanted, artwork.images, 0, dpi=dpi)

    shown = Image.open(io.BytesIO(preview.content)).convert("RGB")
    for slot in wanted.sheet.slots[:2]:
        assert lightest(shown, dpi, around(slot.trim, 0)) < DARKEST_LIGHT + 40  # a JPEG itself, coarse
