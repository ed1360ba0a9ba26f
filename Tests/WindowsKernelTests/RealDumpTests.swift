import ByteReading
import CrashDumpFormat
import Facts
import Foundation
import KernelLayouts
import Symbols
import Testing

@testable import WindowsKernel

@Suite struct RealDumpTests {
  @Test func probe() throws {
    let folder = SymbolFolder(paths: ["../shared/symbols"])
    for name in ["win10_19041_x64_1000007E_amdppm_triage", "win10_19041_x64_4A_notmyfault", "win11_22000_arm64_1C8_triage"] {
      let file = try MappedFile(path: "../shared/evidence/dumps/\(name).dmp")
      for folder in [folder, nil] { let dump = KernelDump(try CrashDump(parsing: file), symbols: folder)
      print(name, dump.header.bugcheck, dump.modules.entries.count, dump.buildMatch.map { "\($0.build.version) \($0.agreed) \($0.compared) \($0.isUnique)" } ?? "-", dump.process as Any)
      for (i, f) in dump.stack.enumerated() { print(i, f.address, f.stackPointer!, f.module ?? "-", f.symbol ?? "-", f.trust) }
      print(dump.topFrame as Any, dump.exception?.code as Any, dump.exception?.address as Any, dump.exception?.referenced as Any, dump.missing, dump.dump.problems) }
    }
  }
}
