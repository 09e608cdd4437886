"""What a task is to do, as it travels, and the frames between a server and its render process."""

import io
import json

import pytest

from cardmaker.deck import assemble
from cardmaker.errors import TaskGone
from cardmaker.knobs import request_from
from cardmaker.source import BytesSource, read_bytes
from cardmaker.tasks.frames import MOST_BYTES, Ended, Frames, Kind
from cardmaker.tasks.job import Incompatible, Job, load
from tests import images


def job() -> Job:
    fronts = [BytesSource(f"dir/{n} <b>ü.png", images.encoded(n)) for n in range(5)]
    back, own = BytesSource("back.png", images.encoded(50)), BytesSource("dir/1 <b>ü-back.png", images.encoded(51))
    artwork = assemble(fronts, back, [own], quantities={"2 <b>ü": 3})
    return Job(artwork, {"skip": frozenset({4, 2}), "overrides": {"3 <b>ü": {"crop": "2mm"}}, "label": "Elves"})


def nothing(_: str) -> bytes:
    raise TaskGone("not kept")


def test_a_job_arrives_as_the_same_request() -> None:
    sent = job()
    content = {digest: read_bytes(image) for digest, image in sent.artwork.images.items()}

    got = load(sent.dump(), content.__getitem__)

    one, other = (request_from(each.artwork.deck, each.settings) for each in (sent, got))
    assert one.digest == other.digest
    assert [card.name for card in one.deck.cards] == [card.name for card in other.deck.cards]
    for digest, image in got.artwork.images.items():
        assert (image.name, image.size) == (sent.artwork.images[digest].name, len(content[digest]))
        assert read_bytes(image) == content[digest]


def test_an_image_is_fetched_once_for_the_few_times_it_is_read() -> None:
    asked: list[str] = []
    sent = job()

    def fetch(digest: str) -> bytes:
        asked.append(digest)
        return b"x" * (12 << 20)

    got = load(sent.dump(), fetch)
    sources = list(got.artwork.images.values())
    for source in sources:
        read_bytes(source)
        read_bytes(source)

    assert asked == [source.digest for source in sources]
    read_bytes(sources[0])
    assert len(asked) == len(sources) + 1, "the first made room for others"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04]",
        b"[]",
        b"{}",
        b"null",
        json.dumps({"schema": 2, "cards": []}).encode(),
        job().dump().replace(b'"schema": 1', b'"schema": "1"'),
        job().dump().replace(b'"cards": [[', b'"cards": [[7, 8], ['),
    ],
)
def test_a_job_of_another_version_is_refused(data: bytes) -> None:
    with pytest.raises(Incompatible, match="submit it again"):
        load(data, nothing)


def test_frames_arrive_as_they_were_sent() -> None:
    stream = io.BytesIO()
    sent = [(Kind.JOB, b"{}"), (Kind.READY, b""), (Kind.IMAGE, bytes(range(256)) * 5000)]
    for kind, data in sent:
        Frames(io.BytesIO(), stream).send(kind, data)
    stream.seek(0)
    frames = Frames(stream, io.BytesIO())

    assert [frames.receive() for _ in sent] == sent
    with pytest.raises(Ended):
        frames.receive()


@pytest.mark.parametrize(
    "data", [b"\x02", b"\x02\0\0\0\x05abc", b"\xff\0\0\0\0", b"\x02" + (MOST_BYTES + 1).to_bytes(4, "big")]
)
def test_half_a_frame_or_another_language_ends_the_talk(data: bytes) -> None:
    with pytest.raises(Ended):
        Frames(io.BytesIO(data), io.BytesIO()).receive()
