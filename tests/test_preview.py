"""The preview is a picture of that very page: compared with a raster of the full document, made here by pdfium.

Both go through a JPEG of quality 85; then no sample may differ by more than 16 of 255.
"""

import io
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from cardmaker.deck import Artwork
from cardmaker.errors import SettingError
from cardmaker.preview import Picture, picture
from tests import art


def opened(preview: Picture) -> Image.Image:
    with Image.open(io.BytesIO(preview.content)) as image:
        assert image.format == "JPEG"
        assert image.size == (preview.width, preview.height)
        return image.convert("RGB")


def assert_shows(preview: Picture, raster: Image.Image) -> None:
    with Image.open(io.BytesIO(art.encoded(raster, "JPEG", quality=85))) as compressed:
        difference = ImageChops.difference(opened(preview), compressed.convert("RGB"))
    assert (preview.width, preview.height) == raster.size
    assert max(high for _, high in art.ranges(difference)) <= 16


def deck() -> Artwork:
    """Two letter sheets, the second one partial, with a common back and one of its own."""
    fronts = [art.corners(middle=(20 * i, 250 - 20 * i, 90)) for i in range(11)]
    return art.deck_of(fronts, back=art.edged((90, 120)), backs={9: art.solid(art.GREEN)})


@pytest.mark.parametrize("page", [0, 1, 2, 3], ids=["front", "back", "last front", "last back"])
@pytest.mark.parametrize("settings", [{}, {"paper": "a4", "outline": True, "skip": "2", "label": "words"}], ids=str)
def test_the_preview_equals_that_page_of_the_document(page: int, settings: dict[str, object]) -> None:
    artwork = deck()
    wanted = art.request(artwork, **settings)

    preview = picture(wanted, artwork.images, page, dpi=90)

    assert preview.pages == 4
    assert preview.broken == ()
    assert_shows(preview, art.by_pdfium(art.pdf(wanted, artwork), page, 90))


@pytest.mark.parametrize("dpi", [60, 100, 150])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fit": "cover", "crop": "2mm"},
        {"source_bleed": "3mm"},
        {"rotate": "90", "fill_corners": "4mm", "outer_bleed": "5mm"},
        {"extend_edges": "1mm", "source_bleed": "auto", "rotate": "180"},
    ],
    ids=str,
)
def test_images_far_finer_than_the_preview_look_as_they_will_in_print(dpi: int, settings: dict[str, object]) -> None:
    size, turned = (1000, 1400), art.turned_exif(6)
    sharp = art.edged(size, blocks=20)
    fronts: list[art.Picture] = [
        art.jpeg(sharp, quality=95),
        art.encoded(sharp),
        art.encoded(sharp.convert("RGBA")),
        art.encoded(sharp.convert("L")),
        art.encoded(sharp.quantize(32)),
        art.jpeg(sharp.transpose(Image.Transpose.ROTATE_90), exif=turned),
        art.jpeg(art.photo(size).convert("CMYK")),
        art.photo(size),
    ]
    artwork = art.deck_of(fronts)
    wanted = art.request(artwork, **settings)

    preview = picture(wanted, artwork.images, 0, dpi=dpi)

    printed = art.by_pdfium(art.pdf(wanted, artwork), 0, dpi)
    with Image.open(io.BytesIO(art.encoded(printed, "JPEG", quality=85))) as compressed:
        difference = ImageChops.difference(opened(preview), compressed.convert("RGB")).convert("L")
    # Reduced in two steps instead of one: next to a sharp edge a pixel may share another part of it.
    assert sum(n * difference.histogram()[n] for n in range(256)) / (difference.width * difference.height) < 1.5
    assert sum(difference.histogram()[48:]) / (difference.width * difference.height) < 0.002


@pytest.mark.parametrize("size", [(4000, 300), (300, 4000), (1, 3000), (3000, 1), (3, 6000), (2000, 9)], ids=str)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_images_of_an_odd_shape_are_reduced_no_further_than_their_shorter_side(
    kind: str, size: tuple[int, int]
) -> None:
    picture_ = art.edged(size, blocks=6) if min(size) > 6 else Image.new("RGB", size, art.BLUE)
    artwork = art.deck_of([art.encoded(picture_, kind)])
    wanted = art.request(artwork)

    preview = picture(wanted, artwork.images, 0, dpi=100)

    assert preview.broken == ()
    difference = ImageChops.difference(opened(preview), art.by_pdfium(art.pdf(wanted, artwork), 0, 100)).convert("L")
    assert sum(n * difference.histogram()[n] for n in range(256)) / (difference.width * difference.height) < 1


def test_words_in_an_image_do_not_enter_its_proxy() -> None:
    words = PngInfo()
    words.add_text("comment", "é" * 40_000)  # for which Pillow's encoder never returns
    artwork = art.deck_of([art.encoded(art.photo((1003, 1397)), pnginfo=words)])

    preview = picture(art.request(artwork), artwork.images, 0, dpi=50)

    assert preview.broken == ()


def test_pages_differ() -> None:
    artwork = deck()
    wanted = art.request(artwork)

    assert len({picture(wanted, artwork.images, page, dpi=40).content for page in range(4)}) == 4


