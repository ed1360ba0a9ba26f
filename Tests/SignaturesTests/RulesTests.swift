import Facts
import Foundation
import Testing

@testable import Signatures

/// Literal facts as analyses state them.
enum Stated {
  static func stop(_ code: UInt32, _ parameters: UInt64...) -> Fact {
    var attributes: [FactAttribute: FactValue] = ["code": .stopCode(StopCode(code).base)]
    for (index, value) in parameters.enumerated() {
      attributes[FactAttribute(rawValue: "parameter\(index + 1)")] = .address(VirtualAddress(value))
    }
    return Fact(.stop, "", attributes: attributes)
  }

  static func frames(_ places: [String], trust: Trust = .observed, top: Int = 0) -> [Fact] {
    places.enumerated().map { index, place in
      var attributes: [FactAttribute: FactValue] = [
        "index": .integer(Int64(index)), "position": .text(index < top ? "any" : index == top ? "top" : "upper"),
        "thread": .text("faulting"),
      ]
      if place.contains("!") {
        attributes["symbol"] = .text(place)
        let module = String(place.prefix { $0 != "!" })
        attributes["module"] = .text(module == "nt" ? "ntoskrnl.exe" : module + ".sys")
      } else {
        attributes["module"] = .text(place)
      }
      return Fact(.frame, "", attributes: attributes, trust: trust)
    }
  }

  static func culprit(_ module: String, trust: Trust = .inferred) -> Fact {
    Fact(.culprit, "", attributes: ["module": .text(module), "reason": .text("is named")], trust: trust)
  }

  static func exception(_ code: UInt32, _ module: String) -> Fact {
    Fact(.exception, "", attributes: ["code": .status(NTStatus(code)), "module": .text(module)])
  }

  static func text(_ facts: [Fact], version: Int = 2) -> String? {
    SignatureRules.signature(facts, version: version)?.signature?.text
  }
}

@Suite struct RulesTests {
  @Test func idIsOfVersionAndText() {
    let one = Signature(version: 1, text: "nt")
    // printf '1 nt' | sha256sum | head -c 16
    #expect(one.id == "8b78cd90a278d57f")
    #expect(one.id != Signature(version: 2, text: "nt").id)
    #expect(one == Signature(version: 1, text: "nt"))
  }

  @Test func versionsAreThere() {
    #expect(Set(SignatureRules.versions.keys) == [1, 2] && SignatureRules.versions[SignatureRules.current] != nil)
    #expect(SignatureRules.signature([], version: 3) == nil)
    for (version, rules) in SignatureRules.versions {
      #expect(Set(rules.map { $0.name }).count == rules.count)
      #expect(SignatureRules.signature([], version: version)?.signature == nil)
    }
  }

