#!/usr/bin/env python3
"""Compare what ReaderListing reads of images and PDBs with pefile, llvm-readobj and llvm-pdbutil.

usage: compare_images.py READERLISTING FILE...

Prints each difference and a table of what was compared. Exit status 0 when nothing differs.
"""
import re, subprocess, sys
from collections import Counter, defaultdict

import pefile

pefile.MAX_SYMBOL_NAME_LENGTH = 4096
pefile.MAX_SYMBOL_EXPORT_COUNT = 0x10000
listing = sys.argv[1]
compared, differing, refused = Counter(), Counter(), Counter()
shown = Counter()


def check(what, path, theirs, ours):
    compared[what] += 1
    if theirs != ours:
        differing[what] += 1
        shown[what] += 1
        if shown[what] <= 5:
            if isinstance(theirs, (list, set)) and isinstance(ours, (list, set)):
                a, b = [x for x in theirs if x not in ours], [x for x in ours if x not in theirs]
                print(f"{path}: {what}: theirs {len(theirs)} {a[:3]}, ours {len(ours)} {b[:3]}")
            else:
                print(f"{path}: {what}: theirs {theirs!r}, ours {ours!r}")


def ours(path):
    run = subprocess.run([listing, path], capture_output=True)
    if run.returncode:
        print(f"{path}: ReaderListing failed: {run.stderr[-300:]!r}")
        differing["program"] += 1
    rows = defaultdict(list)
    for text in run.stdout.decode("utf-8", "replace").split("\n"):
        words = text.split("\t")
        rows[words[0]].append(words[1:])
        rows["all"].append(words)
    return rows


def text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def clean(value):
    return "".join(f"\\x{ord(c):#x}" if ord(c) < 0x20 else c for c in value)


# --- images -----------------------------------------------------------------------------------------------------------

def compare_image(path):
    mine = ours(path)
    try:
        pe = pefile.PE(path)
    except pefile.PEFormatError as error:
        check("refused", path, True, bool(mine["error"]))
        refused[str(error)[:50]] += 1
        return
    if not mine["machine"]:
        check("opened", path, True, mine["error"])
        return
    for name, value in (("machine", pe.FILE_HEADER.Machine), ("timestamp", pe.FILE_HEADER.TimeDateStamp),
                        ("imageSize", pe.OPTIONAL_HEADER.SizeOfImage), ("entryPoint", pe.OPTIONAL_HEADER.AddressOfEntryPoint),
                        ("base", pe.OPTIONAL_HEADER.ImageBase)):
        check(name, path, value, int(mine[name][0][0], 16))
    check("checksum", path, [pe.OPTIONAL_HEADER.CheckSum, pe.generate_checksum()], [int(x, 16) for x in mine["checksum"][0]])
    check("sections", path,
          [[clean(text(s.Name.rstrip(b"\0"))), hex(s.VirtualAddress), hex(s.Misc_VirtualSize), hex(s.PointerToRawData), hex(s.SizeOfRawData)]
           for s in pe.sections], mine["section"])
    debug = getattr(pe, "DIRECTORY_ENTRY_DEBUG", [])
    check("debug entries", path, [[hex(d.struct.Type), hex(d.struct.TimeDateStamp), hex(d.struct.SizeOfData)] for d in debug], mine["debug"])
    for d in debug:
        if d.entry is not None and hasattr(d.entry, "Signature_String"):
            key = mine["pdb"][0][0] + format(int(mine["pdb"][0][1], 16), "X") if mine["pdb"] else None
            check("debug identity", path, d.entry.Signature_String.upper(), key)
            break
    exports = getattr(pe, "DIRECTORY_ENTRY_EXPORT", None)
    theirs = [[s.ordinal, text(s.name or b""), s.address, text(s.forwarder or b"")] for s in exports.symbols] if exports else []
    own = [[int(a), b, int(c, 16), d] for a, b, c, d in mine["export"]]
    check("exports", path, sorted(theirs), sorted(own))
    compared["each export"] += len(own)
    compare_version(path, pe, mine)
    if pe.FILE_HEADER.Machine == 0x8664:
        compare_x64(path, pe, mine)
    if pe.FILE_HEADER.Machine == 0xAA64:
        compare_arm64(path, mine)


