"""The streaming process: bounded, in order, and at no file lost, whatever the program does."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

import faultline_fleet.stream as stream_module
from faultline_fleet.files import Files, local_path
from faultline_fleet.stream import Item, Process, ProgramError, Stream

FAKE = [sys.executable, str(Path(__file__).with_name("fake_triage.py")), "triage", "-"]


class Folder:
    """Writes files for the fake program."""

    def __init__(self, path: Path):
        self.path = path

    def add(self, name: str, **told: object) -> Item:
        file = self.path / name
        file.write_text(json.dumps({"name": name, **told}))
        return Item(str(file), file.stat().st_size)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "in").mkdir()
    return Folder(tmp_path / "in")


def run(items, tmp_path, command=FAKE, fetch=None, limit=1 << 20, **options):
    files = Files(str(tmp_path), limit, fetch)
    try:
        return list(Stream(command, files, **options).run(items)), files
    finally:
        files.remove()


def outcomes(answers) -> dict[str, str]:
    return {Path(answer.item.path).name: answer.outcome for answer in answers}


def test_every_file_is_answered_once_and_by_its_own_line(folder, tmp_path):
    items = [folder.add(f"{n}.dmp") for n in range(1000)]
    answers, _ = run(items, tmp_path)
    assert [answer.item for answer in answers] == items
    assert [json.loads(answer.line)["path"] for answer in answers] == [item.path for item in items]


def test_many_paths_pass_through_a_window(tmp_path):
    taken = 0
    answered = 0
    widest = 0

    def source():
        nonlocal taken
        for number in range(30_000):
            taken += 1
            yield Item(f"/nowhere/{'x' * 200}/{number}")

    for _ in Stream(FAKE, Files(str(tmp_path), 1), window=50).run(source()):
        answered += 1
        widest = max(widest, taken - answered)
    assert answered == 30_000
    # The window, and answers that one read of the pipe brought together.
    assert widest <= 50


def test_lines_and_paths_beyond_the_pipes_capacity_do_not_block(folder, tmp_path):
    # 64 answers of 300 KB each and noise on stderr: the pipes hold 64 KiB.
    big = {"missing": [{"what": "x" * 300_000, "because": "not-present", "detail": ""}]}
    items = [folder.add(f"{n}.dmp", do="noise", line=big) for n in range(70)]
    answers, _ = run(items, tmp_path)
    assert len(answers) == 70 and all(len(answer.line) > 300_000 for answer in answers)


def test_a_file_that_kills_the_program_twice_is_set_aside_and_all_others_are_read(folder, tmp_path):
    items = [folder.add(f"{n}.dmp", **({"do": "die"} if n in (0, 7, 8, 9, 49) else {})) for n in range(50)]
    answers, _ = run(items, tmp_path)
    found = outcomes(answers)
    assert len(answers) == 50 and len(found) == 50
    assert sorted(name for name, outcome in found.items() if outcome == "program-died") == sorted(
        f"{n}.dmp" for n in (0, 7, 8, 9, 49)
    )
    reasons = {answer.reason for answer in answers if answer.outcome == "program-died"}
    assert reasons == {"the program ended twice at this file: SIGKILL, SIGKILL"}


def test_a_file_at_which_the_program_died_once_is_read_the_second_time(folder, tmp_path):
    items = [folder.add("a.dmp"), folder.add("b.dmp", do="die-once"), folder.add("c.dmp")]
    answers, _ = run(items, tmp_path)
    assert outcomes(answers) == {"a.dmp": "read", "b.dmp": "read", "c.dmp": "read"}


def test_a_file_at_which_the_program_exits_is_set_aside(folder, tmp_path):
    answers, _ = run([folder.add("a.dmp", do="exit"), folder.add("b.dmp")], tmp_path)
    assert outcomes(answers) == {"a.dmp": "program-died", "b.dmp": "read"}


def test_a_silent_program_is_ended(folder, tmp_path):
    answers, _ = run([folder.add("a.dmp"), folder.add("b.dmp", do="hang"), folder.add("c.dmp")], tmp_path, silence=1.0)
    assert outcomes(answers) == {"a.dmp": "read", "b.dmp": "program-died", "c.dmp": "read"}
    assert "silent for 1 s" in next(answer.reason for answer in answers if answer.outcome == "program-died")


def test_a_reader_that_pauses_is_not_taken_for_a_silent_program(folder, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(stream_module, "Process", lambda command: started.append(command) or Process(command))
    items = [folder.add(f"{n}.dmp") for n in range(200)]
    answers = Stream(FAKE, Files(str(tmp_path), 1), silence=1.0, window=4).run(items)
    found = [next(answers)]
    time.sleep(1.5)
    found += answers
    assert {answer.outcome for answer in found} == {"read"} and len(found) == 200
    assert len(started) == 1


def test_a_program_that_answers_nothing_is_an_error_with_what_it_said(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_TRIAGE", "broken")
    with pytest.raises(ProgramError, match=r"exit code 70.*no such table: articles"):
        run([folder.add(f"{n}.dmp") for n in range(10)], tmp_path)


def test_a_program_that_cannot_be_started_is_an_error(folder, tmp_path):
    with pytest.raises(ProgramError, match="cannot be started: No such file"):
        run([folder.add("a.dmp")], tmp_path, command=[str(tmp_path / "nothing"), "triage"])


@pytest.mark.parametrize("do", ["garbage", "shuffle"])
def test_an_answer_that_is_not_the_files_own_is_an_error(folder, tmp_path, do):
    with pytest.raises(ProgramError, match=r"printed no triage line|was next"):
        run([folder.add("a.dmp", do=do), folder.add("b.dmp")], tmp_path)


def test_bad_files_carry_their_reason(tmp_path):
    answers, _ = run([Item("/nowhere/a.dmp")], tmp_path)
    assert [(answer.outcome, answer.reason) for answer in answers] == [("no-such-file", "no such file")]


def test_nothing_runs_where_there_is_nothing_to_do(tmp_path):
    assert run([], tmp_path, command=["/nonexistent"])[0] == []


def test_a_stream_that_is_left_ends_its_program(folder, tmp_path):
    stream = Stream(FAKE, Files(str(tmp_path), 1)).run([folder.add(f"{n}.dmp") for n in range(100)])
    before = set(_children())
    next(stream)
    started = set(_children()) - before
    assert started
    stream.close()
    assert not started & set(_children())


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def test_names_with_line_breaks_and_bytes_that_are_no_utf8_are_read(folder, tmp_path):
    broken = folder.add("two\nlines.dmp")
    odd = Path(os.fsdecode(os.fsencode(folder.path) + b"/\xe9t\xe9.dmp"))
    odd.write_text("{}")
    answers, _ = run([broken, Item(str(odd), 2)], tmp_path)
    assert [answer.outcome for answer in answers] == ["read", "read"]


def test_fetched_files_are_bounded_and_removed(folder, tmp_path):
    source = {f"s3a://bucket/{n}.dmp": folder.add(f"{n}.dmp", pad="x" * 1000) for n in range(30)}
    on_disk = []

    def fetch(uri: str, target: str) -> None:
        Path(target).write_bytes(Path(source[uri].path).read_bytes())
        on_disk.append(sum(file.stat().st_size for file in Path(target).parent.iterdir()))

    items = [Item(uri, item.bytes) for uri, item in source.items()]
    size = items[0].bytes
    answers, files = run(items, tmp_path, fetch=fetch, limit=3 * size + 20)
    assert len(answers) == 30 and {answer.outcome for answer in answers} == {"read"}
    assert max(on_disk) <= 3 * size + 20
    assert max(on_disk) > size  # it does fetch ahead
    assert files.used == 0 and not Path(files.folder).exists()


def test_files_that_cannot_be_fetched_are_set_aside(folder, tmp_path):
    def fetch(uri: str, target: str) -> None:
        if "b.dmp" in uri:
            Path(target).write_text("half")
            raise OSError("403 Forbidden")
        Path(target).write_text("{}")

    answers, files = run(
        [Item("hdfs://h/a.dmp", 2), Item("hdfs://h/b.dmp", 2), Item("hdfs://h/c.dmp", 2_000_000)], tmp_path, fetch=fetch
    )
    assert outcomes(answers) == {"a.dmp": "read", "b.dmp": "not-fetched", "c.dmp": "too-large"}
    assert {answer.reason for answer in answers if answer.reason} == {
        "403 Forbidden",
        "2000000 bytes; at most 1048576 are fetched (--scratch-limit)",
    }
    assert files.used == 0


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:/a b/%41.dmp", "/a b/%41.dmp"),
        ("file:///a", "/a"),
        ("/a", "/a"),
        ("hdfs://host/a", None),
        ("s3a://bucket/a", None),
    ],
)
def test_local_files_are_told_from_remote_ones(uri, path):
    assert local_path(uri) == path
