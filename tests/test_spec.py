from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardmaker.deck import Card, Deck
from cardmaker.errors import LayoutError, SettingError
from cardmaker.knobs import KNOBS, request_from
from cardmaker.spec import MAX_TEXT, RenderRequest, plain_words
from tests.test_knobs import READ

DECK = Deck((Card("f1", "b1", name="f1"), Card("f2", quantity=2, name="f2")), "common")


def digest(wanted: Mapping[str, object], deck: Deck = DECK) -> str:
    return request_from(deck, wanted).digest


def test_every_setting_changed_alone_changes_the_digest() -> None:
    changed = {name: digest({name: READ[name][0]}) for name in (knob.name for knob in KNOBS)}

    assert len({digest({}), *changed.values()}) == len(KNOBS) + 1


def test_every_setting_counts_by_itself_not_only_through_the_layouts_name_on_the_label() -> None:
    bare = {"no_label": True, "outline": True}
    names = {knob.name for knob in KNOBS} - bare.keys() - {"label"}

    changed = {name: digest({**bare, name: READ[name][0]}) for name in names}

    assert len({digest(bare), *changed.values()}) == len(names) + 1


CHOICES = [(knob.name, choice) for knob in KNOBS for choice in knob.choices]


def test_every_choice_of_a_setting_has_its_own_digest() -> None:
    # On letter the default choices are landscape, three ...: one for each knob equals the plain request.
    defaults = sum(1 for knob in KNOBS if knob.choices)

    digests = {digest({name: choice}) for name, choice in CHOICES}

    assert digest({}) in digests
    assert len(digests) == len(CHOICES) - defaults + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"bleed": "0.4mm"}, {"bleed": "0.5mm"}),
        ({"bleed": "0mm"}, {}),
        ({"crop": "1mm"}, {"crop": "1.001mm"}),
        ({"skip": "1"}, {"skip": "2"}),
        ({"skip": "1"}, {"skip": "1,2"}),
        ({"label": "a"}, {"label": "b"}),
        ({"label": "a"}, {"title": "a"}),
        ({"paper": "letter"}, {"paper": "279.4mmx215.91mm"}),
        ({"card": "25mm_circle"}, {"card": "25mmx25mm"}),
        ({"crop": "1mm"}, {"source_bleed": "1mm"}),
    ],
)
def test_other_values_give_another_digest(one: Mapping[str, object], other: Mapping[str, object]) -> None:
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"paper": "letter", "crop": "1mm"}, {"crop": "1mm", "paper": "letter"}),
        ({"paper": "ANSI A"}, {"paper": "letter"}),
        ({"paper": "letter"}, {"paper": "279.4mmx215.9mm"}),
        ({"layout": "letter-poker-v4"}, {"card": "poker"}),
        ({"card": "euro-poker"}, {}),
        ({"crop": "0.1cm"}, {"crop": "1mm"}),
        ({"crop": "0mm"}, {}),
        ({"crop": "-0mm"}, {}),
        ({"bleed": "0.625mm"}, {}),
        ({"inset": "10mm"}, {}),
        ({"thickness": "1mm"}, {}),
        ({"registration_orientation": "landscape"}, {}),
        ({"skip": [5, 4]}, {"skip": "4,5"}),
        ({"skip": ""}, {}),
        ({"no_label": True}, {"label": False}),
        ({"flip": "LONG"}, {"flip": None}),
    ],
)
def test_equal_settings_have_one_digest_however_they_are_given(
    one: Mapping[str, object], other: Mapping[str, object]
) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"card": "70mmx120mm"}, {"card": "70.00004mmx120mm"}),
        ({"inset": "12mm"}, {"inset": "12.00004mm"}),
        ({"paper": "300mmx200mm"}, {"paper": "300.00004mmx200mm"}),
    ],
)
def test_sheets_that_differ_by_a_hair_are_one_sheet_or_have_two_digests(
    one: Mapping[str, object], other: Mapping[str, object]
) -> None:
    first, second = request_from(DECK, one), request_from(DECK, other)

    assert first.digest != second.digest or first.sheet == second.sheet


def test_names_of_images_do_not_change_the_digest() -> None:
    renamed = Deck((Card("f1", "b1", name="a.png"), Card("f2", quantity=2, name="b.png")), "common")

    assert digest({}, renamed) == digest({}, DECK)


