"""A fleet that never was: lines for the stand-in, of which every answer can be counted by hand."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

UNTIL = date(2026, 11, 22)
FIXED = {
    "KB961799": (
        "NetBT mishandles a buffer when a NetBIOS packet carries invalid fields",
        ["install-hotfix", "verify"],
    ),
    "Q315817": ("Terminal Server leaks MDLs", ["install-service-pack"]),
    "KB950162": ("The DFS client waits for itself", ["workaround"]),
}
SIGNATURES = [
    ("bad-input · netbt.sys · netbt!NbtCopyToStartOfIndicate · 0x00000019", "KB961799", 40),
    ("leak · tdpipe.sys · Mdl nonpaged · 0x00000041", "Q315817", 25),
    ("deadlock · mrxdfs.sys · delayed work queue", "KB950162", 15),
    ("acmeusb.sys · acmeusb!Complete · 0x0000007e", None, 12),
    ("win32k.sys · win32k!EngRealizeBrush · 0x00000050", None, 9),
    ("acmefltr.sys · 0x000000d1 with a name that goes on for so long that no column holds it in one line", None, 5),
    ("ntfs.sys · ntfs!NtfsAcquireResource · 0x00000024", None, 3),
]


def lines(seed: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """(name, line) of each file."""
    chance = random.Random(seed)
    found: list[tuple[str, dict[str, Any]]] = []
    for number, (text, article, weight) in enumerate(SIGNATURES):
        for count in range(weight * 3):
            # Days in which weeks are told apart, few enough for a quick test; one signature is grown, one is new.
            back = 3 if number == 6 else chance.choice([0, 6, 8, 21, 30, 50, 77, 120, 400])
            day = UNTIL - timedelta(days=back)
            machine = {"product": "Windows Server 2003", "servicePack": 2, "architecture": "x86"}
            if chance.random() < 0.8:
                machine["name"] = f"SRV{chance.randrange(12):02d}"
            line: dict[str, Any] = {
                "kind": "crash-dump", "time": f"{day}T{chance.randrange(24):02d}:00:00Z", "machine": machine,
                "bugcheck": {"code": "0x00000019", "name": "BAD_POOL_HEADER", "parameters": []},
                "signature": {"id": f"{number:016x}", "text": text, "rules": "2"}, "findings": [], "missing": [],
            }  # fmt: skip
            if article is not None and chance.random() < 0.7:
                title, fix = FIXED[article]
                line["findings"] = [
                    {
                        "article": article, "title": title, "mechanism": "other",
                        "verdict": chance.choice(["confirmed", "probable", "possible"]), "confidence": 0.9,
                        "applicability": chance.choice(["applies", "applies", "unknown"]), "fix": fix,
                    }
                ]  # fmt: skip
            if number == 1:
                line["modules"] = [{"name": "TDPIPE.SYS", "version": f"4.0.1381.{chance.choice([33, 1])}", "size": 1}]
            found.append((f"{number}-{count}.dmp", line))
    for number in range(4):
        tags = [
            {"tag": "Mdl", "pool": "nonpaged", "bytes": 10**9 + number, "bytesPerHour": 1e6 * (number + 1),
             "verdict": "leak", "driver": "tdpipe.sys"},
            {"tag": "File", "pool": "nonpaged", "bytes": 10**7, "verdict": "steady", "driver": "ntfs.sys"},
        ]  # fmt: skip
        line = {
            "kind": "pool-log",
            "time": f"{UNTIL}T12:00:00Z",
            "machine": {"name": f"SRV{number:02d}"},
            "poolTags": tags,
        }
        found.append((f"pool-{number}.txt", {**line, "findings": [], "missing": []}))
    for number in range(6):
        updates = ["KB961799", "KB1"] if number % 2 else ["KB1", "KB2"]
        line = {"kind": "inventory", "machine": {"name": f"SRV{number:02d}"}, "updates": updates, "missing": []}
        found.append((f"inventory-{number}.txt", {**line, "findings": []}))
    found.append(("cut.dmp", {"outcome": "unreadable", "problems": [{"what": "header", "text": "cut at 0x20 <b>&"}]}))
    found.append(("slow.dmp", {"outcome": "time-limit", "problems": []}))
    return found


def write(folder: Path) -> None:
    """The files that make the stand-in print these lines."""
    folder.mkdir(parents=True)
    for name, line in lines():
        (folder / name).write_text(json.dumps({"name": name, "line": line}))
