"""The shapes over a page's picture, held against the sheet, the imposition and the ink itself."""

import json
from typing import Any

import pytest
from PIL import Image

from cardmaker import imposition, overlay
from cardmaker.deck import Artwork
from cardmaker.overlay import Overlay
from cardmaker.sheet import BLEED_OVERLAP_MM, GAP_MM, Rect
from cardmaker.spec import RenderRequest, Side
from tests import art

DPI = 100
PIXEL_MM = 25.4 / DPI
STEP = 4
FRONT, BACK = 0, 1
LAYOUTS: list[dict[str, Any]] = [
    {},
    {"flip": "short"},
    {"card": "tarot"},
    {"card": "tarot", "flip": "short"},
    {"paper": "a4", "card": "jumbo"},
    {"specialty": "letter-commander"},
    {"card": "25mm_circle"},
]


def wanted(cards: int = 8, **knobs: Any) -> tuple[Artwork, RenderRequest]:
    artwork = art.deck_of([art.solid(art.BLUE)] * cards, back=art.solid(art.GREEN))
    return artwork, art.request(artwork, **knobs)


def over(page: int = FRONT, cards: int = 8, **knobs: Any) -> Overlay:
    return overlay.over(wanted(cards, **knobs)[1], page)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_fronts_places_are_the_sheets_slots(layout: dict[str, Any]) -> None:
    _, request = wanted(**layout)

    seen = overlay.over(request, FRONT)

    assert seen.side is Side.FRONT
    assert (seen.width_mm, seen.height_mm) == (request.sheet.width_mm, request.sheet.height_mm)
    assert seen.corner_radius_mm == request.sheet.corner_radius_mm
    assert [(place.slot, place.row, place.column, place.trim) for place in seen.places] == [
        (slot.index, slot.row, slot.column, slot.trim) for slot in request.sheet.slots
    ]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_a_backs_place_lies_behind_its_fronts_when_the_paper_is_held_to_the_light(layout: dict[str, Any]) -> None:
    _, request = wanted(**layout)
    front, back = overlay.over(request, FRONT), overlay.over(request, BACK)

    for ahead, behind in zip(front.places, back.places, strict=True):
        assert behind.slot == ahead.slot
        through = through_the_paper(behind.trim, back)
        assert (through.x_mm, through.y_mm) == pytest.approx((ahead.trim.x_mm, ahead.trim.y_mm))


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("page", [FRONT, BACK])
def test_bleed_is_drawn_where_the_imposition_places_a_card_and_nowhere_else(layout: dict[str, Any], page: int) -> None:
    _, request = wanted(cards=1, skip=[0], **layout)

    seen = overlay.over(request, page)

    placed = {placement.slot.trim for placement in imposition.impose(request).pages[page].placements}
    assert {place.trim for place in seen.places if place.bleed} == placed


@pytest.mark.parametrize("page", [FRONT, BACK])
def test_a_skipped_slot_is_told_by_its_number_on_the_front(page: int) -> None:
    seen = over(page, cards=8, skip=[4])

    assert [place.slot for place in seen.places if place.skipped] == [4]
    assert not seen.places[4].bleed


def test_bleed_reaches_half_the_gap_and_the_overlap_unless_told_otherwise() -> None:
    by = GAP_MM / 2 + BLEED_OVERLAP_MM
    usual, none = over().places[5], over(bleed="0mm").places[5]

    assert none.bleed == (none.trim,)
    assert usual.bleed == (
        Rect(usual.trim.x_mm - by, usual.trim.y_mm - by, usual.trim.width_mm + 2 * by, usual.trim.height_mm + 2 * by),
    )


@pytest.mark.slow
@pytest.mark.parametrize("knobs", [{}, {"outer_bleed": "4mm"}, {"outer_bleed": "4mm", "marks_on": "front"}], ids=str)
@pytest.mark.parametrize("page", [FRONT, BACK])
def test_colour_lies_within_the_bleed_that_is_drawn_and_fills_it(knobs: dict[str, Any], page: int) -> None:
    artwork, request = wanted(skip=[1], **knobs)
    raster = art.by_pdfium(art.pdf(request, artwork), page=page, dpi=DPI)
    bleed = [rect for place in overlay.over(request, page).places for rect in place.bleed]

    coloured = {
        (x, y) for x in range(0, raster.width, STEP) for y in range(0, raster.height, STEP) if is_coloured(raster, x, y)
    }

    assert coloured
    for x in range(0, raster.width, STEP):
        for y in range(0, raster.height, STEP):
            at = (x + 0.5) * PIXEL_MM, (y + 0.5) * PIXEL_MM
            if any(holds(rect, *at, -PIXEL_MM) for rect in bleed):
                assert (x, y) in coloured, at
            elif not any(holds(rect, *at, PIXEL_MM) for rect in bleed):
                assert (x, y) not in coloured, at


def test_quiet_zones_are_those_of_the_marks_that_are_drawn_on_that_side() -> None:
    _, request = wanted()
    zones = tuple(request.sheet.quiet_zone(mark.corner) for mark in request.sheet.marks.drawn)

    assert over(FRONT).quiet_zones == over(BACK).quiet_zones == zones
    assert len(over(FRONT, marks="four").quiet_zones) == 4
    assert over(FRONT, marks="none").quiet_zones == ()
    assert over(BACK, marks_on="front").quiet_zones == ()
    assert over(FRONT, marks_on="front").quiet_zones == zones


def test_the_printable_area_is_the_page_without_the_printers_margin() -> None:
    _, request = wanted()
    sheet = request.sheet

    assert overlay.over(request, FRONT, 5.0).printable == Rect(5, 5, sheet.width_mm - 10, sheet.height_mm - 10)
    assert overlay.over(request, FRONT, 0.0).printable == Rect(0, 0, sheet.width_mm, sheet.height_mm)


def test_it_is_plain_json() -> None:
    seen = over(BACK, skip=[4])

    told = json.loads(json.dumps(seen.as_json()))

    assert told["side"] == "back"
    assert (told["width"], told["height"], told["radius"]) == (279.4, 215.9, 3.0)
    assert [place["slot"] for place in told["places"] if place["skipped"]] == [4]
    assert told["places"][0]["trim"] == [round(v, 4) for v in rect(seen.places[0].trim)]
    assert told["mirrorsRows"] is True


def test_a_page_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        over(2)


def through_the_paper(at: Rect, back: Overlay) -> Rect:
    if back.mirrors_rows:
        return Rect(at.x_mm, back.height_mm - at.bottom_mm, at.width_mm, at.height_mm)
    return Rect(back.width_mm - at.right_mm, at.y_mm, at.width_mm, at.height_mm)


def is_coloured(raster: Image.Image, x: int, y: int) -> bool:
    pixel = raster.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return int(max(pixel) - min(pixel)) > 40


def holds(rect: Rect, x: float, y: float, more: float) -> bool:
    return rect.x_mm - more <= x <= rect.right_mm + more and rect.y_mm - more <= y <= rect.bottom_mm + more


def rect(of: Rect) -> tuple[float, float, float, float]:
    return of.x_mm, of.y_mm, of.width_mm, of.height_mm
