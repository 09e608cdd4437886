"""The pages as PNGs in a ZIP."""

import io
import zipfile

import pytest
from PIL import Image

from cardmaker.errors import SettingError
from cardmaker.workbench import Workbench

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
