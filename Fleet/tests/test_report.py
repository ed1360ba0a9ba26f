"""Every figure of the report is its SQL file's, and the SQL counts what a count by hand gives."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sample

from faultline_fleet import questions
from faultline_fleet.collect import Options, collect
from faultline_fleet.marks import Result, said
from faultline_fleet.questions import Tables, shown
from faultline_fleet.report import page, write_report
from faultline_fleet.store import StoreError

FIX = {"install-hotfix", "install-service-pack", "upgrade"}


class Figures(HTMLParser):
    """The marked figures of a page, with the text that stands in each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.open: list[tuple[str, dict[str, str] | None]] = []
        self.outside: set[str] = set()

    def handle_starttag(self, tag: str, attributes) -> None:
        named = {name: value or "" for name, value in attributes}
        if tag in ("meta", "link"):
            return
        for name in ("src", "href"):
            if name in named and not named[name].startswith("#"):
                self.outside.add(named[name])
        figure = None
        if "data-q" in named:
            figure = {**named, "tag": tag, "text": ""}
            self.found.append(figure)
        self.open.append((tag, figure))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, figure in self.open:
            if figure is not None:
                figure["text"] += data


@pytest.fixture(scope="module")
def folder(spark, fake, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("report")
    sample.write(place / "in")
    collect(spark, Options(inputs=[str(place / "in")], output=str(place / "tables"), program=str(fake)))
    return place / "tables"


@pytest.fixture(scope="module")
def html(spark, folder: Path) -> str:
    write_report(spark, str(folder), str(folder.parent / "report.html"), None, 20)
    return (folder.parent / "report.html").read_text()


@pytest.fixture(scope="module")
def tables(spark, folder: Path, html: str) -> Tables:
    return Tables(spark, str(folder))


def ask(tables: Tables, name: str) -> list[dict]:
    return tables.ask(questions.text(name), sample.UNTIL, 20)


def test_every_figure_is_reproduced_by_its_sql_file(tables, html):
    parser = Figures()
    parser.feed(html)
    answers = {name: ask(tables, name) for name in questions.names()}
    seen: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for figure in parser.found:
        row, column = int(figure["data-r"]), figure["data-c"]
        value = answers[figure["data-q"]][row][column]
        assert figure["data-v"] == shown(value), figure
        if figure["tag"] != "rect":
            assert figure["text"].removesuffix(" %") == said(value), figure
        seen[figure["data-q"]].add((row, column))
    assert set(seen) == set(questions.names())
    for name, rows in answers.items():
        # Every row of every answer is in the page, and of each every figure that is a number.
        wanted = {(n, c) for n, row in enumerate(rows) for c, v in row.items() if isinstance(v, int | float)}
        assert wanted <= seen[name] | {(n, "place") for n in range(len(rows))}, name


def test_no_number_stands_in_the_page_that_no_sql_file_gave(html):
    body = re.sub(r"<(style|pre|header|summary|caption).*?</\1>", "", html, flags=re.S)
    body = re.sub(r"<(b|td|span|rect)[^>]* data-q=[^>]*>.*?</\1>", "", body, flags=re.S)
    body = re.sub(r"<svg class=\"(chart|whole)\".*?</svg>", "", body, flags=re.S)
    numbers = set(re.findall(r"\d+", re.sub(r"<[^>]*>", " ", body)))
    # The published figure, the names of windows of time, and the day.
    assert numbers <= {"47", "28", "2026", "11", "22"} | set(
        re.findall(r"\d+", " ".join(s[0] for s in sample.SIGNATURES))
    )


def test_the_page_needs_nothing_from_elsewhere(html):
    parser = Figures()
    parser.feed(html)
    assert parser.outside == set()
    assert "<script" not in html and "url(" not in html and "@import" not in html


def test_what_evidence_says_is_no_markup(html):
    assert "cut at 0x20 &lt;b&gt;&amp;" in html and "0x20 <b>" not in html


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(spark, folder, html):
    write_report(spark, str(folder), str(folder.parent / "again.html"), None, 20)
    assert (folder.parent / "again.html").read_text() == html


def failures() -> list[dict]:
    return [line for _, line in sample.lines() if "signature" in line]


def matched(line: dict, *verdicts: str) -> list[dict]:
    return [f for f in line["findings"] if f["verdict"] in (verdicts or ("confirmed", "probable"))]


def day(line: dict) -> date:
    return date.fromisoformat(line["time"][:10])


def test_totals_are_those_of_a_count_by_hand(tables):
    (row,) = ask(tables, "totals")
    assert row["files"] == len(sample.lines()) and row["set_aside"] == 2
    assert row["failures"] == len(failures()) and row["signatures"] == len(sample.SIGNATURES)
    assert row["last_day"] == sample.UNTIL


def test_signatures_are_ranked_and_compared_as_by_hand(tables):
    counted = Counter(line["signature"]["id"] for line in failures())
    rows = ask(tables, "top_signatures")
    assert [(row["signature_id"], row["failures"]) for row in rows] == sorted(
        counted.items(), key=lambda one: (-one[1], one[0])
    )
    recent = Counter(l["signature"]["id"] for l in failures() if sample.UNTIL - day(l) < timedelta(28))  # noqa: E741
    assert {row["signature_id"]: row["last_28_days"] for row in rows} == {i: recent[i] for i in counted}
    older = Counter(
        line["signature"]["id"] for line in failures() if timedelta(28) <= sample.UNTIL - day(line) < timedelta(56)
    )
    assert {row["signature_id"]: row["the_28_before"] for row in rows} == {i: older[i] for i in counted}


def test_the_trend_has_every_failure_of_its_weeks(tables):
    first = sample.UNTIL - timedelta(days=sample.UNTIL.weekday()) - timedelta(weeks=25)
    rows = ask(tables, "trend")
    wanted = Counter(day(line) - timedelta(days=day(line).weekday()) for line in failures() if day(line) >= first)
    found: Counter = Counter()
    for row in rows:
        found[row["week"]] += row["failures"]
    assert found == wanted
    assert {row["signature"] for row in rows if row["place"] == 6} == {"all others"}
    weekly = {row["week"]: row["failures"] for row in ask(tables, "coverage_by_week")}
    assert weekly == wanted


def test_fixes_are_ranked_by_what_they_would_remove(tables):
    would: Counter = Counter()
    machines = defaultdict(set)
    for line in failures():
        for finding in matched(line):
            if finding["applicability"] == "applies" and FIX & set(finding["fix"]):
                would[finding["article"]] += 1
                machines[finding["article"]].add(line["machine"].get("name"))
    rows = ask(tables, "fixes")
    assert [(row["article"], row["would_remove"]) for row in rows] == would.most_common()
    assert "KB950162" not in would and len(would) == 2
    assert {row["article"]: row["machines"] for row in rows} == {a: len(m - {None}) for a, m in machines.items()}


def test_machines_lack_what_their_newest_list_does_not_name(tables):
    failed = {
        (line["machine"]["name"], finding["article"])
        for line in failures()
        for finding in matched(line)
        if finding["applicability"] == "applies" and FIX & set(finding["fix"]) and "name" in line["machine"]
    }
    lists = {line["machine"]["name"]: line["updates"] for _, line in sample.lines() if "updates" in line}
    wanted = {
        (machine, article, "lacks it" if machine in lists else "no list of updates")
        for machine, article in failed
        if article not in lists.get(machine, [])
    }
    rows = tables.ask(questions.text("lacking_fix"), sample.UNTIL, 1000)
    assert {(row["machine"], row["article"], row["state"]) for row in rows} == wanted
    assert len(rows) == len(wanted) and {row["state"] for row in rows} == {"lacks it", "no list of updates"}


def test_new_signatures_are_those_never_seen_before(tables):
    assert [row["signature_id"] for row in ask(tables, "new_signatures")] == [f"{6:016x}"]


def test_leaks_are_told_by_the_version_of_the_nearest_dump(tables):
    rows = ask(tables, "leaking_tags")
    assert {(row["tag"], row["driver"]) for row in rows} == {("Mdl", "tdpipe.sys")}
    assert sum(row["cases"] for row in rows) == 4
    nearest = Counter()
    for number in range(4):
        dumps = [
            (abs((sample.UNTIL - day(line)).days * 24 + 12 - int(line["time"][11:13])), line["modules"][0]["version"])
            for line in failures()
            if line.get("modules") and line["machine"].get("name") == f"SRV{number:02d}"
        ]
        nearest[min(dumps)[1] if dumps else None] += 1
    assert {row["version"]: row["cases"] for row in rows} == dict(nearest)


def test_coverage_adds_up(tables):
    (row,) = ask(tables, "coverage")
    with_fix = sum(any(FIX & set(f["fix"]) for f in matched(line)) for line in failures())
    assert row["with_fix"] == with_fix and row["failures"] == len(failures())
    parts = ("with_fix", "only_workaround", "issue_without_step", "unknown")
    assert sum(row[part] for part in parts) == row["failures"]
    assert float(row["percent_with_fix"]) == round(100 * with_fix / len(failures()), 1)
    assert row["confirmed"] == sum(bool(matched(line, "confirmed")) for line in failures())


def test_the_page_function_is_what_the_command_writes(tables, html):
    results = {name: Result(name, ask(tables, name)) for name in questions.names()}
    assert page(results, sample.UNTIL, 20, tables.log) == html


def test_the_page_says_what_it_does_not_show(tables, html):
    results = {name: Result(name, ask(tables, name)) for name in questions.names()}
    assert "No failure has a day" not in html
    assert "No fix is known to apply" not in html and "No machine is known by name" not in html
    # Of the rankings one is as long as asked for.
    assert [name for name, result in results.items() if name != "trend" and len(result.rows) == 20] == ["lacking_fix"]
    assert html.count("There may be more rows") == 1
    assert "There may be more rows" not in page(results, sample.UNTIL, 21, tables.log)
    for name in ("trend", "coverage_by_week", "lacking_fix"):
        results[name] = Result(name, [])
    results["fixes"] = Result("fixes", [{**row, "would_remove": 0} for row in results["fixes"].rows])
    results["totals"] = Result("totals", [{**results["totals"].rows[0], "machines": 0}])
    bare = page(results, sample.UNTIL, 20, tables.log)
    assert bare.count("No failure has a day in these 26 weeks.") == 2 and '<svg class="chart"' not in bare
    assert "No fix is known to apply" in bare and "No machine is known by name." in bare


def test_weeks_without_failures_are_told_from_weeks_without_fixes(tables, html):
    weekly = ask(tables, "coverage_by_week")
    assert len(weekly) < 26
    chart = html[html.index("<h3>By week</h3>") : html.index("coverage_by_week.sql")]
    assert len(re.findall(r'<rect class="rest" x=', chart)) == len(weekly)
    # All of a week's height, from the line of 0 % up.
    assert len(set(re.findall(r'<rect class="rest" x="[^"]*" (y="\S+" width="\S+" height="\S+")', chart))) == 1


# Last: it puts other tables in the place of those above.
@pytest.mark.slow
def test_an_empty_folder_is_an_error_and_tables_without_failures_give_a_page(spark, fake, tmp_path):
    with pytest.raises(StoreError, match="holds no tables"):
        write_report(spark, str(tmp_path / "none"), str(tmp_path / "x.html"), None, 20)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text('{"line": {"kind": "inventory", "missing": [], "findings": []}}')
    collect(spark, Options(inputs=[str(tmp_path / "in")], output=str(tmp_path / "tables"), program=str(fake)))
    write_report(spark, str(tmp_path / "tables"), str(tmp_path / "report.html"), sample.UNTIL, 20)
    text = (tmp_path / "report.html").read_text()
    assert "There are no failures yet." in text and "Every file was read." in text
