"""A project's file: what goes in comes out, and whatever else is in it is refused in one sentence."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardmaker import project
from cardmaker.errors import ProjectError
from cardmaker.limits import DEFAULT, Limits
from cardmaker.project import BY_NAME, NO_BACK, ORDERS, Project, ProjectCard
from cardmaker.source import BytesSource, ImageSource, read_bytes

CARD = ProjectCard(BytesSource("elf.png", b"an elf"), 2, 0, {"crop": "1mm"})
PLAIN = Project(
    (CARD,), (BytesSource("elf-back.png", b"a back"),), BytesSource("b.jpg", b"b"), "elves", "hand", {"paper": "a4"}
)
Change = Callable[[dict[str, Any]], object]


def files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return stream.getvalue()


def with_another(data: bytes, name: str) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(name, b"another")
    return stream.getvalue()


def opened(data: bytes, limits: Limits = DEFAULT) -> Project:
    return project.read(BytesSource("elves.cardmaker", data), limits)


def refusal(data: bytes, limits: Limits = DEFAULT) -> str:
    with pytest.raises(ProjectError) as refused:
        opened(data, limits)
    assert refused.value.name == "elves.cardmaker"
    assert "\n" not in str(refused.value)
    return refused.value.reason


def changed(change: Change) -> bytes:
    content = files(project.write(PLAIN))
    said = json.loads(content["project.json"])
    change(said)
    return zipped({**content, "project.json": json.dumps(said).encode()})


def told(image: ImageSource | None) -> tuple[str, bytes] | None:
    return (image.name, read_bytes(image)) if image else None


def everything(wanted: Project) -> list[object]:
    cards = [(told(c.image), c.quantity, c.back, dict(c.knobs), c.upload) for c in wanted.cards]
    backs = [told(back) for back in wanted.backs]
    return [cards, backs, told(wanted.common_back), wanted.title, wanted.order, dict(wanted.settings)]


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: bool(name.strip()))
IMAGES = st.builds(BytesSource, NAMES, st.binary(max_size=4))


@st.composite
def projects(draw: st.DrawFn) -> Project:
    backs = draw(st.lists(IMAGES, max_size=2))
    places: st.SearchStrategy[int | str] = st.sampled_from([BY_NAME, NO_BACK, *range(len(backs))])
    uploads = draw(st.permutations(range(draw(st.integers(1, 4)))))
    knobs = st.fixed_dictionaries({}, optional={"crop": st.just("1mm"), "fit": st.just("cover")})
    return Project(
        tuple(ProjectCard(draw(IMAGES), draw(st.integers(1, 9)), draw(places), draw(knobs), n) for n in uploads),
        tuple(backs),
        draw(st.none() | IMAGES),
        draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)),
        draw(st.sampled_from(ORDERS)),
        draw(st.fixed_dictionaries({}, optional={"skip": st.just([1, 4]), "outline": st.booleans()})),
    )


@settings(max_examples=60, deadline=None)
@given(projects())
def test_what_was_saved_is_opened_and_saved_again_the_same_bytes(wanted: Project) -> None:
    data = project.write(wanted)

    found = opened(data)

    assert everything(found) == everything(wanted)
    assert project.write(found) == data


def test_each_image_stands_once_untouched_unpacked_and_without_its_name() -> None:
    twice = Project((CARD, ProjectCard(BytesSource("../../orc.sh", b"an elf"), upload=1)), PLAIN.backs)

    with zipfile.ZipFile(io.BytesIO(project.write(twice))) as archive:
        entries = archive.infolist()

    assert [entry.compress_type for entry in entries] == [zipfile.ZIP_STORED] * 3
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert entries[0].filename == "project.json"
    assert entries[1].filename.startswith("images/0001-")
    assert not any("orc" in entry.filename or "elf" in entry.filename for entry in entries)
    assert [image.name for image in opened(project.write(twice)).images] == ["elf.png", "../../orc.sh", "elf-back.png"]


def test_a_project_is_told_from_a_zip_of_images() -> None:
    data = project.write(PLAIN)

    assert project.is_project(BytesSource("Elves.CARDMAKER", b""))
    assert project.is_project(BytesSource("elves.zip", data))
    assert not project.is_project(BytesSource("elves.zip", zipped({"elf.png": b"x"})))
    assert not project.is_project(BytesSource("elf.png", b""))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda said: said.update(version=2), "format 2, and this Cardmaker opens format 1"),
        (lambda said: said.update(version=True), "format true"),
        (lambda said: said.update(format="other"), "not Cardmaker's"),
        (lambda said: said.pop("backs"), '"backs" is missing'),
        (lambda said: said.update(colour="red"), '"colour" is unknown'),
        (lambda said: said.update(title=3), "title: 3 stands where text"),
        (lambda said: said.update(title="a" * 201), "title: 201 characters are too many"),
        (lambda said: said.update(cards=said["cards"] * 1200), "has 1,202 cards and backs; at most 1,200"),
        (lambda said: said.update(order="any"), 'order: "any" is unknown; there are natural'),
        (lambda said: said.update(order=[]), "order: [] is unknown"),
        (lambda said: said.update(cards={}), "cards: {} stands where a list"),
        (lambda said: said.update(cards=[]), "says nothing"),
        (lambda said: said.update(cards=[7]), "card 1: 7 stands where names"),
        (lambda said: said.update(settings=[]), "settings: [] stands"),
        (lambda said: said.update(settings={"paper": "a9"}), "settings: "),
        (lambda said: said.update(settings={"papr": "a4"}), 'setting "papr" is unknown'),
        (lambda said: said.update(settings={"skip": [99]}), "settings: skip 99"),
        (lambda said: said.update(settings={"overrides": {}}), "overrides stand with their cards"),
        (lambda said: said.update(common_back="b.jpg"), 'the common back: "b.jpg" stands'),
        (lambda said: said["cards"][0].update(quantity=1.5), "card 1: quantity is 1.5"),
        (lambda said: said["cards"][0].update(quantity=-1), "card 1: quantity is -1"),
        (lambda said: said["cards"][0].update(quantity=0), "every quantity is 0"),
        (lambda said: said["cards"][0].update(back=1), "back is 1, and the project has 1 own backs"),
        (lambda said: said["cards"][0].update(back=None), "card 1: back is null"),
        (lambda said: said["cards"][0].update(back=[]), "card 1: back is []"),
        (lambda said: said["cards"][0].update(upload=5), "upload numbers"),
        (lambda said: said["cards"][0].update(upload="0"), 'upload is "0"'),
        (lambda said: said["cards"][0].update(name=" "), "name is empty"),
        (lambda said: said["cards"][0].update(name="\ud800"), "no JSON in UTF-8"),
        (lambda said: said["cards"][0].update(image="../../etc/passwd"), 'lacks "../../etc/passwd"'),
        (lambda said: said["cards"][0].update(image=9), "card 1: image: 9"),
        (lambda said: said["cards"][0].update(knobs={"crop": "3"}), "card 1: "),
        (lambda said: said["cards"][0].update(knobs={"crop": 3}), "card 1: crop: 3"),
        (lambda said: said["cards"][0].update(knobs={"paper": "a4"}), 'no "paper" among'),
        (lambda said: said["backs"][0].pop("name"), 'own back 1: "name" is missing'),
    ],
)
def test_what_cannot_be_so_is_one_sentence(change: Change, reason: str) -> None:
    assert reason in refusal(changed(change))


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"\xff\xfe{", b"[" * 200_000, b'{"format": NaN}', b'{"version": ' + b"9" * 5000 + b"}", b"null"],
)
def test_a_project_json_of_anything_is_refused(text: bytes) -> None:
    assert "project.json" in refusal(zipped({"project.json": text}))


def test_a_zip_that_is_damaged_hostile_or_no_project_is_refused() -> None:
    data, content = project.write(PLAIN), files(project.write(PLAIN))

    assert "damaged" in refusal(data[:-30])
    assert "damaged" in refusal(data.replace(b"an elf", b"an orc"))
    assert "is empty" in refusal(b"")
    assert "is no project: it holds no project.json" in refusal(zipped({"elf.png": b"x"}))
    assert "says nothing" in refusal(zipped({**content, "more.png": b"x"}))
    first_image = next(name for name in content if name.startswith("images/"))
    assert "lacks" in refusal(zipped({name: each for name, each in content.items() if name != first_image}))
    assert "another ZIP" in refusal(zipped({**content, "deck.zip": b"x"}))
    bomb = zipped({**content, "more": bytes(70 << 20)}, zipfile.ZIP_DEFLATED)
    assert "times its size" in refusal(bomb)
    assert "which no deck needs" in refusal(zipped({"project.json": b" " * (17 << 20)}))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = with_another(data, first_image)
    assert "twice" in refusal(twice)


def test_more_than_can_be_opened_is_not_saved() -> None:
    few, small = Limits(images_per_deck=2), Limits(archive_bytes=1 << 20)

    with pytest.raises(ProjectError, match="at most 2 go into a project"):
        project.write(PLAIN, few)
    with pytest.raises(ProjectError, match="save it as two"):
        project.write(PLAIN, small)
    assert "at most" in refusal(project.write(PLAIN), few)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_change_of_bytes_ends_in_anything_but_a_project_or_a_sentence(data: st.DataObject) -> None:
    content = bytearray(project.write(PLAIN))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    try:
        opened(bytes(content))
    except ProjectError as error:
        said = str(error)
        assert "\n" not in said
