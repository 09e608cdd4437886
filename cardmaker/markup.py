"""Values as HTML, for what shows itself in a notebook. Every text is escaped; an image is part of the page."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

_CELL = "text-align:left;padding:0.2em 0.8em 0.2em 0.5em;vertical-align:top"
# Jupyter and its exports set what stands between dollar signs as formulas: "from $5 to $9".
_NO_FORMULAS = 'class="tex2jax_ignore mathjax_ignore"'
# Reads on light and on dark.
_QUIET = "color:#808080;font-size:90%"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], colours: Sequence[str] = ()) -> str:
    """One row for each of `rows`; `colours` are those of a bar before each row, if any."""
    top = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in head)
    body = "".join(
        f"<tr{_bar(colours[i]) if colours else ''}>" + "".join(_cell(value) for value in row) + "</tr>"
        for i, row in enumerate(rows)
    )
    return f"<table {_NO_FORMULAS}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def facts(words: Iterable[str]) -> str:
    """One quiet line."""
    return f'<p {_NO_FORMULAS} style="{_QUIET}">{" · ".join(escape(word) for word in words)}</p>'


def picture(content: bytes, kind: str, words: str, width_px: int) -> str:
    """An image of that kind (`png`, `jpeg`, `svg+xml`) on white, and what it shows for those who do not see it."""
    data = base64.b64encode(content).decode("ascii")
    style = f"width:{width_px}px;max-width:100%;margin:0;background:#fff;border:1px solid #80808066"
    return f'<img src="data:image/{kind};base64,{data}" alt="{escape(words)}" style="{style}">'


def figure(inside: str, words: str, width_px: int) -> str:
    """Something made here above its words."""
    style = f"width:{width_px}px;margin:0;overflow-wrap:anywhere"
    caption = f'<figcaption style="{_QUIET}">{escape(words)}</figcaption>'
    return f'<figure {_NO_FORMULAS} style="{style}">{inside}{caption}</figure>'


def row(figures: Iterable[str]) -> str:
    """Side by side, as many as there is room for."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.8em;align-items:flex-start">{"".join(figures)}</div>'


def missing(words: str, width_px: int, height_px: int) -> str:
    """A grey place for a picture that there is not, with the reason."""
    style = (
        f"width:{width_px}px;height:{height_px}px;background:#80808026;border:1px solid #80808066;"
        "overflow:hidden;font-size:80%;padding:0.4em;box-sizing:border-box"
    )
    return f'<div {_NO_FORMULAS} style="{style}">{escape(words)}</div>'


def _cell(value: object) -> str:
    return f'<td style="{_CELL}">{escape(str(value))}</td>'


def _bar(colour: str) -> str:
    return f' style="border-left:4px solid {escape(colour)}"'
