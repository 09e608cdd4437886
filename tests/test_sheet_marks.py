"""Registration marks, clearances, ranges and layout names of sheets."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardmaker.errors import SettingError
from cardmaker.knobs import sheet_from
from cardmaker.sheet import Corner, Rect, Sheet
from tests import geometry

TOP_LEFT, TOP_RIGHT = Corner.TOP_LEFT, Corner.TOP_RIGHT
BOTTOM_LEFT, BOTTOM_RIGHT = Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT


def drawn(sheet: Sheet) -> tuple[set[Corner], set[Corner]]:
    """The corners with a square, and those with an L."""
    marks = sheet.marks.drawn
    return {m.corner for m in marks if m.square}, {m.corner for m in marks if not m.square}


def grid(sheet: Sheet) -> tuple[object, ...]:
    """All that the cutter's blade follows."""
    return sheet.width_mm, sheet.height_mm, sheet.columns, sheet.rows, sheet.slots


def test_three_marks_are_a_square_top_left_and_two_ls() -> None:
    assert drawn(sheet_from({})) == ({TOP_LEFT}, {TOP_RIGHT, BOTTOM_LEFT})
    assert drawn(sheet_from({"paper": "tabloid"})) == ({TOP_LEFT}, {TOP_RIGHT, BOTTOM_LEFT})


def test_four_marks_are_an_l_at_every_corner_on_the_same_grid() -> None:
    four = sheet_from({"marks": "four"})

    assert drawn(four) == (set(), set(Corner))
    assert grid(four) == grid(sheet_from({}))


def test_no_marks_keep_the_grid() -> None:
    bare = sheet_from({"marks": "none"})

    assert drawn(bare) == (set(), set())
    assert bare.clearances() == ()
    assert grid(bare) == grid(sheet_from({}))


def test_a_landscape_layout_loaded_in_portrait_has_its_square_bottom_left() -> None:
    turned = sheet_from({"registration_orientation": "portrait"})

    assert turned.marks.orientation == "portrait"
    assert drawn(turned) == ({BOTTOM_LEFT}, {TOP_LEFT, BOTTOM_RIGHT})
    assert grid(turned) == grid(sheet_from({}))


def test_a_portrait_layout_loaded_in_landscape_has_its_empty_corner_opposite_its_square() -> None:
    turned = sheet_from({"paper": "tabloid", "registration_orientation": "landscape"})

    opposite = {TOP_RIGHT: BOTTOM_LEFT, BOTTOM_LEFT: TOP_RIGHT}
    (square,), arms = drawn(turned)
    assert square in opposite
    assert set(Corner) - arms - {square} == {opposite[square]}
    assert grid(turned) == grid(sheet_from({"paper": "tabloid"}))


def test_marks_loaded_as_printed_are_the_plain_ones() -> None:
    assert sheet_from({"registration_orientation": "landscape"}) == sheet_from({})


def test_four_marks_look_alike_in_both_orientations() -> None:
    assert drawn(sheet_from({"marks": "four", "registration_orientation": "portrait"})) == (
        set(),
        set(Corner),
    )


def test_the_clearance_on_letter_is_1_8_and_9_3_and_names_the_slots() -> None:
    clearances = sheet_from({}).clearances()

    assert {(c.corner, c.slot) for c in clearances} == {(TOP_LEFT, 0), (TOP_RIGHT, 3), (BOTTOM_LEFT, 4)}
    for clearance in clearances:
        assert (clearance.x_mm, clearance.y_mm) == pytest.approx((1.825, 9.325), abs=0.0001)
        assert clearance.nearest_mm == clearance.x_mm
        assert clearance.is_tight


@pytest.mark.parametrize(("side", "tight"), [("66.99mm", False), ("67.01mm", True)])
def test_a_clearance_is_tight_below_6_5_mm(side: str, tight: bool) -> None:
    sheet = sheet_from({"paper": "100mmx100mm", "card": f"60mmx{side}"})

    assert len(sheet.slots) == 1
    assert {c.is_tight for c in sheet.clearances()} == {tight}


@pytest.mark.parametrize(
    ("corner", "x", "y"),
    [(TOP_LEFT, 10, 10), (TOP_RIGHT, 262.9, 10), (BOTTOM_LEFT, 10, 199.4), (BOTTOM_RIGHT, 262.9, 199.4)],
)
def test_the_quiet_zone_reaches_6_5_mm_inward_from_the_inset_corner(corner: Corner, x: float, y: float) -> None:
    zone = sheet_from({}).quiet_zone(corner)

    assert (zone.x_mm, zone.y_mm) == pytest.approx((x, y))
    assert (zone.width_mm, zone.height_mm) == (6.5, 6.5)


