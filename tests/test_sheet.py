"""Sheets against the facts, as `tests/geometry.py` has them."""

import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cardmaker import catalog
from cardmaker.deck import Card, Deck
from cardmaker.errors import LayoutError
from cardmaker.knobs import request_from, sheet_from
from cardmaker.sheet import Rect, Sheet
from tests import geometry

# Micrometres on whole hundredths of a millimetre, so that nothing hangs on the last bit of a float.
paper_sides = st.integers(5_000, 60_000).map(lambda n: n * 10)
card_sides = st.integers(1_500, 20_000).map(lambda n: n * 10)
insets = st.sampled_from([3_500, 10_000, 15_870, 30_000])
LOOKS_PUBLISHED = re.compile(r"-v\d+$")


def custom(paper: geometry.Size, card: geometry.Size, inset: int) -> Sheet:
    frame = {"variant": "borderless"} if inset == 3_500 else {"inset": f"{inset / 1000}mm"}
    return sheet_from({"paper": size(paper), "card": size(card), **frame})


def size(sides: geometry.Size) -> str:
    return f"{sides[0] / 1000:.3f}mmx{sides[1] / 1000:.3f}mm"


def corners(sheet: Sheet) -> list[tuple[float, float]]:
    return [(slot.trim.x_mm, slot.trim.y_mm) for slot in sheet.slots]


