"""`collect` in local mode, with a stand-in for the program that says what each file tells it to say."""

import json
import re
import shutil
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from faultline_fleet import collect as collecting
from faultline_fleet.collect import InputError, Options, collect
from faultline_fleet.schema import TABLES
from faultline_fleet.store import Store, StoreError
from faultline_fleet.stream import ProgramError

LINE = {
    "kind": "crash-dump",
    "time": "2026-11-02T10:11:12Z",
    "machine": {"product": "Windows Server 2003", "servicePack": 2, "architecture": "x86", "version": "5.2.3790"},
    "bugcheck": {"code": "0x000000d1", "name": "DRIVER_IRQL", "parameters": ["0x1", "0x2", "0x3", "0x4"]},
    "signature": {"id": "00112233445566aa", "text": "bad-input · netbt.sys", "rules": "1"},
    "findings": [
        {
            "article": "KB961799", "title": "NetBT", "mechanism": "bad-input", "verdict": "confirmed",
            "confidence": 0.97, "applicability": "applies", "fix": ["install-hotfix", "workaround"],
        },
        {
            "article": "FL-0001", "title": "Race", "mechanism": "race", "verdict": "possible",
            "confidence": 0.2, "applicability": "unknown", "fix": [],
        },
    ],
    "facts": [
        {"id": "f1", "kind": "stop", "text": "It stopped.", "trust": "observed", "origin": "header",
         "attributes": {"code": "0x000000d1", "inbox": True, "index": 3}},
    ],
    "modules": [
        {"name": "nt", "version": "5.2.3790.1", "timestamp": "0x45d69710", "size": 2_400_000},
        {"name": "netbt.sys", "timestamp": "0x45d69711", "size": 160_000},
    ],
    "poolTags": [{"tag": "Mdl ", "pool": "nonpaged", "bytes": 2**40, "bytesPerHour": 12.5, "verdict": "leak",
                  "driver": "tdpipe.sys"}],
    "updates": ["KB1", "KB2"],
    "missing": [{"what": "process.session", "because": "not-in-dump", "detail": "no"}],
}  # fmt: skip


def add(folder: Path, name: str, line: dict | None = None, **told: object) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"line": {**LINE, **(line or {})}, "name": name, **told}))
    return file


def options(tmp_path: Path, fake: Path, **more) -> Options:
    base = {"inputs": [str(tmp_path / "in")], "output": str(tmp_path / "tables"), "program": str(fake)}
    return Options(**{**base, **more})


def rows(spark, tmp_path: Path, table: str, *columns: str) -> list[tuple]:
    frame = Store(spark, str(tmp_path / "tables")).read(table)
    return sorted((tuple(row) for row in frame.select(*columns).collect()), key=repr)


def everything(spark, tmp_path: Path) -> dict[str, list[tuple]]:
    return {table: rows(spark, tmp_path, table, "*") for table in TABLES}


def test_a_line_becomes_rows_of_all_tables(spark, tmp_path, fake):
    file = add(tmp_path / "in", "a b%41.dmp")
    summary = collect(spark, options(tmp_path, fake))
    assert (summary.listed, summary.triaged, summary.cases, summary.poison) == (1, 1, 1, 0)

    (case,) = Store(spark, str(tmp_path / "tables")).read("cases").collect()
    assert case.path == str(file) and case.bytes == file.stat().st_size
    assert case.day == date(2026, 11, 2) and case.time.replace(tzinfo=None) == spark_time(2026, 11, 2, 10, 11, 12)
    assert (case.kind, case.product, case.service_pack) == ("crash-dump", "Windows Server 2003", "2")
    assert (case.bugcheck_code, case.bugcheck_parameters) == ("0x000000d1", ["0x1", "0x2", "0x3", "0x4"])
    assert (case.signature_id, case.signature_text) == ("00112233445566aa", "bad-input · netbt.sys")
    assert (case.missing, case.updates_listed, case.machine) == (["process.session"], 2, None)
    assert rows(spark, tmp_path, "findings", "rank", "article", "verdict", "confidence", "fix") == [
        (0, "KB961799", "confirmed", 0.97, ["install-hotfix", "workaround"]),
        (1, "FL-0001", "possible", 0.2, []),
    ]
    assert rows(spark, tmp_path, "facts", "id", "attributes") == [
        ("f1", {"code": "0x000000d1", "inbox": "true", "index": "3"})
    ]
    assert rows(spark, tmp_path, "modules", "position", "name", "version", "size") == [
        (0, "nt", "5.2.3790.1", 2_400_000),
        (1, "netbt.sys", None, 160_000),
    ]
    assert rows(spark, tmp_path, "pool_tags", "tag", "bytes", "bytes_per_hour", "verdict", "driver") == [
        ("Mdl ", 2**40, 12.5, "leak", "tdpipe.sys")
    ]
    assert rows(spark, tmp_path, "updates", "position", "update") == [(0, "KB1"), (1, "KB2")]
    assert rows(spark, tmp_path, "files", "path", "outcome") == [(str(file), "read")]
    assert (tmp_path / "tables" / "cases" / f"batch={case.batch}" / "day=2026-11-02").is_dir()


