"""The page in the browser: time from a widget's change to the new picture of the sheet, and the server's memory.

    python -m benchmarks.page_tweaks [tweaks|sessions|shared]

A deck of 104 JPEGs of 745 x 1040 and a back, on the app as a user starts it, in Chromium. Times run from the key or
click in the browser to the moment when the decoded picture lies on the page.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from playwright.sync_api import Browser, FilePayload, Page

from benchmarks.decks import DECKS, Deck, drawn
from tests import browser

TWEAKS = 25
WARM = 4
SESSIONS = 5
WAIT_MS = 60_000
# A person looks before the next tweak, and meanwhile the images are checked behind the page.
PAUSE_MS = 600

# Notes when a key or click came, and when a picture with another address lay on the page.
WATCH = """
window.began = 0; window.shown = 0; window.picture = null;
for (const kind of ["click", "keydown"]) {
  addEventListener(kind, (event) => {
    if (kind === "click" || event.key === "Enter") window.began = performance.now();
  }, true);
}
const find = (root) => {
  for (const element of root.querySelectorAll("*")) {
    const found = element.shadowRoot ? find(element.shadowRoot) : null;
    if (found) return found;
  }
  return root.querySelector(".paper img");
};
let holder = null;
setInterval(() => {
  if (!holder || !holder.isConnected) holder = document.querySelector(".st-key-picture");
  const image = holder && find(holder);
  if (image && image.getAttribute("src") !== window.picture) {
    window.picture = image.getAttribute("src");
    window.shown = performance.now();
  }
}, 2);
"""


def main() -> None:
    deck = drawn(DECKS["jpeg"])
    parts = {"tweaks": _tweaks, "sessions": _sessions, "shared": _shared}
    with browser.chromium() as chromium:
        for name in sys.argv[1:] or parts:
            parts[name](chromium, deck)


def _tweaks(chromium: Browser, deck: Deck) -> None:
    with _opened(chromium) as page:
        _drop(page, _files(deck))
        print(f"{_server_mib():.0f} MiB resident with one session of {deck.cards} cards")
        for name, tweak in {"crop": _crop, "marks": _marks, "paper": _paper, "page": _page, "skip": _skip}.items():
            times = [_timed(page, tweak, number) for number in range(TWEAKS + WARM)][WARM:]
            middle, high = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
            print(f"{name:6s} p50 {middle:4.0f} ms   p95 {high:4.0f} ms   (n {len(times)})")


def _sessions(chromium: Browser, deck: Deck) -> None:
    """Each with images of its own."""
    with browser.serving() as address:
        print(f"{_server_mib():.0f} MiB resident without a session")
        for number in range(SESSIONS):
            page = chromium.new_context(viewport={"width": 1280, "height": 860}).new_page()
            page.add_init_script(WATCH)
            page.goto(address)
            _drop(page, _files(deck, other=number))
            _timed(page, _crop, 1)
            page.wait_for_timeout(3000)
            print(f"{_server_mib():.0f} MiB resident with {number + 1} of {SESSIONS} sessions")
        print(f"{_server_mib('VmHWM'):.0f} MiB at most")


def _shared(chromium: Browser, deck: Deck) -> None:
    """Two browsers, the same images: what the first one computed serves the second."""
    with browser.serving() as address:
        for who in ("first", "second"):
            page = chromium.new_context(viewport={"width": 1280, "height": 860}).new_page()
            page.add_init_script(WATCH)
            page.goto(address)
            seconds = _drop(page, _files(deck))
            pictures = [_timed(page, _page, number) for number in range(8)]
            said = page.get_by_text("cache: ").inner_text().rpartition("(")[2].rstrip(")")
            print(
                f"{who:6s} from the drop to the sheet {seconds:.2f} s, the next pages p50 "
                f"{statistics.median(pictures):.0f} ms, the last picture made in {said}; "
                f"{_server_mib():.0f} MiB resident"
            )


@contextmanager
def _opened(chromium: Browser) -> Iterator[Page]:
    with browser.serving() as address, chromium.new_context(viewport={"width": 1280, "height": 860}) as context:
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(address)
        yield page


def _drop(page: Page, files: list[FilePayload]) -> float:
    """Seconds from the drop of the fronts to their sheet; ends when all images have been checked."""
    *fronts, back = files
    page.locator(".st-key-back input[type=file]").set_input_files([back])
    page.get_by_text(back["name"]).first.wait_for(state="attached", timeout=WAIT_MS)
    start = monotonic()
    page.locator(".st-key-fronts input[type=file]").set_input_files(fronts)
    page.wait_for_function("() => window.picture", timeout=WAIT_MS)
    seconds = monotonic() - start
    page.get_by_text("Checking").wait_for(state="detached", timeout=WAIT_MS)
    return seconds


def _timed(page: Page, tweak: Callable[[Page, int], None], number: int) -> float:
    """Milliseconds."""
    page.wait_for_timeout(PAUSE_MS)
    before = page.evaluate("() => window.picture")
    tweak(page, number)
    page.wait_for_function("before => window.picture !== before", arg=before, timeout=WAIT_MS)
    return float(page.evaluate("() => window.shown - window.began"))


def _crop(page: Page, number: int) -> None:
    """Another artwork: eight new tiles for the page. In steps that are seen."""
    field = page.get_by_role("textbox", name="Crop").first
    field.fill(f"{0.5 + number / 5:.1f}mm")
    field.press("Enter")


def _marks(page: Page, number: int) -> None:
    page.locator(".st-key-marks button", has_text="Four" if number % 2 == 0 else "Three").click()


def _paper(page: Page, number: int) -> None:
    box = page.get_by_role("combobox", name="Paper")
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(100)  # a list closes when the page scrolls
    box.click()
    page.get_by_role("option", name="A4" if number % 2 == 0 else "Letter").click()


def _page(page: Page, number: int) -> None:
    """Forth, then back."""
    forth = number // 20 % 2 == 0
    page.get_by_role("button", name="Next page" if forth else "Previous page").click()


def _skip(page: Page, number: int) -> None:
    """By a click on the sheet, told at once: a double one takes it back."""
    page.get_by_role("button", name=re.compile(f"^Slot {number % 6}, row")).first.click()


def _files(deck: Deck, other: int | None = None) -> list[FilePayload]:
    """With `other`, images of their own: what follows a JPEG's end makes it another file."""
    more = b"" if other is None else bytes([other])
    return [{"name": path.name, "mimeType": "image/jpeg", "buffer": path.read_bytes() + more} for path in deck.files]


def _server_mib(what: str = "VmRSS") -> float:
    """Of the app, which is a child of this process. Linux alone."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            is_app = b"streamlit" in (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if is_app and int(fields["PPid"]) == os.getpid():
            return int(fields[what].split()[0]) / 1024
    return float("nan")


if __name__ == "__main__":
    main()
