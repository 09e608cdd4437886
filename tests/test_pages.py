"""The pages without a browser: what they say and offer in each state."""

import io
import json
import re
from pathlib import Path
from typing import Any, cast

import PIL.Image
import pytest
from streamlit.testing.v1 import AppTest

from cardmaker import artwork
from cardmaker.source import ImageSource
from cardmaker.workbench import Workbench
from pages import _download, _ui
from pages._sheet_view import Click, View, checked

ROOT = Path(__file__).parent.parent
READY = "13 cards · 2 sheets · 4 pages"

Upload = tuple[str, bytes, str]


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30).run()


@pytest.fixture
def sample(page: AppTest) -> AppTest:
    return press(page, "Try a sample deck")


def jpeg(number: int) -> bytes:
    stream = io.BytesIO()
    PIL.Image.effect_noise((126, 176), 40 + number).convert("RGB").save(stream, "JPEG")
    return stream.getvalue()


def image(name: str, number: int = 0) -> Upload:
    return name, jpeg(number), "image/jpeg"


def drop(page: AppTest, *uploads: Upload, on: str = "fronts") -> AppTest:
    return page.file_uploader(key=on).set_value(list(uploads)).run()


def press(page: AppTest, label: str) -> AppTest:
    return next(each for each in page.button if each.label == label).click().run()


def buttons(page: AppTest) -> list[str]:
    return [each.label for each in page.button]


def offered(page: AppTest) -> bool:
    """Whether the PDF can be downloaded."""
    return not page.download_button(key="download").proto.disabled


def counts(page: AppTest) -> str:
    return next(text.value for text in page.markdown if re.match(r"\*\*[0-9,]+ card", text.value))


def seen(page: AppTest) -> dict[str, Any]:
    """What the view of the sheet was given."""
    views = page.get("bidi_component")
    return cast("dict[str, Any]", json.loads(views[0].proto.json)) if views else {}


def picture(page: AppTest) -> str:
    """The address of the sheet's picture, which is that of its content."""
    pages = seen(page).get("pages", [])
    return str(pages[0]["src"]) if pages else ""


def errors(page: AppTest) -> str:
    return "\n".join(error.value.replace("\\", "") for error in page.error)


def test_an_empty_page_asks_for_cards_and_offers_a_sample(page: AppTest) -> None:
    assert not page.exception
    assert not page.error
    assert any("Drop card images" in text.value for text in page.caption)
    assert "Try a sample deck" in buttons(page)
    assert not page.get("download_button")


def test_the_sample_shows_its_sheet_and_what_there_is_to_get(sample: AppTest) -> None:
    assert not sample.exception
    assert READY in counts(sample)
    assert "letter-standard-v6" in counts(sample)
    assert picture(sample)
    assert offered(sample)
    assert any("Actual size**, two-sided, flip on the long edge" in text.value for text in sample.markdown)


def test_the_sample_can_be_removed(sample: AppTest) -> None:
    press(sample, "Remove")

    assert "Try a sample deck" in buttons(sample)
    assert not sample.get("download_button")


def test_own_images_replace_the_sample(sample: AppTest) -> None:
    drop(sample, image("elf.jpg"))

    assert "1 card · 1 sheet · 1 page" in counts(sample)


def test_another_page_of_the_document_shows_another_picture(sample: AppTest) -> None:
    first = picture(sample)

    sample.pagination(key="page").set_value(2).run()

    assert picture(sample) != first
    assert any(text.value == "Sheet 1 of 2, back" for text in sample.caption)


def test_a_sheet_with_backs_is_seen_from_both_sides(sample: AppTest) -> None:
    sample.segmented_control(key="view").set_value(View.BESIDE).run()
    sample.pagination(key="sheet-number").set_value(2).run()

    assert not sample.exception
    assert [page["overlay"]["side"] for page in seen(sample)["pages"]] == ["front", "back"]
    assert [page["alt"] for page in seen(sample)["pages"]] == [
        "Page 3 of 4 as it will be printed",
        "Page 4 of 4 as it will be printed",
    ]
    assert any(text.value == "Sheet 2 of 2" for text in sample.caption)


