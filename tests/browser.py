"""The real app in its own process, and the machine's Chromium to drive it."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.tools import free_port

ROOT = Path(__file__).parent.parent
START_S = 60.0
STOP_S = 10.0

_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ON_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser. Without one the test is skipped, but under CI it fails."""
    executable = _executable()
    if executable is None:
        message = "no Chromium or Chrome here; install chromium to run the browser tests"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    arguments = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses to work for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of the app, started as a user would, on a free port of this machine; with those environment
    variables besides."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {**os.environ, "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none", **(settings or {})}
    lines: list[str] = []
    ready = threading.Event()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        reader = threading.Thread(target=_read, args=(process, lines, ready), daemon=True)
        reader.start()
        try:
            ready.wait(START_S)
            assert any("http://" in line for line in lines), "the app did not start:\n" + "".join(lines)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join(STOP_S)


def _read(process: subprocess.Popen[str], lines: list[str], ready: threading.Event) -> None:
    """Collects what the app says until it ends; it is ready once it says its address."""
    for line in process.stdout or ():
        lines.append(line)
        if "http://" in line:
            ready.set()
    ready.set()


def _executable() -> str | None:
    found = (shutil.which(name) for name in _ON_PATH)
    return next((path for path in (*found, *filter(os.path.exists, _ON_MACOS)) if path), None)