def spark_time(*parts: int) -> datetime:
    """A moment in UTC as collect() shows it, in this machine's zone."""
    return datetime(*parts, tzinfo=timezone.utc).astimezone().replace(tzinfo=None)


def test_a_second_run_adds_only_what_is_new(spark, tmp_path, fake):
    for number in range(5):
        add(tmp_path / "in", f"{number}.dmp")
    add(tmp_path / "in", "bad.dmp", {"outcome": "unreadable"})
    collect(spark, options(tmp_path, fake))
    before = everything(spark, tmp_path)

    again = collect(spark, options(tmp_path, fake))
    assert (again.listed, again.triaged, again.batches) == (6, 0, [])
    assert everything(spark, tmp_path) == before

    add(tmp_path / "in", "deep/er/new.dmp")
    shutil.copy(tmp_path / "in" / "0.dmp", tmp_path / "in" / "copy of 0.dmp")
    third = collect(spark, options(tmp_path, fake))
    assert (third.triaged, third.cases, third.same_content) == (2, 1, 1)
    after = everything(spark, tmp_path)
    assert len(after["cases"]) == 6 and len(after["files"]) == 8 and after["poison"] == before["poison"]
    assert all(case in after["cases"] for case in before["cases"])
    assert not (tmp_path / "tables" / "_work").exists() or not list((tmp_path / "tables" / "_work").iterdir())


@pytest.mark.slow
def test_of_files_with_the_same_content_the_first_by_path_is_the_case(spark, tmp_path, fake):
    first = add(tmp_path / "in", "b/first.dmp")
    for name in ("c/second.dmp", "d/third.dmp", "e/fourth.dmp"):
        (tmp_path / "in" / name).parent.mkdir()
        shutil.copy(first, tmp_path / "in" / name)
    summary = collect(spark, options(tmp_path, fake, task_files=1))
    assert (summary.cases, summary.same_content) == (1, 3)
    assert rows(spark, tmp_path, "cases", "path") == [(str(first),)]
    assert len(rows(spark, tmp_path, "modules", "name")) == 2


def test_poison_is_set_aside_with_its_reason_and_not_read_again(spark, tmp_path, fake):
    add(tmp_path / "in", "good.dmp")
    add(tmp_path / "in", "cut.dmp", {"outcome": "unreadable", "problems": [{"what": "header", "text": "cut at 12"}]})
    slow = add(tmp_path / "in", "slow.dmp", {"outcome": "time-limit", "problems": []})
    add(tmp_path / "in", "killer.dmp", do="die")
    add(tmp_path / "in", "odd.dmp", {"bytes": 2**70})
    (tmp_path / "in" / "nothing 100%+1.dmp").touch()
    collect(spark, options(tmp_path, fake))
    found = {Path(path).name: (outcome, reason) for path, outcome, reason in
             rows(spark, tmp_path, "poison", "path", "outcome", "reason")}  # fmt: skip
    assert found.pop("odd.dmp")[0] == "bad-line"
    assert found == {
        "cut.dmp": ("unreadable", "cut at 12"),
        "slow.dmp": ("time-limit", "time-limit"),
        "killer.dmp": ("program-died", "the program ended twice at this file: SIGKILL, SIGKILL"),
    }
    # The stand-in reads what the program would not.
    assert {Path(path).name for (path,) in rows(spark, tmp_path, "cases", "path")} == {
        "good.dmp",
        "nothing 100%+1.dmp",
    }
    assert collect(spark, options(tmp_path, fake)).triaged == 0

    slow.write_text(json.dumps({"line": LINE, "mended": True}))
    again = collect(spark, options(tmp_path, fake, retry_poison=True))
    assert (again.triaged, again.cases, again.poison) == (4, 1, 3)


