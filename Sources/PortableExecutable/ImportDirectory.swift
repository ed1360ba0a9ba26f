import ByteReading
import Facts

/// A routine that an image takes from another: one entry of IMAGE_IMPORT_DESCRIPTOR's tables (PE format, "The .idata Section").
public struct ImportedRoutine: Hashable, Sendable {
  /// The other image's file name as it stands there.
  public var module: String
  /// nil where it is imported by ordinal.
  public var name: String?
  public var ordinal: UInt16?
  /// Where the loader puts the routine's address, relative to the base.
  public var slot: UInt32
}

extension PEImage {
  static let maximumImportedModules = 512
  static let maximumImports = 0x1_0000

  /// In the order of the tables; none where the image imports nothing. Drivers in memory often have lost their names with the
  /// section that held them: what cannot be read is left out.
  public func imports() -> [ImportedRoutine] {
    guard let directory = header.directory(ImageHeader.DirectoryIndex.importTable) else { return [] }
    let width: UInt32 = header.is64Bit ? 8 : 4
    var result: [ImportedRoutine] = []
    var left = Self.maximumImports
    for index in 0..<UInt32(Self.maximumImportedModules) {
      let (at, overflow) = directory.offset.addingReportingOverflow(20 * index)
      guard !overflow, let head = bytes(at: at, count: 20) else { break }
      let words = head.span.bytes
      let names = words.loadIfPresent(at: 0, as: UInt32.self) ?? 0
      let slots = words.loadIfPresent(at: 16, as: UInt32.self) ?? 0
      guard slots != 0, let module = string(at: words.loadIfPresent(at: 12, as: UInt32.self) ?? 0, limit: 512) else {
        break
      }
      // Without a table of names the slots hold them in the file, until the loader writes addresses over them.
      guard names != 0 || layout == .file else { continue }
      let table = names != 0 ? names : slots
      for entry in 0..<UInt32(left) {
        left -= 1
        let (offset, passes) = table.addingReportingOverflow(entry &* width)
        let (slot, wraps) = slots.addingReportingOverflow(entry &* width)
        guard !passes, !wraps, let low = load32(at: offset), low != 0 else { break }
        let high = width == 8 ? load32(at: offset &+ 4) : low
        if let high, high & 0x8000_0000 != 0 {
          result.append(
            ImportedRoutine(module: module, name: nil, ordinal: UInt16(truncatingIfNeeded: low), slot: slot))
        } else if let name = string(at: low &+ 2, limit: 512) {
          result.append(ImportedRoutine(module: module, name: name, ordinal: nil, slot: slot))
        }
      }
    }
    return result
  }
}