def compare_version(path, pe, mine):
    fixed = getattr(pe, "VS_FIXEDFILEINFO", None)
    if fixed:
        f = fixed[0]
        four = lambda a, b: f"{a >> 16}.{a & 0xFFFF}.{b >> 16}.{b & 0xFFFF}"
        check("fixed versions", path, [four(f.FileVersionMS, f.FileVersionLS), four(f.ProductVersionMS, f.ProductVersionLS)],
              mine["version"][0] if mine["version"] else None)
    strings, translations = [], []
    for entry in (getattr(pe, "FileInfo", None) or [[]])[0]:
        for table in getattr(entry, "StringTable", []):
            strings += [[clean(text(k)), clean(text(v))] for k, v in table.entries.items()]
        for var in getattr(entry, "Var", []):
            for value in var.entry.values():
                words = [int(x, 16) for x in value.split()]
                translations += [[hex(words[i]), hex(words[i + 1])] for i in range(0, len(words) - 1, 2)]
    if strings:
        check("version strings", path, strings, mine["string"])
        compared["each version string"] += len(strings)
    if translations:
        check("translations", path, translations[:1], mine["translation"][:1])


REGISTERS = "RAX RCX RDX RBX RSP RBP RSI RDI R8 R9 R10 R11 R12 R13 R14 R15".split()


def code(unwind):
    """pefile's words for one operation as ReaderListing spells them; None for those that belong to epilogues."""
    words = re.split(r"[ ,]+", str(unwind))
    s = unwind.struct
    kind = words[0]
    if kind == ".PUSHREG":
        return [str(s.CodeOffset), f"push {REGISTERS.index(words[1])}"]
    if kind == ".ALLOCSTACK":
        return [str(s.CodeOffset), f"alloc {int(words[1], 16)}"]
    if kind == ".SETFRAME":
        return [str(s.CodeOffset), "setframe"]
    if kind == ".SAVEREG":
        return [str(s.CodeOffset), f"save {REGISTERS.index(words[1])} {int(words[2], 16)}"]
    if kind == ".SAVEXMM128":
        return [str(s.CodeOffset), f"xmm {words[1].upper().removeprefix('XMM')} {int(words[2], 16)}"]
    if kind == ".PUSHFRAME":
        return [str(s.CodeOffset), f"machframe {1 if len(words) > 1 and words[1] else 0}"]
    return None


def compare_x64(path, pe, mine):
    theirs = getattr(pe, "DIRECTORY_ENTRY_EXCEPTION", [])
    rows, current = [], None
    for words in mine["all"]:
        if words[0] == "function":
            current = {"function": words[1:], "codes": [], "unwind": None, "chained": None}
            rows.append(current)
        elif words[0] in ("unwind", "chained") and current:
            current[words[0]] = words[1:]
        elif words[0] == "code" and current:
            current["codes"].append(words[1:])
    # pefile stops at the first entry of zeros or that does not fit.
    check("functions", path, [[hex(e.struct.BeginAddress), hex(e.struct.EndAddress), hex(e.struct.UnwindData)] for e in theirs],
          [r["function"] for r in rows][:len(theirs)])
    compared["each x64 function"] += len(theirs)
    for entry, row in zip(theirs, rows):
        info = entry.unwindinfo
        if info is None or row["unwind"] is None:
            continue
        head = [str(info.Version), str(info.Flags), str(info.SizeOfProlog)]
        check("unwind heads", path, head, row["unwind"][:3])
        codes = [c for c in map(code, info.UnwindCodes) if c]
        # pefile names a frame's offset in units and a pushed frame's register differently in some versions: compared as text.
        check("unwind codes", path, codes, [c for c in row["codes"]])


def arm_code(line):
    """llvm's text for one ARM64 instruction as ReaderListing spells it."""
    line = line.split(";")[-1].strip().replace("lr", "x30").replace("fp", "x29")
    register = lambda r: f"PortableExecutable.ARM64UnwindCode.Register.{r[0]}({r[1:]})"
    number = lambda m: abs(int(m))
    m = re.fullmatch(r"(?:stp|ldp) (\w+), (\w+), \[sp(?:, #(-?\d+))?\](!)?(?:, #(\d+))?", line)
    if m:
        pre = bool(m[4] or m[5])
        return f"savePair({register(m[1])}, {register(m[2])}, offset: {number(m[5] or m[3] or 0)}, preIndexed: {str(pre).lower()})"
    m = re.fullmatch(r"(?:str|ldr) (\w+), \[sp(?:, #(-?\d+))?\](!)?(?:, #(\d+))?", line)
    if m:
        pre = bool(m[3] or m[4])
        return f"saveRegister({register(m[1])}, offset: {number(m[4] or m[2] or 0)}, preIndexed: {str(pre).lower()})"
    m = re.fullmatch(r"(?:sub|add) sp, (?:sp, )?#(\d+)", line)
    if m:
        return f"allocate({m[1]})"
    m = re.fullmatch(r"(?:sub|add) x29, (?:sp, )?#(\d+)", line)
    if m:
        return f"setFrame({m[1]})"
    return {"mov x29, sp": "setFrame(0)", "mov sp, x29": "setFrame(0)", "nop": "nop", "end": "end", "end_c": "endOfContinued",
            "save next": "saveNext", "clear unwound to call": "clearUnwoundToCall", "pacibsp": "signReturnAddress",
            "autibsp": "signReturnAddress"}.get(line, line)


