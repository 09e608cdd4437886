"""The small pictures of a deck's list."""

import io

import pytest
from PIL import Image

from cardmaker.artwork import thumbnail
from cardmaker.errors import ImageError
from cardmaker.limits import Limits
from cardmaker.settings import Settings
from cardmaker.source import BytesSource
from cardmaker.workbench import Workbench
from tests import art, images
from tests.redis_server import RedisServer


def small(content: bytes, side_px: int = 100, name: str = "elf") -> Image.Image:
    return Image.open(io.BytesIO(thumbnail(BytesSource(name, content), side_px)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_every_kind_gives_a_small_jpeg_of_its_shape(kind: str) -> None:
    picture = small(art.encoded(art.photo((745, 1040)), kind))

    assert picture.format == "JPEG"
    assert picture.size == (72, 100)


def test_a_small_image_is_not_enlarged() -> None:
    assert small(art.encoded(art.photo((20, 28)))).size == (20, 28)


def test_an_image_that_lies_on_its_side_is_put_upright() -> None:
    picture = small(art.jpeg(art.corners(size=(352, 252)), exif=art.turned_exif(6)))

    assert picture.size == (72, 100)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", art.jpeg(art.photo((200, 280)))[:3000]])
def test_what_cannot_be_printed_has_no_thumbnail_and_says_why(content: bytes) -> None:
    with pytest.raises(ImageError, match='"elf"'):
        small(content)


def test_the_limits_hold_before_anything_is_decoded() -> None:
    with pytest.raises(ImageError, match="megapixels"):
        thumbnail(BytesSource("elf", images.png_that_claims(9000, 9000)), 100, limits=Limits())


def test_each_image_is_looked_at_once_and_a_broken_one_keeps_no_other_back() -> None:
    elf, twin = (BytesSource(name, art.jpeg(art.photo((200, 280)))) for name in ("elf", "twin"))
    broken = BytesSource("broken", b"none")
    told: list[tuple[float, str]] = []

    found = Workbench().thumbnails([elf, twin, broken], lambda done, doing: told.append((done, doing)))

    assert list(found) == [elf.digest, broken.digest]
    assert isinstance(found[broken.digest], ImageError)
    assert told == [(0.5, "image 1 of 2"), (1.0, "image 2 of 2")]


def test_another_server_on_the_same_redis_makes_no_thumbnail_again(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(redis_url=redis_server.url)
    elf = BytesSource("elf", art.jpeg(art.photo((200, 280))))
    first = Workbench(settings).thumbnails([elf])
    monkeypatch.setattr("cardmaker.artwork.thumbnail", None)

    assert Workbench(settings).thumbnails([elf]) == first
