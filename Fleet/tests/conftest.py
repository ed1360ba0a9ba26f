"""Finds the program under test, the synthesizer beside it, and real evidence; what is absent is skipped visibly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).with_name("fake_triage.py")


def find_program(name: str, variable: str) -> Path:
    """The built program: named by the variable, or beside FAULTLINE_PROGRAM, or in the tree's builds."""
    program = os.environ.get("FAULTLINE_PROGRAM")
    places = [os.environ.get(variable), str(Path(program).with_name(name)) if program else None]
    places += [str(ROOT / build / "release" / name) for build in (".build-test", ".build")]
    for place in places:
        if place and Path(place).is_file():
            return Path(place).resolve()
    pytest.skip(f"no built {name}: set {variable} to its path")


@pytest.fixture(scope="session")
def program() -> Path:
    found = find_program("faultline", "FAULTLINE_PROGRAM")
    if subprocess.run([found, "triage", "--help"], capture_output=True).returncode != 0:
        pytest.skip(f"{found} has no command triage")
    return found


@pytest.fixture(scope="session")
def synthesize() -> Path:
    return find_program("Synthesize", "FAULTLINE_SYNTHESIZE")


@pytest.fixture(scope="session")
def kb(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The knowledge base FAULTLINE_KB, or one made of the articles written for the tests."""
    named = os.environ.get("FAULTLINE_KB")
    if named:
        return Path(named).resolve()
    file = tmp_path_factory.mktemp("kb") / "kb.sqlite"
    subprocess.run(
        [program, "kb", "import", ROOT / "Fixtures" / "articles", "--kb", file], check=True, capture_output=True
    )
    return file


def real_evidence() -> list[Path]:
    """All real crash dumps, where the folder of real data is."""
    shared = Path(os.environ.get("FAULTLINE_SHARED") or ROOT.parent / "shared")
    return sorted((shared / "evidence" / "dumps").glob("*.dmp"))


@pytest.fixture(scope="session")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in for the program, as one executable file."""
    file = tmp_path_factory.mktemp("fake") / "faultline-fake"
    file.write_text(f"#!{sys.executable}\n" + FAKE.read_text())
    file.chmod(0o755)
    return file


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory):
    """Spark in this process."""
    from faultline_fleet.session import session

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = ["spark.driver.memory=1g", "spark.sql.shuffle.partitions=2"]
    # A handful of rows is not worth compiling for.
    settings += ["spark.sql.codegen.wholeStage=false", "spark.sql.codegen.factoryMode=NO_CODEGEN"]
    settings += ["spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"]
    # A name for local files that is not file:, so that they are fetched as remote ones are.
    base = tmp_path_factory.getbasetemp()
    settings += [f"spark.hadoop.fs.viewfs.mounttable.far.link./far=file://{base}"]
    started = session("faultline-fleet tests", "local[2,4]", settings)
    yield started
    started.stop()
