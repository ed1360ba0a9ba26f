"""One `faultline triage` as a streaming process: paths in, one JSON object per line out, both bounded.

Nothing here knows Spark, so that it can be tested, and run, alone.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

#: Files that are given to the process and not answered yet.
WINDOW = 64
#: A line longer than this is no answer; facts of the largest dumps stay far below.
LINE_LIMIT = 64 << 20
#: As much as is kept of what the process says on stderr.
STDERR_LIMIT = 4 << 10
CHUNK = 1 << 16


class ProgramError(Exception):
    """The program cannot be used at all: nothing is said about any file."""


class NotOpened(Exception):
    """A file that could not be brought to this machine."""

    def __init__(self, outcome: str, reason: str):
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True)
class Item:
    """A file to triage: its path or URI as it was listed, and its size in bytes."""

    path: str
    bytes: int = 0


@dataclass(frozen=True)
class Answer:
    """What came of a file. `line` is the program's own, without its line break; absent where it never answered.

    `outcome` is the line's, or one of `program-died`, `not-fetched`, `too-large`, `bad-line`.
    """

    item: Item
    outcome: str
    reason: str | None
    line: str | None


class Opener(Protocol):
    """Brings files to where the program can read them, and takes them away again."""

    def room(self, item: Item) -> bool:
        """Whether the file may be opened now, beside those that are open."""

    def open(self, item: Item) -> bytes:
        """A local path without line breaks. Raises NotOpened."""

    def close(self, item: Item) -> None:
        """The file has been answered."""


class _InPlace:
    """Files of this machine, as they are."""

    def room(self, item: Item) -> bool:
        return True

    def open(self, item: Item) -> bytes:
        return os.fsencode(item.path)

    def close(self, item: Item) -> None:
        pass


@dataclass
class Process:
    """The program while it runs."""

    command: Sequence[str]
    stderr: bytes = b""
    child: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            raise ProgramError(f"{self.command[0]} cannot be started: {error.strerror}") from error
        for stream in (self.stdin, self.stdout, self.errors):
            os.set_blocking(stream, False)

    @property
    def stdin(self) -> int:
        assert self.child.stdin is not None
        return self.child.stdin.fileno()

    @property
    def stdout(self) -> int:
        assert self.child.stdout is not None
        return self.child.stdout.fileno()

    @property
    def errors(self) -> int:
        assert self.child.stderr is not None
        return self.child.stderr.fileno()

    def close_stdin(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()

    @property
    def takes_input(self) -> bool:
        assert self.child.stdin is not None
        return not self.child.stdin.closed

    def drain_errors(self) -> bool:
        """Keeps the end of stderr; false at its end."""
        try:
            chunk = os.read(self.errors, CHUNK)
        except BlockingIOError:
            return True
        self.stderr = (self.stderr + chunk)[-STDERR_LIMIT:]
        return bool(chunk)

    def end(self) -> int:
        """Ends the process if it still runs. Returns its exit code, negative for a signal."""
        for stream in (self.child.stdin, self.child.stdout):
            if stream is not None and not stream.closed:
                stream.close()
        if self.child.poll() is None:
            # It may be about to exit by itself, which tells more than our signal would.
            try:
                self.child.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                self.child.kill()
        code = self.child.wait()
        while self.child.stderr is not None and not self.child.stderr.closed:
            before = self.stderr
            if not self.drain_errors() or self.stderr == before:
                self.child.stderr.close()
        return code

    def said(self) -> str:
        return self.stderr.decode("utf-8", "replace").strip()


@dataclass
class _Death(Exception):
    how: str
    said: str


class Stream:
    """Triage of files by one process after another, as long as each lives.

    `silence` is how many seconds the process may print nothing while it has files; it is the last resort behind the
    program's own limit of time per file.
    """

    def __init__(self, command: Sequence[str], opener: Opener, *, window: int = WINDOW, silence: float = 600.0):
        self.command = list(command)
        self.opener = opener
        self.window = max(1, window)
        self.silence = silence
        self._again: deque[Item] = deque()

    def run(self, items: Iterable[Item]) -> Iterator[Answer]:
        """One answer for each item, in any order. Raises ProgramError."""
        source = iter(items)
        while True:
            pending: deque[tuple[Item, bytes]] = deque()
            try:
                yield from self._serve(source, pending, self.window)
                return
            except _Death as death:
                waiting = [item for item, _ in pending]
                for item in waiting:
                    self.opener.close(item)
                if not waiting:
                    continue  # it went away between two files, and nothing is lost
                # Answers come in the order of the input, so the first without one is what it died at, most likely.
                self._again.extend(waiting[1:])
                yield from self._alone(waiting[0], death)

    def _alone(self, item: Item, first: _Death) -> Iterator[Answer]:
        """Gives a suspect to a process of its own, whose second death is then this file's doing."""
        pending: deque[tuple[Item, bytes]] = deque()
        again, self._again = self._again, deque()
        try:
            yield from self._serve(iter([item]), pending, 1)
        except _Death as death:
            for open_item, _ in pending:
                self.opener.close(open_item)
            self._check_program()
            yield Answer(item, "program-died", f"the program ended twice at this file: {first.how}, {death.how}", None)
        finally:
            self._again.extend(again)

    def _check_program(self) -> None:
        """Tells a file that kills the program from a program that answers nothing, which is a ProgramError."""
        with tempfile.NamedTemporaryFile(prefix="faultline-", suffix=".txt") as harmless:
            harmless.write(b"harmless\n")
            harmless.flush()
            check = Stream(self.command, _InPlace(), window=1, silence=self.silence)
            pending: deque[tuple[Item, bytes]] = deque()
            try:
                for _ in check._serve(iter([Item(harmless.name)]), pending, 1):
                    pass
            except _Death as death:
                raise ProgramError(self._explain(death)) from death

    def _explain(self, death: _Death) -> str:
        said = f": {death.said}" if death.said else ""
        return f"'{' '.join(self.command)}' does not answer ({death.how}){said}"

    def _next(self, source: Iterator[Item]) -> Item | None:
        if self._again:
            return self._again.popleft()
        return next(source, None)

    def _serve(self, source: Iterator[Item], pending: deque[tuple[Item, bytes]], window: int) -> Iterator[Answer]:
        first = self._next(source)
        if first is None:
            return
        self._again.appendleft(first)
        process = Process(self.command)
        held: Item | None = None  # taken from the source, waiting for room
        exhausted = False
        to_write = bytearray()
        read = bytearray()
        # Time in which the program could have been heard: not while others take our answers, or files are fetched.
        silent = 0.0
        watched_errors = True
        try:
            while True:
                while not exhausted and len(pending) < window and len(to_write) < CHUNK:
                    held = held or self._next(source)
                    if held is None:
                        exhausted = True
                    elif pending and not self.opener.room(held):
                        break
                    else:
                        item, held = held, None
                        try:
                            path = self.opener.open(item)
                        except NotOpened as problem:
                            yield Answer(item, problem.outcome, problem.reason, None)
                            continue
                        if not pending:
                            silent = 0.0
                        pending.append((item, path))
                        to_write += path + b"\n"
                if exhausted and not to_write and process.takes_input:
                    process.close_stdin()
                if exhausted and not pending:
                    return

                readers = [process.stdout] + ([process.errors] if watched_errors else [])
                writers = [process.stdin] if to_write and process.takes_input else []
                if silent >= self.silence:
                    process.child.kill()
                    raise self._death(process, f"it was silent for {self.silence:g} s and was ended")
                began = time.monotonic()
                readable, writable, _ = select.select(readers, writers, [], self.silence - silent)
                silent += time.monotonic() - began
                if watched_errors and process.errors in readable:
                    watched_errors = process.drain_errors()
                if process.stdout in readable:
                    chunk = os.read(process.stdout, CHUNK)
                    if not chunk:
                        raise self._death(process, None)
                    silent = 0.0
                    read += chunk
                    *lines, rest = bytes(read).split(b"\n")
                    read = bytearray(rest)
                    if len(read) > LINE_LIMIT:
                        process.child.kill()
                        raise self._death(process, f"its line is longer than {LINE_LIMIT} bytes")
                    for line in lines:
                        yield self._answer(pending, line)
                if writable:
                    try:
                        written = os.write(process.stdin, bytes(to_write[:CHUNK]))
                        del to_write[:written]
                    except BlockingIOError:
                        pass
                    except BrokenPipeError:
                        # What it has printed until here still counts; the end of stdout tells that it is gone.
                        to_write.clear()
                        process.close_stdin()
        finally:
            if held is not None:
                self._again.appendleft(held)
            process.end()

    def _death(self, process: Process, how: str | None) -> _Death:
        code = process.end()
        if how is None:
            how = _signal_name(-code) if code < 0 else f"exit code {code}"
        return _Death(how, process.said())

    def _answer(self, pending: deque[tuple[Item, bytes]], line: bytes) -> Answer:
        if not pending:
            raise ProgramError(f"the program printed a line nobody asked for: {_shown(line)}")
        item, path = pending[0]
        try:
            document = json.loads(line)
            answered, outcome = os.fsencode(document["path"]), document["outcome"]
        except (ValueError, KeyError, TypeError) as error:
            raise ProgramError(f"the program printed no triage line: {_shown(line)}") from error
        if answered != path:
            raise ProgramError(f"the program answered {answered!r} where {path!r} was next")
        pending.popleft()
        self.opener.close(item)
        reason = None if outcome == "read" else _reason(document)
        return Answer(item, str(outcome), reason, line.decode("utf-8", "replace"))


def _reason(document: dict[str, object]) -> str:
    """Why a file was not read, from its line's problems."""
    problems = document.get("problems")
    texts = []
    for problem in problems if isinstance(problems, list) else []:
        if isinstance(problem, dict):
            texts.append(str(problem.get("text") or problem.get("what") or problem))
        else:
            texts.append(str(problem))
    return "; ".join(texts) or str(document["outcome"])


def _shown(line: bytes) -> str:
    return repr(line[:200].decode("utf-8", "replace"))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
