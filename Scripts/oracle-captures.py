"""Used by Scripts/oracle-captures: LISTING KNOWN FILE... compares the protocols counted in every frame with tshark's."""

import os
import subprocess
import sys

NAMES = ("nbss", "nbns", "nbdgm", "smb", "smb2")
listing, known_path, files = sys.argv[1], sys.argv[2], sys.argv[3:]

# One line for each difference that is explained: file name, frame, protocol.
known = set()
with open(known_path, encoding="utf-8") as lines:
    for line in lines:
        words = line.split("#")[0].split()
        if len(words) == 3:
            known.add((words[0], int(words[1]), words[2]))


def ours(path):
    run = subprocess.run([listing, path], capture_output=True, text=True, errors="replace")
    count, frames = None, {}
    for line in run.stdout.splitlines():
        words = line.split("\t")
        if words[0] == "frames":
            count = int(words[1])
        elif words[0] == "frame":
            frames[int(words[1])] = set(words[2].split(" "))
    return count, frames


def theirs(path):
    # No names are looked up: addresses in captures are nobody's business.
    run = subprocess.run(
        ["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "frame.protocols"],
        capture_output=True, text=True, errors="replace")
    count, frames = 0, {}
    for line in run.stdout.splitlines():
        number, _, layers = line.partition("\t")
        count += 1
        found = set(layers.split(":")) & set(NAMES)
        if found:
            frames[int(number)] = found
    return count, frames


failed = False
compared = differing = 0
for path in files:
    name = os.path.basename(path)
    count, mine = ours(path)
    total, other = theirs(path)
    if count != total:
        print(f"{name}: {count} frames, tshark {total}")
        failed = True
    for frame in sorted(set(mine) | set(other)):
        for protocol in NAMES:
            here, there = protocol in mine.get(frame, ()), protocol in other.get(frame, ())
            compared += here or there
            if here == there:
                continue
            differing += 1
            is_known = (name, frame, protocol) in known
            failed = failed or not is_known
            mark = "explained" if is_known else "DIFFERS"
            print(f"{name}: frame {frame}: {protocol} {'here' if here else 'tshark'} only, {mark}")
print(f"{len(files)} files, {compared} protocols of frames, {differing} differ")
sys.exit(1 if failed else 0)
