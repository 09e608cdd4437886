"""The main job in a real browser: images in, the sheet seen, the PDF out."""

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2
import pytest
from ezdxf.filemanagement import readfile
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Download, FilePayload, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from pypdfium2 import raw

from cardmaker import project
from cardmaker.knobs import sheet_from
from cardmaker.sheet import Rect, Sheet
from cardmaker.source import BytesSource, FileSource
from cardmaker.units import pt_to_mm
from cardmaker.workbench import Workbench
from tests import browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A4_PT = (841.89, 595.28)
TOLERANCE_MM = 0.01
SAMPLE_MS = 5_000
PRESS_MS = 15_000
SLACK = 2  # for a machine that does other things too


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
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def card(number: int) -> FilePayload:
    """A JPEG that no other number gives."""
    image = Image.new("RGB", (315, 440), (number * 25 % 256, number * 70 % 256, 160))
    ImageDraw.Draw(image).text((120, 160), str(number), fill="white", font_size=120)
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return {"name": f"card {number}.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def drop(page: Page, files: Sequence[FilePayload]) -> None:
    page.locator(".st-key-fronts input[type=file]").set_input_files(files)


def sheet_picture(page: Page) -> Locator:
    return page.locator(".st-key-picture .paper img")


def choose(page: Page, field: str, option: str) -> None:
    box = page.get_by_role("combobox", name=field)
    box.scroll_into_view_if_needed()
    box.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box.click()  # a list closes when the page scrolls
    page.get_by_role("option", name=option).click()


def shape(picture: Locator) -> float:
    """Width over height of the image that the browser has loaded."""
    return float(picture.evaluate("image => image.decode().then(() => image.naturalWidth / image.naturalHeight)"))


def download(page: Page, folder: Path) -> Path:
    return taken(page, page.get_by_role("button", name="Download PDF").first, folder)


def save(page: Page, button: str, folder: Path) -> Path:
    """What that button gives."""
    return taken(page, page.get_by_role("button", name=button, exact=True), folder)


def taken(page: Page, button: Locator, folder: Path) -> Path:
    """Pressed again, as a person would, where the button was drawn anew under the press: the page then says that there
    was no such file."""
    try:
        with page.expect_download(timeout=PRESS_MS) as started:
            button.click()
    except PlaywrightTimeout:
        with page.expect_download() as started:
            button.click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def images_on(page: pypdfium2.PdfPage) -> list[Rect]:
    """Where the images of a page lie, in mm from its top left."""
    height = page.get_height()
    bounds = (each.get_bounds() for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))
    return [
        Rect(pt_to_mm(left), pt_to_mm(height - top), pt_to_mm(right - left), pt_to_mm(top - bottom))
        for left, bottom, right, top in bounds
    ]


def cards_on(page: pypdfium2.PdfPage, sheet: Sheet) -> list[Rect]:
    """The images of a card's size; the others are the thin strips of bleed beneath them."""
    size = pytest.approx((sheet.card.width_mm, sheet.card.height_mm), abs=TOLERANCE_MM)
    return sorted(
        (rect for rect in images_on(page) if (rect.width_mm, rect.height_mm) == size),
        key=lambda rect: (round(rect.y_mm), rect.x_mm),
    )


def test_nine_dropped_images_become_a_pdf_with_every_card_in_its_slot(page: Page, tmp_path: Path) -> None:
    drop(page, [card(number) for number in range(1, 10)])
    expect(page.get_by_text("9 cards · 2 sheets · 2 pages")).to_be_visible()
    letter = sheet_picture(page).get_attribute("src") or ""
    assert shape(sheet_picture(page)) == pytest.approx(11 / 8.5, rel=0.005)

    choose(page, "Paper", "A4")
    expect(sheet_picture(page)).not_to_have_attribute("src", letter)
    assert shape(sheet_picture(page)) == pytest.approx(297 / 210, rel=0.005)
    expect(page.locator(".st-key-sheet").get_by_text("a4-standard-v5", exact=True)).to_be_visible()
    path = download(page, tmp_path)

    assert path.name == "deck-a4-standard-v5.pdf"
    sheet = sheet_from({"paper": "a4"})
    with pypdfium2.PdfDocument(path) as pdf:
        assert len(pdf) == 2
        for printed, cards in zip(pdf, (8, 1), strict=True):
            for box in (printed.get_mediabox(), printed.get_trimbox()):
                assert box == pytest.approx((0, 0, *A4_PT), abs=0.01)
            placed = cards_on(printed, sheet)
            assert len(placed) == cards
            for rect, slot in zip(placed, sheet.slots, strict=False):
                assert (rect.x_mm, rect.y_mm) == pytest.approx((slot.trim.x_mm, slot.trim.y_mm), abs=TOLERANCE_MM)


