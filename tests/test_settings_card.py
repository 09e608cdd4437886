"""What is to be typed and done at the machine, as values and as a page."""

import re
from collections.abc import Mapping

import pypdfium2
import pytest

from cardmaker import catalog
from cardmaker.cutfile import CutRequest, Fact, Topic, advice, settings_card
from cardmaker.deck import Card, Deck
from cardmaker.errors import LayoutError
from cardmaker.knobs import printing_from, request_from, sheet_from
from cardmaker.sheet import Rect
from tests import art, geometry

DECK = Deck(tuple(Card(f"front {i}") for i in range(10)), "back")


def request(settings: Mapping[str, object], **more: bool) -> CutRequest:
    """Without a deck."""
    return CutRequest(sheet_from(around(settings, sheet=True)), printing_from(around(settings, sheet=False)), **more)


def around(settings: Mapping[str, object], *, sheet: bool) -> dict[str, object]:
    printing = {"skip", "marks_on", "flip"}
    return {name: value for name, value in settings.items() if (name in printing) != sheet}


def facts(settings: Mapping[str, object], **more: bool) -> dict[str, Fact]:
    told = advice(request(settings, **more))
    return {fact.code: fact for fact in told}


def values(settings: Mapping[str, object], *codes: str) -> list[str]:
    told = facts(settings)
    return [told[code].value for code in codes]


def test_a_letter_sheet_is_told_with_its_lengths_in_mm_and_inches() -> None:
    told = values(
        {}, "layout", "template", "media-width", "media-height", "orientation", "length", "thickness", "inset"
    )

    assert told == [
        "letter-standard-v6",
        "letter-standard-v6.studio3",
        "279.4 mm (11 in)",
        "215.9 mm (8.5 in)",
        "landscape",
        "8.075 mm (0.318 in)",
        "1 mm (0.039 in)",
        "10 mm (0.394 in)",
    ]


def test_a_borderless_sheet_is_declared_larger_with_the_inset_of_that_media() -> None:
    told = facts({"variant": "borderless"})

    assert (told["media-width"].value, told["media-height"].value) == ("228.9 mm (9.012 in)", "292.4 mm (11.512 in)")
    assert told["inset"].value == "10 mm (0.394 in)"
    assert "3.5 mm (0.138 in) on paper" in told["inset"].note
    assert told["borderless"].topic is Topic.MIND
    assert "most printers cannot reach" in told["borderless"].value


def test_a_layout_without_a_published_template_is_cut_with_the_cut_file() -> None:
    told = facts({"corner_radius": "2.5mm"})

    assert told["layout"].value == "cm1-letter-standard-r2.5"
    assert (told["template"].value, told["template"].note) == ("none is published", "use the cut file")


@pytest.mark.parametrize(
    ("kind", "says"), [("three", "Type 1: a square and two Ls"), ("four", "Four Ls (Cameo 5 Alpha, Cameo Pro MK-II)")]
)
def test_the_kind_of_marks_is_told(kind: str, says: str) -> None:
    assert values({"marks": kind}, "marks") == [says]


def test_without_marks_there_is_nothing_to_type_about_them() -> None:
    told = facts({"marks": "none", "variant": "borderless"})

    assert told["marks"].value == "off"
    assert not {"length", "thickness", "inset", "mark-clearance", "borderless"} & set(told)


def test_paper_that_lies_the_other_way_is_declared_so_and_the_cut_file_turned() -> None:
    told = facts({"registration_orientation": "portrait"})

    assert (told["media-width"].value[:8], told["media-height"].value[:8]) == ("215.9 mm", "279.4 mm")
    assert told["orientation"].value == "portrait"
    assert "quarter clockwise" in told["orientation"].note
    assert told["turn"].value == "rotate it a quarter clockwise"
    assert "turn" not in facts({})


def test_a_turned_borderless_sheets_warning_and_facts_name_the_same_media() -> None:
    told = facts({"paper": "letter", "variant": "borderless", "registration_orientation": "landscape"})

    assert (told["media-width"].value[:8], told["media-height"].value[:8]) == ("292.4 mm", "228.9 mm")
    assert "declare the media as 292.4 x 228.9 mm" in told["borderless"].value


def test_every_cut_file_is_opened_as_it_is_and_centred_on_the_page() -> None:
    told = facts({})

    assert (told["import"].value, told["import"].note) == ("open it as it is", "no scaling; ungrouping is not needed")
    assert "'Center to Page'" in told["centre"].value


