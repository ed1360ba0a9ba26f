"""`faultline-fleet collect`: from files to tables."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from importlib.resources import files as resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from . import __version__
from .hadoop import settings_of
from .schema import LINE, PASSING, TABLES
from .session import is_local
from .store import Batch, Store
from .stream import ProgramError
from .worker import Job, triage_partition

log = logging.getLogger("faultline_fleet")

#: Days outside are no crash days, whatever a dump says: before the first Windows NT, or a broken clock.
FIRST_DAY, LAST_DAY = "1993-07-27", "2099-12-31"

_LISTED = """
  SELECT max(uri) AS uri, path, max(bytes) AS bytes, max(modified) AS modified
  FROM (
    SELECT
      uri, bytes, modified,
      CASE
        WHEN uri LIKE 'file:%' THEN regexp_replace(uri, '^file:/+', '/')
        WHEN uri RLIKE '^(abfss?|wasbs?)://' THEN uri  -- what stands before the @ is the container
        ELSE regexp_replace(uri, '^([a-z0-9+.-]+://)[^/@]*@', '$1')  -- user and password
      END AS path
    FROM (
      SELECT path AS uri, length AS bytes, modificationTime AS modified FROM listing
    )
  ) GROUP BY path
"""

_LINES = """
  SELECT path, bytes, modified, outcome, reason, from_json(line, '{line}',
    map('columnNameOfCorruptRecord', 'broken')) AS line
  FROM raw
"""

# A line that does not fit the tables is not half taken: its file is set aside.
_ANSWERED = """
  SELECT
    path, bytes, modified, line.sha256 AS sha256, line,
    CASE WHEN misfit THEN 'bad-line' ELSE outcome END AS outcome,
    CASE WHEN misfit THEN concat('the program''s line does not fit the tables: ', left(coalesce(line.broken, ''), 300))
      ELSE reason END AS reason
  FROM (
    SELECT *, outcome = 'read' AND (line IS NULL OR line.broken IS NOT NULL OR line.sha256 IS NULL) AS misfit
    FROM lines
  )
"""

# Of files with the same content the first by path stands for all.
_FRESH = """
  SELECT
    path, bytes, sha256, line, time, machine,
    CASE WHEN CAST(time AS DATE) BETWEEN DATE'{first}' AND DATE'{last}' THEN CAST(time AS DATE) END AS day
  FROM (
    SELECT
      path, bytes, sha256, line, try_cast(line.time AS TIMESTAMP) AS time,
      coalesce(line.machine.name, {machine}) AS machine,
      row_number() OVER (PARTITION BY sha256 ORDER BY path) AS turn
    FROM answered WHERE outcome = 'read'
  ) WHERE turn = 1