@pytest.mark.parametrize("card", geometry.CARDS)
def test_no_card_with_its_bleed_enters_a_quiet_zone(card: str) -> None:
    sheet = sheet_from({"card": card})
    zones = [sheet.quiet_zone(corner) for corner in Corner]

    inked = [grown(slot.trim, 0.625) for slot in sheet.slots]

    assert not [(ink, zone) for ink in inked for zone in zones if overlap(ink, zone)]


def grown(rect: Rect, by: float) -> Rect:
    return Rect(rect.x_mm - by, rect.y_mm - by, rect.width_mm + 2 * by, rect.height_mm + 2 * by)


def overlap(a: Rect, b: Rect) -> bool:
    return (
        a.x_mm < b.right_mm - 1e-9
        and b.x_mm < a.right_mm - 1e-9
        and a.y_mm < b.bottom_mm - 1e-9
        and b.y_mm < a.bottom_mm - 1e-9
    )


@pytest.mark.parametrize("inset", ["10mm", "86.36mm", "1cm", "3.4in"])
def test_an_inset_reaches_from_10_to_86_36_mm(inset: str) -> None:
    sheet = sheet_from({"inset": inset, "paper": "a3", "card": "50mmx70mm"})

    assert 10 - 1e-9 <= sheet.marks.inset_mm <= 86.36 + 1e-9


@pytest.mark.parametrize("inset", ["9.99mm", "86.37mm", "0mm", "-10mm"])
def test_an_inset_beyond_its_range_is_refused(inset: str) -> None:
    with pytest.raises(SettingError, match=r"mark inset: .* mm is out of range; it goes from 10 to 86.36 mm"):
        sheet_from({"inset": inset, "paper": "a3", "card": "50mmx70mm"})


@pytest.mark.parametrize("paper", geometry.PAPERS)
def test_an_auto_sheet_feeders_inset_gives_the_grid_that_fits_inside_it(paper: str) -> None:
    layout = geometry.solve(geometry.PAPERS[paper], geometry.CARDS["standard"], geometry.inch(0.625))
    assert layout is not None

    sheet = sheet_from({"paper": paper, "inset": "0.625in"})

    assert sheet.marks.inset_mm == pytest.approx(15.875)
    assert (sheet.orientation, sheet.columns, sheet.rows) == (layout.orientation, layout.columns, layout.rows)
    placed = [(slot.trim.x_mm, slot.trim.y_mm) for slot in sheet.slots]
    for found, wanted in zip(placed, layout.corners_mm, strict=True):
        assert found == pytest.approx(wanted, abs=0.001)


@pytest.mark.parametrize(
    ("knob", "value", "field"),
    [
        ("thickness", "0.5mm", "thickness_mm"),
        ("thickness", "1mm", "thickness_mm"),
        ("mark_length", "5mm", "length_mm"),
        ("mark_length", "20mm", "length_mm"),
    ],
)
def test_thickness_and_length_are_as_asked_for(knob: str, value: str, field: str) -> None:
    sheet = sheet_from({knob: value})

    assert getattr(sheet.marks, field) == float(value.removesuffix("mm"))
    assert grid(sheet) == grid(sheet_from({}))


@pytest.mark.parametrize(
    ("knob", "value", "words"),
    [
        ("thickness", "0.49mm", "mark thickness: 0.49 mm is out of range; it goes from 0.5 to 1 mm"),
        ("thickness", "1.01mm", "from 0.5 to 1 mm"),
        ("mark_length", "4.99mm", "mark length: 4.99 mm is out of range; it goes from 5 to 20 mm"),
        ("mark_length", "20.01mm", "from 5 to 20 mm"),
        ("corner_radius", "-0.01mm", "corner radius: -0.01 mm is out of range; it goes from 0 to 31.5 mm"),
        ("corner_radius", "31.51mm", "from 0 to 31.5 mm"),
    ],
)
def test_a_length_beyond_its_range_is_refused_with_the_range(knob: str, value: str, words: str) -> None:
    with pytest.raises(SettingError, match=re.escape(words)):
        sheet_from({knob: value})


def test_an_arm_that_would_run_into_a_card_is_refused_with_the_most_there_is() -> None:
    with pytest.raises(SettingError, match=r"mark length: 7\.9 mm would run into the cards.* at most 7\.7 mm"):
        sheet_from({"card": "poker", "mark_length": "7.9mm"})


def test_the_longest_arm_that_a_refusal_names_is_taken() -> None:
    assert sheet_from({"card": "poker", "mark_length": "7.7mm"}).marks.length_mm == 7.7


@pytest.mark.parametrize("radius", [0.0, 2.5, 4.0, 31.5])
def test_a_corner_radius_changes_the_cut_and_not_the_placement(radius: float) -> None:
    sheet = sheet_from({"corner_radius": f"{radius}mm"})

    assert sheet.corner_radius_mm == radius
    assert grid(sheet) == grid(sheet_from({}))


def test_a_circle_has_no_corner_to_set() -> None:
    with pytest.raises(SettingError, match="circle has no corner radius"):
        sheet_from({"card": "25mm_circle", "corner_radius": "2mm"})


