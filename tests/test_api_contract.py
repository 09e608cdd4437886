"""The API against its own OpenAPI document, by schemathesis on a live server."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests.over_http import serving

WAIT_S = 240.0
# What settings mean together is more than a schema can say, and to DELETE a task is to cancel it: it stays to be seen.
EXCLUDED = "positive_data_acceptance,use_after_free"


@pytest.mark.slow
def test_no_answer_is_a_fault_or_other_than_the_document_says(tmp_path: Path) -> None:
    with closing(Workbench(Settings(task_hard_s=20.0))) as bench, serving(bench) as port:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/api/openapi.json"),
            *("--checks", "all", "--exclude-checks", EXCLUDED, "--no-color"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "25", "--seed", "7"),
            *("--request-timeout", "20"),
        ]
        environment = {**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": ""}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=WAIT_S, check=False
        )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "16 selected / 16 total" in done.stdout
    assert "generated" in done.stdout
