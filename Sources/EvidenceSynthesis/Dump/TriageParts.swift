import Facts

/// The parts of a triage dump that are tables of their own.
enum TriageParts {
  /// The memory manager's numbers: version 1, size, then zeros, as two real dumps have them. 24 bytes and seven
  /// pointer-sized numbers: 0x50 on 64-bit systems (checked), 0x34 on 32-bit ones (computed).
  static func memoryManagerData(pointerWidth: Int) -> [UInt8] {
    let size = 24 + 7 * pointerWidth
    var out = ByteBuilder(zeros: size)
    out.put(1 as UInt32, at: 0)
    out.put(UInt32(size), at: 4)
    return out.bytes
  }

  /// A count (pointer-sized), then entries of UNICODE_STRING, 12 characters, first address, address behind: 56 bytes on
  /// 64-bit systems (checked), 40 on 32-bit ones.
  static func unloadedDrivers(_ machine: SynthesizedMachine, statedCount: UInt32?) -> [UInt8] {
    let width = machine.pointerWidth
    var out = ByteBuilder()
    out.putPointer(UInt64(statedCount ?? UInt32(machine.unloadedModules.count)), width: width, at: 0)
    for driver in machine.unloadedModules {
      let start = out.count
      let characters = Array(driver.name.utf16.prefix(12))
      out.put(UInt16(2 * characters.count), at: start)
      out.put(UInt16(2 * characters.count), at: start + 2)
      for (index, character) in characters.enumerated() { out.put(character, at: start + 2 * width + 2 * index) }
      out.putPointer(driver.start, width: width, at: start + 2 * width + 24)
      out.putPointer(driver.end, width: width, at: start + 3 * width + 24)
    }
    return out.bytes
  }

  /// 64-bit: 8 and an entry of 0x88 bytes (checked). 32-bit: 4 and an entry of 0x48 bytes; public readers measured a
  /// distance of 0x4C on dumps of XP SP3.
  static func driverEntrySize(pointerWidth: Int) -> Int { pointerWidth == 4 ? 0x4C : 0x90 }

  /// The name's offset in the file, then the loader's LDR_DATA_TABLE_ENTRY up to its time stamp.
  static func driverEntry(_ module: SynthesizedModule, nameOffset: UInt32, pointerWidth: Int) -> [UInt8] {
    var out = ByteBuilder(zeros: driverEntrySize(pointerWidth: pointerWidth))
    out.put(nameOffset, at: 0)
    let entry = pointerWidth
    let (path, name) = (UInt16(truncatingIfNeeded: 2 * module.path.utf16.count), UInt16(2 * module.name.utf16.count))
    if pointerWidth == 4 {
      out.putPointer(module.base, width: 4, at: entry + 0x18)
      out.putPointer(module.entryPoint, width: 4, at: entry + 0x1C)
      out.put(module.size, at: entry + 0x20)
      for (offset, length) in [(0x24, path), (0x2C, name)] {
        out.put(length, at: entry + offset)
        out.put(length, at: entry + offset + 2)
      }
      out.put(1 as UInt16, at: entry + 0x38)
      out.put(module.checksum, at: entry + 0x40)
      out.put(module.timestamp, at: entry + 0x44)
    } else {
      out.put(module.base, at: entry + 0x30)
      out.put(module.entryPoint, at: entry + 0x38)
      out.put(module.size, at: entry + 0x40)
      for (offset, length) in [(0x48, path), (0x58, name)] {
        out.put(length, at: entry + offset)
        out.put(length, at: entry + offset + 2)
      }
      out.put(1 as UInt16, at: entry + 0x6C)
      out.put(module.checksum, at: entry + 0x78)
      out.put(module.timestamp, at: entry + 0x80)
    }
    return out.bytes
  }

  /// DUMP_STRING: count of characters, the characters (UTF-16), a zero that the count does not include.
  static func string(_ text: String) -> [UInt8] {
    var out = ByteBuilder()
    out.append(UInt32(text.utf16.count))
    for character in text.utf16 { out.append(character) }
    out.append(0 as UInt16)
    return out.bytes
  }

  /// Memory that other values imply: NtBuildLab and KiProcessorBlock (two of three real dumps hold them) and, our
  /// liberty, the front of the session's MM_SESSION_SPACE, without which no reader could tell the session.
  static func impliedMemory(_ machine: SynthesizedMachine) -> [SynthesizedMemory] {
    let kernel = KernelAddresses(machine)
    var result: [SynthesizedMemory] = []
    if let lab = machine.version.buildLab {
      result.append(.init(address: kernel.address(of: "NtBuildLab"), bytes: Array(lab.utf8) + [0]))
    }
    if let layout = machine.layout {
      var table = ByteBuilder()
      for index in 0..<UInt64(min(machine.processors, 64)) {
        let region = machine.architecture == .x86 ? 0xFFDF_F000 : kernel.address(of: "KiInitialPCR")
        table.putPointer(
          region &+ UInt64(layout.pcr.containedPrcb) &- 0x2_0000 &* index, width: machine.pointerWidth, at: table.count)
      }
      result.append(.init(address: kernel.address(of: "KiProcessorBlock"), bytes: table.bytes))
    }
    if let layout = machine.layout, let session = machine.process?.session, let space = machine.process?.sessionSpace,
      space != 0
    {
      var front = ByteBuilder(zeros: 0x20)
      front.put(session, at: layout.sessionId)
      result.append(.init(address: space, bytes: front.bytes))
    }
    return result
  }
}
