"""How a picture gets to a component in the browser: time from a click to the new picture, decoded.

    python -m benchmarks.picture_ways

Each way in turn shows fresh JPEGs of one size in the same Streamlit app, in a fragment, in Chromium: as base64 in the
component's data, as raw bytes for its data, and as a media file whose address alone is sent.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Page

from tests import browser
from tests.tools import free_port

SHOTS = 40
WAYS = ("base64", "bytes", "media")
SIZES_KB = (250, 800)

APP = '''
import base64, os
import streamlit as st
from streamlit import runtime

JS = """
export default function ({ parentElement, data }) {
  let image = parentElement.querySelector("img") ?? parentElement.appendChild(document.createElement("img"));
  const next = new Image();
  next.src = data instanceof Uint8Array ? URL.createObjectURL(new Blob([data], { type: "image/jpeg" })) : data.src;
  next.decode().then(() => { image.replaceWith(next); window.shown = performance.now(); window.count += 1; });
}
"""
mount = st.components.v2.component("way", js=JS)
content = open(os.environ["PICTURE"], "rb").read()

@st.fragment
def show():
    way = st.query_params["way"]
    number = st.session_state.get("number", 0)
    fresh = content + number.to_bytes(8, "big")  # behind the picture's end, where it only makes it another file
    st.session_state["number"] = number + 1
    st.button("Next")
    if way == "base64":
        data = {"src": "data:image/jpeg;base64," + base64.b64encode(fresh).decode()}
    elif way == "bytes":
        data = fresh
    else:
        data = {"src": runtime.get_instance().media_file_mgr.add(fresh, "image/jpeg", "picture")}
    mount(data=data, key="way")

show()
'''

CLICK = """() => new Promise((done) => {
  const before = window.count, start = performance.now();
  document.querySelector("button[kind=secondary]").click();
  const look = () => (window.count > before ? done(window.shown - start) : setTimeout(look, 1));
  look();
})"""


def main() -> None:
    with browser.chromium() as chromium, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size_kb in SIZES_KB:
            picture = folder / f"{size_kb}.jpg"
            picture.write_bytes(_jpeg(size_kb * 1000))
            for way in WAYS:
                address, process = _serve(folder, picture)
                try:
                    page = chromium.new_page()
                    page.add_init_script("window.count = 0")
                    page.goto(f"{address}/?way={way}")
                    times = _times(page)
                finally:
                    process.terminate()
                    process.wait()
                middle, high = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
                print(f"{picture.stat().st_size // 1000:4d} kB  {way:7s} p50 {middle:5.0f} ms  p95 {high:5.0f} ms")


def _times(page: Page) -> list[float]:
    page.wait_for_function("() => window.count > 0")
    every = [float(page.evaluate(CLICK)) for _ in range(SHOTS + 5)]
    return every[5:]  # the first ones warm up


def _serve(folder: Path, picture: Path) -> tuple[str, subprocess.Popen[bytes]]:
    script, port = folder / "app.py", free_port()
    script.write_text(APP)
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(script),
            "--server.port",
            str(port),
            "--server.headless",
            "true",
        ],
        env={**os.environ, "PICTURE": str(picture), "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = monotonic() + browser.START_S
    while monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health"):
                return address, process
        except urllib.error.URLError:
            sleep(0.1)
    process.kill()
    raise RuntimeError("the app did not start")


def _jpeg(size: int) -> bytes:
    """A picture of a sheet's pixels, near that many bytes."""
    from PIL import Image

    noise = Image.effect_noise((1200, 927), 60).convert("RGB")
    best = b""
    for quality in range(5, 96, 5):
        stream = io.BytesIO()
        noise.save(stream, "JPEG", quality=quality)
        best = stream.getvalue()
        if len(best) >= size:
            break
    return best


if __name__ == "__main__":
    main()