@pytest.mark.parametrize(("marks_on", "side"), [("both", "the front"), ("front", "the front"), ("back", "the back")])
def test_the_side_with_the_marks_is_cut_and_the_front_where_both_have_them(marks_on: str, side: str) -> None:
    assert values({"marks_on": marks_on}, "side") == [side]


def test_skipped_slots_are_named_with_what_becomes_of_them() -> None:
    kept, left_out = facts({"skip": "4,0"})["skipped"], facts({"skip": "4,0"}, leave_out=True)["skipped"]

    assert (kept.value, kept.note) == ("0, 4", "empty on paper; the machine cuts there all the same")
    assert (left_out.value, left_out.note) == ("0, 4", "not in the cut file")
    assert values({}, "skipped") == ["none"]


@pytest.mark.parametrize(
    ("settings", "leave_out", "says"),
    [
        ({"marks_on": "back", "skip": "4"}, True, "flip it top to bottom"),
        ({"marks_on": "back", "skip": "4", "flip": "short"}, True, "flip it left to right"),
        ({"marks_on": "back", "skip": "4", "paper": "tabloid"}, True, "flip it left to right"),
        ({"marks_on": "back", "skip": "4", "registration_orientation": "portrait"}, True, "flip it left to right"),
        ({"marks_on": "back", "skip": "4"}, False, None),
        ({"marks_on": "back"}, True, None),
        ({"marks_on": "front", "skip": "4"}, True, None),
    ],
)
def test_a_file_that_lacks_slots_is_mirrored_for_a_back(
    settings: Mapping[str, object], leave_out: bool, says: str | None
) -> None:
    mirror = facts(settings, leave_out=leave_out).get("mirror")

    assert (mirror and mirror.value) == says


@pytest.mark.parametrize(
    ("deck", "pages", "flip"),
    [
        (DECK, "1 to 4: 2 sheets, each a front and its back", "flip on the short edge"),
        (Deck(DECK.cards), "1 to 2: 2 sheets, fronts only", None),
        (Deck(DECK.cards[:1]), "page 1: 1 sheet, fronts only", None),
    ],
)
def test_a_decks_pages_are_counted(deck: Deck, pages: str, flip: str | None) -> None:
    told = {fact.code: fact for fact in advice(CutRequest.of(request_from(deck, {"flip": "short"})))}

    assert told["pages"].value == pages
    assert (told["flip"].value if "flip" in told else None) == flip
    assert told["scale"].value == "actual size, 100 %"


def test_without_a_deck_no_pages_are_counted() -> None:
    assert values({}, "pages", "flip") == ["all pages of the PDF", "flip on the long edge if you print backs"]


def test_marks_that_no_page_carries_are_warned_of() -> None:
    told = advice(CutRequest.of(request_from(Deck(DECK.cards), {"marks_on": "back"})))

    assert "no-marks" in {fact.code for fact in told}
    assert "no-marks" not in facts({"marks_on": "back"})


def test_a_slot_that_is_not_there_is_refused() -> None:
    with pytest.raises(LayoutError, match="skip 8: this sheet has the slots 0 to 7"):
        request({"skip": "8"})


# -- clearance --


@pytest.mark.parametrize("paper", geometry.PAPERS)
@pytest.mark.parametrize("card", ["standard", "tarot", "mini"])
def test_a_card_too_near_a_mark_is_warned_of_with_the_slot_to_skip_and_skipping_it_cures(paper: str, card: str) -> None:
    asked = {"paper": paper, "card": card}
    sheet = sheet_from(asked)
    tight = min(sheet.slots[0].trim.x_mm, sheet.slots[0].trim.y_mm) - 10 < 6.5
    bottom_left = (sheet.rows - 1) * sheet.columns

    warning = facts(asked).get("mark-clearance")

    assert (warning is not None) == tight
    if warning:
        assert warning.value.endswith(f"skip slot {bottom_left}")
        assert "mark-clearance" not in facts({**asked, "skip": str(bottom_left)})


def test_where_the_back_is_cut_the_slot_is_that_of_the_card_behind_the_mark() -> None:
    told = [facts({"marks_on": "back", "flip": flip})["mark-clearance"].value[-11:] for flip in ("long", "short")]

    assert told == ["skip slot 0", "skip slot 7"]


def test_of_paper_that_lies_the_other_way_the_slot_is_that_at_the_machines_bottom_left() -> None:
    asked = {"registration_orientation": "portrait"}

    assert facts(asked)["mark-clearance"].value.endswith("skip slot 7")
    assert "mark-clearance" not in facts({**asked, "skip": "7"})


def test_the_last_slot_in_use_is_not_to_be_skipped() -> None:
    told = facts({"card": "100mmx190mm", "skip": "1"})["mark-clearance"].value

    assert "the card in slot 0 starts" in told
    assert "skip" not in told