"""


#: The time of files without content: there is nothing that could have changed.
_NO_TIME = datetime(1970, 1, 1, tzinfo=timezone.utc)


class InputError(Exception):
    """Nothing is where a pattern leads, or a file that is needed is not there."""


@dataclass(frozen=True)
class Options:
    inputs: list[str]
    output: str
    program: str
    kb: str | None = None
    facts: bool = True
    time_limit: float = 60.0
    memory_limit: int | None = None
    machine_from_path: str | None = None
    batch_files: int = 1_000_000
    task_files: int = 500
    scratch: str | None = None
    scratch_limit: int = 4 << 30
    retry_poison: bool = False


@dataclass
class Summary:
    """What a run did, over all its batches."""

    listed: int = 0
    triaged: int = 0
    cases: int = 0
    same_content: int = 0
    poison: int = 0
    batches: list[str] = field(default_factory=list)


def table_query(name: str) -> str:
    return (resources("faultline_fleet") / "tables" / f"{name}.sql").read_text(encoding="utf-8")


def collect(spark: Any, options: Options, told: Callable[[str], None] = log.info) -> Summary:
    """Adds what is new in the inputs to the tables. Raises InputError, ProgramError and StoreError."""
    from pyspark.sql import functions as F

    started = time.monotonic()
    job, identity = prepare(spark, options)
    store = Store(spark, options.output)
    for earlier in {entry["kb"] for entry in store.log() if "kb" in entry} - {identity["kb"]}:
        told(f"earlier batches were made with another knowledge base ({earlier}); their cases stay as they are")
    summary = Summary()

    run = store.begin()
    store.kept.add(run.id)
    batch: Batch | None = None
    try:
        new = _list(spark, store, run, options, summary)
        count = new.count()
        told(f"{summary.listed} files listed, {count} of them new")
        parts = -(-count // options.batch_files)
        for part in range(parts):
            chosen = new.where(F.pmod(F.xxhash64("path"), F.lit(parts)) == part) if parts > 1 else new
            batch = store.begin()
            _batch(spark, store, batch, chosen, job, identity, options, summary, told)
            batch = None
    finally:
        if batch is not None:
            store.discard(batch)
        store.discard(run)
    told(f"{summary.cases} cases added in {time.monotonic() - started:.0f} s")
    return summary


def prepare(spark: Any, options: Options) -> tuple[Job, dict[str, str]]:
    """Ships program and knowledge base to the workers, and says which they are."""
    context = spark.sparkContext
    program = Path(options.program)
    needed = [program] + ([Path(options.kb)] if options.kb else [])
    for path in needed:
        if not path.is_file():
            raise InputError(f"{path}: no such file")
    if program.name == (Path(options.kb).name if options.kb else None):
        raise InputError("the program and the knowledge base must have different names")
    try:
        version = subprocess.run(
            [str(program.absolute()), "--version"], capture_output=True, text=True, timeout=60, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise ProgramError(f"{program} cannot be run: {error}") from error
    identity = {
        "fleet": __version__,
        "program": f"faultline {version}" if version[:1].isdigit() else version,
        "program_sha256": _sha256(program),
        "kb": _sha256(Path(options.kb)) if options.kb else "bundled",
    }
    arguments = ["--jobs", str(int(context.getConf().get("spark.task.cpus", "1")))]
    arguments += ["--time-limit", f"{options.time_limit:g}"]
    if options.memory_limit is not None:
        arguments += ["--memory-limit", str(options.memory_limit)]
    if options.facts:
        arguments += ["--facts"]
    job = Job(
        program=str(program.absolute()),
        kb=str(Path(options.kb).absolute()) if options.kb else None,
        shipped=False,
        arguments=arguments,
        scratch=options.scratch,
        scratch_limit=options.scratch_limit,
        # The program answers for each of its files within its limit, but it may be reading the knowledge base first.
        silence=options.time_limit * 2 + 120,
    )
    if not is_local(spark):
        for path in needed:
            context.addFile(str(path.absolute()))
        job = replace(job, shipped=True, program=program.name, kb=Path(options.kb).name if options.kb else None)
    return job, identity


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(file)


def _digest(file: Any) -> str:
    state = hashlib.sha256()
    while chunk := file.read(1 << 20):
        state.update(chunk)
    return state.hexdigest()


def _list(spark: Any, store: Store, run: Batch, options: Options, summary: Summary) -> Any:
    """The files that no batch answered for, as far as path, size and time tell. No content is read."""
    # Listing costs a look at each file, not its bytes, by which Spark would split the work; and what a pattern leads to
    # it would look through with a task for each.
    settings = {
        "spark.sql.files.maxPartitionBytes": str(1 << 40),
        "spark.sql.files.openCostInBytes": str(1 << 16),
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(4 * spark.sparkContext.defaultParallelism),
    }
    before = {name: spark.conf.get(name) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        listed = _listed(spark, store, run, options, summary)
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)
    known = store.read("files")
    if options.retry_poison:
        known = known.where("outcome = 'read'")
    known = known.select("path", "bytes", "modified")
    listed.join(known, ["path", "bytes", "modified"], "left_anti").write.parquet(store.work(run, "new"))
    return spark.read.parquet(store.work(run, "new"))


def _listed(spark: Any, store: Store, run: Batch, options: Options, summary: Summary) -> Any:
    """All files that the patterns lead to, each once."""
    try:
        found = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(options.inputs)
    except Exception as problem:
        if "PATH_NOT_FOUND" in str(problem) or "Path does not exist" in str(problem):
            raise InputError(f"nothing is where {' '.join(options.inputs)} leads") from problem
        raise
    found.select("path", "length", "modificationTime").createOrReplaceTempView("listing")
    spark.sql(_LISTED).write.parquet(store.work(run, "listed"))
    listed = spark.read.parquet(store.work(run, "listed"))
    summary.listed = listed.count()
    # Spark looks at no empty files, but a dump without a byte is a finding: the names it went through have them all.
    names = spark.sparkContext._jvm.org.apache.hadoop.util.StringUtils.join("\n", found._jdf.inputFiles()).split("\n")
    if len(names) == summary.listed:
        return listed
    rows = [(unquote(name), 0, _NO_TIME) for name in names]
    empty = spark.createDataFrame(rows, "path STRING, length BIGINT, modificationTime TIMESTAMP")
    empty.createOrReplaceTempView("listing")
    listed = listed.unionAll(spark.sql(_LISTED).join(listed, ["path"], "left_anti").select(*listed.columns))
    listed.write.parquet(store.work(run, "all-listed"))
    listed = spark.read.parquet(store.work(run, "all-listed"))
    summary.listed = listed.count()
    return listed


def _batch(
    spark: Any,
    store: Store,
    batch: Batch,
    chosen: Any,
    job: Job,
    identity: dict[str, str],
    options: Options,
    summary: Summary,
    told: Callable[[str], None],
) -> None:
    """Triages files and commits them as one batch, or leaves nothing that counts."""
    began = datetime.now(timezone.utc)
    count, remote = chosen.selectExpr("count(*)", "count_if(uri NOT LIKE 'file:%')").first()
    if count == 0:
        return
    cores = spark.sparkContext.defaultParallelism
    tasks = max(min(cores, count), -(-count // max(1, options.task_files)))
    if remote:
        job = replace(job, remote=True, hadoop=settings_of(spark.sparkContext._jsc.hadoopConfiguration()))
    told(f"batch {batch.number}: {count} files in {tasks} tasks on {cores} cores")

    # The program runs once for each file: everything below reads what it said from here, also after a worker's death.
    rows = chosen.repartition(tasks, "path").rdd.mapPartitions(partial(triage_partition, job))
    schema = "path STRING, bytes BIGINT, modified TIMESTAMP, outcome STRING, reason STRING, line STRING"
    spark.createDataFrame(rows, schema, verifySchema=False).write.parquet(store.work(batch, "lines"))
    spark.read.schema(schema).parquet(store.work(batch, "lines")).createOrReplaceTempView("raw")

    spark.sql(_LINES.format(line=" ".join(LINE.split()))).createOrReplaceTempView("lines")
    answered = spark.sql(_ANSWERED)
    answered = _without_repeats(answered, store)
    answered.write.parquet(store.work(batch, "answered"))
    answered = spark.read.parquet(store.work(batch, "answered"))
    total, read = answered.selectExpr("count(*)", "count_if(outcome = 'read')").first()
    if total == 0:
        store.discard(batch)  # only failures that were noted before
        return
    answered.createOrReplaceTempView("answered")

    machine = "NULL"
    if options.machine_from_path is not None:
        pattern = options.machine_from_path.replace("\\", "\\\\").replace("'", "\\'")
        machine = f"nullif(regexp_extract(path, '{pattern}', 1), '')"
    fresh = spark.sql(_FRESH.format(first=FIRST_DAY, last=LAST_DAY, machine=machine))
    _without_known(fresh, store).write.parquet(store.work(batch, "fresh"))
    spark.read.parquet(store.work(batch, "fresh")).createOrReplaceTempView("fresh")

    for table in TABLES:
        frame = spark.sql(table_query(table))
        frame.createOrReplaceTempView("made")
        if "day" in frame.columns:
            # One file for each day where there is little, many where there is much.
            frame = spark.sql("SELECT /*+ REBALANCE(day) */ * FROM made").sortWithinPartitions("day", "sha256")
        else:
            frame = spark.sql("SELECT /*+ REBALANCE */ * FROM made").sortWithinPartitions("path")
        store.write(batch, table, frame)
    written = store.count(batch)
    entry = {
        **identity,
        "started": began.isoformat(timespec="seconds"),
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "rows": written,
        "options": {"facts": options.facts, "machine_from_path": options.machine_from_path},
    }
    store.commit(batch, entry)
    summary.triaged += count
    summary.cases += written["cases"]
    summary.same_content += read - written["cases"]
    summary.poison += written["poison"]
    summary.batches.append(batch.id)
    told(f"batch {batch.number}: {written['cases']} cases, {written['poison']} files set aside")


def _without_repeats(answered: Any, store: Store) -> Any:
    """Without failures that may pass, where the same was noted before: a second run adds nothing."""
    key = ["path", "bytes", "modified", "outcome", "reason"]
    noted = store.read("poison").where(f"outcome IN {PASSING!r}").select(*key)
    return answered.join(noted, key, "left_anti").select(*key, "sha256", "line")


def _without_known(fresh: Any, store: Store) -> Any:
    """Without contents that are in the tables. A content has one day, so only these days are looked through."""
    from pyspark.sql import functions as F

    cases = store.read("cases").select(F.col("sha256"), F.col("day").alias("known_day"))
    days = [row.day for row in fresh.select("day").distinct().limit(1001).collect()]
    if len(days) <= 1000:
        # NULL too: an earlier version of the program may not have read the time.
        dated = [day for day in days if day is not None]
        cases = cases.where(F.col("known_day").isNull() | F.col("known_day").isin(dated))
    return fresh.join(cases.select("sha256"), "sha256", "left_anti")
