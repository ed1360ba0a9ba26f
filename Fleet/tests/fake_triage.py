#!/usr/bin/env python3
"""Stands in for the program where a test needs it to misbehave: what to do stands in each file, as JSON.

Keys: `do` (`die`, `die-once`, `exit`, `hang`, `garbage`, `shuffle`, `noise`), `line` (merged into the answer).
"""

import hashlib
import json
import os
import pathlib
import signal
import sys
import time


def main() -> int:
    if sys.argv[1:] == ["--version"]:
        print("0.0.0-fake")
        return 0
    mode = os.environ.get("FAKE_TRIAGE", "")
    if mode == "broken":
        print("Error: no such table: articles", file=sys.stderr)
        return 70
    for raw in sys.stdin.buffer:
        path = raw.rstrip(b"\n")
        line = {"schema": "faultline.triage/1", "path": os.fsdecode(path)}
        try:
            content = pathlib.Path(os.fsdecode(path)).read_bytes()
        except OSError:
            say({**line, "outcome": "no-such-file", "problems": [{"what": "file", "text": "no such file"}]})
            continue
        line |= {
            "outcome": "read",
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "problems": [],
        }
        try:
            told = json.loads(content)
        except ValueError:
            told = {}
        do = told.get("do")
        if do == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if do == "die-once":
            mark = os.fsdecode(path) + ".mark"
            if not os.path.exists(mark):
                open(mark, "w").close()
                os.kill(os.getpid(), signal.SIGSEGV)
        if do == "exit":
            return 70
        if do == "hang":
            time.sleep(3600)
        if do == "garbage":
            print("Fatal error: not JSON", flush=True)
            continue
        if do == "shuffle":
            line["path"] = "/somebody/else"
        if do == "noise":
            sys.stderr.write("x" * (1 << 20))
        say(line | told.get("line", {}))
    return 0


def say(line: dict) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


sys.exit(main())
