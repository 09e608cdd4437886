"""A sheet tuned in a notebook: fields on the left, the page beside them as it will be printed.

    panel = Panel(bench, deck, {"paper": "a4"})
    panel                                     # shows it
    bench.document(panel.request, deck)       # what it stands at

Fields have the knobs' names and take what a person writes (`3mm`, `300mmx200mm`); the calls are those of the
app's page.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets

from cardmaker import catalog
from cardmaker.deck import Artwork
from cardmaker.errors import InputError
from cardmaker.finding import summarised
from cardmaker.sheet import MarkKind, Sheet, Variant
from cardmaker.spec import Fit, RenderRequest
from cardmaker.units import counted
from cardmaker.workbench import Workbench

_DPI = 60
_WIDE = {"width": "300px"}
# As wide as it is, whatever the words below it take.
_PICTURE = {
    "align_self": "flex-start",
    "max_width": "100%",
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
        settings: Mapping[str, str | bool] | None = None,
    ) -> None:
        self._bench, self._artwork = bench, artwork
        self._rest = dict(settings or {})
        bench.request(artwork, self._rest)
        self.fields = _fields()
        for name, field in self.fields.items():
            if name in self._rest:
                field.value = self._rest.pop(name)
        self.page = widgets.BoundedIntText(1, min=1, max=1, description="page", layout=_WIDE, style=_NAMES)
        self.picture = widgets.Image(
            format="jpeg", layout={"max_width": "100%", "border": "1px solid #80808066"}
        )
        self.words = widgets.HTML()
        self.request: RenderRequest = bench.request(artwork, self.settings)
        self._show(self.request)
        for field in (*self.fields.values(), self.page):
            field.observe(lambda _: self._tune(), "value")
        left = widgets.VBox([*self.fields.values(), self.page], layout={"flex": "0 0 auto"})
        right = widgets.VBox([self.picture, self.words], layout={"width": "680px"})
        self._view = widgets.HBox([left, right])

    @property
    def settings(self) -> dict[str, Any]:
        """Named as everywhere; empty fields are left out."""
        return {
            **self._rest,
            **{name: field.value for name, field in self.fields.items() if field.value},
        }

    @property
    def sheet(self) -> Sheet:
        return self.request.sheet

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._view._repr_mimebundle_(**options)

    def _tune(self) -> None:
        try:
            self._show(self._bench.request(self._artwork, self.settings))
        except InputError as error:
            self.words.value = f'<b style="color:#D55E00">{escape(str(error))}</b>'

    def _show(self, request: RenderRequest) -> None:
        sheets, pages, _ = self._bench.counts(request)
        page = min(self.page.value, pages)
        picture = self._bench.picture(request, self._artwork, page - 1, _DPI)
        self.request, self.picture.value = request, picture.content
        told = f"page {page} of {pages} · {counted(sheets, 'sheet')} · {request.sheet.layout_name}"
        self.words.value = "<br>".join(
            [escape(told), *(escape(finding.message) for finding in summarised(picture.findings))]
        )
        if self.page.max != pages:
            self.page.max = pages


def _fields() -> dict[str, Any]:
    return {
        "paper": _named("paper", "letter", catalog.papers()),
        "card": _named("card", "standard", catalog.cards()),
        "variant": _one_of("variant", Variant),
        "marks": _one_of("marks", MarkKind),
        "fit": _one_of("fit", Fit),
        "crop": _text("crop", "such as 3mm"),
        "fill_corners": _text("fill_corners", "such as 3.5mm"),
        "skip": _text("skip", "such as 4,5"),
        "outline": widgets.Checkbox(description="outline", layout=_WIDE, style=_NAMES),
    }


def _named(name: str, value: str, known: Mapping[str, object]) -> Any:
    """One of the catalogue, or a size with units."""
    return widgets.Combobox(
        value=value,
        options=tuple(known),
        description=name,
        continuous_update=False,
        layout=_WIDE,
        style=_NAMES,
    )


def _one_of(name: str, kind: Any) -> Any:
    return widgets.Dropdown(
        options=[each.value for each in kind], description=name, layout=_WIDE, style=_NAMES
    )


def _text(name: str, like: str) -> Any:
    return widgets.Text(
        description=name.replace("_", " "),
        placeholder=like,
        continuous_update=False,
        layout=_WIDE,
        style=_NAMES,
    )
