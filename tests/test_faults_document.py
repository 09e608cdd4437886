"""docs/faults.md against the tests that see what it says."""

import importlib
from pathlib import Path
from types import FunctionType

from tests import faults


def test_the_document_has_a_row_for_each_fault_and_no_other() -> None:
    modules = [importlib.import_module(f"tests.{path.stem}") for path in Path(__file__).parent.glob("test_*.py")]
    tests = {test for module in modules for test in vars(module).values() if isinstance(test, FunctionType)}
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", []) if mark.name == "fault"]

    assert [row[:3] for row in faults.read()] == sorted(faults.row_of(mark, "")[:3] for mark in marks)
