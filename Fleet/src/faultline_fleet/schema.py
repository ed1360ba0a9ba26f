"""The tables' columns, and a triage line's as far as tables are made of it."""

from __future__ import annotations

#: `faultline.triage/1` as Spark's from_json takes it. What does not fit ends in `broken`, never silently as NULL.
LINE = """
  path STRING, outcome STRING, sha256 STRING, bytes BIGINT, kind STRING, time STRING,
  problems ARRAY<STRUCT<what: STRING, because: STRING, text: STRING>>,
  machine STRUCT<name: STRING, product: STRING, servicePack: STRING, architecture: STRING, version: STRING,
    language: STRING>,
  bugcheck STRUCT<code: STRING, name: STRING, parameters: ARRAY<STRING>>,
  signature STRUCT<id: STRING, text: STRING, rules: STRING>,
  findings ARRAY<STRUCT<article: STRING, title: STRING, mechanism: STRING, verdict: STRING, confidence: DOUBLE,
    applicability: STRING, fix: ARRAY<STRING>>>,
  facts ARRAY<STRUCT<id: STRING, kind: STRING, text: STRING, trust: STRING, origin: STRING,
    attributes: MAP<STRING, STRING>>>,
  modules ARRAY<STRUCT<name: STRING, version: STRING, timestamp: STRING, size: BIGINT>>,
  poolTags ARRAY<STRUCT<tag: STRING, pool: STRING, bytes: DECIMAL(20, 0), bytesPerHour: DOUBLE, verdict: STRING,
    driver: STRING>>,
  updates ARRAY<STRING>,
  missing ARRAY<STRUCT<what: STRING, because: STRING, detail: STRING>>,
  broken STRING
"""

#: The tables, each made by tables/NAME.sql. All but `files` and `poison` are partitioned by day.
TABLES: dict[str, str] = {
    "cases": """
      sha256 STRING, path STRING, kind STRING, bytes BIGINT, time TIMESTAMP, machine STRING, product STRING,
      service_pack STRING, architecture STRING, version STRING, language STRING, bugcheck_code STRING,
      bugcheck_name STRING, bugcheck_parameters ARRAY<STRING>, signature_id STRING, signature_text STRING,
      signature_rules STRING, problems ARRAY<STRING>, missing ARRAY<STRING>, updates_listed INT
    """,
    "findings": """
      sha256 STRING, rank INT, article STRING, title STRING, mechanism STRING, verdict STRING, confidence DOUBLE,
      applicability STRING, fix ARRAY<STRING>
    """,
    "facts": """
      sha256 STRING, id STRING, kind STRING, text STRING, trust STRING, origin STRING, attributes MAP<STRING, STRING>
    """,
    "modules": "sha256 STRING, position INT, name STRING, version STRING, timestamp STRING, size BIGINT",
    "pool_tags": """
      sha256 STRING, position INT, tag STRING, pool STRING, bytes DECIMAL(20, 0), bytes_per_hour DOUBLE, verdict STRING,
      driver STRING
    """,
    "updates": "sha256 STRING, position INT, update STRING",
    "files": "path STRING, bytes BIGINT, modified TIMESTAMP, sha256 STRING, outcome STRING",
    "poison": "path STRING, bytes BIGINT, modified TIMESTAMP, sha256 STRING, outcome STRING, reason STRING",
}

#: Tables about files, not about cases.
BY_FILE = ("files", "poison")

#: Outcomes that may be others the next time: the file is tried again whenever it is listed.
PASSING = ("no-such-file", "not-fetched")


def columns(table: str) -> str:
    """The table's columns as a DDL string, with those that stand in folders' names."""
    partitions = "batch STRING" if table in BY_FILE else "batch STRING, day DATE"
    return f"{TABLES[table].strip()}, {partitions}"
