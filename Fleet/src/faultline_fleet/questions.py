"""The questions: SQL files over the tables, each alone the source of what a report shows."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from datetime import date
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from .schema import TABLES
from .store import Store, StoreError

Rows = list[dict[str, Any]]


def names() -> list[str]:
    folder = resources("faultline_fleet") / "queries"
    return sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql"))


def text(name: str) -> str:
    return (resources("faultline_fleet") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


class Tables:
    """The committed rows of a folder of tables, as views that SQL can name: those of `schema.TABLES`, and `batches`."""

    def __init__(self, spark: Any, folder: str, *, today: date | None = None):
        self.spark = spark
        self.today = today or date.today()
        store = Store(spark, folder)
        self.log = store.log()
        if not self.log:
            raise StoreError(f"{store.folder} holds no tables: run faultline-fleet collect first")
        for table in TABLES:
            store.read(table).createOrReplaceTempView(table)
        # A file that was set aside and read later, or again in vain, counts as it was last.
        store.read("poison").createOrReplaceTempView("every_poison")
        spark.sql("""
          SELECT * FROM (
            SELECT *, max(batch) OVER (PARTITION BY path) = batch AS last FROM every_poison
          ) p
          WHERE last AND NOT EXISTS (
            SELECT 1 FROM files f WHERE f.path = p.path AND f.batch > p.batch AND f.outcome = 'read'
          )
        """).drop("last").createOrReplaceTempView("poison")
        spark.createDataFrame(
            [(e["batch"], e["number"], e.get("kb"), e.get("program"), e.get("finished")) for e in self.log],
            "batch STRING, number INT, kb STRING, program STRING, finished STRING",
        ).createOrReplaceTempView("batches")

    def cache(self) -> None:
        """Keeps what most questions read, without what none does."""
        for table in ("cases", "findings"):
            self.spark.catalog.cacheTable(table)

    def last_day(self) -> date:
        """The newest failure's day, at most today: clocks of failed machines run ahead, too."""
        row = self.spark.sql(
            "SELECT max(day) AS day FROM cases WHERE signature_id IS NOT NULL AND day <= :today",
            args={"today": self.today},
        ).first()
        return row.day or self.today

    def ask(self, query: str, until: date, top: int) -> Rows:
        """A query's rows. `:until` and `:top` stand in it for the day to count back from and the length of rankings."""
        used = {name: value for name, value in (("until", until), ("top", top)) if f":{name}" in query}
        return [row.asDict(recursive=True) for row in self.spark.sql(query, args=used).collect()]


def shown(value: Any) -> str:
    """A value as CSV and the report's attributes have it: exact, the same wherever it is printed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.1f}"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={shown(one)}" for key, one in value.items())
    if isinstance(value, list):
        return " ".join(shown(one) for one in value)
    return str(value)


def print_query(spark: Any, folder: str, name: str, until: date | None, top: int) -> None:
    """Prints a question's rows as CSV. Raises ValueError for a question that is none."""
    if name.endswith(".sql"):
        query = Path(name).read_text(encoding="utf-8")
    elif name in names():
        query = text(name)
    else:
        raise ValueError(f"'{name}' is no question; there are {', '.join(names())}, and files ending in .sql")
    tables = Tables(spark, folder)
    rows = tables.ask(query, until or tables.last_day(), top)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    writer.writerows([shown(value) for value in row.values()] for row in rows)
