"""What was asked of the cache, by where it came from, and the hit rate above it."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cardmaker.charts.frame import BLUE, GREEN, GREY, ORANGE, PINK, SKY, known, laid_out, line, span, times
from cardmaker.metrics.series import Slice
from cardmaker.metrics.view import Report, hit_rate


def served(report: Report, *, compare: bool = False) -> go.Figure:
    """`compare` adds the rate of the time before."""
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    figure.add_trace(_floor(report))
    for name, counter, colour in (
        ("from memory", "hit_memory", BLUE),
        ("from Redis", "hit_redis", SKY),
        ("shared", "coalesced", GREEN),
        ("computed", "miss", ORANGE),
    ):
        figure.add_trace(
            go.Scatter(
                x=times(report.points),
                y=[known(each, each.count(counter)) for each in report.points],
                name=name,
                mode="lines",
                line={"width": 0, "color": colour, "shape": "hv"},
                fillcolor=colour,
                stackgroup="served",
                hovertemplate="%{y:,.0f}",
            )
        )
    figure.add_trace(line(report, "hit rate", _percent, PINK, "%{y:.1f} %"), secondary_y=True)
    if compare:
        before = line(report, "hit rate before", _percent, GREY, "%{y:.1f} %", dash="dot", points=report.points_before)
        figure.add_trace(before, secondary_y=True)
    figure.update_yaxes(title_text="reads", rangemode="tozero", secondary_y=False)
    figure.update_yaxes(
        title_text="hit rate, %", range=[0, 105], dtick=25, tickmode="linear", showgrid=False, secondary_y=True
    )
    return laid_out(figure, report)


def _percent(point: Slice) -> float | None:
    rate, _ = hit_rate(point)
    return None if rate is None else 100 * rate


def _floor(report: Report) -> go.Scatter:
    """Stands everywhere, at nothing: Plotly draws a stack across gaps unless something in it stands there."""
    ends = [*times(report.points), span(report)[1]]
    return go.Scatter(
        x=ends,
        y=[0] * len(ends),
        mode="lines",
        line={"width": 0, "shape": "hv"},
        stackgroup="served",
        showlegend=False,
        hoverinfo="skip",
    )