def test_a_card_that_is_not_printed_does_not_change_the_digest() -> None:
    longer = replace(DECK, cards=(*DECK.cards, Card("f3", quantity=0)))

    assert digest({}, longer) == digest({}, DECK)


@pytest.mark.parametrize(
    "deck",
    [
        Deck((Card("f2", quantity=2), Card("f1", "b1")), "common"),
        Deck((Card("f1", "b1"), Card("f2", quantity=3)), "common"),
        Deck((Card("f1", "b2"), Card("f2", quantity=2)), "common"),
        Deck((Card("f1"), Card("f2", quantity=2)), "common"),
        Deck((Card("f1", "b1"), Card("f2", "b1", quantity=2)), "common"),
        Deck((Card("f1", "b1"), Card("f2", quantity=2)), "other"),
        Deck((Card("f1", "b1"), Card("f2", quantity=2))),
        Deck((Card("f0", "b1"), Card("f2", quantity=2)), "common"),
        Deck((Card("f1", "b1"), Card("f2", quantity=2), Card("f2")), "common"),
    ],
)
def test_other_cards_or_another_order_give_another_digest(deck: Deck) -> None:
    assert digest({}, deck) != digest({}, DECK)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_words_that_print_alike_have_one_digest_and_others_their_own(one: str, other: str) -> None:
    digests = {digest({"title": one}), digest({"title": other})}

    assert len(digests) == len({plain_words(one), plain_words(other)})


def test_half_a_surrogate_pair_prints_nothing() -> None:
    assert digest({"title": "a \ud800"}) == digest({"title": "a"})


def test_a_digest_is_the_same_in_every_run() -> None:
    made = request_from(DECK, {"skip": [7, 1, 4]})

    assert made.canonical()["skip"] == [1, 4, 7]
    assert len(made.digest) == 64


@pytest.mark.parametrize("skip", [8, "3,8", 999999])
def test_a_slot_that_the_sheet_does_not_have_is_refused(skip: object) -> None:
    with pytest.raises(LayoutError, match=r"skip (8|999999): this sheet has the slots 0 to 7"):
        request_from(DECK, {"skip": skip})


def test_all_slots_but_one_may_be_skipped() -> None:
    assert request_from(DECK, {"skip": list(range(7))}).printing.skip == frozenset(range(7))
    with pytest.raises(LayoutError, match="all 8 slots are skipped; leave at least one"):
        request_from(DECK, {"skip": list(range(8))})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("bleed", "0.63mm", r"bleed: 0\.63 mm is out of range; it goes from 0 to 0\.625 mm"),
        ("bleed", "-0.1mm", r"bleed: -0\.1 mm is out of range"),
        ("crop", "-1mm", "crop: -1 mm is out of range"),
        ("crop", "31.5mm", r"crop: 31\.5 mm is out of range"),
        ("source_bleed", "-1mm", "source bleed: -1 mm is out of range"),
        ("source_bleed", "32mm", "source bleed: 32 mm is out of range"),
    ],
)
def test_a_length_that_the_card_cannot_bear_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        request_from(DECK, {name: value})


@pytest.mark.parametrize(("name", "what"), [("label", "label"), ("title", "title")])
def test_words_beyond_all_measure_are_refused(name: str, what: str) -> None:
    assert digest({name: "x" * MAX_TEXT}) != digest({})
    with pytest.raises(SettingError, match=f"{what}: {MAX_TEXT + 1} characters are too many"):
        request_from(DECK, {name: "x" * (MAX_TEXT + 1)})


def test_a_tile_knows_all_that_shapes_a_card_face() -> None:
    made: RenderRequest = request_from(DECK, {"card": "poker", "crop": "1mm", "fit": "cover"})

    tile = made.front(DECK.cards[0])

    assert tile.image == "f1"
    assert (tile.width_mm, tile.height_mm) == pytest.approx((63.5, 88.9))
    assert (tile.settings.fit, tile.settings.crop_mm, tile.settings.bleed_mm) == ("cover", 1.0, 0.625)
    skipping = request_from(DECK, {"card": "poker", "crop": "1mm", "fit": "cover", "skip": 1})
    assert tile == skipping.front(DECK.cards[0])
