"""The form without a browser: every knob in its place, said to be off where it has no effect, complaints beside it."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cardmaker import knobs
from tests.test_pages import counts, drop, errors, image, offered, picture, press

ROOT = Path(__file__).parent.parent
NOT_FIELDS = {
    "overrides",  # the list of cards has them
    "no_label",  # a toggle called label
    "specialty",  # among the cards
    "title",  # called name
}


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30).run()


@pytest.fixture
def sample(page: AppTest) -> AppTest:
    return press(page, "Try a sample deck")


@pytest.fixture
def fronts(page: AppTest) -> AppTest:
    """A deck without backs."""
    return drop(page, image("elf.jpg"), image("orc.jpg", 1))


def widgets(page: AppTest) -> dict[str, Any]:
    kinds = ("text_input", "selectbox", "button_group", "multiselect", "toggle")
    return {each.key: each for kind in kinds for each in page.get(kind) if each.key}


def captions(page: AppTest) -> str:
    return "\n".join(text.value.replace("\\", "") for text in page.caption)


def test_every_knob_of_the_command_line_is_a_field(page: AppTest) -> None:
    drop(page, image("elf.jpg"), image("orc.jpg", 1))
    drop(page, image("back.jpg", 2), on="back")
    drop(page, image("elf-back.jpg", 3), on="backs")

    wanted = {knob.name for knob in knobs.KNOBS} - NOT_FIELDS
    assert not page.exception
    assert wanted <= {*widgets(page)}


def test_a_specialty_sheet_is_chosen_as_a_card_and_brings_its_paper(sample: AppTest) -> None:
    sample.selectbox(key="card").set_value("a4-commander").run()

    assert not sample.error
    assert "a4-commander" in counts(sample)
    assert "1 sheet" in counts(sample)
    assert sample.selectbox(key="paper").disabled
    assert "sheet of its own" in sample.selectbox(key="paper").help


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inset", "12mm"),
        ("thickness", "0.5mm"),
        ("mark_length", "6mm"),
        ("fill_corners", "3.5mm"),
        ("extend_edges", "2mm"),
        ("outer_bleed", "3mm"),
        ("crop", "1mm"),
        ("bleed", "0.2mm"),
        ("source_bleed", "3mm"),
    ],
)
def test_a_length_changes_the_sheet_that_is_seen(sample: AppTest, field: str, value: str) -> None:
    before = picture(sample)

    sample.text_input(key=field).set_value(value).run()

    assert not sample.error
    assert picture(sample) != before


@pytest.mark.parametrize(("field", "value"), [("rotate", "180"), ("marks_on", "back")])
def test_a_choice_changes_the_sheet_that_is_seen(sample: AppTest, field: str, value: str) -> None:
    before = picture(sample)

    sample.selectbox(key=field).set_value(value).run()

    assert not sample.error
    assert picture(sample) != before


def test_a_common_back_has_artwork_settings_of_its_own(sample: AppTest) -> None:
    front = picture(sample)
    sample.pagination(key="page").set_value(2).run()
    back = picture(sample)

    sample.text_input(key="back_crop").set_value("5mm").run()

    assert picture(sample) != back
    assert "Set: crop 5mm" in captions(sample)
    sample.pagination(key="page").set_value(1).run()
    assert picture(sample) == front


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("inset", "80mm", "choose a smaller inset"),
        ("inset", "3mm", "mark inset"),
        ("thickness", "3mm", "mark thickness"),
        ("mark_length", "90mm", "mark length"),
        ("corner_radius", "90mm", "radius"),
        ("fill_corners", "90mm", "fill corners"),
        ("outer_bleed", "3", "has no unit"),
        ("back_crop", "90mm", "back crop"),
    ],
)
def test_what_does_not_go_is_said_and_the_sheet_stays(sample: AppTest, field: str, value: str, complaint: str) -> None:
    before = picture(sample)

    sample.text_input(key=field).set_value(value).run()

    assert complaint in errors(sample).lower()
    assert picture(sample) == before
    assert sample.text_input(key=field).value == value
    assert not offered(sample)


def test_an_inset_that_a_smaller_paper_has_no_room_for_is_said_and_the_paper_stays_chosen(sample: AppTest) -> None:
    sample.selectbox(key="paper").set_value("a3").run()
    sample.text_input(key="inset").set_value("80mm").run()
    assert not sample.error

    sample.selectbox(key="paper").set_value("letter").run()

    assert "choose a smaller inset" in errors(sample)
    assert "letter-standard-v6" in captions(sample)
    sample.text_input(key="inset").set_value("").run()
    assert not sample.error
    assert offered(sample)


def test_fields_without_effect_are_off_and_say_why(sample: AppTest) -> None:
    sample.segmented_control(key="marks").set_value("none").run()

    for key in ("thickness", "mark_length", "registration_orientation", "marks_on"):
        assert widgets(sample)[key].disabled
        assert widgets(sample)[key].help == "No marks are printed."
    assert not widgets(sample)["inset"].disabled


def test_borderless_keeps_an_inset_for_later(sample: AppTest) -> None:
    sample.text_input(key="inset").set_value("12mm").run()

    sample.segmented_control(key="variant").set_value("borderless").run()

    assert not sample.error
    assert sample.text_input(key="inset").disabled
    assert "borderless" in counts(sample)
    sample.segmented_control(key="variant").set_value("default").run()
    assert sample.text_input(key="inset").value == "12mm"
    assert "inset 12mm" in captions(sample)


def test_without_backs_there_is_nothing_to_say_about_them(fronts: AppTest) -> None:
    assert widgets(fronts)["flip"].disabled
    assert widgets(fronts)["marks_on"].disabled
    assert "back_crop" not in widgets(fronts)
    assert "The deck has no backs. Drop them under Cards." in captions(fronts)
