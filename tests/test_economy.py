"""No more work than needed, and no more memory: what is decoded, encoded, resized, read and held."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFile

from cardmaker import artwork as artwork_module
from cardmaker.artwork import Tile, png
from cardmaker.deck import Artwork
from cardmaker.preview import picture
from cardmaker.render import render
from cardmaker.source import ImageSource
from cardmaker.spec import TileSpec
from tests import art, files

ROOT = Path(__file__).parent.parent


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[int, int]]]:
    """Sizes of what Pillow decodes, encodes and resizes."""
    done: dict[str, list[tuple[int, int]]] = {"load": [], "save": [], "resize": []}

    def counted(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Image.Image, *args: Any, **options: Any) -> Any:
            if name != "load" or getattr(self, "tile", None):  # load() on what is loaded does nothing
                done[name].append(self.size)
            return original(self, *args, **options)

        return call

    monkeypatch.setattr(ImageFile.ImageFile, "load", counted("load", ImageFile.ImageFile.load))
    monkeypatch.setattr(Image.Image, "save", counted("save", Image.Image.save))
    monkeypatch.setattr(Image.Image, "resize", counted("resize", Image.Image.resize))
    return done


PLAIN = [art.jpeg(art.photo((90, 120))), art.encoded(art.photo((91, 120))), art.jpeg(art.photo((92, 120)).convert("L"))]


def test_untouched_images_with_a_bleed_of_their_own_are_never_decoded(work: dict[str, list[tuple[int, int]]]) -> None:
    art.printed(PLAIN * 2, source_bleed="3mm")

    assert work == {"load": [], "save": [], "resize": []}


def test_untouched_images_are_decoded_once_and_never_encoded_or_resized(work: dict[str, list[tuple[int, int]]]) -> None:
    art.printed(PLAIN * 2)

    assert sorted(work["load"]) == [(90, 120), (91, 120), (92, 120)]
    for size in (*work["save"], *work["resize"]):
        assert 1 in size  # the strips of edges


def test_filled_corners_and_extended_edges_decode_an_image_once_and_encode_none_of_it(
    work: dict[str, list[tuple[int, int]]],
) -> None:
    art.printed(PLAIN * 2, fill_corners="3mm", extend_edges="0.3mm", fit="cover", rotate="90")

    sizes = {(90, 120), (91, 120), (92, 120)}
    assert sorted(work["load"]) == sorted(sizes)
    assert not sizes & {*work["save"], *work["resize"]}


@pytest.mark.parametrize("kind", ["RGBA", "CMYK", "WEBP"])
def test_other_images_are_decoded_once_and_encoded_once(kind: str, work: dict[str, list[tuple[int, int]]]) -> None:
    picture = art.photo((90, 120))
    content = {
        "RGBA": lambda: art.encoded(picture.convert("RGBA")),
        "CMYK": lambda: art.jpeg(picture.convert("CMYK")),
        "WEBP": lambda: art.encoded(picture, "WEBP"),
    }[kind]()
    for sizes in work.values():
        sizes.clear()

    art.printed([content] * 3, source_bleed="3mm")

    assert work["load"] == [(90, 120)]
    assert work["save"] == [(90, 120)]
    assert work["resize"] == []


def test_a_png_is_parsed_once_and_its_data_unpacked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        original = getattr(png, name)

        def call(*args: Any) -> Any:
            seen.append(name)
            return original(*args)

        return call

    black_below = art.photo((91, 120))
    black_below.paste((0, 0, 0), (0, 100, 91, 120))
    content = [art.encoded(art.photo((90, 120))), art.encoded(black_below)]
    for name in ("parse", "check_data"):
        monkeypatch.setattr(png, name, counted(name))

    artwork = art.deck_of(content)
    prepared(artwork)
    # The strips that are encoded are read back as rows, not as PNGs.
    assert seen == ["parse", "parse"]

    seen.clear()
    prepared(artwork, source_bleed="3mm")
    assert seen == ["parse", "check_data", "parse", "check_data"]  # not decoded at all, and still known to be whole


def prepared(artwork: Artwork, **settings: object) -> None:
    """Each front's tile."""
    wanted = art.request(artwork, **settings)
    for card in artwork.deck.cards:
        artwork_module.prepare(artwork.images[card.front], wanted.front(card))


