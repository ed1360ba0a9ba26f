"""The folder of tables: batches, and the log that says which of them count.

    DIR/_log/00000001.json               batch 1 is complete; written last, in one step
    DIR/cases/batch=00000001-1f3a…/day=2026-11-26/part-….parquet
    DIR/_work/00000001-1f3a…/            what a run keeps while it works

A batch counts once its number stands in the log. The number is taken by creating the file, which only one run can do;
a run that finds it taken has lost its batch and says so. Whatever a run that died left behind carries a number that is
still free or taken by another: the next run that commits removes it. Object stores cannot rename folders in one step,
and need not: nothing is renamed but, where there is a rename, the one small file of the log.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .schema import BY_FILE, TABLES, columns

_NUMBER = re.compile(r"(\d{8})\.json")
_BATCH = re.compile(r"(?:batch=)?(\d{8})-[0-9a-f]{8}")


class StoreError(Exception):
    """The folder of tables is not what it should be, or another run was faster."""


@dataclass(frozen=True)
class Batch:
    number: int
    id: str


class Store:
    """Reads and writes the folder through Hadoop's file systems, so that it may lie anywhere Spark can write."""

    def __init__(self, spark: Any, folder: str):
        self.spark = spark
        jvm = spark.sparkContext._jvm
        self._Path = jvm.org.apache.hadoop.fs.Path
        configuration = spark.sparkContext._jsc.hadoopConfiguration()
        root = self._Path(folder)
        self._system = root.getFileSystem(configuration)
        self._root = self._system.makeQualified(root)
        self.folder = str(self._root.toString()).rstrip("/")
        #: Work of this run that outlives its batches.
        self.kept: set[str] = set()

    # The log

    def log(self) -> list[dict[str, Any]]:
        """The committed batches, oldest first."""
        entries = []
        for name in sorted(self._names("_log")):
            if _NUMBER.fullmatch(name):
                try:
                    entry = json.loads(self._read(f"_log/{name}"))
                    entry["batch"], entry["number"]
                except (ValueError, KeyError, TypeError) as error:
                    raise StoreError(f"{self.folder}/_log/{name} is no entry of a log of batches") from error
                entries.append(entry)
        return entries

    def begin(self) -> Batch:
        """A batch that will have the next number, if no other run takes it first."""
        number = max((entry["number"] for entry in self.log()), default=0) + 1
        return Batch(number, f"{number:08d}-{secrets.token_hex(4)}")

    def commit(self, batch: Batch, entry: dict[str, Any]) -> None:
        """Makes a batch count. Raises StoreError where another run took its number."""
        text = json.dumps({"number": batch.number, "batch": batch.id, **entry}, indent=1, sort_keys=True) + "\n"
        if not self._create(f"_log/{batch.number:08d}.json", text.encode()):
            self.discard(batch)
            raise StoreError(
                f"another run added batch {batch.number} to {self.folder} meanwhile; "
                "this one's files were not added: run it again"
            )
        self.tidy(batch)

    def discard(self, batch: Batch) -> None:
        """Removes what a batch that will never count has written."""
        for table in TABLES:
            self._remove(f"{table}/batch={batch.id}")
        self._remove(f"_work/{batch.id}")

    def tidy(self, committed: Batch) -> None:
        """Removes what runs that died, or lost their number, left behind: it can never count any more."""
        committed_ids = {entry["batch"] for entry in self.log()}
        for folder in [*TABLES, "_work"]:
            for name in self._names(folder):
                match = _BATCH.fullmatch(name)
                if match is None or int(match[1]) > committed.number:
                    continue
                if name not in self.kept and (folder == "_work" or name.removeprefix("batch=") not in committed_ids):
                    self._remove(f"{folder}/{name}")

    # Tables

    def work(self, batch: Batch, name: str) -> str:
        return f"{self.folder}/_work/{batch.id}/{name}"

    def write(self, batch: Batch, table: str, rows: Any) -> None:
        """Writes a table of a batch."""
        path = f"{self.folder}/{table}/batch={batch.id}"
        writer = rows.write.mode("error").option("compression", "zstd")
        if table not in BY_FILE:
            writer = writer.partitionBy("day")
        writer.parquet(path)

    def count(self, batch: Batch) -> dict[str, int]:
        """How many rows the tables of a batch have, read back from what was written."""
        counts = None
        for table in TABLES:
            one = self._frame(table, [batch.id]).selectExpr(f"'{table}' AS name", "count(*) AS rows")
            counts = one if counts is None else counts.unionAll(one)
        return {row.name: int(row.rows) for row in counts.collect()} if counts is not None else {}

    def read(self, table: str) -> Any:
        """A table's committed rows."""
        return self._frame(table, [entry["batch"] for entry in self.log()])

    def _frame(self, table: str, batches: list[str]) -> Any:
        paths = [f"{self.folder}/{table}/batch={batch}" for batch in batches]
        if not paths:
            return self.spark.createDataFrame([], columns(table))
        return self.spark.read.schema(columns(table)).option("basePath", f"{self.folder}/{table}").parquet(*paths)

    # Files

    def _path(self, name: str) -> Any:
        return self._Path(self._root, name)

    def _names(self, folder: str) -> list[str]:
        path = self._path(folder)
        if not self._system.exists(path):
            return []
        return [str(status.getPath().getName()) for status in self._system.listStatus(path)]

    def _remove(self, name: str) -> None:
        self._system.delete(self._path(name), True)

    def _read(self, name: str) -> bytes:
        stream = self._system.open(self._path(name))
        try:
            jvm = self.spark.sparkContext._jvm
            return bytes(jvm.org.apache.commons.io.IOUtils.toByteArray(stream))
        finally:
            stream.close()

    def _create(self, name: str, content: bytes) -> bool:
        """Creates a file with its content in one step; false where there is one of that name."""
        path = self._path(name)
        scheme = str(self._system.getUri().getScheme())
        if scheme == "file":
            target = Path(str(path.toUri().getPath()))
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
            try:
                with draft.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(draft, target)
            except FileExistsError:
                return False
            finally:
                draft.unlink(missing_ok=True)
            return True
        if self._system.exists(path):
            return False
        if scheme in ("s3a", "s3", "gs", "abfs", "abfss", "wasb", "wasbs", "oss", "cosn"):
            # An object appears whole when it is closed; a rename would copy.
            self._put(path, content)
            return True
        draft_path = self._path(f"_log/.{secrets.token_hex(8)}")
        self._put(draft_path, content)
        if self._system.rename(draft_path, path):
            return True
        self._system.delete(draft_path, False)
        return False

    def _put(self, path: Any, content: bytes) -> None:
        stream = self._system.create(path, False)
        try:
            stream.write(bytearray(content))
        finally:
            stream.close()
