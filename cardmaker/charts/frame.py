"""What all figures share: colours, the time axis, gaps, and incidents as lines across."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go

from cardmaker.metrics.series import Slice
from cardmaker.metrics.view import Report

# Colours that people with any kind of colour vision tell apart (Okabe and Ito), on light and dark alike.
BLUE, ORANGE, GREEN, RED, PINK, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
GREY = "#8a8a8a"
HEIGHT_PX = 280
# Incidents that change what all figures show.
_ACROSS = {"breaker": RED, "evicted": ORANGE, "lost": PINK, "operator": BLUE}
_MOST_ACROSS = 60
_DAY_S = 86_400


def line(
    report: Report,
    name: str,
    value: Callable[[Slice], float | None],
    colour: str,
    unit: str = "%{y:.3g}",
    *,
    dash: str = "solid",
    points: Sequence[Slice] | None = None,
) -> go.Scatter:
    """Of each point its value, and nothing where nothing is known;
    `points` of another time stand on this one's axis."""
    return go.Scatter(
        x=times(report.points),
        y=[value(each) if each.fields else None for each in points or report.points],
        name=name,
        mode="lines+markers",
        line={"width": 1.5 if points else 2, "color": colour, "dash": dash},
        marker={"size": 3 if points else 4},
        hovertemplate=unit,
    )


def known(point: Slice, value: float) -> float | None:
    """Nothing recorded at all is a gap, not a zero."""
    return value if point.fields else None


def times(points: Sequence[Slice]) -> list[datetime]:
    return [moment(each.start_s) for each in points]


def moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def span(report: Report) -> tuple[datetime, datetime]:
    """From the first point's beginning to the last one's end."""
    return moment(report.points[0].start_s), moment(report.points[-1].start_s + report.stretch.point_s)


def laid_out(figure: go.Figure, report: Report) -> go.Figure:
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 8, "r": 8, "t": 4, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0, "entrywidth": 0},
        shapes=[_across(event.at_s, _ACROSS[event.kind]) for event in report.events if event.kind in _ACROSS][
            :_MOST_ACROSS
        ],
    )
    hours = report.stretch.length_s <= _DAY_S
    figure.update_xaxes(
        type="date", range=list(span(report)), showgrid=False, tickformat="%H:%M" if hours else "%b %d", nticks=9
    )
    return figure


def _across(at_s: float, colour: str) -> dict[str, object]:
    at = moment(at_s)
    line = {"width": 1, "dash": "dot", "color": colour}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": line}
