"""How long tasks waited and ran, by whom they were for and how they ended."""

from __future__ import annotations

import plotly.graph_objects as go

from cardmaker.charts.frame import BLUE, GREY, PINK, RED, laid_out, times
from cardmaker.metrics.view import Report

_ENDS = (("done", BLUE), ("failed", RED), ("cancelled", GREY), ("lost", PINK))
_QUEUES = (("interactive", ""), ("bulk", "/"))
_PARTS = (("task_wait", "waited", 0.35), ("task_run", "ran", 1.0))


def task_times(report: Report) -> go.Figure:
    """Mean seconds: the pale part of a bar is the wait, the full part the run; bulk is hatched. How many stands in the
    hover."""
    figure = go.Figure()
    for queue, pattern in _QUEUES:
        for ended, colour in _ENDS:
            group = f"{queue}, {ended}"
            parts = [(f"{operation}_{queue}_{ended}", words, opacity) for operation, words, opacity in _PARTS]
            for operation, words, opacity in parts:
                calls = [point.calls(operation) for point in report.points]
                if any(calls):
                    means = [
                        point.mean_ms(operation) / 1000 if number else None
                        for point, number in zip(report.points, calls, strict=True)
                    ]
                    figure.add_trace(
                        go.Bar(
                            x=times(report.points),
                            y=means,
                            customdata=calls,
                            name=group,
                            legendgroup=group,
                            offsetgroup=group,
                            showlegend=not any(trace.name == group for trace in figure.data),
                            marker={"color": colour, "opacity": opacity, "pattern": {"shape": pattern}},
                            hovertemplate=words + " %{y:.2f} s, n = %{customdata}",
                        )
                    )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(title_text="seconds", rangemode="tozero")
    return laid_out(figure, report)
