"""How long tasks waited and ran, by how they ended."""

from __future__ import annotations

import plotly.graph_objects as go

from cardmaker.charts.frame import BLUE, GREY, PINK, RED, laid_out, times
from cardmaker.metrics.view import Report

_ENDS = (("done", "done", BLUE), ("failed", "failed", RED), ("cancelled", "cancelled", GREY), ("lost", "lost", PINK))


def task_times(report: Report) -> go.Figure:
    """Mean seconds: the pale part of a bar is the wait, the full part the run. How many stands in the hover."""
    figure = go.Figure()
    for ended, words, colour in _ENDS:
        for operation, part, opacity in (("task_wait", "waited", 0.35), ("task_run", "ran", 1.0)):
            name = f"{operation}_{ended}"
            calls = [point.calls(name) for point in report.points]
            if any(calls):
                means = [
                    point.mean_ms(name) / 1000 if number else None
                    for point, number in zip(report.points, calls, strict=True)
                ]
                figure.add_trace(
                    go.Bar(
                        x=times(report.points),
                        y=means,
                        customdata=calls,
                        name=f"{words}, {part}",
                        offsetgroup=ended,
                        marker={"color": colour, "opacity": opacity},
                        hovertemplate="%{y:.2f} s, n = %{customdata}",
                    )
                )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(title_text="seconds", rangemode="tozero")
    return laid_out(figure, report)
