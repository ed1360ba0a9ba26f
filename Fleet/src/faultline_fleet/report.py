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

#: Windows Error Reporting's published share of reports that it could answer with something known.
PUBLISHED_COVERAGE = 47

_SIGNATURE = Column("signature", "Signature", code=True)
_FAILURES = Column("failures", "Failures", bar=True)


def write_report(spark: Any, folder: str, output: str, until: date | None, top: int) -> None:
    """Writes the page. Raises StoreError where there are no tables."""
    tables = Tables(spark, folder)
    tables.cache()
    until = until or tables.last_day()
    results = {name: Result(name, tables.ask(questions.text(name), until, top)) for name in questions.names()}
    Path(output).write_text(page(results, until, tables.log), encoding="utf-8")


def page(results: dict[str, Result], until: date, log: list[dict[str, Any]]) -> str:
    """The whole page of the questions' results."""
    style = (resources("faultline_fleet") / "report.css").read_text(encoding="utf-8")
    sections = [
        ("overview", "What the tables hold", _totals(results)),
        ("coverage", "Failures with a known fix", _coverage(results, until)),
        ("signatures", "The biggest failures", _signatures(results)),
        ("trend", "Is it getting better?", _trend(results, until)),
        ("fixes", "Which fix removes the most failures", _fixes(results)),
        ("lacking", "Machines that lack a fix that matched", _lacking(results)),
        ("new", "New signatures this week", _new(results, until)),
        ("leaks", "Leaking tags by driver version", _leaks(results)),
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
        f'<h1>Fleet report</h1><p class="quiet">Until {until:%A}, {until}. From {escape(source)}.</p>'
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav></header><main>{body}</main></body></html>\n'
    )


def _source(*names: str) -> str:
    """The SQL that gave a section's figures."""
    parts = [
        f"<details><summary>SQL: <code>{name}.sql</code></summary><pre>{escape(questions.text(name))}</pre></details>"
        for name in names
    ]
    return "".join(parts)