def test_with_tiles_kept_a_changed_layout_decodes_nothing_and_a_changed_card_one_image(
    work: dict[str, list[tuple[int, int]]],
) -> None:
    kept: dict[TileSpec, Tile] = {}

    def prepare(source: ImageSource, spec: TileSpec) -> Tile:
        if spec not in kept:
            kept[spec] = artwork_module.prepare(source, spec)
        return kept[spec]

    before = art.deck_of(PLAIN)
    after = art.deck_of([PLAIN[0], art.jpeg(art.photo((93, 120))), PLAIN[2]])
    for sizes in work.values():
        sizes.clear()
    render(art.request(before), before.images, io.BytesIO(), prepare=prepare)
    assert sorted(work["load"]) == [(90, 120), (91, 120), (92, 120)]

    work["load"].clear()
    for settings in ({"paper": "a4"}, {"skip": "4"}, {"label": "words"}, {"marks": "four"}, {"flip": "short"}):
        render(art.request(before, **settings), before.images, io.BytesIO(), prepare=prepare)
    assert work["load"] == []

    render(art.request(after), after.images, io.BytesIO(), prepare=prepare)
    assert work["load"] == [(93, 120)]


def test_a_preview_reads_and_decodes_the_images_of_its_own_page_alone(work: dict[str, list[tuple[int, int]]]) -> None:
    fine = [art.Recorder(f"{i}", art.jpeg(art.photo((800 + i, 1120)))) for i in range(20)]
    artwork = art.deck_of(fine)
    wanted = art.request(artwork)
    work["load"].clear()

    picture(wanted, artwork.images, 1, dpi=50)

    assert [front.opened for front in fine] == [0] * 8 + [1] * 8 + [0] * 4
    # No finer than the picture needs.
    assert sorted(work["load"]) == [(width, 280) for width in (202, 203, 203, 203, 203, 204, 204, 204)]


def test_the_document_is_never_joined_in_memory() -> None:
    class Sink:
        def __init__(self) -> None:
            self.sizes: list[int] = []

        def write(self, data: bytes) -> None:
            self.sizes.append(len(data))

    artwork = art.deck_of([art.encoded(art.photo((400, 560), seed), compress_level=0) for seed in range(12)])
    sink = Sink()

    render(art.request(artwork), artwork.images, sink)

    assert sum(sink.sizes) > 8_000_000
    assert max(sink.sizes) <= 1 << 20


def test_each_source_is_read_twice_at_most() -> None:
    fronts = [art.Recorder(f"{i}", content) for i, content in enumerate(PLAIN)]
    artwork = art.deck_of(fronts)

    render(art.request(artwork), artwork.images, io.BytesIO())

    assert [front.opened for front in fronts] == [2, 2, 2]  # once for its structure, once for its bytes


def test_tiles_are_prepared_only_a_few_ahead_of_a_slow_sink() -> None:
    artwork = art.deck_of([art.solid((i, 90, 160), (20, 28)) for i in range(40)])
    prepared, too_many = [], threading.Event()

    def prepare(source: ImageSource, spec: TileSpec) -> Tile:
        prepared.append(source.name)
        if len(prepared) > 12:
            too_many.set()
        return artwork_module.prepare(source, spec)

    def told(_: float, doing: str) -> None:
        if doing == "card 1 of 40":  # the sink has the first card and takes its time
            assert not too_many.wait(0.3)

    render(art.request(artwork), artwork.images, io.BytesIO(), prepare=prepare, progress=told, threads=2)

    assert len(prepared) == 40


# -- memory --

MEMORY = """
import json, resource, sys
from pathlib import Path
from cardmaker import render, knobs
from cardmaker.deck import assemble
from cardmaker.source import from_folder

class Nothing:
    size = 0
    def write(self, data): self.size += len(data)

artwork = assemble(from_folder(Path(sys.argv[1])))
sink = Nothing()
render.render(knobs.request_from(artwork.deck, {}), artwork.images, sink)
print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, sink.size]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="counts memory with getrusage")
def test_memory_does_not_grow_with_the_deck(tmp_path: Path) -> None:
    # Every other PNG has alpha: it is decoded and compressed again. The rest, 315 kB each, go in as they are.
    photograph = art.photo((300, 350))
    header, *rest = files.split_png(art.encoded(photograph, compress_level=0))
    see_through = photograph.convert("RGBA")
    peaks, sizes = [], []
    for count in (60, 300):
        folder = tmp_path / str(count)
        folder.mkdir()
        for i in range(count):
            see_through.putpixel((5, 5), (i % 256, i // 256, 0, 90))
            content = (
                files.join_png([header, (b"tEXt", b"Title\0%d" % i), *rest])
                if i % 2
                else art.encoded(see_through, compress_level=0)
            )
            (folder / f"{i}.png").write_bytes(content)

        script = [sys.executable, "-c", MEMORY, str(folder)]
        done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=True)

        peak, size = json.loads(done.stdout)
        peaks.append(peak)
        sizes.append(size)

    assert sizes[0] > 60 * 200_000
    assert sizes[1] > 4.5 * sizes[0]
    assert peaks[1] / peaks[0] < 1.15, peaks  # measured: 1.00, at 62 MB
