import Facts
import Testing

/// The founding cases and their look-alikes as literal facts; no bytes.
enum Sample {
  static func stop(_ code: UInt32) -> Fact {
    Fact(.stop, "stop \(hexadecimal(UInt64(code)))", attributes: ["code": .stopCode(StopCode(code))])
  }

  static func frame(
    _ position: String, _ module: String, _ symbol: String, thread: String = "faulting", trust: Trust = .observed
  ) -> Fact {
    Fact(
      .frame, "\(position) \(symbol)",
      attributes: [
        "position": .text(position), "module": .text(module), "symbol": .text(symbol), "thread": .text(thread),
      ], trust: trust)
  }

  static func culprit(_ module: String) -> Fact {
    Fact(.culprit, "laid to \(module)", attributes: ["module": .text(module)], trust: .inferred)
  }

  static func module(_ name: String, _ version: FileVersion? = nil) -> Fact {
    var attributes: [FactAttribute: FactValue] = ["module": .text(name)]
    attributes["version"] = version.map(FactValue.version)
    return Fact(.module, "\(name) is loaded", attributes: attributes)
  }

  static let moduleList = Fact(.moduleList, "the list was read whole", attributes: ["count": .integer(150)])
  static let hang = Fact(.hang, "the machine hung", trust: .stated)

  static func poolUse(_ tag: String, _ pool: String, share: Double) -> Fact {
    Fact(
      .poolUse, "\(tag) holds \(share)",
      attributes: [
        "tag": PoolTag(tag).map(FactValue.poolTag) ?? .text(tag), "pool": .text(pool), "share": .number(share),
      ])
  }

  static func growth(_ tag: String, _ pool: String, _ verdict: String, event: String? = nil) -> Fact {
    var attributes: [FactAttribute: FactValue] = [
      "tag": PoolTag(tag).map(FactValue.poolTag) ?? .text(tag), "pool": .text(pool), "verdict": .text(verdict),
    ]
    if let event {
      attributes["event"] = .text(event)
      attributes["perEvent"] = .number(128)
    }
    return Fact(.poolGrowth, "\(tag) \(verdict)", attributes: attributes)
  }

  static func owner(_ tag: String, _ module: String, _ means: String = "descriptors") -> Fact {
    Fact(
      .poolOwner, "\(tag) leads to \(module)",
      attributes: [
        "tag": PoolTag(tag).map(FactValue.poolTag) ?? .text(tag), "module": .text(module), "means": .text(means),
      ])
  }

  static let inStep = Fact(
    .poolInStep, "IoSe and Pp rise in step", attributes: ["tags": .text("IoSe,Pp"), "ratio": .number(2)])

  static func nullUse(_ module: String, _ symbol: String) -> Fact {
    Fact(
      .nullDereference, "NULL used in \(symbol)",
      attributes: ["module": .text(module), "symbol": .text(symbol), "referenced": .address(VirtualAddress(0x18))])
  }

  static let otherSession = Fact(
    .otherSessionRemoves, "session 3 removes an image",
    attributes: ["component": .text("session-image"), "session": .integer(3)])

  static func starved(_ queue: String, _ client: String, needs: String = "mrxsmb.sys", trust: Trust = .inferred) -> Fact
  {
    Fact(
      .queueStarved, "\(queue) queue starved by \(client)",
      attributes: [
        "queue": .text(queue), "client": .text(client), "needs": .text(needs), "workers": .integer(10),
        "pending": .integer(40),
      ], trust: trust)
  }

  static func malformed(_ name: String) -> Fact {
    Fact(
      .malformedFrame, "malformed \(name) frame",
      attributes: ["protocol": .text(name), "field": .text("length"), "source": .text("192.0.2.7")])
  }

  static func samba(_ version: String) -> Fact {
    Fact(.announcedServer, "Samba \(version)", attributes: ["software": .text("Samba"), "version": .text(version)])
  }

  static let referrals = Fact(
    .referralsUnanswered, "30 shares", attributes: ["shares": .integer(30), "unanswered": .integer(28)])

