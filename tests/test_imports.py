"""Imports go one way, and heavy libraries stay where they belong.

The rules are the tables below; a new module is placed in CORE or EDGE. Every import counts, also those inside
functions and under TYPE_CHECKING: what a module must not know, it must not name.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.util import resolve_name
from pathlib import Path, PurePosixPath

import pytest

from tests import images

ROOT = Path(__file__).parent.parent

# Lowest first. A module imports from lower rows only; those in one row do not know each other.
# A name stands for a file or for a folder, inside which imports are free.
CORE = (
    ("__init__",),
    ("errors", "markup"),
    ("units", "finding", "limits", "rasteriser"),
    ("catalog", "font", "source"),
    ("sheet", "deck", "archive"),
    ("spec", "samples"),
    ("knobs", "artwork", "imposition", "margin"),
    ("label", "clearance", "contact", "project"),
    ("preflight", "pdf", "overlay"),
    ("cutfile", "calibration", "offset"),
    ("render",),
    ("preview",),
    ("page_images",),
)
EDGE = (
    ("settings", "breaker", "asgi", "processes", "stopping"),
    ("redis_client",),
    ("access", "cache", "metrics"),
    ("charts", "tasks", "moving", "tiles", "thumbnails", "inspection", "making", "proof"),
    ("moment", "operations"),
    ("checkup",),
    ("workbench",),
    ("worker", "child"),
    ("api", "cli"),
    ("__main__",),
)
LAYERS = CORE + EDGE

# Library -> the modules that may import it, as patterns of dotted names under `cardmaker`; none: nowhere.
HOMES: dict[str, tuple[str, ...]] = {
    "celery": ("tasks", "tasks.*"),
    "limits": ("api.rates",),
    "ezdxf": ("cutfile.dxf_format",),
    "fastapi": ("api", "api.*"),
    "IPython": (),
    "ipywidgets": (),
    "numpy": (),
    "prometheus_client": ("api.prometheus",),
    "plotly": ("charts", "charts.*"),
    "redis": ("redis_client", "redis_client.*", "tasks.celery*"),
    "streamlit": (),
}

# All that a page may import, beside the standard library and the other pages.
PAGES_MODULES = {
    "workbench",
    "cutfile",
    "errors",
    "units",
    "catalog",
    "sheet",
    "source",
    "deck",
    "spec",
    "knobs",
    "finding",
    "charts",
    "metrics",
    "overlay",
    "inspection",
    "making",
    "page_images",
    "project",
}
PAGES_LIBRARIES = {"streamlit", "pandas"}

HEAVY = {
    "ezdxf",
    "redis",
    "celery",
    "fastapi",
    "plotly",
    "prometheus_client",
    "pandas",
    "numpy",
    "streamlit",
    "reportlab",
    "PIL",
    "IPython",
    "ipywidgets",
}

RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one Python file, and its path from the root of the project."""

    path: PurePosixPath
    text: str

    @property
    def package(self) -> str:
        return ".".join(self.path.parent.parts)

    @property
    def module(self) -> str:
        """The dotted name below the top folder: `sheet`, `artwork.jpeg`; `artwork` for its __init__."""
        *folders, stem = self.path.with_suffix("").parts[1:]
        return ".".join(folders) if folders and stem == "__init__" else ".".join([*folders, stem])

    @property
    def place(self) -> str:
        """The name that LAYERS knows: the module's, or that of its folder."""
        return self.module.partition(".")[0]

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every import's line and absolute dotted name."""
        for node in ast.walk(ast.parse(self.text, str(self.path))):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = resolve_name("." * node.level + (node.module or ""), self.package)
                yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def sources(folder: str) -> list[Source]:
    found = [
        Source(PurePosixPath(path.relative_to(ROOT).as_posix()), path.read_text("utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    assert found, f"no Python files in {folder}/"
    return found


def imported_place(name: str) -> str | None:
    """The module of ours that an import reaches, `__init__` where it is a plain name; None for a library."""
    package, _, rest = name.partition(".")
    if package != "cardmaker":
        return None
    place = rest.partition(".")[0]
    return place if place in RANK else "__init__"


def upward_imports(source: Source) -> Iterator[str]:
    for line, name in source.imports():
        target = imported_place(name)
        if target is None or target == source.place or source.place not in RANK:
            continue
        if RANK[target] >= RANK[source.place]:
            yield f"{source.path}:{line} imports {target}, which is not in a lower layer than {source.place}"


def strayed_libraries(source: Source) -> Iterator[str]:
    for line, name in source.imports():
        library = name.partition(".")[0]
        homes = HOMES.get(library)
        if homes is not None and not any(fnmatch(source.module, home) for home in homes):
            where = " or ".join(homes) or "no module"
            yield f"{source.path}:{line} imports {library}, which belongs in {where}"


def page_imports_beyond_reach(source: Source) -> Iterator[str]:
    for line, name in source.imports():
        library = name.partition(".")[0]
        place = imported_place(name)
        allowed = (
            place in PAGES_MODULES | {"__init__"}
            if place
            else library in PAGES_LIBRARIES | sys.stdlib_module_names | {"pages"}
        )
        if not allowed:
            yield f"{source.path}:{line} imports {name}; a page knows the workbench and value modules alone"


def violations(source: Source) -> list[str]:
    if source.path.parts[0] == "pages":
        return list(page_imports_beyond_reach(source))
    return [*upward_imports(source), *strayed_libraries(source)]


def loaded_by(code: str) -> set[str]:
    """The top-level packages a fresh interpreter has loaded after `code`."""
    report = "import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_every_module_has_its_place_in_the_layers() -> None:
    unplaced = {source.place for source in sources("cardmaker")} - RANK.keys()

    assert not unplaced, f"place {', '.join(sorted(unplaced))} in CORE or EDGE at the top of {__file__}"


def test_modules_import_only_what_lies_below_them() -> None:
    assert [found for source in sources("cardmaker") for found in violations(source)] == []


def test_pages_import_the_workbench_and_value_modules_alone() -> None:
    assert [found for source in sources("pages") for found in violations(source)] == []


def test_importing_cardmaker_loads_no_heavy_library() -> None:
    loaded = loaded_by("import cardmaker")

    assert "cardmaker" in loaded
    assert loaded & HEAVY == set()


def test_the_command_lines_help_loads_no_heavy_library() -> None:
    help_ = """
import runpy, sys
sys.argv = ["cardmaker", "--help"]
try:
    runpy.run_module("cardmaker", run_name="__main__", alter_sys=True)
except SystemExit as stopped:
    assert not stopped.code, stopped.code
assert "cardmaker.cli" in sys.modules
"""

    loaded = loaded_by(help_)

    assert loaded & (HEAVY | {"pypdfium2"}) == set()


def test_a_render_and_a_sheet_and_an_svg_load_no_dxf_library(tmp_path: Path) -> None:
    images.fill(tmp_path / "cards", "a.png")
    run = f"""
import os
from cardmaker.cli import main
os.chdir({str(tmp_path)!r})
assert main(["render", "--fronts", "cards", "--out", "deck.pdf", "--quiet"]) == 0
assert main(["cutfile", "--out", "sheet.svg", "--quiet"]) == 0
assert main(["cutfile", "--out", "settings.pdf", "--quiet"]) == 0
"""

    assert "ezdxf" not in loaded_by(run)
    assert "ezdxf" in loaded_by(run + "assert main(['cutfile', '--out', 'sheet.dxf', '--quiet']) == 0")


UNDER_TYPE_CHECKING = "if TYPE_CHECKING:\n    from cardmaker.cache import Cache"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cardmaker/sheet.py", "from cardmaker.pdf import write"),
        ("cardmaker/sheet.py", "from cardmaker import deck"),
        ("cardmaker/sheet.py", "from .render import render"),
        ("cardmaker/sheet.py", "import cardmaker.settings"),
        ("cardmaker/render.py", "def render():\n    from cardmaker.cache import cached"),
        ("cardmaker/spec.py", UNDER_TYPE_CHECKING),
        ("cardmaker/artwork/jpeg.py", "from ..imposition import Page"),
        ("cardmaker/__init__.py", "from cardmaker.errors import CardmakerError"),
        ("cardmaker/workbench.py", "import streamlit as st"),
        ("cardmaker/workbench.py", "from celery import Celery"),
        ("cardmaker/cache/tier.py", "from redis.exceptions import RedisError"),
        ("cardmaker/tasks/local.py", "import redis"),
        ("cardmaker/artwork.py", "import numpy as np"),
        ("cardmaker/cutfile/card.py", "import ezdxf"),
        ("cardmaker/pdf/ink.py", "from cardmaker.cutfile import paths"),
        ("pages/print.py", "from cardmaker import pdf"),
        ("pages/print.py", "from cardmaker.cache import Cache"),
        ("pages/print.py", "import redis"),
        ("pages/print.py", "from PIL import Image"),
    ],
)
def test_a_planted_violation_is_found(path: str, text: str) -> None:
    assert len(violations(Source(PurePosixPath(path), text))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cardmaker/sheet.py", "import math\nfrom cardmaker import __version__, units"),
        ("cardmaker/sheet.py", "from .catalog import Paper"),
        ("cardmaker/artwork/__init__.py", "from . import jpeg\nfrom .png import Png"),
        (
            "cardmaker/artwork/jpeg.py",
            "from cardmaker.artwork.png import Png\nfrom ..errors import ImageError",
        ),
        ("cardmaker/tasks/celery_runner.py", "import celery\nimport redis"),
        ("cardmaker/redis_client.py", "from redis.backoff import NoBackoff"),
        ("pages/print.py", "import streamlit as st\nfrom cardmaker.workbench import Workbench"),
        ("pages/print.py", "from io import BytesIO\nfrom pages import _ui"),
    ],
)
def test_what_the_rules_allow_is_left_alone(path: str, text: str) -> None:
    assert violations(Source(PurePosixPath(path), text)) == []