def test_another_view_stays_on_the_same_sheet(sample: AppTest) -> None:
    sample.pagination(key="page").set_value(4).run()

    sample.segmented_control(key="view").set_value(View.THROUGH).run()
    assert sample.pagination(key="sheet-number").value == 2
    sample.segmented_control(key="view").set_value(View.PAGE).run()

    assert sample.pagination(key="page").value == 3


def test_a_deck_without_backs_has_one_side_to_see(page: AppTest) -> None:
    drop(page, image("elf.jpg"))

    assert [each["overlay"]["side"] for each in seen(page)["pages"]] == ["front"]
    assert "view" not in {each.key for each in page.segmented_control}


def test_a_skipped_slot_is_shown_as_such_on_both_sides(sample: AppTest) -> None:
    sample.segmented_control(key="view").set_value(View.BESIDE).run()
    sample.multiselect(key="skip").set_value([4]).run()

    for each in seen(sample)["pages"]:
        assert [place["slot"] for place in each["overlay"]["places"] if place["skipped"]] == [4]


@pytest.mark.parametrize(
    ("sent", "click"),
    [
        ({"skip": [4, 0, 4], "turn": 2}, Click((0, 4), 2)),
        ({"skip": [], "turn": 1}, Click((), 1)),
        ({"skip": [8], "turn": 1}, None),
        ({"skip": [-1], "turn": 1}, None),
        ({"skip": [True], "turn": 1}, None),
        ({"skip": ["4"], "turn": 1}, None),
        ({"skip": 4, "turn": 1}, None),
        ({"skip": [4]}, None),
        ("4", None),
        (None, None),
    ],
)
def test_only_slots_of_the_sheet_are_taken_from_the_browser(sent: object, click: Click | None) -> None:
    assert checked(sent, 8) == click


@pytest.mark.parametrize("field", ["crop", "bleed", "source_bleed"])
def test_a_length_without_a_unit_says_so_and_keeps_the_sheet(sample: AppTest, field: str) -> None:
    before = picture(sample)

    sample.text_input(key=field).set_value("3").run()

    assert "has no unit; write 3mm or 3in" in errors(sample)
    assert sample.text_input(key=field).value == "3"
    assert picture(sample) == before
    assert not offered(sample)


def test_while_a_crop_is_wrong_the_last_right_one_stands_in(sample: AppTest) -> None:
    sample.text_input(key="crop").set_value("3mm").run()
    cropped = picture(sample)

    sample.text_input(key="crop").set_value("300mm").run()

    assert "out of range" in errors(sample)
    assert picture(sample) == cropped


def test_a_mended_field_gives_the_download_back(sample: AppTest) -> None:
    before = picture(sample)
    sample.text_input(key="crop").set_value("3").run()

    sample.text_input(key="crop").set_value("3mm").run()

    assert not sample.error
    assert offered(sample)
    assert picture(sample) != before


def test_a_custom_card_is_typed_in(sample: AppTest) -> None:
    sample.selectbox(key="card").set_value("custom").run()
    sample.text_input(key="card-size").set_value("70mmx120mm").run()

    assert not sample.error
    assert "cm1-letter-70x120" in counts(sample)


@pytest.mark.parametrize(
    ("size", "complaint"),
    [
        ("900mmx900mm", "does not fit"),
        ("70x120", "has no unit"),
        ("70mm", "write it like 70mmx120mm"),
        ("", "write its width and height"),
    ],
)
def test_an_impossible_card_says_why_and_keeps_the_sheet(sample: AppTest, size: str, complaint: str) -> None:
    sample.selectbox(key="card").set_value("custom").run()
    before = picture(sample)

    sample.text_input(key="card-size").set_value(size).run()

    assert complaint in errors(sample)
    assert picture(sample) == before
    assert not offered(sample)


def test_skipping_every_slot_is_refused(sample: AppTest) -> None:
    sample.multiselect(key="skip").set_value(list(range(8))).run()

    assert "All 8 slots are skipped; leave at least one." in errors(sample)
    assert READY in counts(sample)
    assert not offered(sample)


