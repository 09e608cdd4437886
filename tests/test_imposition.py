"""Pages of placements; backs are held against a sheet of paper that is turned over in the hand."""

from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardmaker.deck import Card, Deck
from cardmaker.imposition import Imposition, Page, Placement, count, impose
from cardmaker.knobs import request_from
from cardmaker.sheet import Sheet
from cardmaker.spec import RenderRequest, Side


class Point(NamedTuple):
    x: float
    y: float


class Face(NamedTuple):
    """A card face on a page, by two of its own corners as its reader sees them."""

    top_left: Point
    bottom_right: Point


def face(placement: Placement) -> Face:
    trim = placement.slot.trim
    corners = Point(trim.x_mm, trim.y_mm), Point(trim.right_mm, trim.bottom_mm)
    return Face(*reversed(corners)) if placement.turned else Face(*corners)


def through_the_paper(point: Point, sheet: Sheet, flip: str) -> Point:
    """Where a point of the front lies on the other side's page, after the sheet was turned about an edge's axis."""
    long_edge_lies = sheet.width_mm >= sheet.height_mm
    turned_about_a_lying_axis = long_edge_lies == (flip == "long")
    if turned_about_a_lying_axis:
        return Point(point.x, sheet.height_mm - point.y)
    return Point(sheet.width_mm - point.x, point.y)


def as_a_card_is_turned(front: Face, sheet: Sheet, flip: str) -> Face:
    """Where on the back page the back must lie: on its front, and upright when the cut card is turned sideways."""
    front_top_right = Point(*_other_corner(front))
    front_bottom_left = Point(*_other_corner(Face(front.bottom_right, front.top_left)))
    # Behind the front's top right corner lies the back's top left one.
    return Face(through_the_paper(front_top_right, sheet, flip), through_the_paper(front_bottom_left, sheet, flip))


def _other_corner(of: Face) -> tuple[float, float]:
    return of.bottom_right.x, of.top_left.y


def deck_of(number: int, back: str | None = "back") -> Deck:
    return Deck(tuple(Card(f"f{i}", f"b{i}" if back == "own" else None) for i in range(number)), _common(back))


def _common(back: str | None) -> str | None:
    return None if back == "own" else back


def planned(deck: Deck, **wanted: object) -> tuple[RenderRequest, Imposition]:
    request = request_from(deck, wanted)
    return request, impose(request)


def shown(page: Page) -> list[tuple[int, str]]:
    return [(placement.slot.index, placement.tile.image) for placement in page.placements]


def test_cards_fill_the_slots_in_order_and_the_last_page_partly() -> None:
    _, plan = planned(deck_of(11, back=None))

    first, second = plan.pages
    assert shown(first) == [(i, f"f{i}") for i in range(8)]
    assert shown(second) == [(0, "f8"), (1, "f9"), (2, "f10")]
    assert [(page.side, page.sheet, page.sheets) for page in plan.pages] == [("front", 1, 2), ("front", 2, 2)]


def test_a_full_last_page_is_followed_by_no_empty_one() -> None:
    _, plan = planned(deck_of(16, back=None))

    assert [len(page.placements) for page in plan.pages] == [8, 8]


def test_every_front_page_is_followed_by_its_back() -> None:
    _, plan = planned(deck_of(9))

    assert [(page.side, page.sheet) for page in plan.pages] == [
        ("front", 1),
        ("back", 1),
        ("front", 2),
        ("back", 2),
    ]


def test_copies_stand_beside_each_other() -> None:
    _, plan = planned(Deck((Card("a", quantity=2), Card("b", quantity=0), Card("c"))))

    assert shown(plan.pages[0]) == [(0, "a"), (1, "a"), (2, "c")]


def test_skipped_slots_stay_empty_on_every_page() -> None:
    _, plan = planned(deck_of(13, back=None), skip="4,5")

    assert [slot for slot, _ in shown(plan.pages[0])] == [0, 1, 2, 3, 6, 7]
    assert [image for page in plan.pages for _, image in shown(page)] == [f"f{i}" for i in range(13)]
    assert len(plan.pages) == 3


