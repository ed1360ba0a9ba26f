import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols
import TestSupport
import Testing
import WindowsKernel

/// Three real triage dumps. What is expected was read from them with independent tools, whose output stands beside them
/// and is parsed here: rizin for two, the debugger's own `kv` and `lm` for one.
@Suite(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) struct RealDumpTests {
  static let amdppm = "win10_19041_x64_1000007E_amdppm_triage"
  static let notMyFault = "win10_19041_x64_4A_notmyfault"
  static let arm64 = "win11_22000_arm64_1C8_triage"

  private func read(_ name: String, withSymbols: Bool = false) throws -> KernelDump {
    let symbols = withSymbols ? SymbolFolder(paths: [try SharedEvidence.path("symbols")]) : nil
    return KernelDump(try CrashDump(parsing: SharedEvidence.dump(name)), symbols: symbols)
  }

  /// A row of rizin's backtrace: `2  0xfffff8047bdcc052 sp: 0xffff850429890f30  104  [??]  pdb.ntkrnlmp.Name+162`.
  struct ExpectedFrame {
    var address: UInt64
    var stackPointer: UInt64
    /// The PDB's name and the function with its offset in hexadecimal, as we print it: (`ntkrnlmp`, `Name+0xa2`).
    var database: String
    var function: String
  }

  private func expectedFrames(_ name: String) throws -> [ExpectedFrame] {
    try SharedEvidence.lines("evidence/dumps/\(name).rizin-expected.txt").compactMap { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count >= 7, Int(words[0]) != nil, words[2] == "sp:", let place = address(words[1]),
        let pointer = address(words[3])
      else { return nil }
      let label = words[6].split(separator: ".", maxSplits: 2).map(String.init)
      guard label.count == 3, label[0] == "pdb" else { return nil }
      let parts = label[2].split(separator: "+").map(String.init)
      let distance = parts.count == 2 ? Int(parts[1]) : nil
      return ExpectedFrame(
        address: place, stackPointer: pointer, database: label[1],
        function: distance.map { "\(parts[0])+\(hexadecimal(UInt64($0)))" } ?? label[2])
    }
  }

  /// `MachineImageType : 0x00008664` in rizin's listing.
  private func expectedFields(_ name: String) throws -> [String: UInt64] {
    var fields: [String: UInt64] = [:]
    for line in try SharedEvidence.lines("evidence/dumps/\(name).rizin-expected.txt") {
      for separator in [" : ", " = "] {
        let halves = line.split(separator: separator, maxSplits: 1).map(String.init)
        guard halves.count == 2, let value = halves[1].split(separator: " ").first.flatMap({ address($0) }) else {
          continue
        }
        fields[halves[0].trimmingPrefix(while: { $0 == " " }).description] = value
      }
    }
    return fields
  }

  @Test(arguments: [amdppm, arm64]) func headersAgreeWithRizin(name: String) throws {
    let fields = try expectedFields(name)
    let dump = try read(name).dump
    let header = dump.header
    let triage = try #require(dump.triage)
    #expect(dump.problems.isEmpty)
    #expect(header.build == fields["MinorVersion"].map { UInt32($0) })
    #expect(header.directoryTableBase.rawValue == fields["DirectoryTableBase"])
    #expect(header.pfnDatabase.rawValue == fields["PfnDataBase"])
    #expect(header.psLoadedModuleList.rawValue == fields["PsLoadedModuleList"])
    #expect(header.psActiveProcessHead.rawValue == fields["PsActiveProcessHead"])
    #expect(UInt64(header.machineType) == fields["MachineImageType"])
    #expect(UInt64(header.processors) == fields["NumberProcessors"])
    #expect(UInt64(header.bugcheck.rawValue) == fields["BugCheckCode"])
    #expect(header.parameters == (1...4).map { fields["BugCheckParameter\($0)"] })
    #expect(header.kdDebuggerDataBlock?.rawValue == fields["KdDebuggerDataBlock"])
    #expect(header.productType.map(UInt64.init) == fields["ProductType"])
    #expect(header.suiteMask.map(UInt64.init) == fields["SuiteMask"])
    #expect(UInt64(triage.sizeOfDump) == fields["SizeOfDump"])
    #expect(triage.topOfStack.rawValue == fields["TopOfStack"])
    #expect(triage.callStack?.offset == fields["CallStackOffset"].map { Int($0) })
    #expect(triage.callStack?.count == fields["SizeOfCallStack"].map { Int($0) })
    #expect(triage.drivers.count == fields["DriverCount"].map { Int($0) })
    #expect(triage.driversAreComplete)
    #expect(triage.debuggerData?.size == fields["DebuggerDataSize"].map { Int($0) })
    let context = try #require(dump.crashContext ?? dump.context)
    #expect(context.instructionPointer == fields["rip"] ?? fields["pc"])
    #expect(context.stackPointer == fields["rsp"] ?? fields["sp"])
  }

  @Test func amdppmBuildIsFoundByAddresses() throws {
    let dump = try read(Self.amdppm)
    #expect(dump.modules.entries.count == 151)
    #expect(dump.modulesAreComplete)
    let match = try #require(dump.buildMatch)
    #expect(match.build.version.description == "10.0.19041.804")
    #expect(match.agreed.count >= 4)
    #expect(match.agreed.count == match.compared)
    #expect(match.isUnique)
    #expect(dump.process?.name == "System")
    #expect(dump.process?.id == 4)
  }