@pytest.mark.slow
def test_failures_that_may_pass_are_tried_again_and_noted_once(spark, tmp_path, fake):
    add(tmp_path / "in", "a.dmp")
    add(tmp_path / "in", "gone.dmp", {"outcome": "no-such-file"})
    assert collect(spark, options(tmp_path, fake)).poison == 1
    again = collect(spark, options(tmp_path, fake))
    assert (again.triaged, again.poison, again.batches) == (0, 0, [])
    assert len(rows(spark, tmp_path, "poison", "path")) == 1


@pytest.mark.slow
def test_days_are_crash_days_and_clocks_of_no_sense_have_none(spark, tmp_path, fake):
    times = {"a": "2011-05-06T23:59:59.5Z", "b": "1601-01-01T00:00:00Z", "c": "2107-01-01T00:00:00Z", "d": "soon"}
    for name, time in times.items():
        add(tmp_path / "in", name, {"time": time})
    add(tmp_path / "in", "e", {"time": None})
    collect(spark, options(tmp_path, fake))
    found = {Path(path).name: (day, time is not None) for path, day, time in
             rows(spark, tmp_path, "cases", "path", "day", "time")}  # fmt: skip
    assert found == {
        "a": (date(2011, 5, 6), True), "b": (None, True), "c": (None, True), "d": (None, False), "e": (None, False),
    }  # fmt: skip


@pytest.mark.slow
def test_machines_are_named_by_the_evidence_else_by_the_path(spark, tmp_path, fake):
    add(tmp_path / "in", "hosts/mail-1/a.dmp")
    add(tmp_path / "in", "hosts/mail-1/b.txt", {"machine": {"name": "MAIL"}})
    add(tmp_path / "in", "elsewhere/c.dmp")
    collect(spark, options(tmp_path, fake, machine_from_path=r"/hosts/([^/]+)/"))
    found = {Path(path).name: machine for path, machine in rows(spark, tmp_path, "cases", "path", "machine")}
    assert found == {"a.dmp": "mail-1", "b.txt": "MAIL", "c.dmp": None}


@pytest.mark.slow
def test_patterns_choose_and_overlap_without_harm(spark, tmp_path, fake):
    for name in ("x/a.dmp", "y/b.dmp", "y/c.txt", "z/d.dmp"):
        add(tmp_path / "in", name)
    inputs = [f"{tmp_path}/in/{{x,y}}/*.dmp", f"file://{tmp_path}/in/[xy]/*.dmp", f"{tmp_path}/in/x"]
    summary = collect(spark, options(tmp_path, fake, inputs=inputs))
    assert (summary.listed, summary.cases) == (2, 2)


def test_nothing_where_a_pattern_leads_is_an_error(spark, tmp_path, fake):
    with pytest.raises(InputError, match="nothing is where"):
        collect(spark, options(tmp_path, fake, inputs=[str(tmp_path / "none" / "*.dmp")]))


def test_remote_files_are_fetched_through_hadoop(spark, tmp_path, fake):
    for number in range(12):
        add(tmp_path / "in", f"{number}.dmp")
    add(tmp_path / "in", "large.dmp", pad="x" * (2 << 20))
    (tmp_path / "scratch").mkdir()
    far = f"viewfs://far/far/{tmp_path.name}/in"
    remote = options(tmp_path, fake, inputs=[far], scratch=str(tmp_path / "scratch"), scratch_limit=1 << 20)
    summary = collect(spark, remote)
    assert (summary.listed, summary.cases, summary.poison) == (13, 12, 1)
    assert {path for (path,) in rows(spark, tmp_path, "cases", "path")} == {
        f"{far}/{number}.dmp" for number in range(12)
    }
    assert rows(spark, tmp_path, "poison", "outcome") == [("too-large",)]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert collect(spark, remote).triaged == 0


