"""Bad input, built here: each ends in a right picture or in an error that names the card and the reason.

docs/corpus.md lists what happened to each. After a change that is meant: CORPUS_WRITE=1 pytest tests/test_corpus.py
"""

import io
import os
import struct
import time
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cardmaker.errors import ImageError
from cardmaker.finding import Severity
from cardmaker.preflight import check
from cardmaker.render import Result, render
from cardmaker.source import BytesSource
from cardmaker.spec import ArtworkSettings
from tests import art, files, icc
from tests.test_damaged import HOW, SMALL, bomb, mutated
from tests.test_damaged import check as check_prepared
from tests.test_decoding import animated

DOCUMENT = Path(__file__).parent.parent / "docs" / "corpus.md"
# Seconds for the whole way of one file; the slowest takes a tenth.
PATIENCE_S = 5.0
HEAD = """# The corpus of bad input

Every row is a file that `tests/test_corpus.py` builds and prints, and what came of it: `printed` after its four colours
were found where they belong, with the findings about it, or the reason why it is refused; the message then starts with
the card's name. The test fails when something else happens. After a change that is meant, write this page anew:

```sh
CORPUS_WRITE=1 .venv/bin/python -m pytest tests/test_corpus.py
```

Images of 126 x 176 pixels are coarse on a card, so `low-ppi` stands in nearly every row.

| input | what happened |
|---|---|
"""


class Input(NamedTuple):
    content: bytes
    name: str = "Sol Ring [LEB].png"
    colours: tuple[art.Colour, ...] = art.FOUR
    lossy: bool = False


CARD = art.corners()
PNG, JPEG = art.encoded(CARD), art.jpeg(CARD)
ROWS = {"JPEG": JPEG, "progressive JPEG": art.jpeg(CARD, progressive=True), "PNG": PNG}
ROWS |= {kind: art.encoded(CARD, kind) for kind in ("WEBP", "AVIF", "TIFF", "GIF", "BMP")}
MAGIC = {"JPEG": 3, "progressive JPEG": 3, "PNG": 8, "WEBP": 12, "AVIF": 12, "TIFF": 4, "GIF": 4, "BMP": 2}


