"""A finished document as a notebook shows it: its first pages as they will be printed, and a line of facts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from cardmaker import imposition, markup, preview
from cardmaker.cache import Answer, Outcome, Tier
from cardmaker.spec import RenderRequest
from cardmaker.units import counted

_DPI = 50
# Two pages stand side by side.
_WIDTH_PX = 400
# What came out of a cache is told apart from what was made.
_IN_WORDS = {
    Outcome.HIT: "it was there, in {tier}: {ms} ms",
    Outcome.MISS: "made in {ms} ms, kept in {tier}",
    Outcome.COALESCED: "made for another at the same time: {ms} ms",
    Outcome.BYPASS: "made in {ms} ms, not kept",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """`shown` is how many pages show."""

    request: RenderRequest
    answer: Answer
    shown: int = 4

    @property
    def pdf(self) -> bytes:
        return bytes(self.answer.value)

    def facts(self) -> tuple[str, ...]:
        """What is to be known of it."""
        sheets, pages, _ = imposition.count(self.request)
        kept, ms = self.answer, sum(self.answer.steps_ms.values())
        outcome = Outcome.BYPASS if kept.tier is Tier.NONE else kept.outcome
        return (
            *((self.request.printing.title,) if self.request.printing.title else ()),
            counted(len(self.request.deck), "card"),
            f"{counted(sheets, 'sheet')} of paper, {counted(pages, 'page')}",
            self.request.sheet.layout_name,
            f"{kept.value.size / 1e6:.2f} MB",
            _IN_WORDS[outcome].format(tier=kept.tier.value, ms=f"{ms:.3g}"),
        )

    def _repr_html_(self) -> str:
        _, pages, _ = imposition.count(self.request)
        words = list(self.facts())
        words += [f"{pages - self.shown} more pages"] if pages > self.shown else []
        return markup.row(self._figures(min(pages, self.shown))) + markup.facts(words)

    def _figures(self, pages: int) -> Iterator[str]:
        pdf = self.pdf
        width, height = preview.size_px(self.request.sheet, _DPI)
        for page in range(pages):
            buffer = io.BytesIO()
            preview.drawn(pdf, page, width, height).save(buffer, "PNG")
            words = f"page {page + 1}"
            yield markup.figure(markup.picture(buffer.getvalue(), "png", words, _WIDTH_PX), words, _WIDTH_PX)
