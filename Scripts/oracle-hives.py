"""Counts keys and values with three readers. Called by Scripts/oracle-hives: LISTING FILE..."""

import logging
import shutil
import subprocess
import sys
import xml.etree.ElementTree as tree

from regipy.registry import RegistryHive

logging.disable(logging.CRITICAL)


def regipy(path):
    """Keys with the root, and values; None where regipy gives up. Its own traversal leaves out the root."""
    try:
        keys = values = 0
        open_keys = [RegistryHive(path).root]
        while open_keys:
            key = open_keys.pop()
            keys += 1
            values += key.values_count if key.values_count < 1 << 20 else 0
            if key.subkey_count:
                open_keys += list(key.iter_subkeys())
        return keys, values
    except Exception as error:  # an oracle may fail in any way it likes
        return f"refused: {type(error).__name__} {error}"[:60]


def hivex(path):
    if not shutil.which("hivexml"):
        return None
    run = subprocess.run(["hivexml", "-k", path], capture_output=True)
    if run.returncode:
        run = subprocess.run(["hivexml", path], capture_output=True)
    try:
        root = tree.fromstring(run.stdout)
    except tree.ParseError:
        return "refused: " + run.stderr.decode(errors="replace").strip()[:50]
    return sum(1 for _ in root.iter("node")), sum(1 for _ in root.iter("value"))


listing, files = sys.argv[1], sys.argv[2:]
differing = compared = 0
for path in files:
    run = subprocess.run([listing, path], capture_output=True, text=True)
    counts = [line.split("\t") for line in run.stdout.splitlines() if line.startswith("extent\t")]
    problems = sum(line.startswith("problem\t") for line in run.stdout.splitlines())
    mine = (int(counts[0][1]), int(counts[0][2])) if counts else "refused"
    others = {"regipy": regipy(path), "hivex": hivex(path)}
    wrong = [n for n, o in others.items() if isinstance(o, tuple) and o != mine]
    compared += any(isinstance(o, tuple) for o in others.values())
    # Where the oracles contradict each other, one of them is enough; damage each reads in its own way.
    bad = wrong and not problems and not any(o == mine for o in others.values())
    differing += bool(bad)
    state = "DIFFERS" if bad else "damaged" if wrong else "ok     "
    print(state, path.rsplit("/", 1)[-1], mine, others, f"{problems} problems" if problems else "", sep="  ")
print(f"{compared} hives compared, {differing} differ")
sys.exit(1 if differing else 0)