def cut_and_closed(content: bytes) -> bytes:
    """A JPEG that lost the second half of its data and still ends as it should."""
    return content[: len(content) // 2] + b"\xff\xd9"


def without_a_restart(content: bytes) -> bytes:
    at = content.index(b"\xff\xd3", content.index(b"\xff\xda"))
    return content[:at] + content[at + 2 :]


def with_chunks(*chunks: files.Chunk) -> bytes:
    header, *rest = files.split_png(PNG)
    return files.join_png([header, *chunks, *rest])


def zlib_bomb() -> bytes:
    """A small picture whose data unpacks to 50 MB more than its rows."""
    rows = files.png((8, 8), 8, 0, lambda x, y: (x * y,))
    large = zlib.compress(bytes(50_000_000))
    return files.join_png([(kind, large if kind == b"IDAT" else data) for kind, data in files.split_png(rows)])


def corpus() -> Iterator[tuple[str, Input]]:
    for kind, content in ROWS.items():
        for tenth in range(10):
            yield f"{kind}, cut after {tenth}/10", Input(content[: len(content) * tenth // 10])
        yield f"{kind}, wrong first bytes", Input(b"\x13" * MAGIC[kind] + content[MAGIC[kind] :])
    for kind in ("JPEG", "PNG", "BMP", "GIF", "TIFF"):
        yield f"{kind} that claims 30000 x 30000", Input(bomb(kind))
    yield "JPEG, half of its data lost, end marker there", Input(cut_and_closed(JPEG))
    yield "JPEG, a restart marker lost", Input(without_a_restart(art.jpeg(CARD, restart_marker_blocks=2)))
    yield "JPEG, EXIF of garbage", Input(art.jpeg(CARD, exif=b"Exif\0\0" + bytes(range(200))), lossy=True)
    yield "JPEG, profile of garbage", Input(art.jpeg(CARD, icc_profile=b"absurd" * 999), lossy=True)
    yield "JPEG, profile cut short", Input(art.jpeg(CARD, icc_profile=icc.rgb_profile(icc.P3, 2.2)[:200]), lossy=True)
    yield "JPEG, profile of a press", Input(art.jpeg(CARD, icc_profile=icc.black_only_cmyk_profile()), lossy=True)
    yield "JPEG named .png", Input(JPEG, "card.png", lossy=True)
    yield "PNG, data that unpacks to 50 MB", Input(zlib_bomb(), colours=(art.BLACK,) * 4)
    yield "PNG, text of 8 MB", Input(with_chunks(files.ztxt(bytes(8 << 20))))
    yield "PNG, profile of 8 MB", Input(with_chunks(files.iccp(bytes(8 << 20))))
    yield "PNG, EXIF of garbage", Input(with_chunks((b"eXIf", b"MM\0*" + b"\xff" * 90)))
    yield "PNG, 0 x 0", Input(with_header(0, 0))
    yield "PNG, four billion wide", Input(with_header(0xFFFFFFFF, 1))
    yield "1 x 1", Input(art.encoded(art.solid(art.RED, (1, 1))), colours=(art.RED,) * 4)
    yield "10000 x 10", Input(art.encoded(CARD.resize((10_000, 10), Image.Resampling.NEAREST)))
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        yield f"{kind}, several frames or pages", Input(animated(kind))
    for what, start in (("PDF", b"%PDF-1.7\n"), ("SVG", b"<svg/>"), ("HEIC", b"\0\0\0\x18ftypheic"), ("text", b"milk")):
        yield f"{what} named .png", Input(start + bytes(64))
    yield "empty", Input(b"")
    yield "name decomposed (NFD)", Input(PNG, unicodedata.normalize("NFD", "Æther Süß é.png"))
    yield "name with a line break", Input(PNG, "Sol\nRing.png")
    yield "name with a right-to-left mark", Input(PNG, "Sol \u202egnp.exe")
    yield "name of 300 characters", Input(PNG, "x" * 300 + ".png")


def with_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return files.join_png([(b"IHDR", header), *files.split_png(PNG)[1:]])


CORPUS = dict(corpus())


def outcome(given: Input) -> str:
    """Prints it as a card; what came of that in one line."""
    artwork = art.deck_of([BytesSource(given.name, given.content)])
    wanted, sink = art.request(artwork), io.BytesIO()
    started = time.perf_counter()
    result: Result | ImageError
    try:
        result = render(wanted, artwork.images, sink)
    except ImageError as error:
        result = error
    assert time.perf_counter() - started < PATIENCE_S
    told = [f for f in check(wanted, artwork.images) if f.card]
    if isinstance(result, ImageError):
        assert str(result).isprintable()
        assert [(f.severity, f.card, f.message) for f in told] == [(Severity.ERROR, given.name, str(result))]
        return result.reason
    seen = art.colours_of(sink.getvalue(), wanted)
    tolerance = 8 if given.lossy else 1
    assert all(art.distance(a, b) <= tolerance for a, b in zip(seen, given.colours, strict=True)), seen
    return f"printed: {', '.join(f.code for f in told)}"


def test_every_file_of_the_corpus_ends_as_the_document_says() -> None:
    rows = {name: outcome(given).replace("|", "/") for name, given in CORPUS.items()}

    page = HEAD + "".join(f"| {name} | {what} |\n" for name, what in rows.items())

    if os.environ.get("CORPUS_WRITE"):
        DOCUMENT.write_text(page, "utf-8")
    assert DOCUMENT.read_text("utf-8") == page


def test_no_card_goes_missing_beside_bad_ones() -> None:
    good = [art.photo((126, 176), seed) for seed in range(3)]
    artwork = art.deck_of([good[0], b"bad", good[1], PNG[:-9], good[2]])

    result = render(art.request(artwork), artwork.images, io.BytesIO(), placeholders=True)

    assert result.placements == 5
    assert [error.card for error in result.broken] == ["card-001.img", "card-003.img"]


# A few seconds; FUZZ_EXAMPLES=20000 looks longer.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "120"))
SEEDS = [art.jpeg(SMALL), art.jpeg(SMALL, progressive=True), art.encoded(SMALL), art.encoded(SMALL.convert("RGBA"))]
SEEDS += [art.encoded(SMALL, kind) for kind in ("WEBP", "AVIF", "TIFF", "GIF", "BMP")]


@pytest.mark.filterwarnings("error")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS).flatmap(mutated), HOW)
def test_bytes_of_any_kind_are_a_tile_or_an_image_error_without_a_warning(content: bytes, how: ArtworkSettings) -> None:
    check_prepared(content, how)
