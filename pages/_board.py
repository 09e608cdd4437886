"""The parts of the dashboard that are read rather than looked at: figures, tables, badges, the download."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cardmaker.errors import one_line
from cardmaker.metrics.view import Report, Stretch
from cardmaker.workbench import Health, Moment, State
from pages import _fetching, _tasks, _ui

_NONE = "–"
_COLUMNS = 6
_SHARES = (0.5, 0.95)


def badges(health: Health) -> None:
    """Nothing where all is well."""
    with st.container(horizontal=True, key="badges"):
        for text, colour, icon in (
            *((reason, "red", "error") for reason in health.reasons),
            *((warning, "orange", "warning") for warning in health.warnings),
        ):
            st.badge(_ui.sentence(text), icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def figures(report: Report, now: Moment) -> None:
    """The figures that matter, each beside that of the time before."""
    with st.container(key="figures"):
        first, second = st.columns(_COLUMNS), st.columns(_COLUMNS)
    with first[0]:
        _hit_rate(report)
    for column, (label, operation, share) in zip(
        first[1:],
        (
            ("Hit, median", "pdf_hit", 0.5),
            ("Hit, 95 %", "pdf_hit", 0.95),
            ("Computed, median", "pdf_miss", 0.5),
            ("Computed, 95 %", "pdf_miss", 0.95),
        ),
        strict=False,
    ):
        about = f"Of {report.whole.calls(operation):,} documents."
        column.metric(label, *_duration(report, operation, share), delta_color="inverse", help=about)
    renders, before = (report.per_minute("pdf_compute", part) for part in (report.whole, report.before))
    first[5].metric(
        "Made a minute",
        f"{renders:.2f}",
        _change(renders, before),
        delta_color="off",
        help="Documents that were computed.",
    )
    second[0].metric("Computing saved", _tasks.duration(report.saved_s), help="What hits would have taken to compute.")
    age = f"The oldest has waited {now.queue_age_s:.0f} s." if now.queue_age_s is not None else None
    second[1].metric("Tasks running", f"{now.running:,}")
    second[2].metric("Tasks waiting", f"{now.waiting:,}", help=age)
    second[3].metric("Slots busy", f"{now.busy} of {now.slots}" if now.slots else _NONE)
    used, limit = (now.redis.used_bytes, now.redis.limit_bytes) if now.redis else (None, 0)
    second[4].metric(f"Redis, of {_mib(limit)}" if limit else "Redis", _mib(used), help="What it uses, and may use.")
    second[5].metric("This server", _mib(now.bytes), help="The memory of the process that serves this page.")


def _hit_rate(report: Report) -> None:
    (rate, asked), (before, asked_before) = report.hit_rate(), report.hit_rate(report.before)
    st.metric(
        f"Hit rate, n = {asked:,}",
        _NONE if rate is None else f"{100 * rate:.1f} %",
        None if rate is None or before is None else f"{100 * (rate - before):+.1f} points",
        help=f"The share of reads that was served without computing. In the time before there were {asked_before:,}.",
    )


def _duration(report: Report, operation: str, share: float) -> tuple[str, str | None]:
    now, before = (report.quantile_ms(operation, share, part) for part in (report.whole, report.before))
    return (_NONE, None) if now is None else (_ms(now), _change(now, before))


def _change(now: float, before: float | None) -> str | None:
    """Nothing where there is nothing to compare with, or nothing changed."""
    percent = round((now / before - 1) * 100) if before else 0
    return f"{percent:+} %" if percent else None


def _mib(size: int | None) -> str:
    return _NONE if size is None else f"{size / 2**20:,.0f} MiB"


def _ms(ms: float) -> str:
    return f"{ms / 1000:.2f} s" if ms >= 1000 else f"{ms:.3g} ms"


def processes(now: Moment) -> None:
    st.subheader("Servers and workers", anchor=False)
    table = pd.DataFrame(
        {
            "name": [one_line(each.name) for each in now.processes],
            "role": [each.role for each in now.processes],
            "tasks": [f"{each.busy} of {each.slots}" if each.slots else _NONE for each in now.processes],
            "memory": [_mib(each.bytes) for each in now.processes],
            "version": [each.version for each in now.processes],
            "breaker": [each.breaker for each in now.processes],
        }
    )
    st.dataframe(table, hide_index=True, key="processes")


def tasks(now: Moment, with_titles: bool) -> None:
    """Titles are their owners' and the operator's to see."""
    st.subheader("Recent tasks", anchor=False)
    shown = now.tasks
    if not shown:
        st.caption("None of late.")
        return
    table = pd.DataFrame(
        {
            "made": [pd.Timestamp(task.created_s, unit="s", tz="UTC") for task in shown],
            **({"deck": [one_line(task.title) for task in shown]} if with_titles else {}),
            "state": [_tasks.state_words(task) for task in shown],
            "for": [task.queue.value for task in shown],
            "pages": [task.pages for task in shown],
            "waited": [_tasks.duration(_tasks.waited_s(task, now.now_s)) for task in shown],
            "ran": [_tasks.duration(_tasks.ran_s(task)) for task in shown],
            "attempt": [task.attempt for task in shown],
            "error": [task.error_code if task.state is not State.SUCCESS else "" for task in shown],
        }
    )
    st.dataframe(table, hide_index=True, key="recent", column_config={"made": _WHEN})


def incidents(report: Report) -> None:
    st.subheader("Incidents", anchor=False)
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
    st.dataframe(table, hide_index=True, key="incidents", column_config={"when": _WHEN})


def download(stretch: Stretch) -> None:
    """What was recorded until the press."""
    bench, name = _ui.workbench(), f"cardmaker-{stretch.name.replace(' ', '-')}.csv"
    st.download_button(
        "Download as CSV",
        _fetching.held(lambda: _fetching.File(csv(bench.report(stretch)), name), "text/csv"),
        key="csv",
        file_name=name,
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def csv(report: Report) -> bytes:
    """A line for each point: counters, and of each operation how often, how many milliseconds in all, and quantiles.
    Of a point in which nothing was recorded nothing is said."""
    counters = sorted(name[2:] for name in report.whole.fields if name.startswith("c:"))
    rows = []
    for point in report.points:
        row: dict[str, object] = {"start_utc": pd.Timestamp(point.start_s, unit="s", tz="UTC").isoformat()}
        row |= {name: point.count(name) if point.fields else None for name in counters}
        for operation in sorted(report.whole.operations()):
            calls = point.calls(operation)
            row[f"{operation}_count"] = calls if point.fields else None
            row[f"{operation}_ms"] = round(point.sum_ms(operation), 3) if calls else None
            for share in _SHARES:
                ms = report.quantile_ms(operation, share, point)
                row[f"{operation}_p{share * 100:.0f}_ms"] = None if ms is None else float(f"{ms:.4g}")
        rows.append(row)
    # Counts are whole numbers, also where some are missing.
    return str(pd.DataFrame(rows).convert_dtypes().to_csv(index=False)).encode()


_WHEN = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")