def test_a_borderless_sheet_declares_media_13_mm_larger_and_a_default_one_its_own_size() -> None:
    borderless, plain = sheet_from({"variant": "borderless"}), sheet_from({})

    assert (borderless.width_mm, borderless.height_mm) == pytest.approx((215.9, 279.4))
    assert (borderless.media_width_mm, borderless.media_height_mm) == pytest.approx((228.9, 292.4))
    assert (plain.media_width_mm, plain.media_height_mm) == (plain.width_mm, plain.height_mm)


@pytest.mark.parametrize("inset", ["10mm", "3.4mm"])
def test_a_borderless_sheet_has_no_other_inset(inset: str) -> None:
    with pytest.raises(SettingError, match=r"borderless variant has its marks 3\.5 mm from the edge"):
        sheet_from({"variant": "borderless", "inset": inset})


@pytest.mark.parametrize(
    "settings",
    [
        {"inset": "10mm"},
        {"inset": "1cm"},
        {"thickness": "1mm"},
        {"corner_radius": "3mm"},
        {"marks": "three"},
        {"registration_orientation": "landscape"},
        {"paper": "ANSI A", "card": "euro poker", "variant": "default"},
    ],
)
def test_defaults_that_are_spelt_out_keep_the_published_name(settings: Mapping[str, object]) -> None:
    assert sheet_from(settings).layout_name == "letter-standard-v6"


def test_the_borderless_inset_spelt_out_keeps_the_published_name() -> None:
    assert sheet_from({"variant": "borderless", "inset": "3.5mm"}).layout_name == "letter-standard-borderless-v2"


@pytest.mark.parametrize(
    "settings",
    [
        {"inset": "10.01mm"},
        {"thickness": "0.9mm"},
        {"mark_length": "12mm"},
        {"corner_radius": "2.5mm"},
        {"marks": "four"},
        {"marks": "none"},
        {"registration_orientation": "portrait"},
        {"card": "63mmx88.01mm"},
        {"paper": "279.41mmx215.9mm"},
    ],
)
def test_any_other_figure_gives_an_own_name(settings: Mapping[str, object]) -> None:
    name = sheet_from(settings).layout_name

    assert name.startswith("cm1-")
    assert not re.search(r"-v\d+$", name)


SHEETS = st.fixed_dictionaries(
    {},
    optional={
        "paper": st.sampled_from(["letter", "ansi_a", "a4", "297mmx210mm", "297mmx210.01mm"]),
        "card": st.sampled_from(["standard", "63mmx88mm", "63mmx88.01mm", "poker", "40mmx40mm", "40mm_circle"]),
        "variant": st.sampled_from(["default", "borderless"]),
        "marks": st.sampled_from(["three", "four", "none"]),
        "thickness": st.sampled_from(["1mm", "0.5mm", "0.51mm"]),
        "mark_length": st.sampled_from(["5mm", "5.01mm", "20mm"]),
        "registration_orientation": st.sampled_from(["portrait", "landscape"]),
    },
)


def solved(wanted: list[dict[str, object]]) -> Iterator[Sheet]:
    for each in wanted:
        # Long arms run into the cards of some layouts, which is refused.
        with suppress(SettingError):
            yield sheet_from(each)


@settings(max_examples=150, deadline=None)
@given(st.lists(SHEETS, min_size=2, max_size=12))
def test_two_different_geometries_never_share_a_name(wanted: list[dict[str, object]]) -> None:
    by_name: dict[str, tuple[object, ...]] = {}

    for sheet in solved(wanted):
        marks = (sheet.marks.kind, sheet.marks.inset_mm, sheet.marks.thickness_mm, sheet.marks.length_mm)
        shape = (grid(sheet), marks, drawn(sheet), sheet.corner_radius_mm, sheet.card.circle)
        assert by_name.setdefault(sheet.layout_name, shape) == shape


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"card": "63mmx88mm"}, "letter-standard-v6"),
        ({"paper": "8.5inx11in"}, "letter-standard-v6"),
        ({"paper": "297mmx210mm", "card": "2.5inx3.5in"}, "a4-poker-v3"),
        ({"card": "59mmx86mm", "corner_radius": "1mm"}, "letter-japanese-v3"),
    ],
)
def test_a_custom_size_that_is_a_published_layouts_carries_its_name(asked: dict[str, str], name: str) -> None:
    assert sheet_from(asked).layout_name == name


def test_a_custom_size_with_another_corner_has_a_name_of_its_own() -> None:
    assert sheet_from({"card": "59mmx86mm"}).layout_name == "cm1-letter-japanese-r3"


def test_no_arm_touches_the_ink_of_a_cards_bleed() -> None:
    with pytest.raises(SettingError, match=r"mark length: 14\.87 mm would run into the cards"):
        sheet_from({"paper": "142.99mmx74.33mm", "card": "1in_circle", "mark_length": "14.87mm"})
