"""Tasks in a real browser: made in the background, found again by the address, stopped, and taken."""

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, expect

from tests import browser
from tests.faults import Saw
from tests.test_browser import download, sheet_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CARDS = 12
SIZE_PX = (1050, 1470)
# What a task of this deck may take at most; it takes several seconds.
TASK_MS = 90_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with browser.serving({"CARDMAKER_TASK_FROM_CARDS": "4"}) as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as launched:
        yield launched


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport={"width": 1280, "height": 860}) as context:
        yield context


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A deck that takes a while to make: it is transparent, so no card goes into the PDF as it is."""
    folder = tmp_path_factory.mktemp("cards")
    paths = [folder / f"card {number}.png" for number in range(CARDS)]
    for number, path in enumerate(paths):
        image = Image.effect_noise(SIZE_PX, 40 + number).convert("RGBA")
        image.putalpha(200)
        image.save(path, compress_level=1)
    return paths


@pytest.fixture
def page(context: BrowserContext, address: str, cards: list[Path]) -> Page:
    """With the deck, ready to be made."""
    page = context.new_page()
    page.goto(address)
    page.locator(".st-key-fronts input[type=file]").set_input_files(cards)
    expect(page.get_by_role("button", name="Make PDF")).to_be_enabled(timeout=TASK_MS)
    expect(sheet_picture(page)).to_be_visible(timeout=TASK_MS)
    return page


def make(page: Page, title: str, crop: str) -> str:
    """Presses right after typing; the address of the task. Another crop is another document."""
    page.get_by_role("textbox", name="Deck name").fill(title)
    page.get_by_role("textbox", name="Crop").fill(crop)
    page.get_by_role("button", name="Make PDF").click()
    page.wait_for_url(re.compile(r"[?&]task=[0-9a-f]{32}"))
    return page.url


def place(page: Page) -> float:
    """How far the picture is below the top of its column."""
    column, picture = page.locator(".st-key-sheet").bounding_box(), sheet_picture(page).bounding_box()
    assert column is not None
    assert picture is not None
    return picture["y"] - column["y"]


def panel(page: Page) -> Locator:
    return page.locator(".st-key-task")


def test_a_task_is_found_again_by_its_address_and_its_pdf_is_taken(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    address = make(page, "Elves", "1.5mm")
    expect(panel(page)).to_contain_text(re.compile(rf"card \d+ of {CARDS}"), timeout=TASK_MS)

    page.reload()
    expect(panel(page)).to_contain_text("Elves")
    other = context.new_page()
    other.goto(address)
    other.get_by_role("link", name="Tasks").click()
    expect(other.locator(".st-key-tasks")).to_contain_text("Elves")
    expect(panel(page)).to_contain_text("Ready: 2 pages", timeout=TASK_MS)
    path = download(page, tmp_path)

    assert path.name == "Elves-letter-standard-v6.pdf"
    with pypdfium2.PdfDocument(path) as pdf:
        assert len(pdf) == 2
    other.get_by_role("button", name="Download").wait_for(timeout=TASK_MS)
    assert other.url.partition("?")[2] == address.partition("?")[2]


def test_a_task_is_stopped_and_the_sheet_never_moves(page: Page) -> None:
    before = place(page)

    make(page, "Dwarves", "0.5mm")
    page.get_by_role("button", name="Cancel").click()

    expect(panel(page)).to_contain_text("Cancelled.", timeout=TASK_MS)
    assert place(page) == before
    page.get_by_role("button", name="Dismiss").click()
    expect(page).not_to_have_url(re.compile("task="))
    assert place(page) == before


@pytest.mark.fault(20, "the browser closed during a task", "its address opened in another browser, later")
def test_a_task_goes_on_when_the_browser_is_closed(
    page: Page, context: BrowserContext, chromium: Browser, saw: Saw
) -> None:
    address = make(page, "Orcs", "1mm")
    expect(panel(page)).to_contain_text("Orcs")
    context.close()

    with chromium.new_context() as later:
        page = later.new_page()
        page.goto(address)

        expect(panel(page)).to_contain_text("Ready: 2 pages", timeout=TASK_MS)
        expect(panel(page).get_by_role("button", name="Download PDF")).to_be_visible()
        saw("found again by its address, done, with its download")


def test_a_download_that_has_just_become_long_is_made_by_a_task(page: Page) -> None:
    downloads: list[Download] = []

    def note(started: Download) -> None:
        downloads.append(started)

    page.on("download", note)
    make(page, "Trolls", "2mm")
    page.locator(".st-key-download button").wait_for(timeout=TASK_MS)

    page.get_by_role("textbox", name="Crop").fill("2.5mm")
    page.locator(".st-key-download button").click()

    page.get_by_role("button", name="Cancel").click()
    expect(panel(page)).to_contain_text("Cancelled.", timeout=TASK_MS)
    assert page.url.count("task=") == 2
    assert not downloads