def compare_arm64(path, mine):
    run = subprocess.run(["llvm-readobj-14", "--unwind", path], capture_output=True, text=True, errors="replace")
    theirs, part = [], None
    base = int(mine["base"][0][0], 16)
    for raw in run.stdout.splitlines():
        l = raw.strip()
        if l.startswith("Function: "):
            theirs.append([hex(int(l.split()[1].strip("()"), 16) - base), None, []])
        elif l.startswith("FunctionLength: ") and theirs:
            theirs[-1][1] = hex(int(l.split()[1]))
        elif l == "Prologue [":
            part = theirs[-1][2]
        elif l == "]":
            part = None
        elif part is not None and l:
            part.append(arm_code(l))
    own, current = [], None
    for words in mine["all"]:
        if words[0] == "arm64":
            current = [words[1], words[2], []]
            own.append(current)
        elif words[0] == "prologue":
            current[2] = [c for c in re.findall(r"\w+(?:\((?:[^()]|\([^()]*\))*\))?", words[1])]
    for a, b in zip(theirs, own):
        check("arm64 functions", path, a[:2], b[:2])
        # A pair of one register and the return address that moves the stack pointer has no code of its own, and llvm no answer.
        if "INVALID!" in a[2]:
            compared["arm64 left out by llvm"] += 1
        else:
            check("arm64 prologues", path, a[2], b[2])
    check("arm64 count", path, len(theirs), len(own))


# --- PDBs -------------------------------------------------------------------------------------------------------------

def pdbutil(path, *options):
    run = subprocess.run(["llvm-pdbutil", "dump", *options, path], capture_output=True, text=True, errors="replace")
    return run.stdout


def compare_pdb(path):
    mine = ours(path)
    summary = pdbutil(path, "--summary")
    m = re.search(r"GUID: \{([^}]*)\}", summary)
    if not m:
        check("refused", path, True, bool(mine["error"]))
        refused["llvm-pdbutil"] += 1
        return
    value = lambda key: int(re.search(key + r": (\d+)", summary)[1])
    check("guid", path, [m[1].replace("-", ""), value("Age"), value("Signature")],
          [mine["guid"][0][0], int(mine["guid"][0][1]), int(mine["guid"][0][2])])
    check("streams", path, [value("Number of streams"), value("Block Size")], [int(x) for x in mine["streams"][0]])
    publics = []
    for name, flags, section, offset in re.findall(r"S_PUB32 \[size = \d+\] `(.*)`\n\s+flags = (.*), addr = (\d+):(\d+)", pdbutil(path, "--publics")):
        kind = "publicFunction" if "function" in flags else "publicOther" if "code" in flags else "publicData"
        publics.append((kind, str(int(section)), str(int(offset)), name))
    own = [tuple(w[:4]) for w in mine["global"] if w[0].startswith("public")]
    check("publics", path, sorted(publics), sorted(own))
    compared["each public"] += len(own)
    procedures = [(name, str(int(section)), str(int(offset)), size) for name, section, offset, size in re.findall(
        r"S_[GL]PROC32(?:_ID)? \[size = \d+\] `(.*)`\n\s+parent = \d+, end = \d+, addr = (\d+):(\d+), code size = (\d+)",
        pdbutil(path, "--symbols"))]
    own = [(w[3], w[1], w[2], w[4]) for w in mine["module"] if w[0] == "procedure"]
    check("procedures", path, sorted(procedures), sorted(own))
    compared["each procedure"] += len(own)
    compare_frames(path, mine)
    compare_types(path, mine)


