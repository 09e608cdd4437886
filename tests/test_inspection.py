"""Preflight in the background."""

from collections.abc import Iterator

import pytest

from cardmaker.artwork import Preparer, View
from cardmaker.inspection import AT_ONCE
from cardmaker.source import BytesSource, ImageSource
from cardmaker.spec import TileSpec
from cardmaker.workbench import Workbench
from tests import art

WAIT_S = 30.0


@pytest.fixture
def bench() -> Iterator[Workbench]:
    bench = Workbench()
    yield bench
    bench.close()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the images that were looked at."""
    names: list[str] = []
    inspect = Preparer.inspect

    def noted(self: Preparer, source: ImageSource, spec: TileSpec) -> View:
        names.append(source.name)
        return inspect(self, source, spec)

    monkeypatch.setattr(Preparer, "inspect", noted)
    return names


def images(count: int) -> list[ImageSource]:
    return [BytesSource(f"card {n}.jpg", art.jpeg(art.solid((n * 10, 40, 90), (126, 176)))) for n in range(count)]


def test_a_few_images_are_looked_at_at_once(bench: Workbench) -> None:
    artwork = bench.deck(images(3))
    wanted = bench.request(artwork, {})

    inspection = bench.inspection(wanted, artwork)

    assert inspection.findings == bench.preflight(wanted, artwork)


def test_many_are_looked_at_behind_the_page_and_only_once(bench: Workbench, seen: list[str]) -> None:
    artwork = bench.deck(images(AT_ONCE + 1))
    first = bench.inspection(bench.request(artwork, {}), artwork)
    begun_with = first.progress

    first.wait(WAIT_S)
    other = bench.inspection(bench.request(artwork, {"paper": "a4"}), artwork)

    assert {finding.code for finding in first.early} < {finding.code for finding in first.findings or ()}
    assert (begun_with, first.progress) == (0.0, 1.0)
    assert other.findings
    assert len([name for name in seen if name.startswith("card ")]) == AT_ONCE + 1


def test_one_that_nobody_waits_for_any_more_looks_at_nothing(bench: Workbench, seen: list[str]) -> None:
    artwork = bench.deck(images(AT_ONCE + 1))
    inspection = bench.inspection(bench.request(artwork, {}), artwork)

    inspection.cancel()
    inspection.wait(WAIT_S)

    assert inspection.findings is None
    assert not [name for name in seen if name.startswith("card ")]


def test_images_that_cannot_be_printed_are_named_by_what_they_hold(bench: Workbench) -> None:
    broken = BytesSource("broken.png", b"\x89PNG\r\n\x1a\n")
    artwork = bench.deck([*images(1), broken])
    wanted = bench.request(artwork, {})

    assert [*bench.inspection(wanted, artwork).broken] == [broken.digest]
    assert [*bench.inspection(wanted, artwork).broken] == [broken.digest]


def test_a_finding_leads_to_its_page_and_slot(bench: Workbench) -> None:
    *fronts, back = images(11)
    artwork = bench.deck(fronts, back)
    wanted = bench.request(artwork, {"skip": "0"})

    assert bench.place_of(wanted, artwork, "card 0.jpg") == (0, 1)
    assert bench.place_of(wanted, artwork, "card 8.jpg") == (2, 2)
    assert bench.place_of(wanted, artwork, back.name) == (1, 1)
    assert bench.place_of(wanted, artwork, "none") is None
