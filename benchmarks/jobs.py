"""What is measured inside a process of its own: one JSON line of figures on stdout.

    python -m benchmarks.jobs engine jpeg

Imports come first and are not counted; `engine_s` is the call alone, as its caller would wait for it.
"""

from __future__ import annotations

import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.decks import DECKS, Deck, drawn

REPEATS = 9
PREVIEW_DPI, PAGE_DPI = 100, 300


def engine(deck: Deck, threads: str = "2") -> dict[str, float]:
    """From file names to the whole document in a file."""
    from cardmaker.render import render

    def call(sink: Any) -> None:
        artwork, request = _request(deck)
        render(request, artwork.images, sink, threads=int(threads))

    return _to_file(call)


def img2pdf(deck: Deck) -> dict[str, float]:
    """The floor: every image once, as it is, on a page of its own."""
    import img2pdf as peer  # type: ignore[import-untyped]

    layout = peer.get_layout_fun((peer.mm_to_pt(63), peer.mm_to_pt(88)))
    paths = [str(path) for path in deck.files]
    return _to_file(lambda sink: peer.convert(paths, layout_fun=layout, outputstream=sink))


def pillow(deck: Deck) -> dict[str, float]:
    """Each image decoded and encoded again in its own format, in one thread; PNG at its quickest."""
    from PIL import Image

    Image.preinit()
    options: dict[str, Any] = {"quality": 90} if deck.kind == "jpg" else {"compress_level": 1}

    def call(sink: Any) -> None:
        for path in deck.files:
            with Image.open(path) as image:
                image.save(sink, image.format, **options)

    return _to_file(call)


def resized(deck: Deck) -> dict[str, float]:
    """What a tool does that changes pixels: each image decoded, resized to 300 ppi and encoded, in two threads."""
    from PIL import Image

    def call(sink: Any) -> None:
        def one(path: Path) -> bytes:
            with Image.open(path) as image:
                picture = image.resize((744, 1039), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=92, subsampling=0)
            return buffer.getvalue()

        with ThreadPoolExecutor(2) as pool:
            for content in pool.map(one, deck.files):
                sink.write(content)

    return _to_file(call)


def warm(deck: Deck) -> dict[str, float]:
    """Rendering again in the same process, tiles kept by the caller: one card changed, the layout changed. Beside it
    the copying of the same images and nothing else."""
    from cardmaker import artwork as core
    from cardmaker.deck import assemble
    from cardmaker.render import render
    from cardmaker.source import BytesSource

    kept: dict[object, core.Tile] = {}

    def prepare(source: Any, spec: Any) -> core.Tile:
        if spec not in kept:
            kept[spec] = core.prepare(source, spec)
        return kept[spec]

    *paths, back_path = deck.files
    fronts, back = ([BytesSource(p.name, p.read_bytes()) for p in group] for group in (paths, [back_path]))
    spares = [BytesSource("spare", _changed(path.read_bytes())) for path in paths[: REPEATS + 1]]
    papers = ["a4", "letter", "legal", "tabloid"]

    def once(changed: int, paper: str) -> float:
        start = time.perf_counter()
        deck_now = assemble([*fronts[:50], *spares[changed : changed + 1], *fronts[51:]], back[0])
        request = _requested(deck_now, deck, paper)
        render(request, deck_now.images, io.BytesIO(), prepare=prepare)
        return time.perf_counter() - start

    def copied() -> float:
        start, sink = time.perf_counter(), io.BytesIO()
        for source in fronts:
            with source.open() as stream:
                sink.write(stream.read())
        return time.perf_counter() - start

    first = once(0, "letter")
    one_card, layout, copies = [], [], []
    for i in range(1, REPEATS + 1):
        one_card.append(once(i, "letter"))
        layout.append(once(i, papers[i % 2 * 2]))
        copies.append(copied())
    return {
        "first_s": first,
        "one_card_s": statistics.median(one_card),
        "layout_s": statistics.median(layout),
        "copy_s": statistics.median(copies),
    }


def preview(deck: Deck) -> dict[str, float]:
    """One page of the deck as a picture, with nothing kept and with its proxies kept; beside it, Pillow decoding
    the images of that page in two threads."""
    from PIL import Image

    from cardmaker import artwork as core
    from cardmaker.preview import picture

    artwork, request = _request(deck)
    kept: dict[object, core.Tile] = {}

    def keeping(source: Any, spec: Any, ppi: float | None) -> core.Tile:
        if (spec, ppi) not in kept:
            kept[spec, ppi] = core.prepare(source, spec, ppi)
        return kept[spec, ppi]

    def decode(path: Path) -> None:
        with Image.open(path) as image:
            image.load()

    def show(page: int, prepare: Any) -> float:
        start = time.perf_counter()
        picture(request, artwork.images, page, dpi=PREVIEW_DPI, prepare=prepare)
        return time.perf_counter() - start

    slots, files = len(request.sheet.slots), deck.files
    cold, again, decoding = [], [], []
    with ThreadPoolExecutor(2) as pool:
        for page in range(2, 2 * REPEATS + 1, 2):  # fronts
            cold.append(show(page, core.prepare))
            show(page, keeping)
            again.append(show(page, keeping))
            start = time.perf_counter()
            list(pool.map(decode, files[page // 2 * slots :][:slots]))
            decoding.append(time.perf_counter() - start)
    return {
        "cold_s": statistics.median(cold),
        "warm_s": statistics.median(again),
        "decode_s": statistics.median(decoding),
    }


def page(deck: Deck, out: str) -> dict[str, float]:
    """Writes one page of the deck for other programs to render, and lets pdfium render it at 300 dpi."""
    import pypdfium2

    from cardmaker.render import render

    artwork, request = _request(deck)
    with Path(out).open("wb") as sink:
        render(request, artwork.images, sink, page=4)

    def raster() -> None:
        document = pypdfium2.PdfDocument(out)
        document[0].render(scale=PAGE_DPI / 72).close()
        document.close()

    return {"engine_s": statistics.median(_timed(raster) for _ in range(3))}


def _request(deck: Deck) -> tuple[Any, Any]:
    from cardmaker.deck import assemble
    from cardmaker.source import FileSource, from_folder

    artwork = assemble(from_folder(deck.fronts), FileSource(deck.back))
    return artwork, _requested(artwork, deck, "letter")


def _requested(artwork: Any, deck: Deck, paper: str) -> Any:
    from cardmaker.knobs import request_from

    options = dict(zip(deck.options[::2], deck.options[1::2], strict=True))
    named = {name.removeprefix("--").replace("-", "_"): value for name, value in options.items()}
    return request_from(artwork.deck, {"paper": paper, "card": "standard", **named})


def _changed(content: bytes) -> bytes:
    """The same picture as another file: a comment after a JPEG's first marker."""
    return content[:2] + b"\xff\xfe\x00\x07other" + content[2:]


def _to_file(call: Callable[[Any], object]) -> dict[str, float]:
    with tempfile.TemporaryFile() as sink:
        took = _timed(lambda: call(sink))
        return {"engine_s": took, "bytes": sink.seek(0, io.SEEK_END)}


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    JOBS: dict[str, Callable[..., dict[str, float]]] = {
        job.__name__: job for job in (engine, img2pdf, pillow, resized, warm, preview, page)
    }
    name, deck_name, *rest = sys.argv[1:]
    print(json.dumps(JOBS[name](drawn(DECKS[deck_name]), *rest)))
