"""What people do, from the first click to the files in their hands: a real browser, a real server, a real Redis."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from ezdxf.filemanagement import readfile
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from cardmaker.knobs import sheet_from
from cardmaker.sheet import Sheet
from cardmaker.units import mm_to_px
from tests import browser
from tests.redis_server import RedisServer
from tests.test_browser import card, download, save, sheet_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CARDS = 104
DPI = 40
TASK_MS = 60_000
# How soon the server asks a Redis again that was away.
AGAIN_S = 0.3
Colour = tuple[int, int, int]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def address(store: RedisServer) -> Iterator[str]:
    settings = {"REDIS_URL": store.url, "CARDMAKER_BREAKER_OPEN_S": str(AGAIN_S), "CARDMAKER_BREAKER_REFUSED_S": "0.3"}
    with browser.serving(settings) as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as launched:
        yield launched


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": 1280, "height": 860}) as context:
        page = context.new_page()
        page.goto(address)
        yield page


def front(number: int) -> Colour:
    return number * 2, 40, 200


def back(number: int) -> Colour:
    return 200, 40, number * 2


def image(name: str, colour: Colour, size: tuple[int, int] = (158, 220)) -> FilePayload:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG", quality=95)
    return {"name": name, "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def zipped(files: list[FilePayload]) -> FilePayload:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for file in files:
            packed.writestr(file["name"], file["buffer"])
    return {"name": "my deck.zip", "mimeType": "application/zip", "buffer": stream.getvalue()}


def drop(page: Page, files: list[FilePayload], on: str = "fronts") -> None:
    page.locator(f".st-key-{on} input[type=file]").set_input_files(files)


def head(page: Page) -> Locator:
    return page.locator(".st-key-sheet strong").first


def findings(page: Page) -> Locator:
    return page.locator("[class*=st-key-finding-]")


def in_slots(printed: pypdfium2.PdfPage, sheet: Sheet) -> list[Colour]:
    """The colour at the middle of each slot."""
    pixels = printed.render(scale=DPI / 72).to_pil().convert("RGB")
    centres = (
        (slot.trim.x_mm + slot.trim.width_mm / 2, slot.trim.y_mm + slot.trim.height_mm / 2) for slot in sheet.slots
    )
    found = [pixels.getpixel((round(mm_to_px(x, DPI)), round(mm_to_px(y, DPI)))) for x, y in centres]
    return [colour for colour in found if isinstance(colour, tuple) and len(colour) == 3]


def is_close(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= 3 for a, b in zip(one, other, strict=True))


def test_a_first_deck_is_the_sample_and_four_clicks(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Try a sample deck").click()
    expect(sheet_picture(page)).to_be_visible()
    expect(head(page)).to_have_text("13 cards · 2 sheets · 4 pages")
    expect(page.get_by_text("Print at Actual size, two-sided, flip on the long edge.")).to_be_attached()

    path = download(page, tmp_path)

    assert path.name == "sample-letter-standard-v6.pdf"
    with pypdfium2.PdfDocument(path) as pdf:
        assert len(pdf) == 4


def test_a_deck_of_104_with_backs_by_name_is_made_in_the_background(page: Page, tmp_path: Path) -> None:
    drop(page, [zipped([image(f"card {n:03}.jpg", front(n)) for n in range(CARDS)])])
    expect(head(page)).to_have_text("104 cards · 13 sheets · 13 pages", timeout=TASK_MS)
    drop(page, [image(f"card {n:03}-back.jpg", back(n)) for n in range(CARDS)], on="backs")
    expect(head(page)).to_have_text("104 cards · 13 sheets · 26 pages", timeout=TASK_MS)
    expect(page.get_by_text("104 of 104 own backs have their card.")).to_be_attached()

    page.get_by_role("button", name="Make PDF").click()
    expect(page.locator(".st-key-task")).to_contain_text("Ready: 26 pages", timeout=TASK_MS)
    path = download(page, tmp_path)  # what the task made is in the cache

    assert path.name == "my deck-letter-standard-v6.pdf"
    sheet = sheet_from({})
    with pypdfium2.PdfDocument(path) as pdf:
        assert len(pdf) == 26
        for number in (0, 6, 12):
            cards = [*range(8 * number, 8 * number + 8)]
            seen = in_slots(pdf[2 * number], sheet)
            assert all(is_close(colour, front(n)) for colour, n in zip(seen, cards, strict=True))
            # Turned over its long edge, a landscape sheet's upper row lies below.
            behind = in_slots(pdf[2 * number + 1], sheet)
            wanted = [back(n) for n in [*cards[4:], *cards[:4]]]
            assert all(is_close(colour, each) for colour, each in zip(behind, wanted, strict=True))


def test_what_preflight_finds_is_shown_and_mended_on_the_page(page: Page, tmp_path: Path) -> None:
    files = [image(f"card {n:03}.jpg", front(n), (790, 1100)) for n in range(9)]
    lying = image("map.jpg", (10, 200, 10), (1100, 790))
    broken: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"buy milk"}
    drop(page, [*files, lying, broken])
    expect(page.get_by_role("button", name="Download PDF")).to_be_disabled()

    page.get_by_role("button", name="Remove them").click()
    expect(head(page)).to_have_text("10 cards · 2 sheets · 2 pages")
    about_map = findings(page).filter(has_text="landscape image on a portrait card")
    about_map.get_by_role("button", name="Show me").click()
    expect(page.get_by_text("Sheet 2 of 2, front")).to_be_visible()
    expect(page.locator(".desk")).to_have_class(re.compile("roomy"))
    about_map.get_by_role("button", name="Turn it").click()
    expect(findings(page).filter(has_text="map.jpg")).to_have_count(0)
    page.get_by_role("button", name="Skip slot 4").click()
    expect(page.get_by_text("Nothing to mend")).to_be_attached()
    path = download(page, tmp_path)

    sheet = sheet_from({})
    with pypdfium2.PdfDocument(path) as pdf:
        first, second = (in_slots(printed, sheet) for printed in pdf)
    assert [n for n, colour in enumerate(first) if colour == (255, 255, 255)] == [4]
    assert is_close(second[2], (10, 200, 10))


def test_a_slot_that_is_clicked_is_empty_on_the_page_in_the_pdf_and_in_the_cut_file(page: Page, tmp_path: Path) -> None:
    drop(page, [image(f"card {n:03}.jpg", front(n)) for n in range(8)])
    expect(head(page)).to_have_text("8 cards · 1 sheet · 1 page")
    full = sheet_picture(page).get_attribute("src") or ""

    page.get_by_role("button", name=re.compile("^Slot 5, row")).click()

    expect(head(page)).to_have_text("8 cards · 2 sheets · 2 pages")
    expect(sheet_picture(page)).not_to_have_attribute("src", full)
    shown = page.request.get(page.url.rstrip("/") + (sheet_picture(page).get_attribute("src") or ""))
    picture = Image.open(io.BytesIO(shown.body())).convert("RGB")
    sheet = sheet_from({})
    trim, scale = sheet.slots[5].trim, picture.width / sheet.width_mm
    middle = (round((trim.x_mm + trim.width_mm / 2) * scale), round((trim.y_mm + trim.height_mm / 2) * scale))
    assert picture.getpixel(middle) == (255, 255, 255)
    path = download(page, tmp_path)
    with pypdfium2.PdfDocument(path) as pdf:
        first, second = (in_slots(printed, sheet) for printed in pdf)
    assert [n for n, colour in enumerate(first) if colour == (255, 255, 255)] == [5]
    assert is_close(second[0], front(7))
    page.get_by_role("button", name="Cut file").click()
    page.get_by_text("Do not cut skipped slots").click()
    assert len(readfile(save(page, "DXF", tmp_path)).modelspace()) == 7


def test_redis_goes_and_comes_in_the_middle_of_tuning(page: Page, store: RedisServer, tmp_path: Path) -> None:
    drop(page, [card(n) for n in range(1, 5)])
    expect(sheet_picture(page)).to_be_visible()
    tune_until(page, "cache: Redis")  # a machine with much else to do can have given it up just now
    before = sheet_picture(page).get_attribute("src") or ""

    store.kill()
    tune_until(page, "cache: memory only")

    expect(sheet_picture(page)).not_to_have_attribute("src", before)
    assert download(page, tmp_path).stat().st_size > 0
    store.start()
    tune_until(page, "cache: Redis")
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


def tune_until(page: Page, words: str) -> None:
    """Changes the crop, each time to another value, until the line below the sheet says so. Redis is given up after a
    few failures in a row, and asked again after a while; nothing announces either."""
    crop, said = page.get_by_role("textbox", name="Crop"), page.get_by_text(re.compile("cache: "))
    for tweak in range(12):
        shown = sheet_picture(page).get_attribute("src") or ""
        before = float((crop.input_value() or "1mm")[:-2])
        crop.fill(f"{before + 0.25}mm")
        crop.press("Enter")
        expect(sheet_picture(page)).not_to_have_attribute("src", shown)
        page.wait_for_timeout(AGAIN_S * 1000 if tweak else 0)
        if words in said.inner_text():
            return
    expect(said).to_contain_text(words)
