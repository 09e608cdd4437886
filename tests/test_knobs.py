from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter

import pytest

from cardmaker import knobs
from cardmaker.deck import Card, Deck
from cardmaker.errors import LayoutError, SettingError
from cardmaker.knobs import KNOBS, request_from, sheet_from, slots_from
from cardmaker.spec import RenderRequest

DECK = Deck((Card("front", name="f1"), Card("other", "own", name="f2")), "back")

CROPPED = (("crop_mm", 3.0),)
# As below, from the settings of a role on.
ARTWORK: dict[str, tuple[object, str, object]] = {
    "fit": ("cover", "fit", "cover"),
    "rotate": ("90", "rotate", "90"),
    "source_bleed": ("0.12in", "source_bleed_mm", 3.048),
    "crop": ("3mm", "crop_mm", 3.0),
    "extend_edges": ("0.4mm", "extend_edges_mm", 0.4),
    "fill_corners": ("3.5mm", "fill_corners_mm", 3.5),
    "bleed": ("0.5mm", "bleed_mm", 0.5),
    "outer_bleed": ("2mm", "outer_bleed_mm", 2.0),
}

# Knob -> what is given, where in the request it arrives, and as what.
READ: dict[str, tuple[object, str, object]] = {
    "paper": ("A4", "sheet.paper.name", "a4"),
    "card": ("Tarot", "sheet.card.name", "tarot"),
    "variant": ("borderless", "sheet.variant", "borderless"),
    "layout": ("cm1-letter-standard-r2.5", "sheet.corner_radius_mm", 2.5),
    "specialty": ("a4-commander", "sheet.columns", 10),
    "marks": ("four", "sheet.marks.kind", "four"),
    "inset": ("12.5mm", "sheet.marks.inset_mm", 12.5),
    "thickness": ("0.5mm", "sheet.marks.thickness_mm", 0.5),
    "mark_length": ("0.5in", "sheet.marks.length_mm", 12.7),
    "corner_radius": ("4mm", "sheet.corner_radius_mm", 4.0),
    "registration_orientation": ("portrait", "sheet.marks.orientation", "portrait"),
    **{
        f"{prefix}{name}": (given, f"artwork.{role}.{place}", expected)
        for prefix, role in (("", "fronts"), ("back_", "back"), ("backs_", "backs"))
        for name, (given, place, expected) in ARTWORK.items()
    },
    "overrides": (
        {"f1": {"crop": "3mm"}},
        "deck.cards",
        (replace(DECK.cards[0], front_changes=CROPPED), DECK.cards[1]),
    ),
    "skip": ("4,5", "printing.skip", frozenset({4, 5})),
    "label": ("draft 2", "printing.label_text", "draft 2"),
    "no_label": (True, "printing.label", False),
    "outline": (True, "printing.outline", True),
    "marks_on": ("front", "printing.marks_on", "front"),
    "flip": ("short", "printing.flip", "short"),
    "title": ("My deck", "printing.title", "My deck"),
}
LENGTHS = (
    *("inset", "thickness", "mark_length", "corner_radius"),
    *(name for name, (_, place, _) in READ.items() if place.startswith("artwork.") and place.endswith("_mm")),
)
CHOICES = tuple(knob.name for knob in KNOBS if knob.choices)
SWITCHES = ("no_label", "outline")


def request(settings: Mapping[str, object]) -> RenderRequest:
    return request_from(DECK, settings)


def test_this_table_has_every_knob() -> None:
    assert set(READ) == {knob.name for knob in KNOBS}


@pytest.mark.parametrize("name", READ)
def test_a_knob_arrives_where_it_belongs(name: str) -> None:
    given, place, expected = READ[name]
    find = attrgetter(place)

    made = find(request({name: given}))

    assert made == pytest.approx(expected) if isinstance(expected, float) else made == expected
    assert find(request({})) != expected


def test_what_is_not_named_keeps_its_default() -> None:
    plain = request({})

    sheet, art, printing = plain.sheet, plain.artwork.fronts, plain.printing
    assert (sheet.paper.name, sheet.card.name, sheet.variant) == ("letter", "standard", "default")
    assert (sheet.marks.kind, sheet.marks.inset_mm, sheet.marks.thickness_mm) == ("three", 10, 1)
    assert (art.fit, art.rotate, art.crop_mm, art.source_bleed_mm) == ("stretch", "0", 0, 0)
    assert (art.extend_edges_mm, art.fill_corners_mm, art.bleed_mm, art.outer_bleed_mm) == (0, 0, None, None)
    assert plain.artwork.back == plain.artwork.backs == art
    assert (printing.skip, printing.label, printing.label_text) == (frozenset(), True, "")
    assert (printing.outline, printing.marks_on, printing.flip) == (False, "both", "long")


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("name", [name for name in READ if name not in (*SWITCHES, "overrides")])
def test_an_empty_value_is_as_if_it_were_not_named(name: str, empty: str | None) -> None:
    assert request({name: empty}) == request({})


@pytest.mark.parametrize("read", [sheet_from, knobs.artwork_from, knobs.printing_from])
@pytest.mark.parametrize("name", ["papper", "Paper", "mark-length", "bleed_mm", "", "crop\nmm"])
def test_a_name_that_is_no_knob_is_refused(read: Callable[[knobs.Settings], object], name: str) -> None:
    with pytest.raises(SettingError, match="is unknown; there are back_bleed, back_crop") as refused:
        read({name: "3mm"})

    assert str(refused.value).isprintable()


