"""Marks, outlines and empty slots, as the page shows them."""

import pytest
from PIL import Image

from cardmaker.sheet import Corner, Rect, Sheet
from cardmaker.spec import RenderRequest
from tests import art

DPI = 150
FRONT, BACK = 0, 1


def pages(count: int = 8, **settings: object) -> tuple[RenderRequest, list[Image.Image]]:
    """Rasters of the first front and its back; fronts green, backs blue."""
    artwork = art.deck_of([art.solid(art.GREEN)] * count, back=art.solid(art.BLUE))
    wanted = art.request(artwork, no_label=True, **settings)
    document = art.pdf(wanted, artwork)
    return wanted, [art.by_pdfium(document, page, DPI) for page in (FRONT, BACK)]


def mark_at(page: Image.Image, sheet: Sheet, corner: Corner) -> str:
    """What stands in a corner: square, L or nothing; told by the middle of the square and the end of the L's arm."""
    inset, length = sheet.marks.inset_mm, sheet.marks.length_mm

    def is_ink(x: float, y: float) -> bool:
        x = x if corner.is_left else sheet.width_mm - x
        y = y if corner.is_top else sheet.height_mm - y
        return art.distance(art.colour_at(page, DPI, x, y), art.BLACK) < 100

    if is_ink(inset + 2.5, inset + 2.5):
        return "square"
    return "L" if is_ink(inset + length - 0.3, inset) and is_ink(inset, inset + length - 0.3) else "none"


def marks_of(page: Image.Image, sheet: Sheet) -> dict[str, str]:
    found = {corner.value: mark_at(page, sheet, corner) for corner in Corner}
    return {corner: kind for corner, kind in found.items() if kind != "none"}


THREE = {"top-left": "square", "top-right": "L", "bottom-left": "L"}
TURNED = {"top-left": "L", "bottom-left": "square", "bottom-right": "L"}
FOUR = dict.fromkeys(("top-left", "top-right", "bottom-left", "bottom-right"), "L")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"paper": "a4"}, THREE),
        ({"paper": "tabloid"}, THREE),
        ({"paper": "a4", "variant": "borderless"}, THREE),
        ({"paper": "a4", "marks": "four"}, FOUR),
        ({"paper": "a4", "marks": "none"}, {}),
        ({"paper": "a4", "registration_orientation": "landscape"}, THREE),
        ({"paper": "a4", "registration_orientation": "portrait"}, TURNED),
        ({"paper": "tabloid", "registration_orientation": "landscape"}, TURNED),
        ({"paper": "tabloid", "registration_orientation": "portrait"}, THREE),
        ({"paper": "tabloid", "registration_orientation": "landscape", "marks": "four"}, FOUR),
    ],
)
def test_front_and_back_carry_the_marks_of_the_sheet(settings: dict[str, object], expected: dict[str, str]) -> None:
    wanted, (front, back) = pages(8, **settings)

    assert marks_of(front, wanted.sheet) == expected
    assert marks_of(back, wanted.sheet) == expected


@pytest.mark.parametrize(("side", "front", "back"), [("both", 3, 3), ("front", 3, 0), ("back", 0, 3)])
def test_marks_are_drawn_on_the_asked_side_alone(side: str, front: int, back: int) -> None:
    wanted, rasters = pages(8, paper="a4", marks_on=side)

    assert [len(marks_of(raster, wanted.sheet)) for raster in rasters] == [front, back]


def test_marks_none_keeps_the_grid() -> None:
    with_marks, without = pages(paper="a4")[0], pages(paper="a4", marks="none")[0]

    assert with_marks.sheet.slots == without.sheet.slots


def filled(page: Image.Image, sheet: Sheet, colour: art.Colour) -> set[int]:
    return {s.index for s in sheet.slots if art.distance(art.on_card(page, DPI, s.trim, 0.5, 0.5), colour) < 5}


# Slot 4 is bottom-left on letter. Turned over the long edge of a landscape sheet rows change places, over the
# short one columns do.
@pytest.mark.parametrize(("flip", "empty_behind"), [("long", 0), ("short", 7)])
def test_a_skipped_slot_stays_empty_on_front_and_back(flip: str, empty_behind: int) -> None:
    wanted, (front, back) = pages(20, skip=[4], flip=flip)

    assert filled(front, wanted.sheet, art.GREEN) == {0, 1, 2, 3, 5, 6, 7}
    assert filled(back, wanted.sheet, art.BLUE) == set(range(8)) - {empty_behind}
    empty = wanted.sheet.slots[4].trim
    inner = Rect(empty.x_mm + 1, empty.y_mm + 1, empty.width_mm - 2, empty.height_mm - 2)
    assert art.ranges(art.area(front, DPI, inner)) == [(255, 255)] * 3


def outlined(page: Image.Image, sheet: Sheet, colour: art.Colour) -> set[int]:
    """Slots with a dark line in the middle of each of their sides."""
    found = set()
    for slot in sheet.slots:
        t = slot.trim
        x, y = t.x_mm + t.width_mm / 2, t.y_mm + t.height_mm / 2
        sides = [
            Rect(x - 1, t.y_mm - 0.3, 2, 0.6),
            Rect(x - 1, t.bottom_mm - 0.3, 2, 0.6),
            Rect(t.x_mm - 0.3, y - 1, 0.6, 2),
            Rect(t.right_mm - 0.3, y - 1, 0.6, 2),
        ]
        # On white the darkest pixel tells, on a card its channel that is brightest.
        channel = max(range(3), key=lambda i: colour[i])
        darkest = [art.ranges(art.area(page, DPI, side))[channel][0] for side in sides]
        if all(value < colour[channel] - 40 for value in darkest):
            found.add(slot.index)
    return found


@pytest.mark.parametrize(("flip", "empty_behind"), [("long", 0), ("short", 7)])
def test_the_outline_is_drawn_around_every_slot_in_use_front_and_back(flip: str, empty_behind: int) -> None:
    wanted, (front, back) = pages(20, skip=[4], flip=flip, outline=True)

    assert outlined(front, wanted.sheet, art.GREEN) == set(range(8)) - {4}
    assert outlined(back, wanted.sheet, art.BLUE) == set(range(8)) - {empty_behind}


def test_there_is_no_outline_unless_asked_for() -> None:
    wanted, (front, _) = pages(8)

    assert outlined(front, wanted.sheet, art.GREEN) == set()


@pytest.mark.parametrize("card", ["standard", "40mm_circle"])
def test_the_outline_follows_the_corner_radius(card: str) -> None:
    wanted, (front, _) = pages(1, card=card, outline=True)
    last = wanted.sheet.slots[-1].trim
    radius = wanted.sheet.corner_radius_mm

    near_corner = radius * (1 - 0.5**0.5)
    inside = art.area(front, DPI, Rect(last.x_mm + near_corner - 0.3, last.y_mm + near_corner - 0.3, 0.6, 0.6))
    at_corner = art.area(front, DPI, Rect(last.x_mm - 0.3, last.y_mm - 0.3, 0.6, 0.6))
    assert art.ranges(inside)[0][0] < 160
    assert art.ranges(at_corner)[0] == (255, 255)
