"""The pages as PNGs in a ZIP."""

import io
import threading
import zipfile
from collections.abc import Iterator

import pytest
from PIL import Image

from cardmaker.errors import Cancelled, CardmakerError, SettingError
from cardmaker.making import Maker, Making
from cardmaker.render import Cancel, Progress
from cardmaker.workbench import Workbench

WAIT_S = 30.0
NAMES = ["sheet 01 front.png", "sheet 01 back.png", "sheet 02 front.png", "sheet 02 back.png"]


def test_every_page_is_a_picture_of_the_papers_size_named_by_sheet_and_side() -> None:
    bench = Workbench()
    artwork = bench.sample()
    told: list[float] = []

    packed = bench.page_images(bench.request(artwork, {}), artwork, 150, lambda done, _: told.append(done))

    with zipfile.ZipFile(io.BytesIO(packed)) as pages:
        assert pages.namelist() == NAMES
        opened = [Image.open(io.BytesIO(pages.read(name))) for name in NAMES]
    assert {image.size for image in opened} == {(1650, 1275)}
    assert opened[0].info["dpi"] == pytest.approx((150, 150), abs=0.02)
    assert len({image.tobytes() for image in opened}) == 4
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_the_same_pages_are_the_same_file() -> None:
    bench = Workbench()
    artwork = bench.sample()
    wanted = bench.request(artwork, {})

    assert bench.page_images(wanted, artwork, 150) == bench.page_images(wanted, artwork, 150)


def test_a_resolution_that_is_not_offered_is_refused() -> None:
    bench = Workbench()
    artwork = bench.sample()

    with pytest.raises(SettingError, match="choose 150 or 300 dpi"):
        bench.page_images(bench.request(artwork, {}), artwork, 9000)


def test_pages_are_stopped_between_two_of_them() -> None:
    bench = Workbench()
    artwork = bench.sample()
    told: list[float] = []

    with pytest.raises(Cancelled):
        bench.page_images(
            bench.request(artwork, {}), artwork, 150, lambda done, _: told.append(done), lambda: len(told) == 2
        )

    assert told == [0.25, 0.5]


@pytest.fixture
def maker() -> Iterator[Maker]:
    made = Maker()
    yield made
    made.close()


def test_what_is_made_in_the_background_says_how_far_it_is_and_can_be_stopped(maker: Maker) -> None:
    begun = threading.Event()

    def work(progress: Progress, cancelled: Cancel) -> bytes:
        progress(0.5, "page 1 of 2")
        begun.set()
        while not cancelled():
            threading.Event().wait(0.01)
        raise Cancelled("stopped")

    making = maker.begin(work)
    assert begun.wait(WAIT_S)
    assert (making.progress, making.doing, making.is_over) == (0.5, "page 1 of 2", False)
    making.cancel()

    assert making.wait(WAIT_S)
    assert (making.content, making.error) == (None, None)


def test_a_fault_in_the_background_is_told_without_its_insides(maker: Maker, caplog: pytest.LogCaptureFixture) -> None:
    def work(_progress: Progress, _cancelled: Cancel) -> bytes:
        raise ZeroDivisionError("secret")

    making: Making = maker.begin(work)

    assert making.wait(WAIT_S)
    assert isinstance(making.error, CardmakerError)
    assert "secret" not in str(making.error)
    assert "could not be made" in caplog.text
