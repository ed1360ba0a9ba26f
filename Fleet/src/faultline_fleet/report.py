"""`faultline-fleet report`: the questions answered in one HTML page."""

from __future__ import annotations

from datetime import date
from html import escape
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from . import charts, questions
from .marks import Column, Result, said, table
from .questions import Tables

#: Windows Error Reporting's published share of kernel crash reports that led to an update or a workaround.
PUBLISHED_COVERAGE = 47

#: What stands in the place of a chart of weeks.
NO_WEEKS = f"No failure has a day in these {charts.WEEKS} weeks."

_SIGNATURE = Column("signature", "Signature", code=True)
_FAILURES = Column("failures", "Failures", bar=True)


def write_report(spark: Any, folder: str, output: str, until: date | None, top: int) -> None:
    """Writes the page. Raises StoreError where there are no tables."""
    tables = Tables(spark, folder)
    tables.cache()
    until = until or tables.last_day()
    results = {name: Result(name, tables.ask(questions.text(name), until, top)) for name in questions.names()}
    Path(output).write_text(page(results, until, top, tables.log), encoding="utf-8")


def page(results: dict[str, Result], until: date, top: int, log: list[dict[str, Any]]) -> str:
    """The whole page of the questions' results. `top` is the length of rankings."""
    style = (resources("faultline_fleet") / "report.css").read_text(encoding="utf-8")
    sections = [
        ("overview", "What the tables hold", _totals(results)),
        ("coverage", "Failures with a known fix", _coverage(results, until)),
        ("signatures", "The biggest failures", _signatures(results, top)),
        ("trend", "Is it getting better?", _trend(results, until)),
        ("fixes", "Which fix removes the most failures", _fixes(results, top)),
        ("lacking", "Machines that lack a fix that matched", _lacking(results, top)),
        ("new", "New signatures of the last seven days", _new(results, until, top)),
        ("leaks", "Leaking tags by driver version", _leaks(results, top)),
        ("aside", "Files set aside", _aside(results)),
    ]
    contents = "".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title, _ in sections)
    body = "".join(f'<section id="{name}"><h2>{escape(title)}</h2>{text}</section>' for name, title, text in sections)
    last = log[-1]
    source = (
        f"{len(log)} {'batch' if len(log) == 1 else 'batches'}, the last of {last.get('finished', 'an unknown time')}, "
        f"by {last.get('program', 'an unknown program')}"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Faultline fleet report, {until}</title><style>{style}</style></head><body><header>"
        f'<h1>Fleet report</h1><p class="quiet">Weeks and days are counted back from {until:%A}, {until}; a failure '
        "whose day is not known is in none of them. All other figures are of everything in the tables: "
        f"{escape(source)}.</p>"
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav></header><main>{body}</main></body></html>\n'
    )


def _source(*names: str) -> str:
    """The SQL that gave a section's figures."""
    parts = [
        f"<details><summary>SQL: <code>{name}.sql</code></summary><pre>{escape(questions.text(name))}</pre></details>"
        for name in names
    ]
    return "".join(parts)


