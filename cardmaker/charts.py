"""Metrics as Plotly figures. Colours and fonts are the page's: figures bring marks and words alone.

Every figure has time on its horizontal axis, in UTC as Plotly takes it; a point of which nothing is known is a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cardmaker.metrics.histogram import quantile
from cardmaker.metrics.series import Event, Slice
from cardmaker.metrics.view import Report, hit_rate

# Colours that people with any kind of colour vision tell apart (Okabe and Ito), on light and dark alike.
_BLUE, _ORANGE, _GREEN, _RED, _PINK, _SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
_GREY = "#8a8a8a"
HEIGHT_PX = 300
_MARKS = {"breaker": "Redis left alone", "evicted": "evicted", "lost": "task lost", "failed": "task failed"}


def served(report: Report) -> go.Figure:
    """What was asked of the cache, by where it came from, and the hit rate above it."""
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    for name, counter, colour in (
        ("from memory", "hit_memory", _BLUE),
        ("from Redis", "hit_redis", _SKY),
        ("shared while computing", "coalesced", _GREEN),
        ("computed", "miss", _ORANGE),
    ):
        figure.add_trace(
            go.Scatter(
                x=_times(report.points),
                y=[_known(each, each.count(counter)) for each in report.points],
                name=name,
                mode="lines",
                line={"width": 0.5, "color": colour},
                stackgroup="served",
                hovertemplate="%{y:,.0f}",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=_times(report.points),
            y=[None if (rate := hit_rate(each)[0]) is None else 100 * rate for each in report.points],
            name="hit rate",
            mode="lines+markers",
            line={"width": 2, "color": _PINK},
            marker={"size": 4},
            hovertemplate="%{y:.1f} %",
        ),
        secondary_y=True,
    )
    figure.update_yaxes(title_text="reads", rangemode="tozero", secondary_y=False)
    figure.update_yaxes(title_text="hit rate, %", range=[0, 105], showgrid=False, secondary_y=True)
    return _laid_out(figure, report)


def latencies(report: Report, operations: Sequence[tuple[str, str]]) -> go.Figure:
    """Median and 95th percentile in milliseconds, of operations and the words for them; the scale is logarithmic."""
    figure = go.Figure()
    colours = (_BLUE, _ORANGE, _GREEN, _RED, _PINK, _SKY)
    for (operation, words), colour in zip(operations, colours, strict=False):
        for share, dash in ((0.5, "solid"), (0.95, "dot")):
            figure.add_trace(
                go.Scatter(
                    x=_times(report.points),
                    y=[quantile(each.histogram(operation), share) for each in report.points],
                    name=f"{words}, p{share * 100:.0f}",
                    mode="lines+markers",
                    line={"width": 2, "color": colour, "dash": dash},
                    marker={"size": 4},
                    hovertemplate="%{y:.3g} ms",
                )
            )
    figure.update_yaxes(title_text="ms", type="log")
    return _laid_out(figure, report)


def task_times(report: Report) -> go.Figure:
    """Mean seconds that tasks waited and ran, and how they ended."""
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    for name, operation, colour in (("waited", "task_wait", _ORANGE), ("ran", "task_run", _BLUE)):
        figure.add_trace(
            go.Bar(
                x=_times(report.points),
                y=[each.mean_ms(operation) / 1000 if each.calls(operation) else None for each in report.points],
                name=name,
                marker={"color": colour},
                hovertemplate="%{y:.2f} s",
            )
        )
    for name, counter, colour in (
        ("done", "done", _GREEN),
        ("failed", "failed", _RED),
        ("cancelled", "cancelled", _GREY),
        ("lost", "lost", _PINK),
    ):
        figure.add_trace(
            go.Scatter(
                x=_times(report.points),
                y=[each.count(counter) or None for each in report.points],
                name=name,
                mode="markers",
                marker={"color": colour, "size": 8},
                hovertemplate="%{y:,.0f}",
            ),
            secondary_y=True,
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(title_text="seconds", rangemode="tozero", secondary_y=False)
    figure.update_yaxes(title_text="tasks", rangemode="tozero", showgrid=False, secondary_y=True)
    return _laid_out(figure, report)


def throughput(report: Report) -> go.Figure:
    """Documents made, previews and requests, per minute."""
    minutes = report.stretch.point_s / 60
    figure = go.Figure()
    for name, value, colour in (
        ("documents", lambda each: each.calls("pdf_compute"), _BLUE),
        ("previews", lambda each: each.calls("preview"), _SKY),
        ("API requests", lambda each: each.calls("api"), _ORANGE),
    ):
        figure.add_trace(_line(report, name, value, colour, minutes))
    figure.update_yaxes(title_text="per minute", rangemode="tozero")
    return _laid_out(figure, report)


def troubles(report: Report) -> go.Figure:
    """What went wrong, counted; incidents are marks on the same axis."""
    figure = go.Figure()
    for name, counter, colour in (
        ("Redis errors", "redis_error", _RED),
        ("Redis left alone", "breaker_open", _PINK),
        ("Redis full", "oom", _ORANGE),
        ("corrupt values", "corrupt", _GREY),
        ("too big", "too_big", _SKY),
    ):
        figure.add_trace(
            go.Bar(
                x=_times(report.points),
                y=[_known(each, each.count(counter)) for each in report.points],
                name=name,
                marker={"color": colour},
                hovertemplate="%{y:,.0f}",
            )
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(title_text="count", rangemode="tozero")
    return _laid_out(figure, report)


def _line(report: Report, name: str, value: Callable[[Slice], float], colour: str, per: float) -> go.Scatter:
    return go.Scatter(
        x=_times(report.points),
        y=[_known(each, value(each) / per) for each in report.points],
        name=name,
        mode="lines+markers",
        line={"width": 2, "color": colour},
        marker={"size": 4},
        hovertemplate="%{y:.3g}",
    )


def _known(point: Slice, value: float) -> float | None:
    """Nothing recorded at all is a gap, not a zero."""
    return value if point.fields else None


def _times(points: Sequence[Slice]) -> list[datetime]:
    return [datetime.fromtimestamp(each.start_s, UTC) for each in points]


def _laid_out(figure: go.Figure, report: Report) -> go.Figure:
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )
    first, last = report.points[0].start_s, report.points[-1].start_s + report.stretch.point_s
    figure.update_xaxes(range=[datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)], showgrid=False)
    for event in report.events[:50]:
        if event.kind in _MARKS:
            _mark(figure, event)
    return figure


def _mark(figure: go.Figure, event: Event) -> None:
    figure.add_vline(x=datetime.fromtimestamp(event.at_s, UTC), line={"width": 1, "dash": "dot", "color": _RED})
