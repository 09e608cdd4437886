"""A sheet tuned in a notebook: fields on the left, the page beside them as it will be printed.

    panel = Panel(bench, deck, {"paper": "a4"})
    panel                                     # shows it
    bench.document(panel.request, deck)       # what it stands at

Fields have the knobs' names and take what a person writes (`3mm`, `300mmx200mm`); the calls are those of the
app's page.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from html import escape
from typing import Any

import ipywidgets as widgets

from cardmaker import catalog
from cardmaker.deck import Artwork
from cardmaker.errors import InputError
from cardmaker.finding import summarised
from cardmaker.knobs import slots_from
from cardmaker.sheet import MarkKind, Sheet, Variant
from cardmaker.spec import Fit, RenderRequest
from cardmaker.units import counted
from cardmaker.workbench import Workbench

_DPI = 60
_WIDE = {"width": "300px"}
# Never stretched, and a tall page is seen whole.
_PICTURE = {
    "align_self": "flex-start",
    "max_width": "calc(100% - 4px)",  # its margins
    "max_height": "600px",
    "border": "1px solid #80808066",
}
_NAMES = {"description_width": "100px"}


class Panel:
    """`request` is the last one that was right, `settings` what the fields say. A wrong value says its
    sentence, and the picture stays. Raises InputError for settings that are wrong from the beginning."""

    def __init__(
        self,
        bench: Workbench,
        artwork: Artwork,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self._bench, self._artwork = bench, artwork
        self._rest = dict(settings or {})
        self.request: RenderRequest = bench.request(artwork, self._rest)
        self.fields = _fields()
        self._unsaid = {name: field.value for name, field in self.fields.items()}
        for name, field in self.fields.items():
            given = self._rest.pop(name, None)
            if given is not None and (said := _written(name, given)):
                field.value = said
        self.page = widgets.BoundedIntText(1, min=1, max=1, description="page", layout=_WIDE, style=_NAMES)
        self.picture = widgets.Image(format="jpeg", layout=_PICTURE)
        self.words = widgets.HTML(layout=_WIDE)
        self._show(self.request)
        for field in (*self.fields.values(), self.page):
            field.observe(lambda _: self._tune(), "value")
        # What is to be read stands by what is typed: below a tall page nobody would see it.
        left = widgets.VBox([*self.fields.values(), self.page, self.words], layout={"flex": "0 0 auto"})
        right = widgets.VBox([self.picture], layout={"flex": "0 1 680px", "min_width": "0"})
        self._view = widgets.HBox([left, right])

    @property
    def settings(self) -> dict[str, Any]:
        """Named as everywhere; fields that say nothing are left out."""
        said = {name: field.value for name, field in self.fields.items()}
        return {**self._rest, **{name: value for name, value in said.items() if value != self._unsaid[name]}}

    @property
    def sheet(self) -> Sheet:
        return self.request.sheet

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._view._repr_mimebundle_(**options)

    def _tune(self) -> None:
        try:
            self._show(self._bench.request(self._artwork, self.settings))
        except InputError as error:
            self.words.value = _said(str(error), "color:#D55E00;font-weight:bold")

    def _show(self, request: RenderRequest) -> None:
        sheets, pages, _ = self._bench.counts(request)
        page = min(self.page.value, pages)
        picture = self._bench.picture(request, self._artwork, page - 1, _DPI)
        self.request, self.picture.value = request, picture.content
        for field, size in (
            (self.fields["paper"], request.sheet.paper),
            (self.fields["card"], request.sheet.card),
        ):
            field.placeholder = size.name
        told = f"page {page} of {pages} · {counted(sheets, 'sheet')} · {request.sheet.layout_name}"
        self.words.value = "".join(
            map(_said, [told, *(each.message for each in summarised(picture.findings))])
        )
        if self.page.max != pages:
            self.page.max = pages


def _fields() -> dict[str, Any]:
    return {
        "paper": _named("paper", catalog.papers()),
        "card": _named("card", catalog.cards()),
        "variant": _one_of("variant", Variant.DEFAULT),
        "marks": _one_of("marks", MarkKind.THREE),
        "fit": _one_of("fit", Fit.STRETCH),
        "crop": _text("crop", "such as 3mm"),
        "fill_corners": _text("fill_corners", "such as 3.5mm"),
        "skip": _text("skip", "such as 4,5"),
        "outline": widgets.Checkbox(description="outline", layout=_WIDE, style=_NAMES),
    }


def _said(words: str, style: str = "") -> str:
    """A sentence below the fields."""
    return f'<p style="margin:0 0 0.5em;line-height:1.4;{style}">{escape(words)}</p>'


def _written(name: str, given: object) -> str | bool:
    """A setting that is right, as a person would write it into its field."""
    if isinstance(given, bool):
        return given
    if name == "skip":
        return ",".join(map(str, sorted(slots_from(given))))
    return str(given).strip().lower()


def _named(name: str, known: Mapping[str, object]) -> Any:
    """One of the catalogue, or a size with units."""
    return widgets.Combobox(
        options=tuple(known),
        description=name,
        continuous_update=False,
        layout=_WIDE,
        style=_NAMES,
    )


def _one_of(name: str, default: StrEnum) -> Any:
    return widgets.Dropdown(
        options=[each.value for each in type(default)],
        value=default.value,
        description=name,
        layout=_WIDE,
        style=_NAMES,
    )


def _text(name: str, like: str) -> Any:
    return widgets.Text(
        description=name.replace("_", " "),
        placeholder=like,
        continuous_update=False,
        layout=_WIDE,
        style=_NAMES,
    )