  @Test func amdppmExceptionIsTheRealOne() throws {
    let dump = try read(Self.amdppm)
    let exception = try #require(dump.exception)
    #expect(exception.code == .accessViolation)
    #expect(exception.address?.rawValue == 0xFFFF_F804_8B58_334C)
    let top = try #require(dump.topFrame)
    #expect(dump.stack[top].address == exception.address)
    #expect(dump.stack[top].module == "amdppm.sys")
  }

  @Test func amdppmStackWithSymbolsIsRizinsExactly() throws {
    let expected = try expectedFrames(Self.amdppm)
    #expect(expected.count == 36)
    let stack = try read(Self.amdppm, withSymbols: true).stack
    #expect(stack.map(\.address.rawValue) == expected.map(\.address))
    #expect(stack.map { $0.stackPointer?.rawValue } == expected.map(\.stackPointer))
    for (index, (frame, wanted)) in zip(stack, expected).enumerated() {
      if index == 1 {
        // rizin names a string literal here: the nearest public symbol is data, which no frame may carry.
        #expect(wanted.function.hasPrefix("string_"))
        #expect(frame.symbol == nil)
      } else if wanted.database == "ntkrnlmp" {
        #expect(frame.symbol == "nt!" + wanted.function, "frame \(index)")
      } else {
        #expect(frame.symbol == nil, "no symbols of \(frame.module ?? "?") were given; frame \(index)")
        #expect(frame.module?.lowercased() == wanted.database.lowercased() + ".sys", "frame \(index)")
      }
    }
  }

  @Test func amdppmStackWithoutSymbolsHoldsEveryFrame() throws {
    let expected = try expectedFrames(Self.amdppm)
    let stack = try read(Self.amdppm).stack
    let places = Set(expected.map(\.address))
    for frame in stack where frame.trust == .unwind || frame.trust == .context {
      #expect(places.contains(frame.address.rawValue), "\(frame.address) is trusted and wrong")
    }
    var rest = stack.map(\.address.rawValue)[...]
    for frame in expected {
      let index = try #require(rest.firstIndex(of: frame.address), "\(hexadecimal(frame.address)) in order")
      rest = rest[(index + 1)...]
    }
  }

  /// The debugger's `kv`: child stack pointer and return address, so that row n's return address is frame n+1's.
  @Test func notMyFaultStackIsTheDebuggers() throws {
    let rows = try SharedEvidence.lines("evidence/dumps/\(Self.notMyFault).windbg-kv.txt").compactMap {
      line -> (pointer: UInt64, back: UInt64)? in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count > 3, Int(words[0]) != nil, let pointer = address(words[1]), let back = address(words[2]) else {
        return nil
      }
      return (pointer, back)
    }
    #expect(rows.count == 4)
    for withSymbols in [false, true] {
      let stack = try read(Self.notMyFault, withSymbols: withSymbols).stack
      #expect(stack.dropFirst().map(\.address.rawValue) == rows.dropLast().map(\.back))
      #expect(stack.map { $0.stackPointer?.rawValue } == rows.map(\.pointer))
      #expect(rows.last?.back == 0)
    }
  }

  /// `lm t n`: start, end, module name, image name.
  @Test func notMyFaultModulesAreTheDebuggers() throws {
    var listed: [UInt64: (end: UInt64, image: String)] = [:]
    for line in try SharedEvidence.lines("evidence/dumps/\(Self.notMyFault).windbg-lm_t_n.txt") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count > 3, let start = address(words[0]), let end = address(words[1]) else { continue }
      listed[start] = (end, String(words[3]))
    }
    let dump = try read(Self.notMyFault)
    #expect(dump.modules.entries.count == 156)
    for module in dump.modules.modules {
      let base = try #require(module.base?.rawValue)
      let row = try #require(listed[base], "\(module.name)")
      // The dump's list has ntoskrnl.exe whichever kernel was loaded; the debugger names the image's own file.
      #expect(module.isKernel ? ["ntkrnlmp.exe"].contains(row.image) : module.isNamed(row.image), "\(module.name)")
      #expect(base + (module.size ?? 0) == row.end, "\(module.name)")
    }
  }

  @Test func notMyFaultIsNoExceptionAndNamesItsProcess() throws {
    let dump = try read(Self.notMyFault)
    #expect(dump.header.bugcheck == StopCode(0x4A))
    #expect(dump.exception == nil)
    #expect(dump.process?.name == "notmyfault64.e")
  }

  @Test func arm64StackIsRizinsExactly() throws {
    let expected = try expectedFrames(Self.arm64)
    #expect(expected.count == 5)
    let dump = try read(Self.arm64, withSymbols: true)
    #expect(dump.modules.entries.count == 245)
    #expect(dump.stack.map(\.address.rawValue) == expected.map(\.address))
    #expect(dump.stack.map { $0.stackPointer?.rawValue } == expected.map(\.stackPointer))
    // The table of builds knows x64 kernels only: no name may come from there.
    #expect(dump.buildMatch == nil)
    #expect(dump.stack.allSatisfy { $0.symbol == nil })
  }

  /// Cut anywhere, a real dump is still read or refused, never a trap; and what is lost is named.
  @Test(.timeLimit(.minutes(5)), arguments: [amdppm, notMyFault, arm64]) func everyCut(name: String) throws {
    let whole = try SharedEvidence.dump(name).array()
    for end in stride(from: 0x60, to: whole.count, by: max(512, whole.count / 200 & ~511)) {
      let dump = KernelDump(try CrashDump(parsing: MappedFile(bytes: Array(whole.prefix(end)), path: name)))
      // Behind the dump's own end there may be data that drivers appended; losing part of that is named as well.
      let isInside = end < Int(dump.dump.triage?.sizeOfDump ?? .max)
      #expect(!isInside || !dump.dump.problems.isEmpty, "cut at \(end)")
    }
  }
}
