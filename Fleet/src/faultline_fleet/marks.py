"""Pieces of the report: HTML that carries, with every figure, the query, row and column it is from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from .questions import Rows, shown


@dataclass(frozen=True)
class Result:
    """A query's rows, and how its values are marked."""

    name: str
    rows: Rows

    def attributes(self, row: int, column: str) -> str:
        """Where a figure is from and what it is exactly: `data-q`, `data-r`, `data-c`, `data-v`."""
        value = escape(shown(self.rows[row][column]), quote=True)
        return f'data-q="{self.name}" data-r="{row}" data-c="{column}" data-v="{value}"'

    def figure(self, row: int, column: str, unit: str = "") -> str:
        """A value in the text."""
        return f"<b {self.attributes(row, column)}>{escape(said(self.rows[row][column]) + unit)}</b>"


def said(value: Any) -> str:
    """A value as people read it: digits in groups, a dash for what is not known."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


@dataclass(frozen=True)
class Column:
    """A column of a table. `bar`: a bar of this share of the column's largest value stands beside the number."""

    name: str
    title: str
    bar: bool = False
    code: bool = False
    unit: str = ""


def table(result: Result, columns: list[Column], caption: str) -> str:
    """All rows of a query, in a box that scrolls where the page is narrow."""
    head = "".join(f'<th scope="col"{_class(result, c)}>{escape(c.title)}</th>' for c in columns)
    body = []
    for number, row in enumerate(result.rows):
        cells = "".join(_cell(result, number, row, column) for column in columns)
        body.append(f"<tr>{cells}</tr>")
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _class(result: Result, column: Column) -> str:
    numeric = any(isinstance(row[column.name], int | float | Decimal) for row in result.rows)
    if numeric:
        return ' class="n"'
    if any(isinstance(row[column.name], date) for row in result.rows):
        return ' class="d"'
    # Sentences need room where the page is narrow.
    return ' class="t"' if any(len(said(row[column.name])) > 24 for row in result.rows) else ""


def _cell(result: Result, number: int, row: dict[str, Any], column: Column) -> str:
    value = row[column.name]
    text = escape(said(value) + (column.unit if value is not None else ""))
    if column.code:
        style = "" if max((len(said(one[column.name])) for one in result.rows), default=0) > 16 else ' class="short"'
        text = f"<code{style}>{text}</code>"
    if column.bar:
        largest = max((one[column.name] or 0 for one in result.rows), default=0)
        share = 100 * (value or 0) / largest if largest else 0
        text += (
            '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="s1" width="{share:.2f}" height="6"/></svg>'
        )
    return f"<td{_class(result, column)} {result.attributes(number, column.name)}>{text}</td>"