@pytest.mark.parametrize("value", ["3", "3.5", 3, 3.5, 0, -1])
@pytest.mark.parametrize("name", LENGTHS)
def test_a_bare_number_is_refused_by_the_knobs_name(name: str, value: object) -> None:
    with pytest.raises(SettingError, match=f'^{name.replace("_", " ")} "{value}" has no unit'):
        request({name: value})


@pytest.mark.parametrize("value", [True, [3], ["3mm"], {"mm": 3}, "three", "3px", float("nan"), float("inf"), 1e-7])
@pytest.mark.parametrize("name", LENGTHS)
def test_what_is_no_length_is_refused_by_the_knobs_name(name: str, value: object) -> None:
    with pytest.raises(SettingError, match=f"^{name.replace('_', ' ')}"):
        request({name: value})


@pytest.mark.parametrize("name", CHOICES)
def test_a_value_that_is_no_choice_is_refused_with_those_there_are(name: str) -> None:
    choices = next(knob.choices for knob in KNOBS if knob.name == name)

    with pytest.raises(SettingError, match=rf'^{name.replace("_", " ")} "neither" is unknown') as refused:
        request({name: "neither"})

    assert str(refused.value).endswith(f"choose {', '.join(choices)}")


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_of_a_knob_is_taken_in_any_case(name: str) -> None:
    place = attrgetter(READ[name][1])
    choices = next(knob.choices for knob in KNOBS if knob.name == name)

    taken = [place(request({name: f" {choice.upper()} "})) for choice in choices]

    assert taken == list(choices)


@pytest.mark.parametrize("name", [name for name in READ if name not in (*SWITCHES, "skip", "overrides", *LENGTHS)])
@pytest.mark.parametrize("value", [5, ["a4"], {"a": 1}, 1.5])
def test_words_must_be_text(name: str, value: object) -> None:
    with pytest.raises(SettingError, match=f"^{name.replace('_', ' ')}"):
        request({name: value})


@pytest.mark.parametrize("name", ["no_label", "outline"])
def test_a_switch_is_true_or_false(name: str) -> None:
    place = attrgetter(READ[name][1])

    assert place(request({name: False})) == place(request({name: None})) == place(request({}))
    assert place(request({name: True})) != place(request({}))
    for value in ("true", "no", 2, [True]):
        with pytest.raises(SettingError, match="write true or false"):
            request({name: value})


def test_a_label_may_be_turned_off_by_false_and_be_left_on_by_true() -> None:
    assert not request({"label": False}).printing.label
    assert request({"label": True}) == request({})


@pytest.mark.parametrize(
    "value",
    ["4,5", "4, 5", "5 4", [4, 5], (5, 4), {4, 5}, ["4", "5"], ["4,5"], [4, "5"], "4,5,", " 4,,5", ["5,4", "4"]],
)
def test_slots_are_read_from_text_and_lists(value: object) -> None:
    assert slots_from(value) == {4, 5}


@pytest.mark.parametrize("value", [None, "", [], " ", ","])
def test_no_slots_are_none(value: object) -> None:
    assert slots_from(value) == frozenset()


def test_a_single_number_is_a_slot() -> None:
    assert slots_from(0) == {0}


@pytest.mark.parametrize("value", ["four", "4-5", -1, 4.5, [None], True, {"a": 4}, "٤", "1" * 5000, b"4"])
def test_what_is_no_slot_is_refused(value: object) -> None:
    with pytest.raises(LayoutError, match="is not a slot number; write it like 4 or 4,5"):
        slots_from(value)


def test_a_specialty_sheet_takes_the_marks_settings_along() -> None:
    sheet = sheet_from({"specialty": "letter-commander", "marks": "four", "thickness": "0.5mm"})

    assert (sheet.marks.kind, sheet.marks.thickness_mm, len(sheet.slots)) == ("four", 0.5, 100)


@pytest.mark.parametrize("other", [{"paper": "a4"}, {"card": "poker"}, {"variant": "borderless"}])
def test_a_specialty_sheet_brings_its_own_paper_card_and_variant(other: Mapping[str, object]) -> None:
    with pytest.raises(SettingError, match=f"brings its own {next(iter(other))}"):
        sheet_from({"specialty": "letter-commander", **other})


def test_a_specialty_sheet_may_be_asked_for_with_its_own_paper() -> None:
    assert sheet_from({"specialty": "letter-commander", "paper": "ANSI A"}).paper.name == "letter"


@pytest.mark.parametrize("variant", ["default", "Default", "", None])
def test_a_specialty_sheet_may_be_asked_for_in_the_default_variant(variant: str | None) -> None:
    assert sheet_from({"specialty": "letter-commander", "variant": variant}).variant == "default"


@pytest.mark.parametrize("name", [knob.name for knob in knobs.SHEET_KNOBS if knob.name != "layout"])
def test_a_layout_id_stands_for_the_whole_sheet(name: str) -> None:
    with pytest.raises(
        SettingError, match=f"layout: an id says all about the sheet; leave {name.replace('_', ' ')} out"
    ):
        sheet_from({"layout": "letter-standard-v6", name: READ[name][0]})


def test_a_layout_id_goes_with_settings_that_say_nothing() -> None:
    assert sheet_from({"layout": "a4-poker-v3", "paper": "", "inset": None}).layout_name == "a4-poker-v3"
