#!/usr/bin/env python3
"""Writes machines' memory, lets readers that share no code with this project read it, and compares field by field.

usage: compare.py --faultline PROGRAM --synthesize PROGRAM --symbols DIR [--seeds 1,2] [--keep DIR]

Readers: volatility3 (dump types 1 and 5 of x64 machines whose symbol tables are in DIR/windows; of older machines its crash
and page-table layers alone) and kdmp_parser (64-bit types 1, 5, 6, 8, 9, 10). Prints one line per file and reader; exit code 1 where any field differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

VOLATILITY_KERNELS = ["7601", "9600", "17763", "19041"]
KDMP_TYPES = ["1", "5", "6", "8", "9", "10"]
# Machines with threads, locks and work queues, see `Synthesize machine --hang`.
HANGS = ["queue-starved", "lock-cycle", "slow-server"]
STATES = {1: "ready", 2: "running", 5: "waiting"}
OBJECTS = {
    0: "notification-event", 1: "synchronization-event", 2: "mutant", 3: "process", 4: "queue", 5: "semaphore", 6: "thread",
    7: "gate", 8: "notification-timer", 9: "synchronization-timer", 21: "priority-queue",
}
# No symbol tables of these are at hand: containers and paging alone are compared. None stands for the kernel's usual one.
LAYER_KERNELS = [
    ("2600", "x86"), ("2600", "x86-pae"), ("3790", "x86"), ("3790", "x86-pae"), ("3790-x64", None), ("6001", "x86"),
    ("6001", "x86-pae"), ("6001-x64", None),
]


def faultline(program, view, path):
    done = subprocess.run(
        [program, "dump", view, path, "--format", "json", "--quiet"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{path}: faultline dump {view}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def volatility(symbols, cache, path, plugin):
    plugins = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plugins")
    done = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "vol"), "-q", "--offline", "--cache-path", cache, "-r", "json", "-s", symbols,
         "-p", plugins, "-f", path, plugin], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{path}: volatility3 {plugin}: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout)


def low48(text):
    """Volatility prints addresses without their sign extension."""
    return int(text, 16) & 0xFFFF_FFFF_FFFF if isinstance(text, str) else text & 0xFFFF_FFFF_FFFF


class Comparison:
    def __init__(self, title):
        self.title, self.fields, self.differences = title, 0, []

    def same(self, what, ours, theirs):
        self.fields += 1
        if ours != theirs:
            self.differences.append(f"    {what}: faultline {ours!r}, {self.title.split()[0]} {theirs!r}")

    def report(self, path):
        state = "agree" if not self.differences else f"{len(self.differences)} DIFFER"
        print(f"{os.path.basename(path)}: {self.title}: {self.fields} fields, {state}", flush=True)
        for line in self.differences[:20]:
            print(line)
        return not self.differences


def second(time):
    """`2016-08-25T06:40:21+00:00` and `2016-08-25T06:40:21Z` to whole seconds."""
    return None if time in (None, "N/A") else str(time).replace(" ", "T")[:19]


def with_volatility(options, path, cache):
    check = Comparison("volatility3 info, crashinfo, modules, pslist")
    summary = faultline(options.faultline, "summary", path)
    modules = summary["modules"]
    info = {row["Variable"]: row["Value"] for row in volatility(options.symbols, cache, path, "windows.info")}
    crash = volatility(options.symbols, cache, path, "windows.crashinfo")[0]
    system = summary["system"]

    check.same("kernel base", low48(modules[0]["base"]), int(info["Kernel Base"], 16))
    pdb = system["buildMatch"]["pdb"]
    check.same("symbol file", f"{pdb['guid']}-{pdb['age']}", os.path.basename(info["Symbols"]).split(".")[0])
    check.same("build", str(system["build"]), info["Major/Minor"].split(".")[1])
    check.same("architecture", summary["format"]["architecture"], "x64" if info["MachineType"] == "34404" else "?")
    check.same("processors", str(system["processors"]), info["KeNumberProcessors"])
    check.same("time", second(system["crashTime"]), second(info["SystemTime"]))
    kinds = {"NtProductWinNt": "workstation", "NtProductLanManNt": "domain-controller", "NtProductServer": "server"}
    check.same("product type", system["productType"], kinds[info["NtProductType"]])
    check.same("major version", system["version"].split(".")[0], info["NtMajorVersion"])
    check.same("minor version", system["version"].split(".")[1], info["NtMinorVersion"])
    if "servicePack" in system:
        check.same("service pack", str(system["servicePack"]), info["CSDVersion"])

    check.same("signature", summary["format"]["kind"][:4], crash["Signature"][:4])
    check.same("header's build", system["build"], crash["MinorVersion"])
    check.same("header's processors", system["processors"], crash["NumberProcessors"])
    check.same("dump type", summary["format"]["dumpTypeNumber"], 1 if "0x1" in crash["DumpType"] else 5)
    check.same("header's time", second(system["crashTime"]), second(crash["SystemTime"]))
    hours, minutes, seconds = crash["SystemUpTime"].split(", ")[-1].split(":")
    days = int(crash["SystemUpTime"].split(" day")[0]) if " day" in crash["SystemUpTime"] else 0
    uptime = ((days * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(float(seconds))
    check.same("up time", system["uptimeSeconds"], uptime)

    theirs = volatility(options.symbols, cache, path, "windows.modules")
    check.same("modules", len(modules), len(theirs))
    for mine, other in zip(modules, theirs):
        check.same("module name", mine["name"], other["Name"])
        check.same(f"{mine['name']} path", mine["path"], other["Path"])
        check.same(f"{mine['name']} base", low48(mine["base"]), low48(other["Base"]))
        check.same(f"{mine['name']} size", mine["size"], low48(other["Size"]))

    processes = faultline(options.faultline, "processes", path)["processes"]
    theirs = volatility(options.symbols, cache, path, "windows.pslist")
    check.same("processes", len(processes), len(theirs))
    for mine, other in zip(processes, theirs):
        name = mine["name"]
        check.same("process name", name, other["ImageFileName"])
        check.same(f"{name} id", mine["id"], other["PID"])
        check.same(f"{name} parent", mine["parent"], other["PPID"])
        check.same(f"{name} address", low48(mine["address"]), low48(other["Offset(V)"]))
        check.same(f"{name} threads", mine["threads"], other["Threads"])
        check.same(f"{name} session", mine.get("session"), other["SessionId"])
        check.same(f"{name} created", second(mine.get("created")), second(other["CreateTime"]))
    return check.report(path)


def hexes(text):
    """`a:b:c d:e:f`, hexadecimal and decimal, as the plugin of ours prints lists."""
    return [part.split(":") for part in text.split()] if text not in (None, "", "-") else []


def with_waits(options, path, cache):
    """Threads by volatility3's own plugin; waits, resources and queues by its layers and the symbol tables' types."""
    check = Comparison("volatility3 threads, and waits, resources, queues by its types")
    ours = {low48(row["address"]): row for row in faultline(options.faultline, "threads", path)["threads"]}
    theirs = volatility(options.symbols, cache, path, "windows.threads")
    # The thread that ran is in no list of the machine's.
    check.same("threads", sorted(ours), sorted(low48(row["Offset"]) for row in theirs))
    for row in theirs:
        mine = ours.get(low48(row["Offset"]), {})
        check.same("thread's id", mine.get("id"), row["TID"])
        check.same("thread's process", mine.get("process", {}).get("id"), row["PID"])
        check.same("thread's start", low48(mine.get("startAddress", "0x0")), low48(row["StartAddress"]))
    for row in volatility(options.symbols, cache, path, "waits.Threads"):
        mine = ours.get(low48(row["Thread"]), {})
        name = f"thread {row['TID']}"
        check.same(f"{name} state", mine.get("state"), STATES.get(row["State"]))
        check.same(f"{name} priority", mine.get("priority"), row["Priority"])
        objects = hexes(row["Objects"])
        waits = mine.get("waitsFor", {}).get("objects", [])
        check.same(f"{name} objects", [(low48(w["address"]), w["type"]) for w in waits],
                   [(low48("0x" + o[0]), OBJECTS.get(int(o[1]))) for o in objects])
        if len(objects) > 1:
            check.same(f"{name} any", mine["waitsFor"]["any"], objects[0][2] == "1")

    locks = faultline(options.faultline, "locks", path)
    mine = {low48(lock["address"]): lock for lock in locks["locks"] if lock["kind"] == "resource"}
    resources = volatility(options.symbols, cache, path, "waits.Resources")
    check.same("resources", locks["resources"], len(resources))
    for row in resources:
        lock = mine.get(low48(row["Resource"]))
        held = row["ActiveCount"] > 0 or row["Shared"] + row["Exclusive"] > 0
        check.same("resource is held", lock is not None, held)
        if lock:
            check.same("resource's owners", [(low48(o["thread"]), o["count"]) for o in lock["owners"]],
                       [(low48("0x" + o[0]), int(o[1])) for o in hexes(row["Owners"])])
            check.same("resource is exclusive", lock["exclusive"], bool(row["Flag"] & 0x80))
            check.same("resource's waiters", (lock["sharedWaiters"], lock["exclusiveWaiters"]),
                       (row["Shared"], row["Exclusive"]))

    queues = {low48(queue["address"]): queue for queue in faultline(options.faultline, "queues", path)["queues"]}
    for row in volatility(options.symbols, cache, path, "waits.Queues"):
        queue = queues.get(low48(row["Queue"]), {})
        check.same("queue's limit", queue.get("maximumRunning"), row["MaximumCount"])
        check.same("queue's items processed", queue.get("itemsProcessed"), row["Processed"])
        check.same("queue's workers", [low48(w["thread"]) for w in queue.get("workers", [])],
                   [low48("0x" + w[0]) for w in hexes(row["Workers"])])
        check.same("queue's items",
                   [(low48(i["address"]), low48(i["routine"]), low48(i["parameter"]), i.get("priority", -1))
                    for i in queue.get("items", [])],
                   [tuple(low48("0x" + v) for v in i[:3]) + (int(i[3]),) for i in hexes(row["Items"])])
    return check.report(path)


def with_kdmp(options, path):
    import kdmp_parser

    check = Comparison("kdmp_parser header and pages")
    summary = faultline(options.faultline, "summary", path)
    dump = kdmp_parser.KernelDumpParser(path)
    header = dump.header
    check.same("dump type", summary["format"]["dumpTypeNumber"], int(dump.type))
    check.same("build", summary["system"]["build"], header.MinorVersion)
    check.same("processors", summary["system"]["processors"], header.NumberProcessors)
    check.same("up time", summary["system"]["uptimeSeconds"], header.SystemUpTime // 10_000_000)
    check.same("instruction pointer", int(summary["stack"][0]["address"], 16), dump.context.Rip)
    check.same("stack pointer", int(summary["stack"][0]["stackPointer"], 16), dump.context.Rsp)
    check.same("stop code", int(summary["bugcheck"]["code"], 16), header.BugCheckCode)
    for index, value in enumerate(summary["bugcheck"]["parameters"]):
        check.same(f"parameter {index + 1}", int(value, 16), header.BugCheckCodeParameter[index])
    check.same("bytes of memory", summary["format"]["memoryBytes"], 4096 * sum(1 for _ in dump.pages))
    # A page of each module is found by both: faultline's module list says where, kdmp_parser's own page walk reads it.
    for module in summary["modules"]:
        base = int(module["base"], 16)
        page = dump.read_virtual_page(base)
        head = bytes(page) if page else b""
        check.same(f"{module['name']} begins with MZ", True, head[:2] == b"MZ")
        pe = int.from_bytes(head[0x3C:0x40], "little")
        check.same(f"{module['name']} timestamp", int(module["timestamp"], 16), int.from_bytes(head[pe + 8:pe + 12], "little"))
    return check.report(path)


def with_layers(options, path, paging):
    """volatility3's containers and page tables, without symbols: the bytes at the addresses that faultline prints."""
    from volatility3.framework import contexts
    from volatility3.framework.layers import crash, intel, physical

    check = Comparison("volatility3 layers")
    summary = faultline(options.faultline, "summary", path)
    narrow = summary["format"]["kind"] == "PAGEDUMP"
    context = contexts.Context()
    context.config["file.location"] = "file://" + os.path.abspath(path)
    context.layers.add_layer(physical.FileLayer(context, "file", "file"))
    context.config["crash.base_layer"] = "file"
    dump = (crash.WindowsCrashDump32Layer if narrow else crash.WindowsCrashDump64Layer)(context, "crash", "crash")
    context.layers.add_layer(dump)
    header = dump.get_header()
    context.config["space.memory_layer"] = "crash"
    context.config["space.page_map_offset"] = int(header.DirectoryTableBase)
    kind = {"x86": intel.WindowsIntel, "x86-pae": intel.WindowsIntelPAE, None: intel.WindowsIntel32e}[paging]
    space = kind(context, "space", "space")
    context.layers.add_layer(space)
    size = 4 if narrow else 8
    mask = (1 << 32) - 1 if narrow else (1 << 48) - 1

    def pointer(address):
        return int.from_bytes(space.read(address & mask, size), "little")

    check.same("build", summary["system"]["build"], int(header.MinorVersion))
    check.same("bytes of memory", summary["format"]["memoryBytes"], sum(part[3] for part in dump._segments))
    # The list of modules, followed by hand: only the readers of the container and of the page tables are volatility's.
    entry = pointer(int(header.PsLoadedModuleList))
    for module in summary["modules"]:
        name = module["name"]
        base = pointer(entry + (0x18 if narrow else 0x30))
        check.same(f"{name} base", int(module["base"], 16), base)
        head = space.read(base & mask, 0x200)
        check.same(f"{name} begins with MZ", True, head[:2] == b"MZ")
        pe = int.from_bytes(head[0x3C:0x40], "little")
        check.same(f"{name} timestamp", int(module["timestamp"], 16), int.from_bytes(head[pe + 8:pe + 12], "little"))
        entry = pointer(entry)
    check.same("the list's end", int(header.PsLoadedModuleList) & mask, entry & mask)
    return check.report(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--faultline", required=True)
    parser.add_argument("--synthesize", required=True)
    parser.add_argument("--symbols", required=True, help="folder with windows/ntkrnlmp.pdb/GUID-AGE.json.xz")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--keep", help="write the dumps here and keep them")
    options = parser.parse_args()
    options.symbols = os.path.abspath(options.symbols)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        target = options.keep or folder
        os.makedirs(target, exist_ok=True)
        cache = os.path.join(folder, "cache")
        os.makedirs(cache)
        for kernel, paging in LAYER_KERNELS:
            for seed in options.seeds.split(","):
                for kind in ("1", "5"):
                    path = os.path.join(target, f"{kernel}-{paging or 'x64'}-type{kind}-seed{seed}.dmp")
                    subprocess.run(
                        [options.synthesize, "machine", "--kernel", kernel, "--type", kind, "--seed", seed, "--output",
                         path] + (["--paging", paging] if paging else []), check=True)
                    good = with_layers(options, path, paging) and good
                    if paging is None:
                        good = with_kdmp(options, path) and good
                    if not options.keep:
                        os.remove(path)
        for kernel in VOLATILITY_KERNELS:
            for seed in options.seeds.split(","):
                for kind in KDMP_TYPES:
                    path = os.path.join(target, f"{kernel}-type{kind}-seed{seed}.dmp")
                    subprocess.run(
                        [options.synthesize, "machine", "--kernel", kernel, "--type", kind, "--seed", seed, "--output",
                         path], check=True)
                    if kind in ("1", "5"):
                        good = with_volatility(options, path, cache) and good
                    good = with_kdmp(options, path) and good
                    if not options.keep:
                        os.remove(path)
        for kernel in VOLATILITY_KERNELS:
            for seed in options.seeds.split(","):
                for hang in HANGS:
                    for kind in ("1", "5"):
                        path = os.path.join(target, f"{kernel}-{hang}-type{kind}-seed{seed}.dmp")
                        subprocess.run(
                            [options.synthesize, "machine", "--kernel", kernel, "--hang", hang, "--type", kind, "--seed",
                             seed, "--output", path], check=True)
                        good = with_waits(options, path, cache) and good
                        if not options.keep:
                            os.remove(path)
    sys.exit(0 if good else 1)


main()
