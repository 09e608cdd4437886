"""How much was made."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go

from cardmaker.charts.frame import BLUE, GREEN, GREY, ORANGE, SKY, laid_out, line
from cardmaker.metrics.series import Slice
from cardmaker.metrics.view import API, Report


def throughput(report: Report, *, compare: bool = False) -> go.Figure:
    """Documents, previews, requests and tasks, each minute. `compare` adds the documents of the time before."""
    minutes = report.stretch.point_s / 60

    def rate(count: Callable[[Slice], float]) -> Callable[[Slice], float]:
        return lambda point: count(point) / minutes

    documents = rate(lambda each: each.calls("pdf_compute"))
    figure = go.Figure()
    for name, value, colour in (
        ("documents", documents, BLUE),
        ("previews", rate(lambda each: each.calls("preview")), SKY),
        ("API requests", rate(lambda each: sum(each.calls(name) for name in API)), ORANGE),
        ("tasks done", rate(lambda each: each.count("done")), GREEN),
    ):
        figure.add_trace(line(report, name, value, colour))
    if compare:
        figure.add_trace(line(report, "documents before", documents, GREY, dash="dot", points=report.points_before))
    figure.update_yaxes(title_text="per minute", rangemode="tozero")
    return laid_out(figure, report)
