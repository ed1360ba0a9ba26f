import Facts
import Testing

@testable import KernelLayouts

@Suite struct StopCodeMeaningTests {
  @Test func everyRecordIsWellFormed() {
    let table = EmbeddedTable(PackageResources.stop_parameters_tsv)
    var codes: [UInt64] = []
    for record in table.records {
      let words = table.fields(of: record).map(table.text)
      let line = words.joined(separator: " ")
      switch words[0] {
      case "stop":
        #expect(words.count == 5 && words[1].utf8.count == 8, "\(line)")
        #expect(StopClass(rawValue: words[2]) != nil, "\(line)")
        #expect(words[3].isEmpty || DumpTrigger(rawValue: words[3]) != nil, "\(line)")
        #expect(words[4].isEmpty == (words[3] == "live-dump") || words[4].hasSuffix("."), "\(line)")
        codes.append(parseHexadecimal(words[1]) ?? 0)
      case "parameter":
        #expect(words.count == 5 && ["1", "2", "3", "4"].contains(words[1]), "\(line)")
        #expect(StopParameterRule(rawValue: words[2]) != nil, "\(line)")
        #expect(words[3].isEmpty || StopParameterRole(rawValue: words[3]) != nil, "\(line)")
        #expect(!words[4].isEmpty, "\(line)")
      case "value", "when":
        #expect(words.count == 4 && ["1", "2", "3", "4"].contains(words[1]) && !words[3].isEmpty, "\(line)")
        #expect(words[2].split(separator: ",").allSatisfy { parseHexadecimal($0) != nil }, "\(line)")
      case "access":
        #expect(words.count == 2 && MemoryAccess(rawValue: words[1]) != nil, "\(line)")
      default:
        Issue.record("unknown record: \(line)")
      }
    }
    #expect(zip(codes, codes.dropFirst()).allSatisfy { $0 < $1 })
    #expect(StopCodeMeaning.codes.map { UInt64($0.rawValue) } == codes)
    #expect(StopCodeMeaning.codes.allSatisfy { StopCodes.entry(of: $0) != nil })
  }

  @Test func enoughCodesHaveParameters() {
    let withParameters = StopCodeMeaning.codes.compactMap(StopCodeMeaning.of).filter { meaning in
      meaning.parameters.contains { $0.rule != .unused }
    }
    #expect(withParameters.count >= 80)
  }

