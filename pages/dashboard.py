"""The dashboard: what the cache serves, how tasks fare, what went wrong."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cardmaker import charts
from cardmaker.metrics.view import STRETCHES, Report, Stretch
from pages import _ui

_EVERY_S = 5
_NAMES = {stretch.name: stretch for stretch in STRETCHES}
_READS = (("pdf_hit", "document, hit"), ("pdf_miss", "document, computed"), ("preview", "preview"))
_STEPS = (("render_prepare", "prepare"), ("render_write", "write"), ("pdf_redis", "ask Redis"), ("pdf_store", "store"))


def main() -> None:
    st.title("Dashboard")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "Time", list(_NAMES), key="stretch", default="hour", required=True, persist_state="session"
        )
        live = st.toggle("Live", value=True, key="live", help="Reads the figures again every few seconds.")
    stretch = _NAMES[name or "hour"]
    st.fragment(_board, run_every=_EVERY_S if live else None)(stretch)


def _board(stretch: Stretch) -> None:
    report = _ui.workbench().report(stretch)
    if report.away:
        st.warning(
            _ui.sentence(f"{report.away}; these are the figures of this server alone"), icon=":material/cloud_off:"
        )
    _figures(report)
    if not report.whole.fields:
        st.info("Nothing happened in this time. Make a sheet, and look again.", icon=":material/hourglass_empty:")
    for title, figure in (
        ("Where it came from", charts.served(report)),
        ("How long reads took", charts.latencies(report, _READS)),
        ("How long the steps took", charts.latencies(report, _STEPS)),
        ("Tasks", charts.task_times(report)),
        ("Throughput", charts.throughput(report)),
        ("Trouble", charts.troubles(report)),
    ):
        st.subheader(title)
        st.plotly_chart(figure, key=title, config={"displayModeBar": False})
    _incidents(report)
    st.download_button(
        "Download as CSV",
        _csv(report),
        file_name=f"cardmaker-{stretch.name.replace(' ', '-')}.csv",
        mime="text/csv",
        icon=":material/download:",
    )


def _figures(report: Report) -> None:
    """The figures that matter, each beside that of the time before."""
    (rate, asked), (rate_before, asked_before) = report.hit_rate(), report.hit_rate(report.before)
    stats = _ui.workbench().cache.stats(survey=False)
    row = st.container(horizontal=True)
    row.metric(
        f"Hit rate, of {asked:,}",
        "–" if rate is None else f"{rate:.1%}",
        None if rate is None or rate_before is None else f"{100 * (rate - rate_before):+.1f} points",
        help=f"Served without computing. {asked_before:,} reads in the time before.",
    )
    for label, operation, share in (
        ("Hit, median", "pdf_hit", 0.5),
        ("Hit, 95 %", "pdf_hit", 0.95),
        ("Computed, median", "pdf_miss", 0.5),
        ("Computed, 95 %", "pdf_miss", 0.95),
    ):
        row.metric(label, *_duration(report, operation, share), delta_color="inverse")
    row.metric("Documents per minute", f"{report.per_minute('pdf_compute'):.2f}")
    row.metric("Computing saved", _seconds(report.saved_s), help="What hits would have taken to compute.")
    row.metric("In memory", f"{stats.bytes / 2**20:,.0f} MiB", help=f"{stats.entries:,} values in this process.")


def _duration(report: Report, operation: str, share: float) -> tuple[str, str | None]:
    now, before = (report.quantile_ms(operation, share, part) for part in (report.whole, report.before))
    if now is None:
        return "–", None
    return _ms(now), None if before is None else f"{(now / before - 1) * 100:+.0f} %"


def _ms(ms: float) -> str:
    return f"{ms / 1000:.2f} s" if ms >= 1000 else f"{ms:.3g} ms"


def _seconds(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds:,.0f} s"


def _incidents(report: Report) -> None:
    st.subheader("Incidents and tasks")
    if not report.events:
        st.caption("None in this time.")
        return
    table = pd.DataFrame(
        {
            "when": [pd.Timestamp(event.at_s, unit="s", tz="UTC") for event in report.events],
            "what": [event.kind for event in report.events],
            "said": [event.text for event in report.events],
        }
    )
    st.dataframe(
        table, hide_index=True, column_config={"when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")}
    )


def _csv(report: Report) -> bytes:
    """A line for each point: counters, and of each operation how often and how many milliseconds in all."""
    rows = []
    for point in report.points:
        row: dict[str, object] = {"start_utc": pd.Timestamp(point.start_s, unit="s", tz="UTC").isoformat()}
        row |= {name[2:]: round(value) for name, value in point.fields.items() if name.startswith("c:")}
        for operation in point.operations():
            row |= {f"{operation}_count": point.calls(operation), f"{operation}_ms": round(point.sum_ms(operation), 3)}
        rows.append(row)
    return str(pd.DataFrame(rows).to_csv(index=False)).encode()


main()