@pytest.mark.slow
def test_many_batches_are_committed_one_after_another(spark, tmp_path, fake):
    for number in range(30):
        add(tmp_path / "in", f"{number}.dmp")
    summary = collect(spark, options(tmp_path, fake, batch_files=10))
    assert summary.cases == 30 and len(summary.batches) == 3
    log = Store(spark, str(tmp_path / "tables")).log()
    assert [entry["number"] for entry in log] == [1, 2, 3]
    assert sum(entry["rows"]["cases"] for entry in log) == 30 == len(rows(spark, tmp_path, "cases", "sha256"))
    assert all(re.fullmatch("[0-9a-f]{64}", entry["program_sha256"]) for entry in log)


@pytest.mark.parametrize(
    "broken_at", ["updates", *(pytest.param(at, marks=pytest.mark.slow) for at in ("cases", "poison", "commit"))]
)
def test_a_run_that_died_half_way_leaves_nothing_that_counts(spark, tmp_path, fake, monkeypatch, broken_at):
    for number in range(6):
        add(tmp_path / "in", f"{number}.dmp")

    class Died(BaseException):
        pass

    with monkeypatch.context() as patch:
        real_write, real_commit = Store.write, Store.commit

        def write(self, batch, table, frame):
            real_write(self, batch, table, frame)
            if table == broken_at:
                raise Died

        def commit(self, batch, entry):
            if broken_at == "commit":
                raise Died
            real_commit(self, batch, entry)

        patch.setattr(Store, "write", write)
        patch.setattr(Store, "commit", commit)
        # As if killed: nothing is cleaned up.
        patch.setattr(Store, "discard", lambda self, batch: None)
        with pytest.raises(Died):
            collect(spark, options(tmp_path, fake))
    assert list((tmp_path / "tables" / "cases").iterdir())
    assert everything(spark, tmp_path) == {table: [] for table in TABLES}

    assert collect(spark, options(tmp_path, fake)).cases == 6
    assert len(rows(spark, tmp_path, "cases", "sha256")) == 6
    # What the dead run had written is gone, also for readers that do not know the log.
    assert spark.read.parquet(str(tmp_path / "tables" / "cases")).count() == 6
    assert list((tmp_path / "tables" / "_work").iterdir()) == []


def test_of_two_runs_at_once_one_counts_and_the_other_says_so(spark, tmp_path, fake, monkeypatch):
    for number in range(4):
        add(tmp_path / "in", f"{number}.dmp")
    real_commit = Store.commit

    def commit(self, batch, entry):
        monkeypatch.setattr(Store, "commit", real_commit)
        assert collect(spark, options(tmp_path, fake)).cases == 4  # the other run is faster
        real_commit(self, batch, entry)

    monkeypatch.setattr(Store, "commit", commit)
    with pytest.raises(StoreError, match="another run added batch 1"):
        collect(spark, options(tmp_path, fake))
    assert len(rows(spark, tmp_path, "cases", "sha256")) == 4
    assert spark.read.parquet(str(tmp_path / "tables" / "cases")).count() == 4


def test_a_program_that_does_not_run_is_an_error(spark, tmp_path, fake, monkeypatch):
    add(tmp_path / "in", "a.dmp")
    with pytest.raises(InputError, match="no such file"):
        collect(spark, options(tmp_path, tmp_path / "none"))
    (tmp_path / "text").write_text("no program")
    with pytest.raises(ProgramError, match="cannot be run"):
        collect(spark, options(tmp_path, tmp_path / "text"))


def test_every_table_has_its_query_and_its_columns(spark):
    for table, columns in TABLES.items():
        query = collecting.table_query(table)
        assert query.startswith("-- "), table
        assert columns
