"""The guide's lines, run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest

from tests.over_http import BLUE, RED, ROOT, app_serving
from tests.tools import tool

GUIDE = (ROOT / "docs" / "api.md").read_text("utf-8")
TOKEN, WAIT_S = "a-token-for-this-test", 120


def lines(language: str, port: int) -> str:
    """All blocks of that language as one program, for the server at that port."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert blocks
    return "\n".join(blocks).replace("localhost:8501", f"localhost:{port}")


@pytest.mark.slow
def test_the_guides_lines_do_what_it_says(tmp_path: Path) -> None:
    tool("curl", "curl")
    for name, content in (("elf", RED), ("orc", BLUE), ("back", BLUE)):
        (tmp_path / f"{name}.png").write_bytes(content)
    token = {"CARDMAKER_ADMIN_TOKEN": TOKEN}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **token, "PATH": path}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=WAIT_S, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with app_serving(tmp_path / "app.log", **token) as port:
        shell = run("bash", "-euo", "pipefail", "-c", lines("sh", port))
        python = run(sys.executable, "-c", lines("python", port))

    assert '"status":"ok"' in shell
    assert "/api/render" in (tmp_path / "docs.html").read_text("utf-8")
    assert '"state":"success"' in shell
    assert '"removed":' in shell
    assert "image broken.png" in python
    for name, pages in (("deck.pdf", 2), ("task.pdf", 1), ("python.pdf", 1)):
        assert len(pypdfium2.PdfDocument(tmp_path / name)) == pages
    assert (tmp_path / "sheet.svg").read_text("utf-8").startswith("<?xml")
