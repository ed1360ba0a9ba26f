"""Charts as inline SVG: no script, no network. Every mark carries the query, row and column it is from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from html import escape
from typing import Any

from .marks import Result, said

WIDTH, HEIGHT = 860, 260
#: The values stand on the right, where the newest weeks are in sight on a narrow page.
LEFT, RIGHT, TOP, BOTTOM = 12, 58, 14, 34
WEEKS = 26


def weeks(until: date) -> list[date]:
    """The Mondays of the chart's weeks, oldest first."""
    last = until - timedelta(days=until.weekday())
    return [last - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]


def ticks(largest: float) -> list[float]:
    """Round values from 0 to at least `largest`, at most six."""
    if largest <= 0:
        return [0, 1]
    power = 1.0
    while power * 10 <= largest:
        power *= 10
    while power > largest:
        power /= 10
    step = next(power * factor for factor in (0.2, 0.5, 1, 2, 5) if largest <= 5 * power * factor)
    if largest >= 1:
        step = max(step, 1)
    count = 1
    while step * count < largest:
        count += 1
    return [step * number for number in range(count + 1)]


class Frame:
    """Axes over the weeks."""

    def __init__(self, until: date, largest: float, unit: str = ""):
        self.weeks = weeks(until)
        self.ticks = ticks(largest)
        self.unit = unit
        self.slot = (WIDTH - LEFT - RIGHT) / WEEKS

    def x(self, week: date) -> float:
        return LEFT + self.slot * self.weeks.index(week)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * float(value) / self.ticks[-1]

    def box(self, week: date, base: float, value: Any) -> str:
        """The place of a column from `base` up by `value`, as attributes."""
        top, bottom = self.y(float(base) + float(value)), self.y(base)
        height = max(0.0, bottom - top)
        return f'x="{self.x(week) + 2:.1f}" y="{top:.1f}" width="{self.slot - 4:.1f}" height="{height:.1f}"'

    def axes(self) -> str:
        parts = []
        for tick in self.ticks:
            y = self.y(tick)
            text = f"{tick:,.0f}" if float(tick).is_integer() else f"{tick:,.1f}"
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{y + 4:.1f}">{text}{self.unit}</text>')
        shown_year = None
        for number, week in enumerate(self.weeks):
            if number % 4 == 1:
                middle = self.x(week) + self.slot / 2
                year = f" {week.year}" if week.year != shown_year else ""
                shown_year = week.year
                label = f"{week.day} {week:%b}{year}"
                parts.append(f'<text class="middle" x="{middle:.1f}" y="{HEIGHT - 12}">{label}</text>')
        return "".join(parts)

    def svg(self, label: str, marks: str) -> str:
        return (
            f"<figure><figcaption>{escape(label)}</figcaption>"
            f'<div class="scroll newest" tabindex="0" role="region" aria-label="{escape(label, quote=True)}">'
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label, quote=True)}">'
            f"{self.axes()}{marks}</svg></div></figure>"
        )


def stacked_weeks(result: Result, until: date, label: str) -> str:
    """Columns by week: rows with `week`, `place` (1 to 6, from below), `signature`, `failures`."""
    sums: dict[date, int] = {}
    for row in result.rows:
        sums[row["week"]] = sums.get(row["week"], 0) + row["failures"]
    frame = Frame(until, max(sums.values(), default=0))
    below: dict[date, int] = {}
    marks = []
    for number, row in enumerate(result.rows):
        base = below.get(row["week"], 0)
        below[row["week"]] = base + row["failures"]
        title = f"{row['signature']}, week of {row['week']}: {said(row['failures'])}"
        marks.append(_column(result, frame, number, "failures", base, row["failures"], f"s{row['place']}", title))
    names = {row["place"]: row["signature"] for row in result.rows}
    legend = _legend((f"s{place}", escape(name)) for place, name in sorted(names.items()))
    return frame.svg(label, "".join(marks)) + legend


def percent_weeks(result: Result, until: date, label: str, line: float, line_label: str) -> str:
    """Columns by week of `percent_with_fix`, and a line to compare with.

    Each stands in a pale one of a whole week: a week without failures is blank, one whose failures have no fix is pale.
    """
    frame = Frame(until, 100, " %")
    marks = []
    for number, row in enumerate(result.rows):
        title = f"week of {row['week']}: {said(row['percent_with_fix'])} % of {said(row['failures'])}"
        marks.append(f'<rect class="rest" {frame.box(row["week"], 0, 100)}><title>{escape(title)}</title></rect>')
        marks.append(_column(result, frame, number, "percent_with_fix", 0, row["percent_with_fix"], "s1", title))
    y = frame.y(line)
    marks.append(f'<line class="mark" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    marks.append(f'<text class="end note" x="{WIDTH - RIGHT}" y="{y - 6:.1f}">{escape(line_label)}</text>')
    legend = [("s1", "known fix"), ("rest", "no known fix"), (None, "blank: no failures")]
    return frame.svg(label, "".join(marks)) + _legend(legend)


def shares(result: Result, parts: list[tuple[str, str, str]], total: str, line: float, label: str) -> str:
    """One bar of a whole: (column, class, name) of each part, and a mark at `line` percent."""
    row = result.rows[0]
    whole = row[total] or 1
    x = 0.0
    marks, items = [], []
    for column, style, name in parts:
        width = 1000 * row[column] / whole
        title = f"{name}: {said(row[column])}"
        marks.append(
            f'<rect class="{style}" x="{x:.2f}" y="8" width="{width:.2f}" height="26" '
            f"{result.attributes(0, column)}><title>{escape(title)}</title></rect>"
        )
        items.append((style, f"{escape(name)}: {result.figure(0, column)}"))
        x += width
    marks.append(f'<line class="mark" x1="{10 * line:.1f}" x2="{10 * line:.1f}" y1="0" y2="42"/>')
    return (
        f'<svg class="whole" viewBox="0 0 1000 42" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label, quote=True)}">{"".join(marks)}</svg>{_legend(items)}'
    )


def _column(
    result: Result, frame: Frame, number: int, column: str, base: float, value: Any, style: str, title: str
) -> str:
    box = frame.box(result.rows[number]["week"], base, value)
    return f'<rect class="{style}" {box} {result.attributes(number, column)}><title>{escape(title)}</title></rect>'


def _legend(items: Iterable[tuple[str | None, str]]) -> str:
    """What the classes of marks mean; of those without one only the words. The words are markup."""
    parts = []
    for style, words in items:
        mark = f'<rect class="{style}" width="12" height="12" rx="2"/>'
        mark = f'<svg viewBox="0 0 12 12" aria-hidden="true">{mark}</svg>' if style is not None else ""
        parts.append(f"<li>{mark}<span>{words}</span></li>")
    return f'<ul class="legend">{"".join(parts)}</ul>'
