"""The sample deck: a full letter sheet and a partial one, the same on every run."""

import hashlib
import io

from PIL import Image, ImageStat

from cardmaker import samples
from cardmaker.samples import draw
from cardmaker.source import read_bytes


def test_the_sample_has_thirteen_different_cards_and_one_common_back() -> None:
    artwork = samples.deck()

    assert len(artwork.deck) == len({card.front for card in artwork.deck.cards}) == 13
    assert artwork.deck.back in artwork.images
    assert [card.name for card in artwork.deck.cards][:2] == ["01 First Light.jpg", "02 High Pass.jpg"]


def test_every_sample_is_a_jpeg_of_card_size_at_300_ppi() -> None:
    for source in samples.deck().images.values():
        with Image.open(io.BytesIO(read_bytes(source))) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (745, 1040))


def test_the_same_sample_is_drawn_every_time_and_kept() -> None:
    assert samples.deck() is samples.deck()
    for number, card in enumerate(samples.deck().deck.cards, start=1):
        assert hashlib.sha256(read_bytes(draw(number))).hexdigest() == card.front


def test_the_back_shows_which_way_is_up() -> None:
    artwork = samples.deck()
    with Image.open(io.BytesIO(read_bytes(artwork.images[artwork.deck.back or ""]))) as back:
        above = ImageStat.Stat(back.crop((300, 60, 445, 300))).mean
        below = ImageStat.Stat(back.rotate(180).crop((300, 60, 445, 300))).mean

    assert sum(above) > 1.3 * sum(below)
