"""The notebooks from top to bottom in kernels of their own: on a real Redis, and without one."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
import redis
from PIL import Image

from scripts import stripped
from tests.redis_server import RedisServer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what Jupyter brings along
    from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
SOURCES = [*NOTEBOOKS, ROOT / "notebooks" / "panel.py", ROOT / "notebooks" / "ruff.toml"]
# Each takes a few seconds on two cores.
LONGEST_S = 60
OURS = ("REDIS_", "CARDMAKER_", "CELERY_", "PYTHONPATH")

Ran = Callable[[str, bool], "Run"]

run_on_both = pytest.mark.parametrize("shared", [False, True], ids=["alone", "redis"])


class Run:
    """What an executed notebook shows."""

    def __init__(self, notebook: Any) -> None:
        self.outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        self.data = [output.data for output in self.outputs if "data" in output]

    @property
    def printed(self) -> str:
        return "".join(each.text for each in self.outputs if each.output_type == "stream" and each.name == "stdout")

    @property
    def complaints(self) -> str:
        return "".join(each.text for each in self.outputs if each.output_type == "stream" and each.name == "stderr")

    @property
    def html(self) -> str:
        return "".join(each.get("text/html", "") for each in self.data)

    @property
    def pictures(self) -> list[Image.Image]:
        """Inline in the HTML, beside the vectors."""
        found = re.findall(r'src="data:image/(?:png|jpeg);base64,([^"]+)"', self.html)
        return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]

    def of_kind(self, kind: str) -> list[Any]:
        return [each[kind] for each in self.data if kind in each]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine and the notebooks as they are committed, in a place of their own: what they leave is seen."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "cardmaker").symlink_to(ROOT / "cardmaker", target_is_directory=True)
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns("out", ".*", "__pycache__"))
    return root


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def run(checkout: Path, server: RedisServer) -> Ran:
    """Runs a notebook with or without a Redis, each once."""
    return cache(lambda name, shared: executed(checkout / "notebooks" / f"{name}.ipynb", server.url if shared else ""))


def executed(path: Path, redis_url: str) -> Run:
    """As a person would, in the notebook's own folder. Raises when a cell does."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment.update({"REDIS_URL": redis_url} if redis_url else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Jupyter brings along; those of the notebook's kernel are its output
        client = NotebookClient(
            notebook,
            timeout=LONGEST_S,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
        )
        client.execute(env=environment)
    return Run(notebook)


@pytest.mark.slow
@run_on_both
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_to_its_end_without_a_complaint(run: Ran, name: str, shared: bool) -> None:
    shown = run(name, shared)

    assert shown.complaints == ""
    assert shown.data


@pytest.mark.slow
@run_on_both
def test_the_tour_shows_the_deck_its_pages_the_sheet_and_the_cut(run: Ran, shared: bool) -> None:
    shown = run("tour", shared)

    sizes = [picture.size for picture in shown.pictures]
    pages = [size for size in sizes if size == (585, 414)]  # A4 at 50 dpi
    assert len(pages) == 4
    assert len(sizes) - len(pages) == 14
    assert "a4-poker" in "".join(shown.of_kind("image/svg+xml"))
    assert "data:image/svg+xml" in shown.html
    assert shown.of_kind("application/vnd.jupyter.widget-view+json")
    assert all(name in shown.html for name in ("deck.pdf", "deck.dxf", "settings.pdf"))


