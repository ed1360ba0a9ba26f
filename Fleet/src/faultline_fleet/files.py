"""Brings listed files to where the program can read them: local ones in place, remote ones copied, bounded."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from .stream import Item, NotOpened

#: Copies a remote file (URI) to a local path; raises an exception that says why it could not.
Fetch = Callable[[str, str], None]


def local_path(uri: str) -> str | None:
    """The path of a file of this machine; absent for one that must be fetched.

    Hadoop writes `file:/a b` and does not escape, so nothing is unescaped here.
    """
    if uri.startswith("/"):
        return uri
    if uri.startswith("file:"):
        rest = uri[len("file:") :]
        return "/" + rest.lstrip("/")
    return None


class Files:
    """The program's files on one worker. At most `limit` bytes of fetched files lie on its disk at a time."""

    def __init__(self, scratch: str, limit: int, fetch: Fetch | None = None):
        self.limit = limit
        self.fetch = fetch
        self.folder = tempfile.mkdtemp(prefix="faultline-", dir=scratch)
        self.used = 0
        self._copies: dict[str, tuple[str, int]] = {}
        self._count = 0

    def room(self, item: Item) -> bool:
        return local_path(item.path) is not None or self.used + item.bytes <= self.limit

    def open(self, item: Item) -> bytes:
        local = local_path(item.path)
        if local is not None:
            if "\n" not in local and "\r" not in local:
                return os.fsencode(local)
            # The program's input has one path a line.
            name = self._name()
            os.symlink(local, name)
            self._copies[item.path] = (name, 0)
            return os.fsencode(name)
        if item.bytes > self.limit:
            raise NotOpened("too-large", f"{item.bytes} bytes; at most {self.limit} are fetched (--scratch-limit)")
        if self.fetch is None:
            raise NotOpened("not-fetched", "only files of this machine can be read here")
        name = self._name()
        try:
            self.fetch(item.path, name)
        except Exception as problem:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise NotOpened("not-fetched", str(problem) or type(problem).__name__) from problem
        size = os.path.getsize(name)
        self._copies[item.path] = (name, size)
        self.used += size
        return os.fsencode(name)

    def close(self, item: Item) -> None:
        copy = self._copies.pop(item.path, None)
        if copy is not None:
            name, size = copy
            self.used -= size
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _name(self) -> str:
        self._count += 1
        return str(Path(self.folder) / f"{self._count}.evidence")
