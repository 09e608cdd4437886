"""The dashboard: what the cache serves, how tasks fare, what went wrong, who is there."""

from __future__ import annotations

import streamlit as st

from cardmaker import charts
from cardmaker.metrics.view import STRETCHES, Report, Stretch
from pages import _board, _operator, _ui

_EVERY_S = 5
_NAMES = {stretch.name: stretch for stretch in STRETCHES}
_READS = (
    ("pdf_hit", "document, hit"),
    ("pdf_miss", "document, computed"),
    ("tile_hit", "card, hit"),
    ("tile_miss", "card, computed"),
)
_STEPS = (
    ("render_impose", "impose"),
    ("render_prepare", "prepare"),
    ("render_write", "write"),
    ("preview", "preview"),
    ("pdf_redis", "ask Redis"),
    ("pdf_store", "store"),
)
_PLOT = {"displayModeBar": False}


def main() -> None:
    st.title("Dashboard", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "Time", list(_NAMES), key="stretch", default="hour", required=True, persist_state="session"
        )
        compare = st.toggle("Compare", key="compare", help="With the same length of time before.")
        live = st.toggle("Live", value=True, key="live", help="Reads the figures again every few seconds.")
    stretch = _NAMES[name or "hour"]
    st.fragment(_all, run_every=_EVERY_S if live else None)(stretch, compare)
    # Not in what is drawn again every few seconds: a press that met that would be lost.
    _board.download(stretch)
    st.fragment(_kept)()
    _operator.section()


def _all(stretch: Stretch, compare: bool) -> None:
    bench = _ui.workbench()
    report, now = bench.report(stretch, compare=compare), bench.moment()
    _board.badges(bench.health())
    if report.away:
        st.warning(
            _ui.sentence(f"{report.away}; these are the figures of this server alone"), icon=":material/cloud_off:"
        )
    _board.figures(report, now)
    if not report.whole.fields:
        st.info("Nothing happened in this time. Make a sheet, and look again.", icon=":material/hourglass_empty:")
    else:
        _charts(report, compare)
    _board.processes(now)
    _board.tasks(now, _operator.is_let_in())
    _board.incidents(report)


def _charts(report: Report, compare: bool) -> None:
    drawn = (
        ("Where it came from", "Reads of documents and cards.", charts.served(report, compare=compare)),
        ("Throughput", "Each minute.", charts.throughput(report, compare=compare)),
        ("How long reads took", "Median, and dotted the 95th percentile.", charts.latencies(report, _READS)),
        ("How long the steps took", "Median, and dotted the 95th percentile.", charts.latencies(report, _STEPS)),
        ("Tasks", "Mean: pale while they waited, full while they ran; bulk is hatched.", charts.task_times(report)),
        ("Trouble", "Larger marks are more of it.", charts.troubles(report)),
    )
    for pair in zip(drawn[::2], drawn[1::2], strict=True):
        for column, (title, about, figure) in zip(st.columns(2), pair, strict=True):
            with column.container(border=True):
                st.subheader(title, anchor=False)
                st.caption(about)
                st.plotly_chart(figure, key=title, config=_PLOT)
    st.caption(
        "Times are UTC. A gap is a time of which nothing is known. Dotted lines across: red, Redis was left alone; "
        "orange, Redis threw keys away; pink, a task was lost; blue, the operator did something."
    )


def _kept() -> None:
    """Looks through what is cached, which takes a while: when the page comes up, or when asked."""
    stats = _ui.workbench().cache.stats()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("What is cached", anchor=False)
            st.button("Look again", key="look-again", icon=":material/refresh:", type="tertiary")
        where = "this server" if stats.redis_bytes is None else "Redis"
        if not stats.spread:
            st.caption(f"Nothing, in {where}.")
            return
        size = sum(each for each, _ in stats.spread)
        st.caption(f"{len(stats.spread):,} keys with {size / 2**20:,.1f} MiB in {where}, or a sample of very many.")
        st.plotly_chart(charts.kept(stats.spread), key="kept", config=_PLOT)


main()