def _nothing(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _totals(results: dict[str, Result]) -> str:
    result = results["totals"]
    titles = {
        "files": "files read", "cases": "different contents", "failures": "failures", "signatures": "signatures",
        "machines": "machines known by name", "set_aside": "files set aside", "first_day": "first failure",
        "last_day": "last failure",
    }  # fmt: skip
    tiles = "".join(f"<div><dt>{escape(t)}</dt><dd>{result.figure(0, c)}</dd></div>" for c, t in titles.items())
    return f'<dl class="tiles">{tiles}</dl>{_source("totals")}'


def _coverage(results: dict[str, Result], until: date) -> str:
    result, weekly = results["coverage"], results["coverage_by_week"]
    if not result.rows or not result.rows[0]["failures"]:
        return _nothing("There are no failures yet.") + _source("coverage")
    text = (
        f'<p class="answer">{result.figure(0, "percent_with_fix", " %")} of {result.figure(0, "failures")} failures '
        f"have a known fix: a hotfix, service pack or upgrade of a confirmed or probable known issue. The published "
        f"figure of the largest such system, Windows Error Reporting, is {PUBLISHED_COVERAGE} %. For "
        f"{result.figure(0, 'confirmed')} the issue is confirmed.</p>"
    )
    parts = [
        ("with_fix", "s1", "known fix"), ("only_workaround", "s2", "workaround only"),
        ("issue_without_step", "s3", "known issue, no step"), ("unknown", "s6", "nothing known"),
    ]  # fmt: skip
    bar = charts.shares(result, parts, "failures", PUBLISHED_COVERAGE, "Failures by what is known of them")
    line = f"WER: {PUBLISHED_COVERAGE} %"
    chart = charts.percent_weeks(weekly, until, "Failures with a known fix, by week", PUBLISHED_COVERAGE, line)
    columns = [
        Column("week", "Week of"), Column("failures", "Failures"), Column("with_fix", "With a known fix"),
        Column("percent_with_fix", "Share", unit=" %"),
    ]  # fmt: skip
    return (
        f'{text}{bar}<p class="quiet">The dashed line stands at {PUBLISHED_COVERAGE} %.</p>'
        f"<h3>By week</h3>{chart}{_numbers(weekly, columns, 'Failures with a known fix, by week')}"
        + _source("coverage", "coverage_by_week")
    )


def _numbers(result: Result, columns: list[Column], caption: str) -> str:
    return f"<details><summary>As numbers</summary>{table(result, columns, caption)}</details>"


def _signatures(results: dict[str, Result]) -> str:
    result = results["top_signatures"]
    columns = [
        _SIGNATURE, _FAILURES, Column("percent", "Share", unit=" %"), Column("machines", "Machines"),
        Column("last_28_days", "Last 28 days"), Column("the_28_before", "The 28 before"),
        Column("article", "Known issue"), Column("first_day", "First"), Column("last_day", "Last"),
        Column("signature_id", "Id", code=True),
    ]  # fmt: skip
    if not result.rows:
        return _nothing("There are no failures yet.") + _source("top_signatures")
    return table(result, columns, "Signatures by failures") + _source("top_signatures")


def _trend(results: dict[str, Result], until: date) -> str:
    result = results["trend"]
    if not result.rows:
        return _nothing("No failure has a day in these 26 weeks.") + _source("trend")
    columns = [Column("week", "Week of"), Column("place", "Place"), _SIGNATURE, Column("failures", "Failures")]
    label = "Failures by week, the biggest signatures apart"
    return charts.stacked_weeks(result, until, label) + _numbers(result, columns, label) + _source("trend")


def _fixes(results: dict[str, Result]) -> str:
    result = results["fixes"]
    if not result.rows:
        return _nothing("No failure matched a known issue that has a fix.") + _source("fixes")
    first = result.rows[0]
    text = (
        f'<p class="answer"><span {result.attributes(0, "article")}>{escape(first["article"])}</span> would remove '
        f"{result.figure(0, 'would_remove')} failures.</p>"
    )
    columns = [
        Column("article", "Fix"), Column("title", "What it mends"), Column("would_remove", "Would remove", bar=True),
        Column("matched", "Matched"), Column("confirmed", "Confirmed"), Column("machines", "Machines it applies to"),
        Column("last_day", "Last"),
    ]  # fmt: skip
    note = (
        '<p class="quiet">Matched failures on systems the fix does not apply to, or where that is not known, are not '
        "counted as removed. Machines are those known by name.</p>"
    )
    return text + table(result, columns, "Fixes by the failures they would remove") + note + _source("fixes")


def _lacking(results: dict[str, Result]) -> str:
    result = results["lacking_fix"]
    columns = [
        Column("machine", "Machine"), Column("article", "Fix"), Column("state", "Its list of updates"), _FAILURES,
        Column("last_day", "Last failure"), Column("title", "What it mends"),
    ]  # fmt: skip
    if not result.rows:
        return _nothing("No machine known by name lacks a fix that matched.") + _source("lacking_fix")
    return table(result, columns, "Machines and the fixes they lack") + _source("lacking_fix")


def _new(results: dict[str, Result], until: date) -> str:
    result = results["new_signatures"]
    columns = [
        _SIGNATURE, _FAILURES, Column("machines", "Machines"), Column("first_day", "First"),
        Column("signature_id", "Id", code=True),
    ]  # fmt: skip
    if not result.rows:
        return _nothing(f"None in the seven days until {until}.") + _source("new_signatures")
    return table(result, columns, f"First seen in the seven days until {until}") + _source("new_signatures")


def _leaks(results: dict[str, Result]) -> str:
    result = results["leaking_tags"]
    columns = [
        Column("tag", "Tag", code=True), Column("pool", "Pool"), Column("driver", "Driver"),
        Column("version", "Version"), Column("cases", "Cases", bar=True), Column("machines", "Machines"),
        Column("bytes_per_hour", "Bytes an hour (median)"), Column("largest_bytes", "Largest, bytes"),
    ]  # fmt: skip
    if not result.rows:
        return _nothing("No pool log or dump shows a leak.") + _source("leaking_tags")
    return table(result, columns, "Leaking tags by driver version") + _source("leaking_tags")


def _aside(results: dict[str, Result]) -> str:
    result = results["set_aside"]
    columns = [
        Column("outcome", "Outcome"), Column("files", "Files", bar=True), Column("example", "For example", code=True),
        Column("reason", "Its reason"),
    ]  # fmt: skip
    if not result.rows:
        return _nothing("Every file was read.") + _source("set_aside")
    return table(result, columns, "Files that were not read, by outcome") + _source("set_aside")


__all__ = ["PUBLISHED_COVERAGE", "page", "said", "write_report"]
