"""Real dumps of failed machines that never were, through a cluster on loopback, against one `faultline triage`.

FLEET_DUMPS says how many dumps are synthesized (150); FLEET_CORPUS names a folder in which they are kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cluster as loopback
import pytest
from conftest import real_evidence
from reference import differences

DUMPS = int(os.environ.get("FLEET_DUMPS", "150"))
SETTINGS = [
    "spark.driver.host=127.0.0.1", "spark.driver.bindAddress=127.0.0.1", "spark.ui.enabled=false",
    "spark.executor.memory=512m", "spark.driver.memory=768m", "spark.sql.shuffle.partitions=4",
    "spark.network.timeout=60s", "spark.executor.heartbeatInterval=5s",
]  # fmt: skip

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def corpus(synthesize: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of DUMPS synthesized dumps, and the real ones where they are."""
    kept = os.environ.get("FLEET_CORPUS")
    folder = (Path(kept) if kept else tmp_path_factory.mktemp("corpus")) / f"dumps-{DUMPS}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        scenarios = len(subprocess.run([synthesize, "list"], capture_output=True, check=True).stdout.splitlines())
        seeds = -(-DUMPS // scenarios)

        def write(seed: int) -> None:
            target = folder / f"{seed % 100:02d}" / f"{seed}"
            command = [synthesize, "write", "all", "--seed", str(seed), "--output", target]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            for scenario in target.iterdir():  # the dump alone: the rest makes the folder large
                shutil.rmtree(scenario / "symbols", ignore_errors=True)
                (scenario / "machine.txt").unlink()

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(write, range(1, seeds + 1)))
        for dump in sorted(folder.glob("*/*/*/*.dmp"))[DUMPS:]:
            dump.unlink()
        (folder / "complete").touch()
    return folder


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Real dumps, and two files that are none."""
    folder = tmp_path_factory.mktemp("real")
    for dump in real_evidence():
        shutil.copy(dump, folder)
    (folder / "empty.dmp").touch()
    (folder / "noise.dmp").write_bytes(b"PAGEDU64" + bytes(range(256)))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def inputs(corpus: Path, real: list[Path]) -> list[str]:
    return [f"{corpus}/*/*/*/*.dmp", f"{real[0].parent}/*.dmp"]


@pytest.fixture(scope="module")
def lines(program: Path, kb: Path, corpus: Path, real: list[Path]) -> list[bytes]:
    """One process's lines of the whole corpus."""
    paths = b"".join(bytes(path) + b"\n" for path in sorted([*corpus.glob("*/*/*/*.dmp"), *real]))
    command = [program, "triage", "-", "--facts", "--jobs", "1", "--kb", kb]
    started = time.monotonic()
    done = subprocess.run(command, input=paths, capture_output=True, check=True)
    found = done.stdout.splitlines()
    print(f"one process: {len(found)} files in {time.monotonic() - started:.1f} s")
    assert len(found) == DUMPS + len(real)
    return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory):
    started = loopback.Cluster(tmp_path_factory.mktemp("cluster"), workers=2)
    yield started
    started.stop()


def collect(inputs: list[str], output: Path, program: Path, kb: Path, *more: str) -> subprocess.Popen[bytes]:
    settings = [argument for setting in SETTINGS for argument in ("--conf", setting)]
    return loopback.fleet(
        "collect", "--input", *inputs, "--output", output, "--program", program, "--kb", kb, *settings, *more
    )


def equal(spark, output: Path, lines: list[bytes], work: Path) -> None:
    found = differences(spark, str(output), lines, work)
    print(found)
    assert found["files"][0] == len(lines)
    assert {table: counts[1:] for table, counts in found.items()} == dict.fromkeys(found, (0, 0))


def test_a_cluster_that_loses_a_worker_gives_every_row_of_one_process_once(
    spark, cluster, inputs, program, kb, lines, tmp_path
):
    output = tmp_path / "tables"
    # Tasks small enough that the loss falls between some that are done and some that are not.
    size = max(10, min(500, len(lines) // 10))
    started = time.monotonic()
    run = collect(inputs, output, program, kb, "--master", cluster.address, "--task-files", str(size))
    victim = cluster.workers[1]
    killed_at = None
    while run.poll() is None and killed_at is None:
        busy = [pid for pid in loopback.descendants(victim.pid) if "faultline triage" in loopback.command_of(pid)]
        # A task's output moves out of its attempt's folder when the task is done.
        done = list(output.glob("_work/*/lines/_temporary/0/task_*")) + list(output.glob("_work/*/lines/part-*"))
        if busy and done:
            cluster.lose(victim)
            killed_at = len(done)
        time.sleep(0.02)
    said, _ = run.communicate()
    said = said.decode(errors="replace")
    print(said[-3000:], f"killed after {killed_at} tasks; {time.monotonic() - started:.1f} s")
    assert run.returncode == 0
    assert killed_at is not None and killed_at < len(lines) // size
    assert "Lost executor" in said
    equal(spark, output, lines, tmp_path / "reference")

    cluster.add_worker()
    again = collect(inputs, output, program, kb, "--master", cluster.address)
    said, _ = again.communicate()
    assert again.returncode == 0 and b", 0 of them new" in said
    assert len(list((output / "_log").glob("*.json"))) == 1


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_writes_tables_is_made_good_by_the_next(
    spark, inputs, program, kb, lines, tmp_path
):
    output = tmp_path / "tables"
    run = collect(inputs, output, program, kb, "--master", "local[2,4]")
    while run.poll() is None and not list(output.glob("findings/batch=*")):
        time.sleep(0.02)
    assert run.poll() is None
    loopback.kill(run)
    assert list(output.glob("cases/batch=*")) and not (output / "_log").exists()

    again = collect(inputs, output, program, kb, "--master", "local[2,4]")
    said, _ = again.communicate()
    assert again.returncode == 0, said.decode(errors="replace")[-3000:]
    equal(spark, output, lines, tmp_path / "reference")
    assert len(list(output.glob("cases/batch=*"))) == 1