@pytest.mark.slow
def test_the_tour_leaves_three_files_that_others_can_read(run: Ran, checkout: Path) -> None:
    run("tour", False)

    out = checkout / "notebooks" / "out"
    assert sorted(path.name for path in out.iterdir()) == ["deck.dxf", "deck.pdf", "settings.pdf"]
    assert (out / "deck.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "settings.pdf").read_bytes().startswith(b"%PDF")
    assert b"LWPOLYLINE" in (out / "deck.dxf").read_bytes()


@pytest.mark.slow
def test_the_tour_shows_what_a_redis_changes(run: Ran) -> None:
    with_redis, without = run("tour", True), run("tour", False)

    assert re.search(r"Redis on</th>\s*<td>hit</td>\s*<td>redis</td>\s*<td>0</td>", with_redis.html)
    assert "Redis on</th>" not in without.html
    assert "no REDIS_URL" in without.printed


@pytest.mark.slow
def test_the_layouts_are_plotted_and_a_size_is_found(run: Ran) -> None:
    shown = run("layouts", False)

    assert len(shown.of_kind("application/vnd.plotly.v1+json")) == 3
    assert len(shown.of_kind("image/svg+xml")) == 4
    assert "least paper on" in shown.printed


@pytest.mark.slow
def test_the_study_of_the_cache_finds_on_a_redis_what_another_server_made(run: Ran) -> None:
    with_redis, without = run("cache", True), run("cache", False)

    assert "from Redis in" in with_redis.printed
    assert "from Redis in" not in without.printed
    for shown in (with_redis, without):
        assert len(shown.of_kind("application/vnd.plotly.v1+json")) == 3
        assert "Redis does not answer" in shown.printed


@pytest.mark.slow
def test_nothing_in_the_metrics_store_of_a_redis_of_its_own_is_of_others(run: Ran) -> None:
    table = next(data for data in run("cache", True).of_kind("text/html") if "of others" in data)

    rows = re.findall(r"<th>\w+</th>\s*" + r"<td>(\d+)</td>\s*" * 4, table)
    assert len(rows) == 6
    assert all(int(first) + int(second) == int(store) and others == "0" for first, second, store, others in rows)


@pytest.mark.slow
@run_on_both
def test_the_workers_are_celerys_where_there_is_a_redis(run: Ran, shared: bool) -> None:
    shown = run("workers", shared)

    assert ("Celery workers" in shown.printed) is shared
    assert ("No Redis" in shown.printed) is not shared
    assert "2 at work" in shown.printed
    assert len(shown.of_kind("application/vnd.plotly.v1+json")) == 2


@pytest.mark.slow
def test_no_notebook_leaves_anything_else(run: Ran, checkout: Path) -> None:
    for name in NAMES:
        run(name, False)
        run(name, True)

    left = {path.name for path in (checkout / "notebooks").iterdir()} - {path.name for path in SOURCES}
    assert left <= {"out", "__pycache__"}
    assert {path.name for path in checkout.iterdir()} == {"cardmaker", "notebooks"}


@pytest.mark.slow
def test_studies_leave_a_redis_without_workers_and_soon_without_their_decks(run: Ran, server: RedisServer) -> None:
    run("cache", True)
    run("workers", True)

    with redis.Redis.from_url(server.url) as client:
        left = {key.decode(): client.ttl(key) for key in client.scan_iter(count=1000)}
    assert not [key for key in left if key.startswith("cm:live:")]
    for kind in ("cm:blob:", "cm:task:"):
        assert {seconds <= 600 for key, seconds in left.items() if key.startswith(kind)} == {True}
    kept = [key for key, seconds in left.items() if key.startswith("cm:pdf:") and seconds > 600]
    assert len(kept) <= 1  # the tour's, which the next tour wants again


def test_there_are_the_four_notebooks_of_the_readme() -> None:
    assert NAMES == ["cache", "layouts", "tour", "workers"]


def test_every_notebook_is_committed_without_outputs() -> None:
    assert stripped.main([]) == 0


def test_nothing_is_committed_that_is_to_be_ignored() -> None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no git checkout")
    ours = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]  # also where another user checked it out

    asked = subprocess.run([*ours, "ls-files", "-ci", "--exclude-standard"], check=True, capture_output=True, text=True)

    assert asked.stdout == ""


def test_outputs_counts_and_a_machines_metadata_are_found_and_stripped(tmp_path: Path) -> None:
    path = tmp_path / "tour.ipynb"
    shutil.copy(ROOT / "notebooks" / "tour.ipynb", path)
    clean = path.read_text("utf-8")
    for change in (
        {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["secret"]}]},
        {"execution_count": 3},
        {"metadata": {"scrolled": True}},
    ):
        notebook = json.loads(clean)
        next(cell for cell in notebook["cells"] if cell["cell_type"] == "code").update(change)
        path.write_text(json.dumps(notebook), "utf-8")

        assert stripped.main([], tmp_path) == 1
        assert stripped.main(["--write"], tmp_path) == 0
        assert path.read_text("utf-8") == clean


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_says_what_it_is_for_and_has_an_ending(path: Path) -> None:
    words = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    texts = [text for text in words if text.startswith("#") and not text.startswith("#!")]

    assert texts[0].startswith("# ")
    assert texts[-1].startswith(("## The end", "## To take along"))


def test_what_tests_and_notebooks_both_pin_is_the_same() -> None:
    dev, notebook = (pins(f"requirements-{name}.txt") for name in ("dev", "notebook"))

    both = dev.keys() & notebook.keys()
    assert {"ipywidgets", "nbformat", "ipykernel"} <= both
    assert {name: dev[name] for name in both} == {name: notebook[name] for name in both}


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return dict(line.split(";")[0].strip().lower().split("==") for line in lines if "==" in line)
