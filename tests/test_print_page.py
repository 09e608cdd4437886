"""The section before the print, without a browser: findings, where they lead, what cures them, what comes out."""

import io
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cardmaker.inspection import AT_ONCE
from cardmaker.workbench import Workbench
from tests.test_pages import Upload, counts, drop, image, offered, press, seen

ROOT = Path(__file__).parent.parent
ORDER = "page-images order"
WAIT_S = 60.0


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30).run()


def lying(name: str) -> Upload:
    """A landscape image, of 300 ppi on a standard card."""
    stream = io.BytesIO()
    Image.effect_noise((1040, 745), 40).convert("RGB").save(stream, "JPEG")
    return name, stream.getvalue(), "image/jpeg"


def said(page: AppTest) -> str:
    return "\n".join(text.value.replace("\\", "") for text in page.markdown)


def cures(page: AppTest) -> list[str]:
    return [button.label for button in page.button if button.key and button.key.startswith("fix ")]


def test_what_is_found_is_said_with_what_cures_it(page: AppTest) -> None:
    drop(page, lying("map.jpg"))

    assert '"map.jpg" is a landscape image on a portrait card; turn it by rotate.' in said(page)
    assert cures(page) == ["Skip slot 4", "Crop instead", "Turn it"]
    assert "to look at](#print)" in counts(page)


def test_a_card_that_lies_on_its_side_is_turned_for_itself_alone(page: AppTest) -> None:
    drop(page, lying("map.jpg"), image("elf.jpg"))
    before = seen(page)

    press(page, "Turn it")

    assert "landscape image" not in said(page)
    assert seen(page) != before
    assert offered(page)
    assert [row.knobs for row in page.session_state["stack"].ordered()] == [{}, {"rotate": "90"}]


def test_a_finding_is_shown_on_its_page(page: AppTest) -> None:
    drop(page, *(image(f"card {number}.jpg", number) for number in range(9)), lying("map.jpg"))

    next(button for button in page.button if button.key == "show orientation map.jpg").click().run()

    assert page.pagination(key="page").value == 2
    assert seen(page)["focus"]["slot"] == 1
    assert seen(page)["focus"]["page"] == 1


def test_a_slot_too_near_a_mark_is_skipped(page: AppTest) -> None:
    press(page, "Try a sample deck")

    press(page, "Skip slot 4")

    assert page.multiselect(key="skip").value == [4]
    assert "Skip slot 4" not in cures(page)


def test_equal_images_are_merged(page: AppTest) -> None:
    name, content, kind = image("elf.jpg")
    drop(page, (name, content, kind), ("elf copy.jpg", content, kind))

    press(page, "Merge into one")

    assert "2 cards" in counts(page)
    assert len(page.session_state["stack"].rows) == 1


def test_many_images_are_checked_behind_the_page(page: AppTest) -> None:
    drop(page, *(image(f"card {number}.jpg", number) for number in range(AT_ONCE + 1)))
    assert offered(page)
    inspection = page.session_state["inspection"]
    inspection.wait(30)

    page.run()

    assert "ppi at this size" in said(page)


def test_what_comes_out_is_told_before_it_is_made(page: AppTest) -> None:
    press(page, "Try a sample deck")

    assert "**You get** 4 pages on 2 sheets of letter, 279.4 × 215.9 mm, landscape; about" in said(page)
    assert "Actual size**, two-sided, flip on the long edge" in said(page)
    assert "| Inset | 10 mm" in said(page)
    names = {button.proto.label for button in page.get("download_button")}
    assert names == {"DXF", "SVG", "Settings card", "Download PDF", "Save project"}


def test_pages_as_pictures_are_made_behind_the_page_and_offered_then(page: AppTest) -> None:
    press(page, "Try a sample deck")

    press(page, "Pages as PNG")
    assert page.session_state[ORDER].making.wait(WAIT_S)
    page.run()

    names = [button.proto.label for button in page.get("download_button")]
    assert any(name.startswith("Download ZIP, ") for name in names)
    assert seen(page)


def test_pages_of_another_resolution_are_made_anew(page: AppTest) -> None:
    press(page, "Try a sample deck")
    press(page, "Pages as PNG")
    first = page.session_state[ORDER].making

    page.selectbox(key="page-dpi").select(150).run()

    assert first.is_cancelled
    assert [button.label for button in page.button if button.key == "make-page-images"] == ["Pages as PNG"]


def test_pages_that_are_too_many_are_refused_where_they_were_asked_for(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardmaker.page_images._MOST_PIXELS", 1_000_000)
    press(page, "Try a sample deck")

    press(page, "Pages as PNG")
    assert page.session_state[ORDER].making.wait(WAIT_S)
    page.run()

    assert "4 pages are too many at 300 dpi" in page.error[0].value
    assert "Pages as PNG" in [button.label for button in page.button]


def test_a_broken_image_that_only_a_close_look_finds_joins_the_others(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workbench, "thumbnails", lambda *_: {})
    name, content, kind = image("elf.jpg")

    drop(page, (name, content[: len(content) // 2], kind), image("orc.jpg", 1))

    assert "1 image cannot be printed" in page.error[0].value
    assert not offered(page)
    press(page, "Print without them")
    assert offered(page)
    assert "1 card · 1 sheet" in counts(page)