def test_the_page_asks_nobody_but_its_own_server(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.reload()
    page.get_by_role("button", name="Try a sample deck").click()
    expect(sheet_picture(page)).to_be_visible(timeout=SAMPLE_MS * SLACK)

    home = re.compile(r"(https?|ws)://127\.0\.0\.1:|data:|blob:")
    assert asked
    assert [url for url in asked if not home.match(url)] == []


def test_the_sample_deck_is_on_the_sheet_within_five_seconds(page: Page) -> None:
    sample = page.get_by_role("button", name="Try a sample deck")
    sample.wait_for()

    sample.click()

    expect(sheet_picture(page)).to_be_visible(timeout=SAMPLE_MS * SLACK)
    assert shape(sheet_picture(page)) == pytest.approx(11 / 8.5, rel=0.005)
    expect(page.get_by_text("13 cards · 2 sheets · 4 pages")).to_be_visible()


def test_an_empty_page_says_what_to_do_and_a_wrong_file_is_named_as_it_is_called(page: Page) -> None:
    expect(page.get_by_text("Drop card images on the left")).to_be_visible()
    expect(page.get_by_role("button", name="Download PDF")).to_have_count(0)

    name = "<b>rules</b> *www.example.com* :smile:.pdf"
    drop(page, [card(1), {"name": name, "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}])

    complaint = page.get_by_role("alert")
    expect(complaint).to_contain_text("1 image cannot be printed")
    shown = complaint.inner_text().replace("\N{WORD JOINER}", "")
    assert name in shown
    expect(complaint.get_by_role("link")).to_have_count(0)
    expect(sheet_picture(page)).to_be_visible()
    expect(page.get_by_role("button", name="Download PDF")).to_be_disabled()


def test_a_press_right_after_typing_gives_what_was_typed(page: Page, tmp_path: Path) -> None:
    drop(page, [card(1)])
    expect(sheet_picture(page)).to_be_visible()
    workbench = Workbench()
    artwork = workbench.deck([BytesSource("card 1.jpg", card(1)["buffer"])])
    cropped = bytes(workbench.document(workbench.request(artwork, {"crop": "3mm", "title": "deck"}), artwork).value)

    page.get_by_role("textbox", name="Crop").fill("3mm")
    path = download(page, tmp_path)

    assert path.read_bytes() == cropped


def test_a_press_right_after_naming_the_deck_gives_a_file_of_that_name(page: Page, tmp_path: Path) -> None:
    drop(page, [card(1)])
    expect(sheet_picture(page)).to_be_visible()

    page.get_by_role("textbox", name="Deck name").fill("elves")
    path = download(page, tmp_path)

    assert path.name == "elves-letter-standard-v6.pdf"


def test_a_press_right_after_a_slip_gives_no_pdf(page: Page) -> None:
    downloads: list[Download] = []

    def note(started: Download) -> None:
        downloads.append(started)

    page.on("download", note)
    drop(page, [card(1)])
    expect(sheet_picture(page)).to_be_visible()

    page.get_by_role("textbox", name="Crop").fill("3")
    page.get_by_role("button", name="Download PDF").click()

    expect(page.get_by_text("has no unit; write 3mm or 3in")).to_be_visible()
    expect(page.get_by_role("button", name="Download PDF")).to_be_disabled()
    page.get_by_role("textbox", name="Crop").fill("3mm")  # and no press is left over
    page.get_by_role("textbox", name="Crop").press("Enter")
    expect(page.get_by_role("button", name="Download PDF")).to_be_enabled()
    assert not downloads


def test_the_cut_files_of_the_sheet_that_is_shown_can_be_taken(page: Page, tmp_path: Path) -> None:
    drop(page, [card(number) for number in range(1, 4)])
    choose(page, "Paper", "A4")
    expect(page.get_by_text("a4-standard-v5").first).to_be_visible()
    page.get_by_role("button", name="Cut file").click()

    drawing, picture, settings = (save(page, name, tmp_path) for name in ("DXF", "SVG", "Settings card"))

    sheet = sheet_from({"paper": "a4"})
    assert [path.name for path in (drawing, picture, settings)] == [
        f"deck-a4-standard-v5{ending}" for ending in (".dxf", ".svg", "-settings.pdf")
    ]
    assert len(readfile(drawing).modelspace()) == len(sheet.slots)
    assert picture.read_text().count('class="cut"') == len(sheet.slots)
    assert "a4-standard-v5" in pypdfium2.PdfDocument(settings)[0].get_textpage().get_text_bounded()


def test_a_project_has_what_was_typed_last_and_another_session_opens_it(
    page: Page, chromium: Browser, tmp_path: Path
) -> None:
    drop(page, [card(1), card(2)])
    expect(page.get_by_role("button", name="Save project")).to_be_enabled(timeout=SAMPLE_MS * SLACK)
    page.get_by_role("textbox", name="Deck name").fill("Elves")
    page.get_by_role("textbox", name="Crop", exact=True).first.fill("2mm")

    saved = save(page, "Save project", tmp_path)
    with chromium.new_context() as context:
        other = context.new_page()
        other.goto(page.url)
        other.get_by_role("button", name="Open project").click()
        other.locator(".st-key-project input[type=file]").set_input_files(saved)

        expect(other.get_by_text("Elves.cardmaker is open, 2 cards in the list.")).to_be_visible()
        expect(other.get_by_role("textbox", name="Crop", exact=True).first).to_have_value("2mm")
        expect(other.get_by_role("textbox", name="Deck name")).to_have_value("Elves")
        expect(other.get_by_text("Project (.cardmaker)")).to_have_count(0)
    assert saved.name == "Elves.cardmaker"
    assert project.read(FileSource(saved)).said["crop"] == "2mm"