def compare_frames(path, mine):
    """FPO_DATA and FRAMEDATA; those of databases whose code was moved are in other addresses and not compared."""
    text, theirs = pdbutil(path, "--fpo"), []
    old, _, new = text.partition("New FPO Data")
    kinds = {"FPO": "noFramePointer", "Trap": "trap", "TSS": "taskSegment", "NonFPO": "framePointer", "Non-FPO": "framePointer"}
    for rva, size, local, parameters, prologue, saved, bp, kind in re.findall(
            r"^([0-9A-F]{8}) \|\s+(\d+) \|\s+(\d+) \|\s+(\d+) \|\s+(\d+) \|\s+(\d+) \|\s+(\w+) \|\s+\w+ \|\s+(\S+)$", old, re.M):
        theirs.append((int(rva, 16), int(size), 4 * int(local), 4 * int(parameters), int(prologue), 4 * int(saved),
                       "bp" if bp == "true" else "-", kinds.get(kind, kind), "-"))
    for rva, size, local, parameters, prologue, saved, program in re.findall(
            r"^([0-9A-F]{8}) \|\s+(\d+) \|\s+(\d+) \|\s+(\d+) \|\s+\d+ \|\s+(\d+) \|\s+(\d+) \|\s+\w+ \|\s+\w+ \|\s+\w+ \| ?(.*)$", new, re.M):
        theirs.append((int(rva, 16), int(size), int(local), int(parameters), int(prologue), int(saved), "-", "program", program.strip()))
    own = [(int(w[0], 16), *(int(x) for x in w[1:6]), w[6], w[7], w[8].strip()) for w in mine["frame"]]
    check("frames", path, sorted(theirs), sorted(own))
    compared["each frame record"] += len(own)


def compare_types(path, mine):
    lists, structures, bits, current = defaultdict(list), {}, {}, None
    pending = None
    for l in pdbutil(path, "--types").splitlines():
        m = re.match(r"\s+(0x[0-9A-F]+) \| (LF_\w+) \[size = \d+\](?: `(.*)`)?$", l)
        if m:
            current, kind, name = int(m[1], 16), m[2], m[3]
            pending = (current, kind, name)
            continue
        m = re.match(r"\s+- LF_MEMBER \[name = `(.*)`, Type = (0x[0-9A-F]+|<no type>).*, offset = (\d+), attrs", l)
        if m:
            lists[current].append(["member", m[1], int(m[3]), int(m[2], 16) if m[2][0] == "0" else 0])
        m = re.match(r"\s+- LF_INDEX .*?(0x[0-9A-F]+)", l) or re.match(r"\s+- LF_INDEX \[cont = (0x[0-9A-F]+)", l)
        if m:
            lists[current].append(["more", int(m[1], 16)])
        m = re.match(r"\s+type = .*, bit offset = (\d+), # bits = (\d+)", l)
        if m:
            bits[current] = f"{m[1]}:{m[2]}"
        m = re.search(r"field list: (0x[0-9A-F]+)", l)
        if m and pending and pending[1] in ("LF_STRUCTURE", "LF_CLASS", "LF_UNION"):
            structures[pending[0]] = [pending[2], int(m[1], 16), None]
        m = re.search(r"sizeof (\d+)", l)
        if m and pending and pending[0] in structures:
            structures[pending[0]][2] = int(m[1])

    def members(number, depth=0):
        result = []
        for item in lists[number]:
            if item[0] == "more" and depth < 100:
                result += members(item[1], depth + 1)
            elif item[0] == "member":
                result.append([item[1], str(item[2]), bits.get(item[3], "-")])
        return result

    own, current = {}, None
    for words in mine["all"]:
        if words[0] == "type":
            current = own[int(words[1], 16)] = [words[2], words[3], int(words[4]), []]
        elif words[0] == "field" and current and current[1] != "enumeration":
            current[3].append([words[1], words[2], words[4]])
    for number, (name, fields, size) in structures.items():
        if number not in own:
            check("types", path, name, None)
            continue
        check("types", path, [name, size], [own[number][0], own[number][2]])
        check("fields", path, members(fields), own[number][3])


for path in sys.argv[2:]:
    with open(path, "rb") as f:
        head = f.read(32)
    if head.startswith(b"Microsoft C/C++"):
        compare_pdb(path)
    elif head.startswith(b"MZ"):
        compare_image(path)
print("\ncompared                     differing")
for what in sorted(compared):
    print(f"{what:24} {compared[what]:8} {differing[what]:6}")
print(f"refused by both: {dict(refused)}")
sys.exit(1 if sum(differing.values()) else 0)