  static let server2003 = Machine(
    product: "Windows Server 2003", servicePack: ServicePack(2), architecture: .x86, version: "5.2.3790")
  static let server2003Release = Machine(
    product: "Windows Server 2003", servicePack: ServicePack(0), architecture: .x86, version: "5.2.3790")
  static let server2008 = Machine(
    product: "Windows Server 2008", servicePack: ServicePack(1), architecture: .x86, version: "6.0.6001")
  static let terminalServer = Machine(
    product: "Windows NT 4.0 Terminal Server Edition", servicePack: ServicePack("6a"), architecture: .x86,
    version: "4.0.1381")
  static let xp = Machine(
    product: "Windows XP", servicePack: ServicePack(3), architecture: .x86, version: "5.1.2600",
    files: [ModuleIdentity(name: "ntoskrnl.exe", version: FileVersion(5, 1, 2600, 5512))])
  static let windows10 = Machine(product: "Windows 10", servicePack: nil, architecture: .x64, version: "10.0.19041.804")
}

/// One founding case: the evidence that must lead to its article, and how far.
struct FoundingCase: Sendable, CustomTestStringConvertible {
  var id: String
  var name: String
  var facts: [Fact]
  var machine: Machine
  var verdict: String
  var testDescription: String { "\(id) \(name)" }

  static let all: [FoundingCase] = [
    FoundingCase(
      id: "FL-0001", name: "dump with both sessions",
      facts: [
        Sample.stop(0x8E), Sample.nullUse("ntkrnlpa.exe", "nt!MiSessionLookupImage"), Sample.otherSession,
        Sample.module("viphook.dll"),
      ],
      machine: Sample.server2008, verdict: "confirmed"),
    FoundingCase(
      id: "Q315817", name: "dump with descriptors followed",
      facts: [
        Sample.stop(0x41), Sample.poolUse("Mdl", "nonpaged", share: 0.7), Sample.owner("Mdl", "tdpipe.sys"),
        Sample.module("tdpipe.sys"), Sample.moduleList,
      ],
      machine: Sample.terminalServer, verdict: "confirmed"),
    FoundingCase(
      id: "Q315817", name: "pool log alone",
      facts: [Sample.growth("Mdl", "nonpaged", "leak"), Sample.poolUse("Mdl", "nonpaged", share: 0.7)],
      machine: Sample.terminalServer, verdict: "possible"),
    FoundingCase(
      id: "Q315817", name: "pool log and the driver's name",
      facts: [
        Sample.growth("Mdl", "nonpaged", "leak"), Sample.poolUse("Mdl", "nonpaged", share: 0.7),
        Sample.module("tdpipe.sys"),
      ],
      machine: Sample.terminalServer, verdict: "probable"),
    FoundingCase(
      id: "KB950162", name: "pool log",
      facts: [Sample.inStep, Sample.growth("IoSe", "paged", "leak"), Sample.growth("Pp", "paged", "leak")],
      machine: Sample.xp, verdict: "confirmed"),
    FoundingCase(
      id: "KB950162", name: "pool log with events",
      facts: [
        Sample.growth("IoSe", "paged", "leak", event: "driver-load"),
        Sample.growth("Pp", "paged", "leak", event: "driver-load"), Sample.hang,
      ],
      machine: Sample.xp, verdict: "confirmed"),
    FoundingCase(
      id: "FL-0004", name: "dump of the hung machine",
      facts: [Sample.starved("critical", "mup.sys"), Sample.hang, Sample.module("mup.sys"), Sample.moduleList],
      machine: Sample.server2003Release, verdict: "probable"),
    FoundingCase(
      id: "FL-0004", name: "capture alone", facts: [Sample.referrals], machine: Sample.server2003Release,
      verdict: "probable"),
    FoundingCase(
      id: "KB961799", name: "dump",
      facts: [
        Sample.stop(0xD1), Sample.frame("top", "netbt.sys", "netbt!NbtCopyToStartOfIndicate"),
        Sample.module("netbt.sys"), Sample.moduleList,
      ],
      machine: Sample.server2003, verdict: "confirmed"),
    FoundingCase(
      id: "KB961799", name: "capture and stop",
      facts: [Sample.stop(0x50), Sample.malformed("nbss"), Sample.samba("3.0.20")], machine: Sample.server2003,
      verdict: "probable"),
    FoundingCase(
      id: "KB961799", name: "capture alone", facts: [Sample.malformed("nbss")], machine: Sample.server2003,
      verdict: "possible"),
  ]
}

/// Evidence that looks like a founding case and has another cause.
struct LookAlike: Sendable, CustomTestStringConvertible {
  var id: String
  var name: String
  var facts: [Fact]
  var machine: Machine
  /// nil where the issue must not be a finding at all.
  var verdict: String?
  var testDescription: String { "\(id) \(name)" }