def agrees(sheet: Sheet, layout: geometry.Layout, kind: str = "three") -> None:
    """Asserts that the JSON of the sheet is the layout, every length to 0.001 mm."""
    made = sheet.as_json()
    slots, marks = sheet.as_json()["slots"], made["marks"]
    assert isinstance(slots, list)
    assert isinstance(marks, dict)
    width, height = (side / 1000 for side in layout.page)
    assert made["page"] == {"width_mm": width, "height_mm": height, "orientation": layout.orientation}
    assert (made["columns"], made["rows"], made["gap_mm"]) == (layout.columns, layout.rows, 1.25)
    places = [(i, i // layout.columns, i % layout.columns) for i in range(layout.count)]
    assert [(slot["index"], slot["row"], slot["column"]) for slot in slots] == places
    found = [v for s in slots for v in (s["x_mm"], s["y_mm"], s["width_mm"], s["height_mm"])]
    card = [side / 1000 for side in layout.card]
    wanted = [v for corner in layout.corners_mm for v in (*corner, *card)]
    assert found == pytest.approx(wanted, abs=0.001)
    assert (marks["kind"], marks["inset_mm"], marks["thickness_mm"]) == (kind, layout.inset / 1000, 1.0)
    assert marks["length_mm"] == pytest.approx(layout.arm_mm, abs=0.001)


@pytest.mark.parametrize("variant", geometry.INSETS)
@pytest.mark.parametrize("card", geometry.CARDS)
@pytest.mark.parametrize("paper", geometry.PAPERS)
def test_a_sheet_is_what_an_independent_solver_makes_of_the_facts(paper: str, card: str, variant: str) -> None:
    wanted = {"paper": paper, "card": card, "variant": variant}
    layout = geometry.solve(geometry.PAPERS[paper], geometry.CARDS[card], geometry.INSETS[variant])
    if layout is None:
        with pytest.raises(LayoutError):
            sheet_from(wanted)
        return

    sheet = sheet_from(wanted)

    agrees(sheet, layout)
    template = geometry.TEMPLATES.get((paper, card, variant))
    if template:
        assert sheet.layout_name == template
    else:
        assert sheet.layout_name == f"cm1-{paper}-{card}" + ("-borderless" if variant == "borderless" else "")
        assert not LOOKS_PUBLISHED.search(sheet.layout_name)


@pytest.mark.parametrize(
    ("paper", "variant", "grid", "length", "name"),
    [
        ("letter", "default", "landscape 4x2", 8.1, "letter-standard-v6"),
        ("legal", "default", "landscape 5x2", 8.0, "legal-standard-v1"),
        ("tabloid", "default", "portrait 4x4", 20, "tabloid-standard-v5"),
        ("a4", "default", "landscape 4x2", 9.4, "a4-standard-v5"),
        ("a3", "default", "landscape 6x3", 6.6, "a3-standard-v5"),
        ("arch_b", "default", "landscape 6x3", 20, "arch_b-standard-v4"),
        ("letter", "borderless", "portrait 3x3", 7.4, "letter-standard-borderless-v2"),
        ("legal", "borderless", "landscape 5x2", 14.6, "legal-standard-borderless-v1"),
        ("tabloid", "borderless", "landscape 6x3", 19.0, "tabloid-standard-borderless-v2"),
        ("a4", "borderless", "portrait 3x3", 10.5, "a4-standard-borderless-v2"),
    ],
)
def test_standard_cards_lie_as_in_the_published_layouts(
    paper: str, variant: str, grid: str, length: float, name: str
) -> None:
    sheet = sheet_from({"paper": paper, "variant": variant})

    assert f"{sheet.orientation} {sheet.columns}x{sheet.rows}" == grid
    assert sheet.marks.length_mm == pytest.approx(length, abs=0.1)
    assert sheet.layout_name == name


@pytest.mark.parametrize(("paper", "first"), [("letter", (11.82, 19.32)), ("a4", (20.62, 16.38))])
def test_the_first_standard_card_lies_at_the_published_place(paper: str, first: tuple[float, float]) -> None:
    assert corners(sheet_from({"paper": paper}))[0] == pytest.approx(first, abs=0.006)


@pytest.mark.parametrize("name", geometry.SPECIALTIES)
def test_a_specialty_sheet_holds_a_hundred_centred_cards(name: str) -> None:
    paper, card, radius = geometry.SPECIALTIES[name]
    long, short = geometry.PAPERS[paper]
    layout = geometry.Layout("portrait", (short, long), 10, 10, card, geometry.mm(10))

    sheet = sheet_from({"specialty": name})

    assert layout.is_valid
    agrees(sheet, layout)
    assert len(sheet.slots) == 100
    assert sheet.corner_radius_mm == radius / 1000
    assert not LOOKS_PUBLISHED.search(sheet.layout_name)


def test_a_specialty_sheet_that_an_inset_leaves_no_room_for_says_so() -> None:
    with pytest.raises(LayoutError, match=r"letter-commander has 10 x 10 cards.*12 mm; lower the inset"):
        sheet_from({"specialty": "letter-commander", "inset": "12mm"})


@settings(max_examples=250, deadline=None)
@given(st.tuples(paper_sides, paper_sides), st.tuples(card_sides, card_sides), insets)
def test_a_custom_sheet_holds_as_many_cards_as_brute_force_finds(
    paper: geometry.Size, card: geometry.Size, inset: int
) -> None:
    layout = geometry.solve(paper, card, inset)
    if layout is None:
        with pytest.raises(LayoutError):
            custom(paper, card, inset)
        return

    sheet = custom(paper, card, inset)

    agrees(sheet, layout)
    assert not LOOKS_PUBLISHED.search(sheet.layout_name)


@settings(max_examples=250, deadline=None)
@given(st.tuples(paper_sides, paper_sides), st.tuples(card_sides, card_sides), insets)
def test_cards_lie_inside_the_inset_centred_apart_and_clear_of_the_corners_on_one_axis(
    paper: geometry.Size, card: geometry.Size, inset: int
) -> None:
    assume(geometry.solve(paper, card, inset) is not None)

    sheet = custom(paper, card, inset)

    edge = inset / 1000
    first, last = sheet.slots[0].trim, sheet.slots[-1].trim
    assert min(first.x_mm, first.y_mm) >= edge - 1e-9
    assert first.x_mm == pytest.approx(sheet.width_mm - last.right_mm, abs=1e-9)
    assert first.y_mm == pytest.approx(sheet.height_mm - last.bottom_mm, abs=1e-9)
    assert max(first.x_mm, first.y_mm) - 1.25 - edge >= 6.5 - 1e-9
    assert gaps(slot.trim for slot in sheet.slots if slot.row == 0) == pytest.approx(
        [1.25] * (sheet.columns - 1), abs=1e-9
    )
    downward = [Rect(s.trim.y_mm, 0, s.trim.height_mm, 0) for s in sheet.slots if s.column == 0]
    assert gaps(downward) == pytest.approx([1.25] * (sheet.rows - 1), abs=1e-9)


def gaps(trims: Iterable[Rect]) -> list[float]:
    """Room between neighbours from left to right."""
    return [right.x_mm - left.right_mm for left, right in pairwise(trims)]


def test_a_tie_between_orientations_goes_to_landscape() -> None:
    layout = {
        (each.count, each.orientation) for each in geometry.layouts((300_000, 250_000), (100_000, 100_000), 10_000)
    }

    sheet = sheet_from({"paper": "300mmx250mm", "card": "100mmx100mm"})

    assert {(4, "landscape"), (4, "portrait")} <= layout
    assert max(layout)[0] == 4
    assert sheet.orientation == "landscape"


def test_a_tie_between_grids_goes_to_more_columns() -> None:
    grids = {
        (each.columns, each.rows)
        for each in geometry.layouts((200_000, 200_000), (85_000, 85_000), 10_000)
        if each.count >= 2
    }

    sheet = sheet_from({"paper": "200mmx200mm", "card": "85mmx85mm"})

    assert grids == {(2, 1), (1, 2)}
    assert (sheet.columns, sheet.rows) == (2, 1)


@pytest.mark.parametrize(
    ("card", "fits"),
    [
        # On 100 x 100 mm the corner zone leaves 64.5 mm to a card that is square, and 80 to one long side.
        ("64.5mmx64.5mm", True),
        ("64.51mmx64.51mm", False),
        ("80mmx64.5mm", True),
        ("80.01mmx20mm", False),
        ("80mmx64.51mm", False),
    ],
)
def test_a_card_fits_to_the_last_hundredth_and_no_further(card: str, fits: bool) -> None:
    if fits:
        assert len(sheet_from({"paper": "100mmx100mm", "card": card}).slots) == 1
        return
    with pytest.raises(LayoutError):
        sheet_from({"paper": "100mmx100mm", "card": card})


def test_a_square_paper_is_landscape() -> None:
    sheet = sheet_from({"paper": "250mmx250mm"})

    assert (sheet.orientation, sheet.width_mm, sheet.height_mm) == ("landscape", 250, 250)


def test_a_card_that_fits_no_sheet_is_told_what_does_not_fit() -> None:
    with pytest.raises(LayoutError) as refused:
        sheet_from({"card": "900mmx900mm"})

    message = str(refused.value)
    assert "900 x 900 mm" in message
    assert "does not fit letter (279.4 x 215.9 mm)" in message
    assert "259.4 x 195.9 mm inside the 10 mm inset" in message


def test_a_card_that_only_the_quiet_zones_keep_off_is_told_so() -> None:
    with pytest.raises(LayoutError, match="only where the registration marks need their quiet zone"):
        sheet_from({"paper": "100mmx100mm", "card": "70mmx70mm"})


def test_a_sheet_does_not_depend_on_the_cards_on_it() -> None:
    few, many = Deck((Card("a"),)), Deck((Card("b", "c", 50), Card("d")), "e")

    sheets = [request_from(deck, {"card": "poker"}).sheet for deck in (few, many)]

    assert sheets[0] == sheets[1] == sheet_from({"card": "poker"})


def test_every_name_of_the_catalogue_gives_the_same_sheet() -> None:
    assert sheet_from({"paper": "ANSI A", "card": "euro-poker"}) == sheet_from({})
    assert {catalog.paper(alias).name for alias in geometry.PAPER_ALIASES} == {"letter", "tabloid"}