def test_skipping_slots_leaves_fewer_cards_on_a_sheet(sample: AppTest) -> None:
    sample.multiselect(key="skip").set_value([0, 4]).run()

    assert "13 cards · 3 sheets · 6 pages" in counts(sample)
    assert offered(sample)


def test_a_smaller_sheet_forgets_the_slots_it_has_not(sample: AppTest) -> None:
    sample.multiselect(key="skip").set_value([1, 7]).run()

    sample.selectbox(key="card").set_value("tarot").run()

    assert sample.multiselect(key="skip").value == [1]
    assert offered(sample)


def test_a_file_that_is_no_image_blocks_the_download_alone(page: AppTest) -> None:
    drop(page, image("elf.jpg"), ("rules.pdf", b"%PDF-1.7", "application/pdf"))

    assert "1 image cannot be printed" in errors(page)
    assert "rules.pdf" in errors(page)
    assert picture(page)
    assert not offered(page)


def test_a_broken_image_is_named_even_if_its_page_is_not_shown(page: AppTest) -> None:
    whole = [image(f"card {number}.jpg", number) for number in range(1, 12)]

    drop(page, *whole, ("card 12.jpg", jpeg(12)[:900], "image/jpeg"), ("card 13.jpg", b"", "image/jpeg"))

    assert "2 images cannot be printed" in errors(page)
    assert "card 12.jpg" in errors(page)
    assert "card 13.jpg" in errors(page)
    assert not offered(page)


def test_a_back_without_a_front_is_named_and_the_fronts_stay(page: AppTest) -> None:
    drop(page, image("elf.jpg"))

    drop(page, image("orc-back.jpg", 1), on="backs")

    assert '"orc-back.jpg" has no front of that name' in errors(page)
    assert "1 card · 1 sheet · 1 page" in counts(page)
    assert not offered(page)


def test_backs_alone_ask_for_fronts(page: AppTest) -> None:
    page.file_uploader(key="back").set_value(image("back.jpg")).run()

    assert "No front images" in errors(page)
    assert not page.get("download_button")


def test_a_common_back_gives_each_sheet_a_second_page(page: AppTest) -> None:
    drop(page, image("elf.jpg"))

    page.file_uploader(key="back").set_value(image("back.jpg", 1)).run()

    assert "1 card · 1 sheet · 2 pages" in counts(page)


def test_cards_stand_in_natural_order_without_what_systems_leave(page: AppTest) -> None:
    drop(
        page, image("deck/card 10.jpg", 1), image("deck/card 2.jpg", 2), image("deck/Thumbs.db", 3), image("deck/.x", 4)
    )

    kept = [row.image.name for row in page.session_state["stack"].ordered()]
    assert kept == ["deck/card 2.jpg", "deck/card 10.jpg"]
    assert page.text_input(key="name").placeholder == "deck"


def test_a_second_session_finds_what_the_first_one_made(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, made = Workbench(), list[str]()
    original = artwork.prepare

    def prepare(source: ImageSource, *rest: Any, **within: Any) -> artwork.Tile:
        made.append(source.name)
        return original(source, *rest, **within)

    monkeypatch.setattr(artwork, "prepare", prepare)
    monkeypatch.setattr(_ui, "workbench", lambda: bench)
    files = [image("elf.jpg", 1), image("orc.jpg", 2)]
    first, second = (AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30).run() for _ in range(2))

    drop(first, *files)
    assert sorted(made) == ["elf.jpg", "orc.jpg"]
    drop(second, *files)

    assert len(made) == 2
    assert seen(second)["pages"][0]["overlay"] == seen(first)["pages"][0]["overlay"]


def test_images_outlive_the_uploader_they_came_through(page: AppTest) -> None:
    drop(page, image("elf.jpg"), image("orc.jpg", 1))

    page.segmented_control(key="kinds").set_value("A folder").run()

    assert "2 cards" in counts(page)


def test_the_file_is_named_after_deck_and_layout() -> None:
    workbench = Workbench()
    artwork = workbench.sample()
    titles = {
        "Elves": "Elves",
        "Éléments/日本: 1?": "Éléments 日本 1",
        "../..": "deck",
        "x" * 200: "x" * 80,
        "牌" * 99: "牌" * 40,
    }

    for title, stem in titles.items():
        request = workbench.request(artwork, {"title": title, "paper": "a4"})
        assert _download.file_name(request, ".pdf") == f"{stem}-a4-standard-v5.pdf"