@pytest.mark.parametrize(
    ("wanted", "slots"),
    [
        # Landscape 4 x 2: turned over the long edge the rows change places, over the short one the columns.
        ({"paper": "letter"}, [4, 5, 6]),
        ({"paper": "letter", "flip": "short"}, [3, 2, 1]),
        # Portrait 4 x 4: the other way about.
        ({"paper": "tabloid"}, [3, 2, 1]),
        ({"paper": "tabloid", "flip": "short"}, [12, 13, 14]),
        # A skipped slot of the front leaves the slot behind it empty.
        ({"paper": "letter", "skip": "1"}, [4, 6, 7]),
    ],
)
def test_backs_lie_in_the_mirrored_slots(wanted: dict[str, object], slots: list[int]) -> None:
    _, plan = planned(deck_of(3), **wanted)

    assert [placement.slot.index for placement in plan.pages[1].placements] == slots


@pytest.mark.parametrize("flip", ["long", "short"])
@pytest.mark.parametrize(
    ("paper", "orientation"),
    [("letter", "landscape"), ("tabloid", "portrait"), ("a3", "landscape"), ("250mmx250mm", "landscape")],
)
@pytest.mark.parametrize("number", [1, 3, 20])
@pytest.mark.parametrize("skip", ["", "0,4"])
def test_after_the_flip_every_back_lies_on_its_own_front_the_same_way_up(
    paper: str, orientation: str, flip: str, number: int, skip: str
) -> None:
    request, plan = planned(deck_of(number, back="own"), paper=paper, flip=flip, skip=skip)

    assert request.sheet.orientation == orientation
    for front, back in zip(plan.pages[::2], plan.pages[1::2], strict=True):
        backs = {placement.tile.image: face(placement) for placement in back.placements}
        assert len(backs) == len(front.placements)
        for placement in front.placements:
            wanted = as_a_card_is_turned(face(placement), request.sheet, flip)
            found = backs[placement.tile.image.replace("f", "b")]
            assert found.top_left == pytest.approx(wanted.top_left, abs=1e-6)
            assert found.bottom_right == pytest.approx(wanted.bottom_right, abs=1e-6)


def test_fronts_are_never_turned() -> None:
    _, plan = planned(deck_of(20), flip="long")

    assert not [p for page in plan.pages if page.side is Side.FRONT for p in page.placements if p.turned]


def test_a_card_without_a_back_leaves_its_slot_blank() -> None:
    _, plan = planned(Deck((Card("a", "x"), Card("b"), Card("c", "z"))))

    assert shown(plan.pages[1]) == [(4, "x"), (6, "z")]


def test_a_page_may_have_a_back_without_anything_on_it() -> None:
    _, plan = planned(Deck((Card("a", "x"), Card("b", quantity=8))))

    assert [len(page.placements) for page in plan.pages] == [8, 1, 1, 0]


def test_each_face_is_one_tile_however_often_it_is_placed() -> None:
    _, plan = planned(Deck((Card("a", quantity=9), Card("b"), Card("a")), "back"))

    assert [tile.image for tile in plan.tiles()] == ["a", "back", "b"]


def test_one_page_of_a_plan_is_as_it_is_in_the_whole() -> None:
    _, plan = planned(deck_of(9))

    assert plan.only(3).pages == (plan.pages[3],)
    for beyond in (4, -1):
        with pytest.raises(IndexError):
            plan.only(beyond)


CARDS = st.builds(Card, st.sampled_from("abcdef"), st.sampled_from([None, "x", "y"]), quantity=st.integers(0, 11))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(CARDS, min_size=1, max_size=8).filter(lambda cards: any(card.quantity for card in cards)),
    st.sampled_from([None, "common"]),
    st.sets(st.integers(0, 7), max_size=7),
    st.sampled_from(["long", "short"]),
    st.sampled_from(["letter", "legal", "tabloid"]),
)
def test_a_plan_comes_to_what_was_counted_and_holds_every_card_once(
    cards: list[Card], back: str | None, skip: set[int], flip: str, paper: str
) -> None:
    deck = Deck(tuple(cards), back)

    request, plan = planned(deck, paper=paper, skip=skip, flip=flip)

    placements = [placement for page in plan.pages for placement in page.placements]
    assert count(request) == (plan.pages[-1].sheet, len(plan.pages), len(placements))
    printed = Counter(placement.tile.image for placement in placements)
    wanted: Counter[str] = Counter()
    for card in cards:
        wanted[card.front] += card.quantity
        if own := card.back or back:
            wanted[own] += card.quantity
    assert printed == +wanted
    for page in plan.pages:
        slots = [placement.slot.index for placement in page.placements]
        assert len(set(slots)) == len(slots)
        assert page.side is Side.BACK or not skip & set(slots)
