"""A standalone master and workers on loopback, each a process that a test may kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOPBACK = "127.0.0.1"
ENVIRONMENT = {"SPARK_LOCAL_IP": LOOPBACK, "PYSPARK_PYTHON": sys.executable, "SPARK_NO_DAEMONIZE": "1"}


def descendants(pid: int) -> list[int]:
    """The process and all below it, parents first."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and all it started, at once, as the loss of its machine would."""
    for pid in descendants(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


class Cluster:
    def __init__(self, folder: Path, workers: int):
        from pyspark.find_spark_home import _find_spark_home

        self.home = Path(_find_spark_home())
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.log = folder / "master.log"
        self._start("org.apache.spark.deploy.master.Master", "master.log", "--host", LOOPBACK, "--port", "0")
        self.address = self._wait_for(r"Starting Spark master at (spark://\S+)")
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> subprocess.Popen[bytes]:
        number = len(self.workers) + 1
        options = [
            "--host",
            LOOPBACK,
            "--cores",
            "1",
            "--memory",
            "1g",
            "--work-dir",
            str(self.folder / f"work-{number}"),
        ]
        worker = self._start("org.apache.spark.deploy.worker.Worker", f"worker-{number}.log", *options, self.address)
        self.workers.append(worker)
        self._wait_for(r"(Registering worker)", number)
        return worker

    def lose(self, worker: subprocess.Popen[bytes]) -> None:
        """Ends a worker as the loss of its machine would."""
        self.processes.remove(worker)
        kill(worker)

    def stop(self) -> None:
        for process in reversed(self.processes):
            kill(process)

    def _start(self, name: str, log: str, *options: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **ENVIRONMENT, "SPARK_DAEMON_MEMORY": "256m"}
        with (self.folder / log).open("wb") as output:
            process = subprocess.Popen(
                [self.home / "bin" / "spark-class", name, "--webui-port", "0", *options],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=self.folder,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def _wait_for(self, pattern: str, times: int = 1) -> str:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found = re.findall(pattern, self.log.read_text(errors="replace"))
            if len(found) >= times:
                return found[-1]
            for process in self.processes:
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args} ended:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        raise RuntimeError(f"the cluster does not start:\n{self.log.read_text(errors='replace')[-2000:]}")


def fleet(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Starts `faultline-fleet`; its words go to a pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "faultline_fleet", *map(str, arguments)],
        env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
