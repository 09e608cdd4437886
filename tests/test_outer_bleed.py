"""Ink beyond the outer cards: as far as asked, but never near a mark or over the label."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from cardmaker import margin
from cardmaker.knobs import sheet_from
from cardmaker.sheet import BLEED_OVERLAP_MM, Rect, Sheet
from cardmaker.spec import ArtworkSettings
from tests import art

DPI = 150
# What a renderer may blend at a border.
PIXEL_MM = 25.4 / DPI
INK, BACK = art.BLUE, art.GREEN
LAYOUTS: list[dict[str, str]] = [
    {"paper": "letter"},
    {"paper": "a4", "marks": "four", "mark_length": "20mm"},
    {"paper": "tabloid", "card": "poker"},
    {"paper": "letter", "variant": "borderless"},
    {"paper": "150mmx200mm", "card": "tarot"},
    {"specialty": "letter-commander", "thickness": "0.5mm"},
    {"paper": "letter", "registration_orientation": "portrait", "inset": "12mm"},
]


def pages_of(layout: dict[str, str], renderer: object = art.by_pdfium, **more: str) -> tuple[Sheet, list[Image.Image]]:
    """A full sheet of one colour with backs of another, front and back."""
    sheet = sheet_from(layout)
    artwork = art.deck_of([art.solid(INK)] * len(sheet.slots), back=art.solid(BACK))
    wanted = art.request(artwork, **layout, **more)
    document = art.pdf(wanted, artwork)
    assert callable(renderer)
    return wanted.sheet, [renderer(document, page=page, dpi=DPI) for page in (0, 1)]


def colourful(raster: Image.Image, rect: Rect) -> int:
    """How far the pixels in there are from grey: marks and label have no colour, cards have."""
    red, green, blue = (list(band.tobytes()) for band in art.area(raster, DPI, rect).split())
    return max(max(c) - min(c) for c in zip(red, green, blue, strict=True))


def shrunk(rect: Rect) -> Rect:
    return Rect(rect.x_mm + PIXEL_MM, rect.y_mm + PIXEL_MM, rect.width_mm - 2 * PIXEL_MM, rect.height_mm - 2 * PIXEL_MM)


@pytest.mark.parametrize("renderer", [art.by_pdfium, art.by_poppler])
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_it_never_enters_a_quiet_zone_nor_touches_a_mark(layout: dict[str, str], renderer: object) -> None:
    sheet, pages = pages_of(layout, renderer, outer_bleed="60mm")
    _, usual = pages_of(layout, renderer)

    for page, before in zip(pages, usual, strict=True):
        for mark in sheet.marks.drawn:
            assert colourful(page, shrunk(sheet.quiet_zone(mark.corner))) == 0
        for zone in map(shrunk, margin.mark_zones(sheet)):
            # The usual bleed of some layouts begins right beyond an arm's end; its border may be blended another way.
            difference = ImageChops.difference(art.area(page, DPI, zone), art.area(before, DPI, zone))
            assert max(high for _, high in art.ranges(difference)) < 40


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_it_reaches_as_far_as_asked_on_the_outer_sides_between_the_marks(layout: dict[str, str]) -> None:
    sheet, pages = pages_of(layout, outer_bleed="2.5mm", no_label=True)  # type: ignore[arg-type]
    first, last = sheet.slots[0].trim, sheet.slots[-1].trim

    for page, ink in zip(pages, (INK, BACK), strict=True):
        for out, expected in ((2.5 - 1.5 * PIXEL_MM, ink), (2.5 + 1.5 * PIXEL_MM, art.WHITE)):
            for x, y in (
                (first.x_mm - out, sheet.height_mm / 2),
                (last.right_mm + out, sheet.height_mm / 2),
                (sheet.width_mm / 2, first.y_mm - out),
                (sheet.width_mm / 2, last.bottom_mm + out),
            ):
                assert art.distance(art.colour_at(page, DPI, x, y), expected) <= 2, (x, y, out)


@pytest.mark.parametrize("layout", [LAYOUTS[0], LAYOUTS[1], LAYOUTS[4]], ids=str)
@pytest.mark.parametrize("renderer", art.RENDERERS)
def test_the_label_stays_where_it_is_and_clear(layout: dict[str, str], renderer: object) -> None:
    white = art.deck_of([art.solid(art.WHITE)])
    words = {**layout, "label": "Ägypten jgpq"}
    sheet, (front, _) = pages_of(words, renderer, outer_bleed="60mm", marks_on="back")
    sheet_alone = art.request(white, **words, outer_bleed="60mm", marks_on="back")
    assert callable(renderer)
    alone = renderer(art.pdf(sheet_alone, white), dpi=DPI)

    text = _ink_box(alone, sheet)

    assert text.width_mm * text.height_mm > 20
    assert art.area(front, DPI, text).tobytes() == art.area(alone, DPI, text).tobytes()


def _ink_box(page: Image.Image, sheet: Sheet) -> Rect:
    left, top, right, bottom = page.convert("L").point(lambda v: 255 - v).getbbox() or (0, 0, 0, 0)
    k = 25.4 / DPI
    assert right * k < sheet.width_mm
    return Rect(left * k, top * k, (right - left) * k, (bottom - top) * k)


def test_inner_sides_keep_half_the_gap() -> None:
    colours = [art.RED, art.BLUE, art.GREEN, art.YELLOW] * 2
    artwork = art.deck_of([art.solid(colour) for colour in colours])
    wanted = art.request(artwork, outer_bleed="3mm")

    page = art.by_pdfium(art.pdf(wanted, artwork), dpi=600)

    slots = wanted.sheet.slots
    for left, right in ((0, 1), (1, 2), (2, 3), (4, 5)):
        one, other = slots[left].trim, slots[right].trim
        middle = (one.right_mm + other.x_mm) / 2
        # In the bleed above the outer cards too.
        for y in (one.y_mm + 40, one.y_mm - 0.5 if left < 4 else one.bottom_mm + 0.5):
            assert art.distance(art.colour_at(page, 600, middle - 0.1, y), colours[left]) <= 2
            assert art.distance(art.colour_at(page, 600, middle + 0.1, y), colours[right]) <= 2


def test_a_single_card_may_bleed_on_all_sides() -> None:
    layout = {"paper": "110mmx110mm", "card": "63mmx63mm"}

    sheet, (front, _) = pages_of(layout, marks="none", no_label=True, bleed="0mm", outer_bleed="8mm")  # type: ignore[arg-type]

    assert len(sheet.slots) == 1
    trim = sheet.slots[0].trim
    ring = Rect(trim.x_mm - 7.8, trim.y_mm - 7.8, trim.width_mm + 15.6, trim.height_mm + 15.6)
    assert all(low == high for low, high in art.ranges(art.area(front, DPI, ring)))
    assert art.colour_at(front, DPI, trim.x_mm - 8.3, trim.y_mm + 30) == art.WHITE


def test_less_on_the_outer_sides_than_between_the_cards() -> None:
    _, (front, _) = pages_of({"paper": "letter"}, bleed="0.6mm", outer_bleed="0mm", no_label=True)  # type: ignore[arg-type]
    sheet, (plain, _) = pages_of({"paper": "letter"}, bleed="0.6mm", no_label=True)  # type: ignore[arg-type]

    trim = sheet.slots[0].trim
    assert art.colour_at(front, DPI, trim.x_mm - 0.3, trim.y_mm + 40) == art.WHITE
    assert art.distance(art.colour_at(plain, DPI, trim.x_mm - 0.3, trim.y_mm + 40), INK) <= 2
    assert art.distance(art.colour_at(front, DPI, trim.right_mm + 0.3, trim.y_mm + 40), INK) <= 2


def test_the_same_bleed_on_all_sides_needs_no_clip_and_gives_the_same_bytes() -> None:
    images = [art.corners()]

    assert art.printed(images, outer_bleed="0.625mm") == art.printed(images)
    assert art.printed(images, outer_bleed="0.7mm") != art.printed(images)


def test_a_card_of_its_own_outer_bleed_bleeds_so_alone() -> None:
    artwork = art.deck_of([art.solid(art.BLUE)] * 3)
    wanted = art.request(artwork, overrides={"card-001": {"outer_bleed": "4mm"}})

    page = art.by_pdfium(art.pdf(wanted, artwork), dpi=DPI)

    tops = [slot.trim for slot in wanted.sheet.slots[:3]]
    seen = [art.colour_at(page, DPI, t.x_mm + 30, t.y_mm - 3) for t in tops]
    assert [art.distance(colour, art.BLUE) <= 2 for colour in seen] == [False, True, False]


# -- geometry --


def covers(parts: Sequence[Rect], x: float, y: float) -> bool:
    return any(p.x_mm <= x <= p.right_mm and p.y_mm <= y <= p.bottom_mm for p in parts)


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(LAYOUTS),
    st.floats(0, 0.625),
    st.floats(0, 60),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_point_of_a_cards_area_is_on_its_bleed_or_clear_of_every_zone(
    layout: dict[str, str], bleed: float, outer: float, at: float, u: float, v: float
) -> None:
    assume(outer != bleed)
    sheet = sheet_from(layout)
    zones = margin.mark_zones(sheet)
    slot = sheet.slots[int(at * 0.999 * len(sheet.slots))]
    x = slot.trim.x_mm - 65 + (slot.trim.width_mm + 130) * u
    y = slot.trim.y_mm - 65 + (slot.trim.height_mm + 130) * v
    settings = ArtworkSettings(bleed_mm=bleed, outer_bleed_mm=outer)

    parts = margin.area(sheet, slot, settings, zones) or ()

    inner = bleed + BLEED_OVERLAP_MM if bleed else 0.0
    sides = (
        outer if slot.column == 0 else inner,
        outer if slot.row == 0 else inner,
        outer if slot.column == sheet.columns - 1 else inner,
        outer if slot.row == sheet.rows - 1 else inner,
    )
    trim = slot.trim
    wanted = max(0, trim.x_mm - sides[0]) <= x <= min(sheet.width_mm, trim.right_mm + sides[2]) and max(
        0, trim.y_mm - sides[1]
    ) <= y <= min(sheet.height_mm, trim.bottom_mm + sides[3])
    usual = trim.x_mm - inner <= x <= trim.right_mm + inner and trim.y_mm - inner <= y <= trim.bottom_mm + inner
    blocked = covers(zones, x, y) and not usual
    borders = [s for z in (*zones, trim) for s in (z.x_mm, z.right_mm, z.y_mm, z.bottom_mm)]
    assume(all(abs(p - b) > 1e-6 for p in (x, y) for b in borders))
    assert covers(parts, x, y) == (wanted and not blocked)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_parts_of_an_area_do_not_overlap(layout: dict[str, str]) -> None:
    sheet = sheet_from(layout)
    settings = ArtworkSettings(bleed_mm=0.625, outer_bleed_mm=60)

    areas = [margin.area(sheet, slot, settings, margin.mark_zones(sheet)) or () for slot in sheet.slots]

    assert max(map(len, areas)) > 1
    for parts in areas:
        for i, one in enumerate(parts):
            for other in parts[i + 1 :]:
                across = min(one.right_mm, other.right_mm) - max(one.x_mm, other.x_mm)
                down = min(one.bottom_mm, other.bottom_mm) - max(one.y_mm, other.y_mm)
                assert across <= 1e-9 or down <= 1e-9


def test_no_sheets_usual_bleed_is_in_a_quiet_zone() -> None:
    for layout in LAYOUTS:
        sheet = sheet_from(layout)
        reach = 0.625 + BLEED_OVERLAP_MM
        for mark in sheet.marks.drawn:
            zone = sheet.quiet_zone(mark.corner)
            for slot in sheet.slots:
                t = slot.trim
                across = min(zone.right_mm, t.right_mm + reach) - max(zone.x_mm, t.x_mm - reach)
                down = min(zone.bottom_mm, t.bottom_mm + reach) - max(zone.y_mm, t.y_mm - reach)
                assert across <= 0 or down <= 0, (layout, slot.index)
