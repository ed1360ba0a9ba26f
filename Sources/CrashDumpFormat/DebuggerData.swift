import ByteReading
import Facts

/// KDDEBUGGER_DATA64: addresses and offsets the kernel publishes for debuggers (public header wdbgexts.h). Its size differs
/// by build; a field beyond the stated size is not there. 32-bit systems use the same 64-bit form, addresses sign-extended.
public struct DebuggerData: Hashable, Sendable {
  /// Offset of the block in the file.
  public var offset: Int
  /// Header.Size.
  public var size: Int
  private var values: [Field: UInt64]

  public enum Field: Int, CaseIterable, Sendable {
    case kernBase = 0x18
    case psLoadedModuleList = 0x48
    case psActiveProcessHead = 0x50
    case pspCidTable = 0x58
    case expSystemResourcesList = 0x60
    case kiBugCheckData = 0x88
    case mmPfnDatabase = 0xC0
    case mmPagedPoolStart = 0x120
    case mmPagedPoolEnd = 0x128
    case poolTrackTable = 0x1B8
    case nonPagedPoolDescriptor = 0x1C0
    case mmSystemRangeStart = 0x1D0
    case ntBuildLab = 0x208
    case kiProcessorBlock = 0x218
    case mmUnloadedDrivers = 0x220
    case mmLastUnloadedDriver = 0x228
    case cmNtCSDVersion = 0x268
  }

  /// Two-byte offsets into kernel structures, as the running kernel had them.
  public enum StructureOffset: Int, CaseIterable, Sendable {
    case threadApcProcess = 0x2A0
    case threadState = 0x2A2
    case eprocessSize = 0x2A8
    case prcbSize = 0x2B0
    case prcbCurrentThread = 0x2B4
    /// KPRCB.Context: a pointer to the processor's CONTEXT.
    case prcbContextPointer = 0x338
    case prcbNumber = 0x2BE
    case ethreadSize = 0x2C0
    case threadInitialStack = 0x29E
  }

  private var structureOffsets: [StructureOffset: UInt16]

  /// `KDBG` at offset 16 of the block.
  static let ownerTag: UInt32 = 0x4742_444B

  public init(parsing bytes: RawSpan, at offset: Int, available: Int) throws(ReadError) {
    let tag = try bytes.load(at: offset + 16, as: UInt32.self, reading: "OwnerTag")
    guard tag == Self.ownerTag else {
      throw ReadError(
        .malformed, reading: "OwnerTag", at: .file(UInt64(clamping: offset + 16)), expected: "KDBG",
        found: PoolTag(rawValue: tag).description)
    }
    let stated = Int(try bytes.load(at: offset + 20, as: UInt32.self, reading: "Size"))
    self.offset = offset
    size = min(stated, available)
    values = [:]
    structureOffsets = [:]
    for field in Field.allCases where field.rawValue + 8 <= size {
      values[field] = bytes.loadIfPresent(at: offset + field.rawValue, as: UInt64.self)
    }
    for field in StructureOffset.allCases where field.rawValue + 2 <= size {
      structureOffsets[field] = bytes.loadIfPresent(at: offset + field.rawValue, as: UInt16.self)
    }
  }

  /// nil where the block is too short or the kernel left the field zero.
  public subscript(field: Field) -> VirtualAddress? {
    values[field].flatMap { $0 == 0 ? nil : VirtualAddress($0) }
  }

  public subscript(offset: StructureOffset) -> Int? {
    structureOffsets[offset].flatMap { $0 == 0 ? nil : Int($0) }
  }
}