def _note(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _ranking(result: Result, columns: list[Column], caption: str, top: int) -> str:
    """A table that says where it may not be all."""
    full = len(result.rows) >= top
    more = _note("There may be more rows: the option --top sets how many are shown.") if full else ""
    return table(result, columns, caption) + more


def _totals(results: dict[str, Result]) -> str:
    result = results["totals"]
    titles = {
        "files": "files", "cases": "different contents", "failures": "failures", "signatures": "signatures",
        "machines": "machines known by name", "set_aside": "files set aside", "first_day": "first failure",
        "last_day": "last failure",
    }  # fmt: skip
    tiles = "".join(f"<div><dt>{escape(t)}</dt><dd>{result.figure(0, c)}</dd></div>" for c, t in titles.items())
    return f'<dl class="tiles">{tiles}</dl>{_source("totals")}'


def _coverage(results: dict[str, Result], until: date) -> str:
    result, weekly = results["coverage"], results["coverage_by_week"]
    if not result.rows or not result.rows[0]["failures"]:
        return _note("There are no failures yet.") + _source("coverage")
    text = (
        f'<p class="answer">{result.figure(0, "percent_with_fix", " %")} of {result.figure(0, "failures")} failures '
        f"have a known fix: a hotfix, service pack or upgrade of a confirmed or probable known issue. For "
        f"{result.figure(0, 'confirmed')} the issue is confirmed.</p>"
    )
    parts = [
        ("with_fix", "s1", "known fix"), ("only_workaround", "s2", "workaround only"),
        ("issue_without_step", "s3", "known issue, no step"), ("unknown", "s6", "no issue confirmed or probable"),
    ]  # fmt: skip
    bar = charts.shares(result, parts, "failures", PUBLISHED_COVERAGE, "Failures by what is known of them")
    line = f"WER, with workarounds: {PUBLISHED_COVERAGE} %"
    label = f"Share of the failures of each week that have a known fix. {_weeks(until)}"
    chart = _note(NO_WEEKS)
    if weekly.rows:
        chart = charts.percent_weeks(weekly, until, label, PUBLISHED_COVERAGE, line)
    columns = [
        Column("week", "Week of"), Column("failures", "Failures"), Column("with_fix", "With a known fix"),
        Column("percent_with_fix", "Share", unit=" %"),
    ]  # fmt: skip
    return (
        f'{text}{bar}<p class="quiet">The dashed line stands at {PUBLISHED_COVERAGE} %: the share of kernel crash '
        "reports for which the largest such system, Windows Error Reporting, is published to have had an update or a "
        "workaround. Compare it with the first two parts together.</p>"
        f"<h3>By week</h3>{chart}{_numbers(weekly, columns, 'Failures with a known fix, by week')}"
        + _source("coverage", "coverage_by_week")
    )


def _weeks(until: date) -> str:
    return f"Weeks begin on Monday, and the last is counted to {until}."


def _numbers(result: Result, columns: list[Column], caption: str) -> str:
    if not result.rows:
        return ""
    return f"<details><summary>As numbers</summary>{table(result, columns, caption)}</details>"


def _signatures(results: dict[str, Result], top: int) -> str:
    result = results["top_signatures"]
    columns = [
        _SIGNATURE, _FAILURES, Column("percent", "Share", unit=" %"), Column("machines", "Machines"),
        Column("last_28_days", "Last 28 days"), Column("the_28_before", "The 28 before"),
        Column("article", "Known issue"), Column("first_day", "First"), Column("last_day", "Last"),
        Column("signature_id", "Id", code=True),
    ]  # fmt: skip
    if not result.rows:
        return _note("There are no failures yet.") + _source("top_signatures")
    return _ranking(result, columns, "Signatures by failures", top) + _source("top_signatures")


def _trend(results: dict[str, Result], until: date) -> str:
    result = results["trend"]
    if not result.rows:
        return _note(NO_WEEKS) + _source("trend")
    columns = [Column("week", "Week of"), Column("place", "Place"), _SIGNATURE, Column("failures", "Failures")]
    caption = "Failures by week, the biggest signatures apart"
    chart = charts.stacked_weeks(result, until, f"{caption}. {_weeks(until)}")
    return chart + _numbers(result, columns, caption) + _source("trend")


def _fixes(results: dict[str, Result], top: int) -> str:
    result = results["fixes"]
    if not result.rows:
        return _note("No failure matched a known issue that has a fix.") + _source("fixes")
    first = result.rows[0]
    text = (
        f'<p class="answer"><span {result.attributes(0, "article")}>{escape(first["article"])}</span> would remove '
        f"{result.figure(0, 'would_remove')} failures.</p>"
    )
    if not first["would_remove"]:
        text = '<p class="answer">No fix is known to apply to a system that failed.</p>'
    columns = [
        Column("article", "Fix"), Column("title", "What it mends"), Column("would_remove", "Would remove", bar=True),
        Column("matched", "Matched"), Column("confirmed", "Confirmed"), Column("machines", "Machines it applies to"),
        Column("last_day", "Last"),
    ]  # fmt: skip
    note = (
        '<p class="quiet">Counted are confirmed and probable matches. Matched failures on systems the fix does not '
        "apply to, or where that is not known, are not counted as removed. Machines are those known by name.</p>"
    )
    return text + _ranking(result, columns, "Fixes by the failures they would remove", top) + note + _source("fixes")


def _lacking(results: dict[str, Result], top: int) -> str:
    result = results["lacking_fix"]
    columns = [
        Column("machine", "Machine"), Column("article", "Fix"), Column("state", "Its list of updates"), _FAILURES,
        Column("last_day", "Last failure"), Column("title", "What it mends"),
    ]  # fmt: skip
    if not result.rows:
        text = "No machine known by name lacks a fix that matched."
        if not results["totals"].rows[0]["machines"]:
            text = (
                "No machine is known by name. Triage dumps state none: "
                "the option --machine-from-path of collect takes it from the path."
            )
        return _note(text) + _source("lacking_fix")
    note = _note(
        "A list that does not name the fix lacks it. A machine that got it with a service pack or within a later "
        "update stands here as well. Of several lists the newest counts; of those that state no time, the longest."
    )
    return _ranking(result, columns, "Machines and the fixes they lack", top) + note + _source("lacking_fix")


def _new(results: dict[str, Result], until: date, top: int) -> str:
    result = results["new_signatures"]
    columns = [
        _SIGNATURE, _FAILURES, Column("machines", "Machines"), Column("first_day", "First"),
        Column("signature_id", "Id", code=True),
    ]  # fmt: skip
    if not result.rows:
        return _note(f"None in the seven days until {until}.") + _source("new_signatures")
    caption = f"First seen in the seven days until {until}"
    return _ranking(result, columns, caption, top) + _source("new_signatures")


def _leaks(results: dict[str, Result], top: int) -> str:
    result = results["leaking_tags"]
    columns = [
        Column("tag", "Tag", code=True), Column("pool", "Pool"), Column("driver", "Driver"),
        Column("version", "Version"), Column("cases", "Cases", bar=True), Column("machines", "Machines"),
        Column("bytes_per_hour", "Bytes an hour (median)"), Column("largest_bytes", "Largest, bytes"),
    ]  # fmt: skip
    if not result.rows:
        return _note("No pool log or dump shows a leak.") + _source("leaking_tags")
    note = ""
    if any(row["version"] is None for row in result.rows):
        note = _note("Without a version: no dump of the machine states that of the driver.")
    return _ranking(result, columns, "Leaks by the cases that show them", top) + note + _source("leaking_tags")


def _aside(results: dict[str, Result]) -> str:
    result = results["set_aside"]
    columns = [
        Column("outcome", "Outcome"), Column("files", "Files", bar=True), Column("example", "For example", code=True),
        Column("reason", "Its reason"),
    ]  # fmt: skip
    if not result.rows:
        return _note("Every file was read.") + _source("set_aside")
    return table(result, columns, "Files that were not read, by outcome") + _source("set_aside")


__all__ = ["PUBLISHED_COVERAGE", "page", "said", "write_report"]
