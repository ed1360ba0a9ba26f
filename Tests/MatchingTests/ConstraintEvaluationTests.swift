import Facts
import KnowledgeBase
import Testing

@testable import Matching

@Suite struct ConstraintEvaluationTests {
  static func holds(_ constraint: String, _ value: FactValue, _ attribute: FactAttribute = "value") -> Bool {
    Constraint(constraint)?.holds(for: value, of: attribute) ?? false
  }

  @Test func textsAreComparedWithoutCase() {
    #expect(Self.holds("NetBT.sys", .text("netbt.sys")))
    #expect(Self.holds("Tcp*", .text("TCPIP6.SYS")))
    #expect(!Self.holds("Tcp", .text("tcpip")))
    #expect(Self.holds("mi?", .text("MiX")))
  }

  @Test func tagsKeepTheirCase() throws {
    let tag = FactValue.poolTag(try #require(PoolTag("Mdl")))
    #expect(Self.holds("Mdl", tag, "tag"))
    #expect(!Self.holds("MDL", tag, "tag"))
    #expect(Self.holds("M*", tag, "tag"))
    #expect(Self.holds("Mdl", .text("Mdl "), "tag"))
    #expect(Self.holds("IoSe,Pp", .text("Pp, IoSe"), "tags"))
  }

  @Test func modulesAreComparedByTheirName() {
    for name in ["ntoskrnl.exe", "NTKRNLPA.EXE", "nt", #"\SystemRoot\system32\ntkrnlmp.exe"#] {
      #expect(Self.holds("nt", .text(name), "module"))
      #expect(Self.holds("ntoskrnl.exe", .text(name), "module"))
    }
    #expect(Self.holds("netbt.sys", .text("netbt"), "module"))
    #expect(!Self.holds("nt", .text("ntfs.sys"), "module"))
  }

  @Test func symbolsAreComparedWithoutOffset() {
    #expect(Self.holds("netbt!NbtCopy", .text("NETBT!NbtCopy+0x69"), "symbol"))
    #expect(Self.holds("nt!Mi*", .text("ntkrnlpa!MiLookup"), "symbol"))
    #expect(!Self.holds("nt!Mi*", .text("win32k!MiThing"), "symbol"))
    #expect(Self.holds("*!memcpy", .text("nt!memcpy"), "symbol"))
  }

  @Test func numbersAreComparedBySize() {
    #expect(Self.holds(">= 0.3", .number(0.3)))
    #expect(!Self.holds("> 0.3", .number(0.3)))
    #expect(Self.holds("< 0x10000", .address(VirtualAddress(0xFFFF))))
    #expect(!Self.holds("< 0x10000", .address(VirtualAddress(0x10000))))
    #expect(Self.holds(">= 5", .integer(5)))
    #expect(Self.holds("0x41", .stopCode(StopCode(0x1000_0041)), "code"))
    #expect(!Self.holds("0x41", .stopCode(StopCode(0x50)), "code"))
    #expect(Self.holds("0xc0000005", .status(.accessViolation), "code"))
    #expect(Self.holds("1", .integer(1)))
    #expect(Self.holds("0x1", .integer(1)))
    #expect(Self.holds("true", .flag(true)))
    #expect(!Self.holds(">= 1", .flag(true)))
  }

  @Test func versionsAreComparedPartByPart() {
    #expect(Self.holds("< 3.0.28", .text("3.0.9")))
    #expect(Self.holds("< 3.0.28", .text("Samba 3.0.20-Debian")))
    #expect(!Self.holds("< 3.0.28", .text("3.0.28")))
    #expect(!Self.holds("< 3.0.28", .text("4.1.0")))
    #expect(!Self.holds("< 3.0.28", .text("unknown")))
    #expect(Self.holds(">= 5.2.3790.71", .version(FileVersion(5, 2, 3790, 1830))))
    #expect(Self.holds("5.2.3790.71", .version(FileVersion(5, 2, 3790, 71))))
  }

  @Test func aMissingAttributeSatisfiesNothing() {
    let index = FactIndex([Fact(.poolUse, "no tag", attributes: ["pool": .text("nonpaged")])])
    let clause = Clause(.poolUse, ["tag": .not(.matches(Operand("Mdl")))])
    #expect(index.facts(satisfying: clause).isEmpty)
  }

  @Test func wildcardsDoNotBlowUp() {
    let text = String(repeating: "a", count: 5_000)
    #expect(!matchesWildcard(text, String(repeating: "a*", count: 50) + "b"))
    #expect(matchesWildcard("", "*"))
    #expect(matchesWildcard("abc", "a*c"))
    #expect(!matchesWildcard("abc", "a*d"))
  }
}
