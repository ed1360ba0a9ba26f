import ByteReading

/// One resource's bytes: a leaf of the tree of type, name and language (PE format, "The .rsrc Section").
struct ResourceLeaf {
  var language: UInt16
  /// Relative to the base.
  var offset: UInt32
  var size: UInt32
}

extension PEImage {
  /// Entries of one resource directory: more are left out. Localized shell libraries have some thousands.
  static let maximumResourceEntries = 8192
  static let maximumLeaves = 256

  /// The leaves of a resource type given by number, in the tree's order.
  func resources(type: UInt32) throws(ReadError) -> [ResourceLeaf] {
    guard let directory = header.directory(ImageHeader.DirectoryIndex.resource) else { return [] }
    let root = directory.offset
    var leaves: [ResourceLeaf] = []
    for kind in try entries(at: 0, root: root) where kind.identifier == type {
      guard let names = kind.directory else { continue }
      for name in try entries(at: names, root: root) {
        guard let languages = name.directory else { continue }
        for language in try entries(at: languages, root: root) {
          guard let leaf = language.leaf, leaves.count < Self.maximumLeaves else { continue }
          let (at, overflow) = root.addingReportingOverflow(leaf)
          guard !overflow, let offset = load32(at: at), let size = load32(at: at &+ 4) else {
            throw missing("IMAGE_RESOURCE_DATA_ENTRY", at: at, "16 bytes")
          }
          leaves.append(
            ResourceLeaf(language: UInt16(truncatingIfNeeded: language.identifier), offset: offset, size: size))
        }
      }
    }
    return leaves
  }

  private struct Entry {
    /// With its highest bit a name, else a number.
    var identifier: UInt32
    var target: UInt32
    var directory: UInt32? { target & 0x8000_0000 != 0 ? target & 0x7FFF_FFFF : nil }
    var leaf: UInt32? { target & 0x8000_0000 == 0 ? target : nil }
  }

  private func entries(at offset: UInt32, root: UInt32) throws(ReadError) -> [Entry] {
    let (at, overflow) = root.addingReportingOverflow(offset)
    guard !overflow, let head = bytes(at: at, count: 16) else {
      throw missing("IMAGE_RESOURCE_DIRECTORY", at: at, "16 bytes")
    }
    let span = head.span.bytes
    let count =
      Int(span.loadIfPresent(at: 12, as: UInt16.self) ?? 0) + Int(span.loadIfPresent(at: 14, as: UInt16.self) ?? 0)
    // A table that the end cuts is read as far as it goes.
    let table = at > .max - 16 ? [] : available(at: at + 16, limit: 8 * min(count, Self.maximumResourceEntries))
    return (0..<(table.count / 8)).map { index in
      Entry(
        identifier: table.span.bytes.loadIfPresent(at: 8 * index, as: UInt32.self) ?? 0,
        target: table.span.bytes.loadIfPresent(at: 8 * index + 4, as: UInt32.self) ?? 0)
    }
  }
}
