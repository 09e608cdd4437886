"""What the pages share: the workbench, words from outside made safe, and the few looks of our own."""

from __future__ import annotations

import re

import streamlit as st

from cardmaker.errors import one_line
from cardmaker.workbench import Tier, Workbench, shared

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# What Markdown turns into links without any sign; a word joiner inside is not seen and keeps it text.
_ADDRESS = re.compile(r"(https?(?=:)|www(?=\.)|@)", re.IGNORECASE)

# The sheet stays in sight while the controls beside it scroll, and is never taller than the window.
_STYLE = """
<style>
.stMainBlockContainer { padding-top: 4rem; padding-bottom: 2rem; }
.stMainBlockContainer h1 { font-size: 1.75rem; padding: 0 0 0.5rem; }
.stMainBlockContainer h3 { font-size: 1.15rem; padding: 0 0 0.25rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-sheet) { position: sticky; top: 4rem; }
/* The accent upon its own tint, and captions, have less contrast than small words need. */
button[role="radio"][aria-checked="true"]:enabled, button[role="radio"][aria-checked="true"]:enabled * {
  color: inherit !important;
}
[data-testid="stCaptionContainer"] { opacity: 0.8; }
/* While its popover is open, such a button is as dark as the dark page. */
.st-key-projects button[aria-expanded="true"], .st-key-projects button[aria-expanded="true"] * {
  color: inherit !important;
}
.st-key-task {
  min-height: 4.5rem; max-height: 4.5rem; overflow: hidden; justify-content: center; padding: 0 0.75rem;
  border: 1px solid rgba(128, 128, 128, 0.3); border-radius: 0.5rem;
}
@media (max-width: 950px) {
  .st-key-settings [data-testid="stColumn"] { min-width: 100%; }
  .stMainBlockContainer { padding-left: 0.75rem; padding-right: 0.75rem; }
  .st-key-figures [data-testid="stColumn"] { min-width: calc(33% - 1rem); }
}
.st-key-task-row { flex-wrap: nowrap; }
.stMain:has(.st-key-task) .st-key-picture { --beside-sheet: 29.5rem; }
.st-key-task [data-testid="stMarkdownContainer"] p {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; overflow-wrap: anywhere;
  line-height: 1.3;
}
.st-key-task .stProgress [data-testid="stMarkdownContainer"] p,
.st-key-tasks .stProgress [data-testid="stMarkdownContainer"] p {
  display: block; overflow: hidden; white-space: nowrap; text-overflow: ellipsis;
}
</style>
"""


def workbench() -> Workbench:
    """The one workbench of this process."""
    return shared()


def remember_pace(seconds: float) -> None:
    """How long the sheet that is shown took."""
    st.session_state["pace"] = seconds


def cache_words() -> tuple[str, str]:
    """Which cache works and how quick the sheet was; if a Redis was set up and does not work, why."""
    tier, status = workbench().cache.tier, workbench().cache.status()
    pace = st.session_state.get("pace")
    where = {Tier.REDIS: "Redis", Tier.MEMORY: "memory only", Tier.NONE: "off"}[tier]
    return f"cache: {where}" + (f" ({pace:.2f} s)" if pace is not None else ""), status.reason


def style() -> None:
    st.html(_STYLE)


def plain(text: object) -> str:
    """Text from outside, such as a file's name, for where Streamlit reads Markdown: shown letter by letter."""
    return _PUNCTUATION.sub(r"\\\1", _ADDRESS.sub("\\1\N{WORD JOINER}", one_line(str(text))))


def sentence(message: object) -> str:
    """The message of an error or a finding as a sentence, safe to show."""
    text = str(message)
    end = "" if text.endswith(" ...") else "."
    return plain(text[:1].upper() + (text[1:].rstrip(".") if end else text[1:]) + end)


def count(number: int, noun: str) -> str:
    """`1 card`, `1,040 cards`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def apologise(_error: Exception) -> bool:
    """The last guard, for what nobody foresaw. Streamlit has written the traceback to its log; True: show no more."""
    st.error(
        "Something went wrong, and it is our fault. Your cards and settings are still here: "
        "undo the last change, or reload the page to start afresh.",
        icon=":material/error:",
    )
    return True