def test_a_slot_too_close_to_a_mark_is_skipped_by_the_button_that_says_so(sample: AppTest) -> None:
    assert "start 1.8 mm from a registration mark" in words(sample)

    press(sample, "Skip slot 4")

    assert sample.multiselect(key="skip").value == [4]
    assert "start 1.8 mm" not in words(sample)
    assert "Skip slot 4" not in buttons(sample)
    assert picture(sample)


def test_cut_files_and_the_settings_to_type_stand_beside_the_pdf(sample: AppTest) -> None:
    for key in ("dxf", "svg", "settings-card"):
        assert not sample.download_button(key=key).proto.disabled
    assert "10 mm (0.394 in)" in words(sample)
    assert "letter-standard-v6" in words(sample)
    assert sample.toggle(key="leave-out").disabled

    sample.segmented_control(key="variant").set_value("borderless").run()
    sample.multiselect(key="skip").set_value([0]).run()

    assert "292.4 x 228.9 mm" in words(sample) or "228.9 x 292.4 mm" in words(sample)
    assert not sample.toggle(key="leave-out").disabled
    assert "letter-standard-borderless-v2" in words(sample)


def test_an_old_layout_id_makes_that_sheet_again(sample: AppTest) -> None:
    sample.text_input(key="layout").set_value("cm1-a4-poker-four-r2.5").run()

    assert "cm1-a4-poker-four-r2.5" in words(sample)
    assert sample.selectbox(key="paper").disabled
    assert offered(sample)

    sample.text_input(key="layout").set_value("letter-standard-v5").run()
    assert "not the current version" in errors(sample)
    assert not offered(sample)

    sample.text_input(key="layout").set_value("").run()
    assert "letter-standard-v6" in words(sample)
    assert not sample.selectbox(key="paper").disabled


def words(page: AppTest) -> str:
    """All that the page says, as it is read."""
    return "\n".join(text.value for text in page.markdown).replace("\\", "")


def test_words_from_outside_are_shown_letter_by_letter() -> None:
    assert _ui.plain("<b>*a* :smile: $x$ `c`") == r"\<b\>\*a\* \:smile\: \$x\$ \`c\`"
    assert _ui.plain("line\nbreak") == "line\N{REPLACEMENT CHARACTER}break"


def test_an_unforeseen_error_shows_our_words_and_no_traceback() -> None:
    def broken() -> None:
        from pages import _ui

        assert _ui.apologise(RuntimeError("secret"))

    page = AppTest.from_function(broken).run()

    assert "Something went wrong" in page.error[0].value
    assert "secret" not in page.error[0].value


@pytest.mark.parametrize(
    ("field", "value", "card"),
    [("crop", "20mm", "20mm_circle"), ("source_bleed", "12mm", "20mm_circle"), ("bleed", "0.5mm", "micro")],
)
def test_a_value_that_a_smaller_card_cannot_have_is_named_and_the_sheet_stays(
    sample: AppTest, field: str, value: str, card: str
) -> None:
    sample.text_input(key=field).set_value(value).run()

    sample.selectbox(key="card").set_value(card).run()

    assert not sample.exception
    assert picture(sample)
    assert offered(sample) == (not sample.error)


def test_skipped_slots_that_are_all_of_a_smaller_sheet_are_named_and_the_sheet_stays(sample: AppTest) -> None:
    sample.multiselect(key="skip").set_value([0, 1, 2, 3]).run()

    sample.selectbox(key="card").set_value("jumbo").run()

    assert not sample.exception
    assert "slots are skipped" in errors(sample)
    assert picture(sample)


def test_equal_broken_files_are_each_named(page: AppTest) -> None:
    drop(page, image("good.jpg"), ("a.jpg", b"", "image/jpeg"), ("b.jpg", b"", "image/jpeg"))

    assert "2 images cannot be printed" in errors(page)
    assert "a.jpg" in errors(page)
    assert "b.jpg" in errors(page)
