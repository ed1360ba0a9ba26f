"""What runs on Spark's workers: one partition of files through one `faultline triage`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .files import Files
from .hadoop import HadoopCopier
from .stream import Item, Stream

#: Files fetched ahead of the program, so that it need not wait for the network.
FETCH_AHEAD = 4


@dataclass(frozen=True)
class Job:
    """How the workers run the program. Shipped names are looked up on each worker, paths are taken as they are."""

    program: str
    kb: str | None
    shipped: bool
    arguments: list[str] = field(default_factory=list)
    scratch: str | None = None
    scratch_limit: int = 4 << 30
    silence: float = 600.0
    remote: bool = False
    hadoop: dict[str, str] = field(default_factory=dict, repr=False)

    def command(self, locate: Any) -> list[str]:
        """The command line; `locate` finds shipped files by name."""
        program = locate(self.program) if self.shipped else self.program
        command = [program, "triage", "-", *self.arguments]
        if self.kb is not None:
            command += ["--kb", locate(self.kb) if self.shipped else self.kb]
        return command


#: Kept from task to task of one Python worker.
_copier: HadoopCopier | None = None


def triage_partition(job: Job, rows: Iterable[Any]) -> Iterator[tuple[str, int, Any, str, str | None, str | None]]:
    """Rows with `uri`, `path`, `bytes` and `modified` in; (path, bytes, modified, outcome, reason, line) out."""
    from pyspark import SparkFiles

    global _copier
    shipped_folder = SparkFiles.getRootDirectory()
    if job.remote and _copier is None:
        _copier = HadoopCopier(job.hadoop, shipped_folder)
    # Below the executor's own folder Spark cleans up even after a worker that was killed.
    scratch = job.scratch or shipped_folder
    Path(scratch).mkdir(parents=True, exist_ok=True)
    files = Files(os.path.abspath(scratch), job.scratch_limit, _copier if job.remote else None)
    given: dict[str, Any] = {}

    def items() -> Iterator[Item]:
        for row in rows:
            given[row.uri] = row
            yield Item(row.uri, row.bytes)

    stream = Stream(
        job.command(SparkFiles.get), files, silence=job.silence, **({"window": FETCH_AHEAD} if job.remote else {})
    )
    try:
        for answer in stream.run(items()):
            row = given.pop(answer.item.path)
            yield row.path, row.bytes, row.modified, answer.outcome, answer.reason, answer.line
    finally:
        files.remove()