  static let all: [LookAlike] = [
    // A stop code alone, or with a driver that is on every machine.
    LookAlike(
      id: "KB961799", name: "stop code alone", facts: [Sample.stop(0xD1)], machine: Sample.server2003,
      verdict: "possible"),
    LookAlike(
      id: "KB961799", name: "stop code and loaded driver",
      facts: [Sample.stop(0x0A), Sample.module("netbt.sys"), Sample.moduleList], machine: Sample.server2003,
      verdict: "possible"),
    LookAlike(
      id: "KB961799", name: "netbt.sys to blame in another function",
      facts: [
        Sample.stop(0xD1), Sample.culprit("netbt.sys"), Sample.frame("top", "netbt.sys", "netbt!NbtTimeout"),
        Sample.module("netbt.sys"),
      ],
      machine: Sample.server2003, verdict: "possible"),
    LookAlike(
      id: "KB961799", name: "function named by symbols of unknown origin",
      facts: [Sample.stop(0xD1), Sample.frame("top", "netbt.sys", "netbt!NbtCopyToStartOfIndicate", trust: .guessed)],
      machine: Sample.server2003, verdict: "probable"),
    LookAlike(
      id: "KB961799", name: "Samba that is new enough", facts: [Sample.stop(0xD1), Sample.samba("3.0.28")],
      machine: Sample.server2003, verdict: "possible"),
    LookAlike(
      id: "KB961799", name: "hardware error while netbt copied",
      facts: [Sample.stop(0x124), Sample.frame("top", "netbt.sys", "netbt!NbtCopyToStartOfIndicate")],
      machine: Sample.server2003, verdict: "ruled-out"),
    LookAlike(
      id: "KB961799", name: "same function on Windows 10",
      facts: [Sample.stop(0xD1), Sample.frame("top", "netbt.sys", "netbt!NbtCopyToStartOfIndicate")],
      machine: Sample.windows10, verdict: "ruled-out"),
    LookAlike(
      id: "KB961799", name: "stop code on Windows 10",
      facts: [Sample.stop(0xD1), Sample.module("netbt.sys"), Sample.moduleList],
      machine: Sample.windows10, verdict: nil),
    LookAlike(
      id: "KB961799", name: "driver in a complete list and nothing else",
      facts: [Sample.module("netbt.sys"), Sample.moduleList],
      machine: Sample.server2003, verdict: nil),
    // Pool.
    LookAlike(
      id: "Q315817", name: "stop code alone", facts: [Sample.stop(0x41)], machine: Sample.terminalServer,
      verdict: "possible"),
    LookAlike(
      id: "Q315817", name: "descriptors of another driver",
      facts: [
        Sample.stop(0x41), Sample.poolUse("Mdl", "nonpaged", share: 0.7), Sample.owner("Mdl", "wdica.sys"),
        Sample.module("tdpipe.sys"),
      ],
      machine: Sample.terminalServer, verdict: "ruled-out"),
    LookAlike(
      id: "Q315817", name: "another tag fills the pool",
      facts: [Sample.stop(0x41), Sample.poolUse("Irp", "nonpaged", share: 0.8), Sample.module("tdpipe.sys")],
      machine: Sample.terminalServer, verdict: "ruled-out"),
    LookAlike(
      id: "Q315817", name: "tdpipe.sys not loaded",
      facts: [
        Sample.stop(0x41), Sample.poolUse("Mdl", "nonpaged", share: 0.7), Sample.module("tcpip.sys"), Sample.moduleList,
      ],
      machine: Sample.terminalServer, verdict: "ruled-out"),
    LookAlike(
      id: "Q315817", name: "a few descriptors of tdpipe.sys on a sound machine",
      facts: [Sample.poolUse("Mdl", "nonpaged", share: 0.02), Sample.owner("Mdl", "tdpipe.sys")],
      machine: Sample.terminalServer, verdict: "possible"),
    LookAlike(
      id: "Q315817", name: "tag of another case", facts: [Sample.stop(0x41), Sample.growth("MDL", "nonpaged", "leak")],
      machine: Sample.terminalServer, verdict: "possible"),
    LookAlike(
      id: "Q315817", name: "Mdl grows and shrinks again",
      facts: [
        Sample.stop(0x41), Sample.growth("Mdl", "nonpaged", "burst"), Sample.poolUse("Mdl", "nonpaged", share: 0.3),
      ],
      machine: Sample.terminalServer, verdict: "ruled-out"),
    LookAlike(
      id: "KB950162", name: "only IoSe grows",
      facts: [Sample.growth("IoSe", "paged", "leak"), Sample.growth("Pp", "paged", "steady")], machine: Sample.xp,
      verdict: "ruled-out"),
    LookAlike(
      id: "KB950162", name: "one tag seen", facts: [Sample.growth("IoSe", "paged", "leak")], machine: Sample.xp,
      verdict: "possible"),
    LookAlike(
      id: "KB950162", name: "in step but not leaking",
      facts: [Sample.inStep, Sample.growth("IoSe", "paged", "burst"), Sample.growth("Pp", "paged", "burst")],
      machine: Sample.xp, verdict: "ruled-out"),
    LookAlike(
      id: "KB950162", name: "leak of a third driver",
      facts: [Sample.hang, Sample.poolUse("Leak", "nonpaged", share: 0.9)],
      machine: Sample.xp, verdict: "ruled-out"),
    LookAlike(
      id: "KB950162", name: "kernel already fixed",
      facts: [Sample.inStep, Sample.growth("IoSe", "paged", "leak"), Sample.growth("Pp", "paged", "leak")],
      machine: {
        var machine = Sample.xp
        machine.files = [ModuleIdentity(name: "ntkrnlpa.exe", version: FileVersion(5, 1, 2600, 5586))]
        return machine
      }(), verdict: "ruled-out"),
    // Hangs.
    LookAlike(
      id: "FL-0004", name: "hang alone", facts: [Sample.hang], machine: Sample.server2003Release, verdict: "possible"),
    LookAlike(
      id: "FL-0004", name: "another client starves the queue",
      facts: [Sample.hang, Sample.starved("critical", "ndis.sys", needs: "ndis.sys")],
      machine: Sample.server2003Release,
      verdict: "ruled-out"),
    LookAlike(
      id: "FL-0004", name: "another queue is starved",
      facts: [Sample.hang, Sample.starved("delayed", "mup.sys")], machine: Sample.server2003Release,
      verdict: "ruled-out"),
    LookAlike(
      id: "FL-0004", name: "locks in a cycle",
      facts: [
        Sample.hang, Sample.frame("upper", "mup.sys", "mup!DfspWait", thread: "other"),
        Fact(.lockCycle, "cycle", attributes: ["count": .integer(1)]),
      ],
      machine: Sample.server2003Release, verdict: "ruled-out"),
    LookAlike(
      id: "FL-0004", name: "few unanswered referrals",
      facts: [
        Sample.hang, Fact(.referralsUnanswered, "2", attributes: ["shares": .integer(2), "unanswered": .integer(1)]),
      ],
      machine: Sample.server2003Release, verdict: "possible"),
    LookAlike(
      id: "FL-0004", name: "mup.sys of service pack 1",
      facts: [Sample.starved("critical", "mup.sys"), Sample.module("mup.sys", FileVersion(5, 2, 3790, 1830))],
      machine: Machine(product: "Windows Server 2003", servicePack: ServicePack(1), architecture: .x86),
      verdict: "ruled-out"),
    // NULL in the kernel.
    LookAlike(
      id: "FL-0001", name: "NULL in the memory manager, no other session",
      facts: [Sample.stop(0x8E), Sample.nullUse("nt", "nt!MiResolveDemandZeroFault")], machine: Sample.server2008,
      verdict: "possible"),
    LookAlike(
      id: "FL-0001", name: "NULL in win32k while a session ends",
      facts: [Sample.stop(0x8E), Sample.nullUse("win32k.sys", "win32k!xxxDestroyWindow"), Sample.otherSession],
      machine: Sample.server2008, verdict: "ruled-out"),
    LookAlike(
      id: "FL-0001", name: "NULL in the I/O manager",
      facts: [Sample.stop(0x8E), Sample.nullUse("nt", "nt!IopParseDevice"), Sample.otherSession],
      machine: Sample.server2008, verdict: "ruled-out"),
    LookAlike(
      id: "FL-0001", name: "wild pointer",
      facts: [
        Sample.stop(0x50), Sample.otherSession,
        Fact(
          .exception, "access",
          attributes: ["module": .text("nt"), "referenced": .address(VirtualAddress(0xFFFF_F880_1234_5678))]),
      ], machine: Sample.server2008, verdict: "ruled-out"),
  ]
}
