import ByteReading
import CrashDumpFormat
import Facts

/// Whose code holds a tag's four bytes: a driver passes its tags as constants.
public enum TagSearch {
  /// Code that is searched of one image, and of all together.
  private static let imageBytes: UInt64 = 16 << 20
  private static let allBytes: UInt64 = 256 << 20

  /// The image, where exactly one has the bytes in its code. The kernel is not searched: it holds many tags of others, and
  /// allocates under its own for everybody. Tags that are no text, and such as code consists of, are left out.
  public static func owners(of tags: [PoolTag], in dump: KernelDump) -> [PoolTag: String] {
    var found: [UInt32: String?] = [:]
    for tag in tags where isDistinct(tag) { found[tag.rawValue] = .some(nil) }
    guard !found.isEmpty, let space = dump.space else { return [:] }
    // One bit for each value of two bytes: what cannot begin a tag is told without looking it up.
    var beginnings = [Bool](repeating: false, count: 1 << 16)
    for tag in found.keys { beginnings[Int(tag & 0xFFFF)] = true }
    var several: Set<UInt32> = []
    var left = allBytes
    for module in dump.modules.entries {
      guard !module.identity.isKernel, let base = module.identity.base, let image = module.image else { continue }
      for section in image.sections where section.isExecutable {
        let size = min(UInt64(section.size), imageBytes, left)
        left -= size
        for tag in matches(space.memory, base.rawValue &+ UInt64(section.offset), size, beginnings, found) {
          if let known = found[tag] ?? nil, known != module.identity.name { several.insert(tag) }
          found[tag] = .some(module.identity.name)
        }
      }
    }
    var owners: [PoolTag: String] = [:]
    for (tag, name) in found where !several.contains(tag) { owners[PoolTag(rawValue: tag)] = name }
    return owners
  }

  /// Four printable characters of which no three are the same.
  private static func isDistinct(_ tag: PoolTag) -> Bool {
    guard PoolHeaderFormat.isPlausible(tag: tag.rawValue) else { return false }
    let bytes = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: tag.rawValue >> UInt32($0)) }
    return !bytes.contains(0) && Set(bytes).count >= 3
  }

  private static func matches(
    _ memory: VirtualMemory, _ start: UInt64, _ size: UInt64, _ beginnings: [Bool], _ wanted: [UInt32: String?]
  ) -> Set<UInt32> {
    var result: Set<UInt32> = []
    var done: UInt64 = 0
    while done < size {
      let place = VirtualAddress(start &+ done)
      guard let found = memory.locate(place) else {
        // The next page may be there.
        done += 4096 - (place.rawValue & 0xFFF)
        continue
      }
      let count = min(found.count, Int(size - done))
      let bytes = memory.file.bytes
      for offset in found.offset..<found.offset + max(0, count - 3) {
        guard let word = bytes.loadIfPresent(at: offset, as: UInt32.self) else { break }
        if beginnings[Int(word & 0xFFFF)], wanted[word] != nil { result.insert(word) }
      }
      done += UInt64(count)
    }
    return result
  }
}
