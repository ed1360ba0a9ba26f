"""What the tables must hold, worked out anew from the lines of one `faultline triage`, without Spark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def rows(lines: Iterable[bytes]) -> Iterator[tuple[str, Row]]:
    """(table, row) of each content's first line by path; of `files` and `poison` all."""
    documents = sorted((json.loads(line) for line in lines), key=lambda document: document["path"].encode())
    seen: set[str] = set()
    for document in documents:
        file = {"path": document["path"], "sha256": document.get("sha256"), "outcome": document["outcome"]}
        yield "files", file
        if document["outcome"] != "read":
            yield "poison", file
            continue
        if document["sha256"] in seen:
            continue
        seen.add(document["sha256"])
        day = _day(document.get("time"))
        for table, row in _tables(document):
            yield table, {"sha256": document["sha256"], **row, "day": day}


def _day(time: str | None) -> str | None:
    if time is None or not "1993-07-27" <= time[:10] <= "2099-12-31":
        return None
    return date.fromisoformat(time[:10]).isoformat()


def _tables(document: Row) -> Iterator[tuple[str, Row]]:
    machine = document.get("machine", {})
    stop = document.get("bugcheck", {})
    signature = document.get("signature", {})
    pack = machine.get("servicePack")
    yield "cases", {
        "path": document["path"], "kind": document["kind"], "bytes": document["bytes"], "time": document.get("time"),
        "machine": machine.get("name"), "product": machine.get("product"),
        "service_pack": None if pack is None else str(pack), "architecture": machine.get("architecture"),
        "version": machine.get("version"), "language": machine.get("language"), "bugcheck_code": stop.get("code"),
        "bugcheck_name": stop.get("name"), "bugcheck_parameters": stop.get("parameters"),
        "signature_id": signature.get("id"), "signature_text": signature.get("text"),
        "signature_rules": signature.get("rules"), "problems": [p["text"] for p in document["problems"]],
        "missing": [m["what"] for m in document["missing"]], "updates_listed": len(document.get("updates", [])),
    }  # fmt: skip
    for rank, finding in enumerate(document["findings"]):
        keys = ("article", "title", "mechanism", "verdict", "confidence", "applicability", "fix")
        yield "findings", {"rank": rank, **{key: finding[key] for key in keys}}
    for fact in document.get("facts", []):
        attributes = {name: _text(value) for name, value in fact.get("attributes", {}).items()}
        yield (
            "facts",
            {**{k: fact.get(k) for k in ("id", "kind", "text", "trust", "origin")}, "attributes": attributes},
        )
    for position, module in enumerate(document.get("modules", [])):
        yield "modules", {"position": position, **{k: module.get(k) for k in ("name", "version", "timestamp", "size")}}
    for position, tag in enumerate(document.get("poolTags", [])):
        yield (
            "pool_tags",
            {
                "position": position, **{k: tag.get(k) for k in ("tag", "pool", "bytes", "verdict", "driver")},
                "bytes_per_hour": tag.get("bytesPerHour"),
            },
        )  # fmt: skip
    for position, update in enumerate(document.get("updates", [])):
        yield "updates", {"position": position, "update": update}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def differences(spark: Any, folder: str, lines: Iterable[bytes], work: Path) -> dict[str, tuple[int, int, int]]:
    """For each table: rows that are in both, rows that only the reference has, rows that only the tables have.

    Rows are compared as bags: one that stands twice differs from one that stands once.
    """
    from pyspark.sql import functions as F

    from faultline_fleet.schema import TABLES, columns
    from faultline_fleet.store import Store

    work.mkdir(parents=True)
    files = {table: (work / f"{table}.jsonl").open("w", encoding="utf-8") for table in TABLES}
    for table, row in rows(lines):
        files[table].write(json.dumps(row) + "\n")
    store = Store(spark, folder)
    result = {}
    for table, file in files.items():
        file.close()
        wanted = spark.read.schema(columns(table)).json(file.name)
        found = store.read(table)
        names = [name for name in wanted.columns if name not in ("batch", "modified", "reason")]
        if table in ("files", "poison"):
            names.remove("bytes")
            found = found.where("path NOT LIKE '%/nothing/%'")
        kinds = dict(wanted.dtypes)
        key = [F.array_sort(F.map_entries(n)).alias(n) if kinds[n].startswith("map") else F.col(n) for n in names]
        both = [
            frame.select(F.sha2(F.to_json(F.struct(*key)), 256).alias("row")).groupBy("row").count()
            for frame in (wanted, found)
        ]
        joined = (
            both[0]
            .withColumnRenamed("count", "wanted")
            .join(both[1].withColumnRenamed("count", "found"), "row", "full")
        ).select(F.coalesce("wanted", F.lit(0)).alias("w"), F.coalesce("found", F.lit(0)).alias("f"))
        total = joined.selectExpr("sum(least(w, f))", "sum(greatest(w - f, 0))", "sum(greatest(f - w, 0))").first()
        result[table] = tuple(int(value or 0) for value in total)
    return result
