"""What went wrong, as marks on the time axis."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from cardmaker.charts.frame import BLUE, GREY, ORANGE, PINK, RED, SKY, laid_out, times
from cardmaker.metrics.series import Slice
from cardmaker.metrics.view import Report

# Lowest on the figure first: what is no fault of anybody.
TROUBLES = (
    ("memory made room", "evicted", GREY),
    ("Redis made room", "redis_evicted", GREY),
    ("too big to keep", "too_big", SKY),
    ("corrupt value", "corrupt", BLUE),
    ("Redis full", "oom", ORANGE),
    ("Redis error", "redis_error", RED),
    ("breaker opened", "breaker_open", PINK),
    ("task failed", "failed", ORANGE),
    ("task lost", "lost", RED),
    ("API failed", "api_failed", RED),
)
_LEAST_PX, _MOST_PX = 7.0, 22.0


def troubles(report: Report) -> go.Figure:
    """A mark where it happened, larger the more often; the number stands in the hover. A row for each kind."""
    figure = go.Figure()
    for words, name, colour in TROUBLES:
        counts = [_count(point, name) for point in report.points]
        figure.add_trace(
            go.Scatter(
                x=times(report.points),
                y=[words if number else None for number in counts],
                customdata=counts,
                name=words,
                mode="markers",
                marker={"color": colour, "size": [_size(number) for number in counts], "line": {"width": 0}},
                showlegend=False,
                cliponaxis=False,
                hovertemplate="%{customdata:,.0f}",
            )
        )
    rows = [words for words, _, _ in TROUBLES]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=rows, range=[-0.7, len(rows) - 0.3])
    return laid_out(figure, report)


def _count(point: Slice, name: str) -> int:
    return point.calls(name) if name == "api_failed" else point.count(name)


def _size(number: int) -> float:
    return min(_MOST_PX, _LEAST_PX + 2 * math.log2(number)) if number else 0.0
