"""The sheet's view in a real browser: slots skipped by mouse and keyboard, overlays, zoom, both sides."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from tests import browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAIT_MS = 10_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with browser.serving() as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as launched:
        yield launched


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The sample deck on its sheet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(address)
    page.get_by_role("button", name="Try a sample deck").click()
    expect(picture(page)).to_be_visible(timeout=WAIT_MS)
    yield page
    context.close()
    assert troubles == []


def picture(page: Page) -> Locator:
    return page.locator(".st-key-picture .paper img")


def slot(page: Page, number: int) -> Locator:
    return page.get_by_role("button", name=re.compile(rf"^Slot {number}, row")).first


def chosen(page: Page) -> Locator:
    """The field that names the skipped slots."""
    return page.locator(".st-key-skip [data-tag]")


def source(page: Page) -> str:
    return picture(page).first.get_attribute("src") or ""


def show_the_sample_again(page: Page) -> None:
    page.reload()
    page.get_by_role("button", name="Try a sample deck").click()
    expect(picture(page)).to_be_visible(timeout=WAIT_MS)


def test_a_slot_that_is_clicked_stays_empty_and_clicked_again_it_is_used(page: Page) -> None:
    full = source(page)
    expect(slot(page, 4)).to_have_attribute("aria-label", "Slot 4, row 2 column 1")

    slot(page, 4).click()

    expect(slot(page, 4)).to_have_attribute("aria-label", "Slot 4, row 2 column 1, skipped")
    expect(chosen(page)).to_have_text("4")
    expect(picture(page)).not_to_have_attribute("src", full)
    expect(slot(page, 4)).not_to_have_class(re.compile("waiting"))

    slot(page, 4).click()

    expect(chosen(page)).to_have_count(0)
    expect(picture(page)).to_have_attribute("src", full)
    expect(slot(page, 4)).to_have_attribute("aria-pressed", "false")


def test_slots_that_are_clicked_quickly_are_all_skipped(page: Page) -> None:
    for number in (0, 3, 4):
        slot(page, number).click()

    expect(chosen(page)).to_have_text(["0", "3", "4"])
    expect(page.get_by_text("13 cards · 3 sheets · 6 pages")).to_be_visible()
    for number in (0, 3, 4):
        expect(slot(page, number)).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_goes_from_slot_to_slot_and_skips_them(page: Page) -> None:
    page.get_by_role("button", name="Zoom in (Ctrl + wheel)").focus()

    page.keyboard.press("Tab")
    expect(slot(page, 0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(slot(page, 5)).to_be_focused()
    page.keyboard.press("Enter")

    expect(chosen(page)).to_have_text("5")
    expect(slot(page, 5)).to_be_focused()
    page.keyboard.press("Space")
    expect(chosen(page)).to_have_count(0)


def test_a_slot_is_skipped_from_the_field_too_and_the_sheet_says_so(page: Page) -> None:
    page.get_by_role("button", name="Skip slot 4").click()

    expect(slot(page, 4)).to_have_attribute("aria-label", "Slot 4, row 2 column 1, skipped")
    expect(chosen(page)).to_have_text("4")


def test_the_last_slot_in_use_cannot_be_skipped(page: Page) -> None:
    for number in range(7):
        slot(page, number).click()
    expect(chosen(page)).to_have_count(7)

    expect(slot(page, 7)).to_have_attribute("aria-disabled", "true")
    slot(page, 7).click(force=True)

    expect(slot(page, 7)).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("slots are skipped")).to_have_count(0)


def test_overlays_are_switched_in_the_browser_alone(page: Page) -> None:
    sent: list[str | bytes] = []

    def note(frame: str | bytes) -> None:
        sent.append(frame)

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", note)

    page.on("websocket", listen)
    show_the_sample_again(page)
    layer = page.locator(".st-key-picture .paper [data-layer='quiet']")
    switch = page.get_by_role("button", name="Quiet zones")
    before = source(page)
    expect(layer).to_be_hidden()
    assert sent
    sent.clear()

    switch.click()

    expect(layer).to_be_visible()
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert source(page) == before
    assert sent == []


def test_overlays_that_were_chosen_outlive_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Slot numbers").click()
    page.get_by_role("button", name="Cut line", exact=True).click()

    show_the_sample_again(page)

    expect(page.get_by_role("button", name="Slot numbers")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Cut line", exact=True)).to_have_attribute("aria-pressed", "false")


def test_every_overlay_lies_on_the_picture_at_its_place_in_millimetres(page: Page) -> None:
    paper = page.locator(".st-key-picture .paper").bounding_box()
    cut = page.locator(".st-key-picture [data-layer='cut'] rect.line").first.bounding_box()
    assert paper
    assert cut

    scale = paper["width"] / 279.4
    assert (cut["x"] - paper["x"]) / scale == pytest.approx(11.825, abs=1.5)
    assert cut["width"] / scale == pytest.approx(63, abs=2.5)
    assert cut["height"] / scale == pytest.approx(88, abs=2.5)


def test_a_double_click_zooms_to_the_card_and_skips_nothing(page: Page) -> None:
    desk = page.locator(".st-key-picture .desk")
    before, full = desk.bounding_box(), source(page)

    slot(page, 6).dblclick()

    card, around = slot(page, 6).bounding_box(), desk.bounding_box()
    assert around == before
    assert card
    assert around
    assert card["height"] > 0.8 * around["height"]
    assert card["y"] >= around["y"]
    assert card["y"] + card["height"] <= around["y"] + around["height"]
    expect(slot(page, 6)).not_to_have_class(re.compile("waiting"))
    expect(slot(page, 6)).to_have_attribute("aria-pressed", "false")
    expect(chosen(page)).to_have_count(0)
    assert source(page) == full

    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_role("button", name="Fit", exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_drag_moves_the_sheet_and_skips_nothing(page: Page) -> None:
    page.get_by_role("button", name="100 %").click()
    desk = page.locator(".st-key-picture .desk")
    box = desk.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = desk.evaluate("desk => desk.scrollLeft")

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 20, steps=4)
    page.mouse.up()

    assert desk.evaluate("desk => desk.scrollLeft") == pytest.approx(before + 60, abs=2)
    expect(page.locator(".slot[aria-pressed='true']")).to_have_count(0)


def test_actual_size_is_that_of_the_paper(page: Page) -> None:
    page.get_by_role("button", name="100 %").click()

    paper = page.locator(".st-key-picture .paper").bounding_box()
    assert paper
    assert paper["width"] == pytest.approx(11 * 96, abs=1)


def test_the_view_keeps_place_size_and_zoom_while_the_sheet_changes(page: Page) -> None:
    page.get_by_role("button", name="100 %").click()
    desk = page.locator(".st-key-picture .desk")
    desk.evaluate("desk => desk.scrollTo(120, 90)")
    before, full = desk.bounding_box(), source(page)

    page.get_by_role("textbox", name="Crop").fill("3mm")
    page.get_by_role("textbox", name="Crop").press("Enter")

    expect(picture(page)).not_to_have_attribute("src", full)
    assert desk.bounding_box() == before
    assert desk.evaluate("desk => [desk.scrollLeft, desk.scrollTop]") == [120, 90]


def test_side_by_side_shows_both_and_a_slot_is_one_card_on_both(page: Page) -> None:
    page.locator(".st-key-view").get_by_text("Both sides").click()
    expect(picture(page)).to_have_count(2)
    expect(page.locator(".st-key-picture figcaption")).to_have_text(["Front", "Back"])
    both = page.get_by_role("button", name=re.compile("^Slot 4, row"))
    expect(both).to_have_count(2)

    both.last.click()

    expect(chosen(page)).to_have_text("4")
    expect(both.first).to_have_attribute("aria-label", "Slot 4, row 2 column 1, skipped")
    expect(both.last).to_have_attribute("aria-label", "Slot 4, row 1 column 1, skipped")


def test_seen_through_lays_the_mirrored_back_upon_the_front(page: Page) -> None:
    page.locator(".st-key-view").get_by_text("Through").click()
    expect(picture(page)).to_have_count(2)
    back = picture(page).last
    expect(back).to_have_css("transform", "matrix(1, 0, 0, -1, 0, 0)")
    assert float(back.evaluate("image => getComputedStyle(image).opacity")) == 0.5

    page.get_by_text("Short edge").click()

    expect(picture(page).last).to_have_css("transform", "matrix(-1, 0, 0, 1, 0, 0)")
