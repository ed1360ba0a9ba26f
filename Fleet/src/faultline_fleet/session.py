"""The Spark session: local, or on the cluster that `--master` or spark-submit names."""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

#: Set whatever the site's defaults are: results must not depend on them.
_FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Clocks of failed machines say 1601; such times are written as they are.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
}

#: One machine: as many tasks as cores, nothing listens beyond loopback, and a task that fails is tried again.
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}
_LOCAL_MASTER = "local[*,4]"


def is_local(spark: Any) -> bool:
    """Whether the workers are this very process, which needs nothing shipped."""
    master = str(spark.sparkContext.master)
    return master == "local" or master.startswith("local[")


def session(name: str, master: str | None, settings: list[str]) -> Any:
    """Starts Spark. `settings` are `KEY=VALUE`, as `--conf` takes them. Raises ValueError for one that is not."""
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

    given = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise ValueError(f"'{setting}' is not KEY=VALUE")
        given[key.strip()] = value
    site = SparkConf()
    master = master or given.get("spark.master") or site.get("spark.master") or _LOCAL_MASTER
    defaults = dict(_LOCAL) if master.startswith("local") else {}
    defaults["spark.ui.showConsoleProgress"] = "false"
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(name).master(master)
    for key, value in {**{k: v for k, v in defaults.items() if not site.contains(k)}, **given, **_FIXED}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    if "spark.log.level" not in given:
        spark.sparkContext.setLogLevel("ERROR" if is_local(spark) else "WARN")
    if not is_local(spark):
        ship_package(spark)
    return spark


def ship_package(spark: Any) -> None:
    """Gives the workers this package; they need nothing installed but Python."""
    package = Path(__file__).parent
    if not package.is_dir():
        return  # spark-submit --py-files brought it here as an archive, and brings it to the workers too
    archive = Path(tempfile.mkdtemp(prefix="faultline-fleet-")) / "faultline_fleet.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for source in sorted(package.rglob("*")):
            if source.suffix in (".py", ".sql"):
                file.write(source, Path(package.name) / source.relative_to(package))
    spark.sparkContext.addPyFile(str(archive))