  /// Every rule's file is in a list of rules.
  @Test func everyRuleIsInAVersion() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Signatures/Rules").path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix("Rule.swift") }
    let listed = Set(SignatureRules.versions.values.joined().map { "\($0).swift" })
    #expect(Set(files) == listed && files.count > 10)
  }

  @Test func baseline() {
    let facts = [Stated.stop(0x1000_007E, 5), Stated.culprit("ACMEusb.sys")] + Stated.frames(["acmeusb!Read", "nt!X"])
    #expect(Stated.text(facts, version: 1) == "acmeusb.sys · acmeusb!Read · 0x0000007e")
  }

  @Test func aFailingRuleIsLeftOut() {
    enum Broken: SignatureRule {
      static let name = "broken"
      static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) throws(RuleFailure) -> String? {
        draft.culprit = "half done"
        throw RuleFailure("the facts contradict each other")
      }
    }
    let facts = [Stated.stop(0xD1), Stated.culprit("a.sys")]
    let result = SignatureRules.signature(facts, version: 7, rules: [Broken.self, CulpritRule.self])
    #expect(result.signature?.text == "a.sys" && result.notes.count == 2)
    #expect(result.notes.first?.text == "failed and was left out: the facts contradict each other")
  }

  // MARK: Version 2

  /// One bad pointer, whichever way it was noticed.
  @Test func oneDefectUnderSeveralStops() {
    let frames = Stated.frames(["acme!Read", "acme!Dispatch", "nt!IofCallDriver", "nt!KiFastCallEntry", "ntdll!ZwRead"])
    let expected = "bad-pointer · acme.sys · acme!Read < acme!Dispatch"
    for code in [0x0A, 0x50, 0xD1] as [UInt32] {
      #expect(Stated.text([Stated.stop(code, 0x8123_4567), Stated.culprit("acme.sys")] + frames) == expected)
    }
    for code in [0x1E, 0x3B, 0x7E, 0x8E, 0x1000_007E, 0x1000_008E] as [UInt32] {
      let exception = Stated.exception(0xC000_0005, "acme.sys")
      #expect(
        Stated.text([Stated.stop(code, 0xC000_0005), exception, Stated.culprit("acme.sys")] + frames) == expected)
    }
    let null = Fact(.nullDereference, "", attributes: ["module": .text("acme.sys")])
    #expect(
      Stated.text([Stated.stop(0xD1), null, Stated.culprit("acme.sys")] + frames)?.hasPrefix("null-deref") == true)
    let divided = [Stated.stop(0x7E), Stated.exception(0xC000_0094, "acme.sys"), Stated.culprit("acme.sys")]
    #expect(Stated.text(divided + frames)?.hasPrefix("exception · acme.sys · STATUS_INTEGER_DIVIDE_BY_ZERO") == true)
  }

  @Test func otherStopsKeepTheirNumberAndKind() {
    let culprit = Stated.culprit("acme.sys")
    #expect(Stated.text([Stated.stop(0x139, 3), culprit]) != Stated.text([Stated.stop(0x139, 0x1D), culprit]))
    #expect(Stated.text([Stated.stop(0xE3, 0x8123_4567), culprit]) == "acme.sys · 0xe3")
    #expect(Stated.text([Stated.stop(0xD5), culprit]) == "use-after-free · acme.sys")
    #expect(Stated.text([Stated.stop(0x19, 0x20), culprit]) == Stated.text([Stated.stop(0xC5, 0x44), culprit]))
    let process = Fact(.process, "", attributes: ["process": .text("CSRSS.exe")])
    #expect(Stated.text([Stated.stop(0xEF), process]) == "0xef · process csrss.exe")
    #expect(Stated.text([Stated.stop(0xD1), process]) == "bad-pointer · 0xd1")
  }

  @Test func stackWithoutMachineryOffsetsAndGuesses() {
    let stop = Stated.stop(0x50)
    let machinery = Stated.frames(
      ["nt!KeBugCheckEx+0x1b", "nt!KiTrap0E", "nt!memcpy", "nt!MiRelocateImage+0x12", "nt!MiCreateSection"], top: 2)
    #expect(Stated.text([stop] + machinery) == "bad-pointer · nt · nt!MiRelocateImage < nt!MiCreateSection")
    // By module alone where symbols are missing; the kernel without names says nothing, guesses neither.
    let plain = Stated.frames(["ntkrnlpa.exe", "ACME.sys", "acme.sys", "usbhub.sys"])
    #expect(
      Stated.text([stop, Stated.culprit("acme.sys")] + plain) == "bad-pointer · acme.sys")
    let mixed = Stated.frames(["ACME.sys", "acme.sys", "usbhub!Submit"])
    let expected = "bad-pointer · acme.sys · acme.sys < usbhub!Submit"
    #expect(Stated.text([stop, Stated.culprit("acme.sys")] + mixed) == expected)
    let scanned = Stated.frames(["acme.sys", "usbhub.sys"], trust: .guessed)
    #expect(Stated.text([stop, Stated.culprit("acme.sys")] + scanned) == "bad-pointer · acme.sys")
    // The kernel under any of its names, and functions of C++ as they are.
    #expect(
      ModuleSpelling.symbol("ntkrpamp!Ke+0x1") == "nt!Ke" && ModuleSpelling.symbol("Win32K!A::B") == "win32k!A::B")
    // A culprit that was only scanned gives way to what is sure.
    let sure = Stated.frames(["win32k!sbit_Embolden", "win32k!sbit_GetBitmap"])
    let guessed = [stop, Stated.culprit("vbox.sys", trust: .guessed)]
    #expect(Stated.text(guessed + sure)?.hasPrefix("bad-pointer · win32k.sys") == true)
    #expect(Stated.text(guessed) == "bad-pointer · vbox.sys")
  }

  @Test func whatStructuresProve() {
    let crash = [Stated.stop(0x50), Stated.exception(0xC000_0005, "ntoskrnl.exe")] + Stated.frames(["nt!A", "nt!B"])
    let removal = Fact(
      .otherSessionRemoves, "", attributes: ["component": .text("session-image"), "module": .text("hook.dll")])
    #expect(Stated.text(crash + [removal]) == "race · nt · session-image taken out by another session")
    let overrun = Fact(
      .packetOverrun, "", attributes: ["module": .text("NetBT.sys"), "protocol": .text("nbss"), "field": .text("type")])
    #expect(Stated.text(crash + [overrun]) == "bad-input · netbt.sys · nbss copied by its stated length")
    let forced = [Stated.stop(0xE2), Fact(.forcedDump, "", attributes: ["how": .text("keyboard")])]
    #expect(Stated.text(forced)?.hasPrefix("hang · nothing") == true)
    let starved = Fact(
      .queueStarved, "",
      attributes: [
        "queue": .text("critical"), "client": .text("mup.sys"), "needs": .text("rdbss.sys"), "workers": .integer(9),
      ])
    #expect(Stated.text(forced + [starved]) == "deadlock · mup.sys · critical queue starved waiting for rdbss.sys")
    let busy = Fact(
      .contention, "",
      attributes: ["how": .text("busy-queue"), "queue": .text("critical"), "client": .text("Ntfs.sys")])
    #expect(Stated.text(forced + [busy]) == "hang · ntfs.sys · busy-queue at the critical queue")
    let live = [Stated.stop(0x161), Fact(.forcedDump, "", attributes: ["how": .text("live-dump")])]
    #expect(Stated.text(live) == nil)
  }

  @Test func leaksByTagOwnerAndPool() {
    func growth(_ tag: String, _ rate: Double, _ verdict: String = "leak") -> Fact {
      var attributes: [FactAttribute: FactValue] = ["pool": .text("paged"), "verdict": .text(verdict)]
      attributes["tag"] = PoolTag(tag).map { .poolTag($0) }
      attributes["perHour"] = .number(rate)
      return Fact(.poolGrowth, "", attributes: attributes)
    }
    let both = [growth("IoSe", 480), growth("Pp", 640), growth("File", 3), growth("Irp", 900, "steady")]
    let pair = Fact(.poolInStep, "", attributes: ["tags": .text("IoSe,Pp"), "ratio": .number(0.75)])
    #expect(Stated.text(both) == "leak · paged IoSe, Pp")
    #expect(Stated.text(both + [pair]) == "leak · paged IoSe+Pp")
    // Other rates and another order are the same leak.
    #expect(Stated.text([pair, growth("Pp", 64), growth("IoSe", 48)]) == "leak · paged IoSe+Pp")
    // Beside a stop that it does not explain it is not the failure.
    #expect(Stated.text(both + [Stated.stop(0xD1), Stated.culprit("a.sys")]) == "bad-pointer · a.sys")
    let use = Fact(
      .poolUse, "",
      attributes: ["tag": .text("Leak"), "pool": .text("nonpaged"), "share": .number(0.8), "rank": .integer(1)])
    #expect(Stated.text([Stated.stop(0x41)]) == "exhaustion · pool of unknown holder")
    #expect(Stated.text([Stated.stop(0x41), use, Stated.culprit("victim.sys")]) == "exhaustion · nonpaged Leak")
  }

  @Test func listOfMachineryIsWellFormed() {
    #expect(GenericFrames.patterns.count > 80)
    for pattern in GenericFrames.patterns {
      #expect(pattern.text.split(separator: "!").count >= 1 && !pattern.text.contains(" "))
    }
    #expect(
      GenericFrames.kind(of: "nt!KeBugCheckEx") == .machinery && GenericFrames.kind(of: "win32k!memmove") == .machinery)
    #expect(GenericFrames.kind(of: "nt!KiSystemServiceCopyEnd") == .entry && GenericFrames.kind(of: "acme!Read") == nil)
  }
}