  /// Where an enumeration is announced its values must be there, and access parameters must say read, write or execute.
  @Test func enumerationsHaveValues() {
    for meaning in StopCodeMeaning.codes.compactMap(StopCodeMeaning.of) {
      for parameter in meaning.parameters + meaning.variants.flatMap(\.parameters) {
        if parameter.rule == .enumeration { #expect(!parameter.meanings.isEmpty, "\(meaning.code)") }
        if parameter.rule == .access {
          #expect(!parameter.meanings.isEmpty, "\(meaning.code)")
          #expect(parameter.meanings.values.allSatisfy { MemoryAccess(rawValue: $0) != nil }, "\(meaning.code)")
        }
      }
    }
  }

  /// Where the real exception stands, by stop code (the public reference's parameter tables).
  @Test(
    arguments: [
      (0x1E, .exceptionCode, 1), (0x1E, .instruction, 2), (0x7E, .exceptionCode, 1), (0x7E, .instruction, 2),
      (0x7E, .exceptionRecord, 3), (0x7E, .contextRecord, 4), (0x8E, .exceptionCode, 1), (0x8E, .instruction, 2),
      (0x8E, .trapFrame, 3), (0x3B, .exceptionCode, 1), (0x3B, .instruction, 2), (0x3B, .contextRecord, 3),
      (0x0A, .referenced, 1), (0x0A, .irql, 2), (0x0A, .access, 3), (0x0A, .instruction, 4), (0xD1, .referenced, 1),
      (0xD1, .instruction, 4), (0x50, .referenced, 1), (0x50, .access, 2), (0x50, .instruction, 3),
      (0xBE, .referenced, 1), (0xCC, .instruction, 3), (0xCE, .instruction, 3), (0xD5, .instruction, 3),
      (0xD6, .instruction, 3), (0xC5, .instruction, 4), (0x24, .exceptionRecord, 2), (0x24, .contextRecord, 3),
      (0x139, .trapFrame, 2), (0x139, .exceptionRecord, 3), (0x4A, .instruction, 1), (0xC000_021A, .exceptionCode, 2),
    ] as [(UInt32, StopParameterRole, Int)])
  func roles(code: UInt32, role: StopParameterRole, index: Int) throws {
    let meaning = try #require(StopCodeMeaning.of(StopCode(code)))
    #expect(meaning.value(role, in: [11, 12, 13, 14]) == UInt64(10 + index))
    #expect(meaning.value(role, in: []) == nil)
  }

  @Test func variantCodeHasItsBasesMeaning() {
    #expect(StopCodeMeaning.of(StopCode(0x1000_007E))?.code == StopCode(0x7E))
    #expect(StopCodeMeaning.of(StopCode(0x0BAD_F00D)) == nil)
  }

  @Test func accessIsReadByStopCode() throws {
    let irql = try #require(StopCodeMeaning.of(StopCode(0xA)))
    #expect([0, 1, 8].map { irql.access(in: [0, 2, $0, 0]) } == [.read, .write, .execute])
    let fault = try #require(StopCodeMeaning.of(StopCode(0x50)))
    #expect([0, 1, 2, 0x10].map { fault.access(in: [0, $0]) } == [.read, .write, .write, .execute])
    #expect(StopCodeMeaning.of(StopCode(0xBE))?.access(in: []) == .write)
    #expect(StopCodeMeaning.of(StopCode(0xFC))?.access(in: []) == .execute)
  }

  @Test func aValueOfOneParameterDecidesTheOthers() throws {
    let power = try #require(StopCodeMeaning.of(StopCode(0x9F)))
    #expect(power.parameters(for: [3])[3].rule == .irp)
    #expect(power.parameters(for: [4])[2].rule == .thread)
    #expect(power.parameters(for: [0x77])[3].rule == .value)
    #expect(power.parameters(for: [3])[0].meaning(of: 3) == "a device holds a power request too long")
    let special = try #require(StopCodeMeaning.of(StopCode(0xC1)))
    #expect(special.parameters(for: [2, 0, 8, 0x30])[0].rule == .irql)
    // Exception codes are sign-extended on 64-bit systems.
    let exception = try #require(StopCodeMeaning.of(StopCode(0x1E)))
    #expect(exception.access(in: [0xFFFF_FFFF_C000_0005, 0, 1, 0]) == .write)
    #expect(exception.value(.referenced, in: [0xFFFF_FFFF_C000_0005, 0, 1, 0x10]) == 0x10)
    #expect(exception.access(in: [0xC000_0094, 0, 1, 0]) == nil)
    #expect(exception.parameters(for: [0xC000_0094, 0, 0, 0])[2].meaning(of: 0) == nil)
  }

  @Test(
    arguments: [
      (0xE2, .keyboard), (0x80, .nmi), (0x1C8, .powerButton), (0x161, .liveDump), (0xDEAD_DEAD, .keyboard),
    ] as [(UInt32, DumpTrigger)])
  func forcedDumps(code: UInt32, trigger: DumpTrigger) throws {
    let meaning = try #require(StopCodeMeaning.of(StopCode(code)))
    #expect(meaning.stopClass == .forced && meaning.trigger == trigger)
  }

  @Test func aWatchdogsLiveDumpIsNotForced() throws {
    let meaning = try #require(StopCodeMeaning.of(StopCode(0x15F)))
    #expect(meaning.stopClass == .watchdog && meaning.trigger == .liveDump)
    #expect(StopCodeMeaning.of(StopCode(0x41))?.stopClass == .poolExhaustion)
    #expect(StopCodeMeaning.of(StopCode(0x41))?.trigger == nil)
  }
}