@pytest.mark.parametrize(
    ("paper", "dpi", "size"),
    [
        ("letter", 100, (1100, 850)),
        ("letter", 300, (3300, 2550)),
        ("tabloid", 50, (550, 850)),
        ("a4", 100, (1170, 827)),
    ],
)
def test_a_preview_by_dpi_has_the_pages_size_in_pixels(paper: str, dpi: int, size: tuple[int, int]) -> None:
    artwork = art.deck_of([art.solid(art.RED)])

    preview = picture(art.request(artwork, paper=paper), artwork.images, 0, dpi=dpi)

    assert (preview.width, preview.height) == size


@pytest.mark.parametrize("width", [400, 777, 1000, 1024, 1600])
@pytest.mark.parametrize("paper", ["letter", "a4", "tabloid"])
def test_a_preview_by_width_is_that_wide(paper: str, width: int) -> None:
    artwork = art.deck_of([art.solid(art.RED)])
    wanted = art.request(artwork, paper=paper)

    preview = picture(wanted, artwork.images, 0, width_px=width)

    assert preview.width == width
    assert preview.height == pytest.approx(width * wanted.sheet.height_mm / wanted.sheet.width_mm, abs=1)


def test_a_broken_card_shows_as_a_placeholder_and_is_named() -> None:
    good = art.solid(art.BLUE)
    artwork = art.deck_of([good, art.source("Sol Ring", art.jpeg(art.solid(art.BLUE))[:-99]), good])
    wanted = art.request(artwork)

    preview = picture(wanted, artwork.images, 0, dpi=72)

    (error,) = preview.broken
    assert error.card == "Sol Ring.img"
    assert "truncated" in error.reason
    page, slots = opened(preview), wanted.sheet.slots
    for index in (0, 2):
        assert art.distance(art.on_card(page, 72, slots[index].trim, 0.3, 0.5), art.BLUE) < 8
    placeholder = art.on_card(page, 72, slots[1].trim, 0.2, 0.5)
    assert art.distance(placeholder, (232, 232, 232)) < 8
    assert art.ranges(art.area(page, 72, slots[1].trim))[1][0] < 120  # crossed out


def test_every_kind_of_breakage_leaves_the_page_standing() -> None:
    broken = [b"", b"no image", art.encoded(art.solid(art.RED))[:40], b"\xff\xd8\xff\xe0 and no more"]
    artwork = art.deck_of([*broken, art.solid(art.BLUE)])

    preview = picture(art.request(artwork), artwork.images, 0, dpi=50)

    assert sorted(error.card for error in preview.broken) == [f"card-{i:03}.img" for i in range(4)]


@pytest.mark.parametrize("page", [-1, 4, 99])
def test_a_page_that_is_not_there_is_an_error_that_says_how_many_there_are(page: int) -> None:
    artwork = deck()

    with pytest.raises(SettingError, match="4"):
        picture(art.request(artwork), artwork.images, page, dpi=50)


@pytest.mark.parametrize(
    ("dpi", "width"), [(5, None), (5000, None), (0, None), (None, 1), (None, 100_000), (None, None)]
)
def test_a_resolution_out_of_reason_is_refused(dpi: int | None, width: int | None) -> None:
    artwork = deck()

    with pytest.raises(SettingError, match="dpi"):
        picture(art.request(artwork), artwork.images, 0, dpi=dpi, width_px=width)


@pytest.mark.parametrize(("page", "expected"), [(0, range(8)), (1, ()), (2, range(8, 16)), (4, range(16, 18)), (5, ())])
def test_only_the_images_of_the_page_are_opened(page: int, expected: Sequence[int]) -> None:
    fronts = [art.Recorder(f"{i}", art.solid((10 * i, 80, 90))) for i in range(18)]
    back = art.Recorder("back", art.solid(art.RED))
    artwork = art.deck_of(fronts, back=back)

    picture(art.request(artwork), artwork.images, page, dpi=30)

    assert [i for i, front in enumerate(fronts) if front.opened] == list(expected)
    assert bool(back.opened) is (page % 2 == 1)


@pytest.mark.slow
def test_previews_from_eight_threads_at_once_are_right() -> None:
    artwork = deck()
    requests = [art.request(artwork, paper=paper) for paper in ("letter", "a4")]
    jobs = [(request, page) for request in requests for page in range(4)] * 3
    alone = [picture(request, artwork.images, page, dpi=60).content for request, page in jobs[:8]] * 3

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: picture(job[0], artwork.images, job[1], dpi=60).content, jobs))

    assert together == alone
    assert len(set(alone)) == 8


def test_pdfium_is_entered_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, counting = 0, 0, threading.Lock()

    class Watched(pypdfium2.PdfDocument):  # type: ignore[misc]
        def __init__(self, *args: object) -> None:
            nonlocal inside, most
            with counting:
                inside += 1
                most = max(most, inside)
            super().__init__(*args)

        def close(self, *args: object) -> None:
            nonlocal inside
            super().close(*args)
            with counting:
                inside -= 1

    monkeypatch.setattr(pypdfium2, "PdfDocument", Watched)
    artwork = deck()
    wanted = art.request(artwork)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: picture(wanted, artwork.images, n % 4, dpi=80), range(24)))

    assert most == 1
    assert inside == 0


def test_a_picture_of_more_pixels_than_memory_should_hold_is_refused() -> None:
    artwork = art.deck_of([art.solid(art.RED)])
    wanted = art.request(artwork, paper="2000mmx2000mm", card="70mmx120mm")

    with pytest.raises(SettingError, match="pixels are too many"):
        picture(wanted, artwork.images, 0, dpi=600)