def test_many_skipped_slots_are_told_as_runs_and_the_card_stays_on_its_page() -> None:
    few = facts({"paper": "tabloid", "skip": ",".join(map(str, [0, 1, 2, 5, 9, 10]))})
    many = {"paper": "tabloid", "card": "8mm_circle", "skip": ",".join(map(str, range(0, 1170, 2)))}

    assert few["skipped"].value == "0 to 2, 5, 9 to 10"
    assert facts(many)["skipped"].value.endswith("585 in all")
    document = pypdfium2.PdfDocument(settings_card(request(many)))
    text = document[0].get_textpage().get_text_bounded()
    assert "585 in all" in text


def test_the_only_slot_of_a_sheet_is_not_to_be_skipped() -> None:
    told = facts({"paper": "100mmx100mm", "card": "60mmx70mm"})["mark-clearance"].value

    assert told.startswith("the card in slot 0 starts 5 mm from")
    assert told.endswith("mask slot 0 there, or choose a larger paper")


# -- the page --

CASES: list[dict[str, object]] = [
    {"layout": "cm1-600.1234x500.4321-61.1234x89.4321-borderless-four-t0.5123-l12.1234-r12.1234-portrait"},
    {},
    {"paper": "a4", "variant": "borderless", "skip": "6"},
    {"specialty": "letter-commander", "marks": "four"},
    {"registration_orientation": "portrait", "marks_on": "back", "skip": "0,4"},
    {"paper": "1999.1234mmx1001.4321mm", "card": "61.1234mmx89.4321mm", "corner_radius": "2.5mm", "marks": "none"},
    {"skip": ",".join(map(str, range(1, 100))), "specialty": "a4-commander"},
]


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_the_card_is_one_page_that_says_all_of_the_advice(settings: dict[str, object]) -> None:
    asked = request(settings, leave_out=True)

    content = settings_card(asked)

    (page,) = art.texts(content)
    for fact in advice(asked):
        for text in (fact.value[1:], fact.note) if fact.topic is Topic.MIND else (fact.title, fact.value, fact.note):
            assert words(text) in words(page)


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_the_card_fits_a4_and_letter_with_a_margin(settings: dict[str, object]) -> None:
    document = pypdfium2.PdfDocument(settings_card(request(settings, leave_out=True)))

    width, height = (side / 72 * 25.4 for side in document[0].get_size())
    bounds = [each.get_bounds() for each in document[0].get_objects()]
    document.close()
    assert width <= min(210.001, 215.9)
    assert height <= min(279.401, 297)
    margin = 12 / 25.4 * 72
    assert min(left for left, *_ in bounds) > margin
    assert min(bottom for _, bottom, *_ in bounds) > margin
    assert max(right for *_, right, _ in bounds) < width / 25.4 * 72 - margin
    assert max(top for *_, top in bounds) < height / 25.4 * 72 - margin


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_no_words_run_into_the_picture(settings: dict[str, object]) -> None:
    sheet = sheet_from(around(settings, sheet=True))
    high = min(80.0, 56 / sheet.width_mm * sheet.height_mm)
    raster = art.by_pdfium(settings_card(request(settings)), 0, 150)

    # Between the words and the picture, which begins at 138 mm.
    gutter = art.area(raster, 150, Rect(133, 35, 4.5, high))

    assert art.ranges(gutter) == [(255, 255)] * 3


def test_the_picture_shows_a_skipped_slot_white_and_the_others_grey() -> None:
    # The picture is 56 mm wide, from (138, 35), of a page of 279.4 mm.
    scale = 56 / 279.4
    raster = art.by_pdfium(settings_card(request({"skip": "4"})), 0, 200)

    found = []
    for slot in sheet_from({}).slots:
        x, y = 138 + scale * (slot.trim.x_mm + 8), 35 + scale * (slot.trim.y_mm + 8)
        found.append(min(art.colour_at(raster, 200, x, y)))

    assert found[4] == 255
    assert max(found[:4] + found[5:]) < 240


def test_the_same_request_gives_the_same_card() -> None:
    assert settings_card(request({})) == settings_card(request({}))
    assert settings_card(request({})) != settings_card(request({"skip": "4"}))


def test_every_published_layout_names_its_template() -> None:
    for (paper, card, variant), template in geometry.TEMPLATES.items():
        assert values({"paper": paper, "card": card, "variant": variant}, "template") == [f"{template}.studio3"]
    assert len(geometry.TEMPLATES) > 150
    assert {paper for paper, _, _ in geometry.TEMPLATES} == set(catalog.papers())
