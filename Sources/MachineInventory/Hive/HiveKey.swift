import ByteReading
import Facts

/// A key (`nk`) of a registry hive.
public struct HiveKey: Hashable, Sendable {
  static let isRootFlag: UInt16 = 0x0004
  /// The name is one byte per character.
  static let isNarrowFlag: UInt16 = 0x0020

  /// From the first bin.
  public var offset: UInt32
  public var name: String
  public var flags: UInt16
  /// 100-ns units since 1601.
  public var lastWritten: UInt64
  public var subkeyCount: UInt32
  public var valueCount: UInt32
  var subkeyList: UInt32
  var valueList: UInt32
}

extension RegistryHive {
  /// Lists of lists go one level down; damage might make a circle of them.
  private static let maximumListDepth = 4

  public func key(at offset: UInt32) throws(ReadError) -> HiveKey {
    let cell = try cell(at: offset, "nk")
    let place = UInt64(cell.lowerBound)
    guard file.bytes.starts(with: "nk", at: cell.lowerBound), cell.count >= 76 else {
      throw ReadError(
        .malformed, reading: "nk", at: .file(place), expected: "a key", found: "a cell of \(cell.count) other bytes")
    }
    let flags = load(cell, 2, as: UInt16.self) ?? 0
    let stated = Int(load(cell, 72, as: UInt16.self) ?? 0)
    // A name that runs over its cell is read to the cell's end.
    let bytes = file.bytes.array(at: cell.lowerBound + 76, count: min(stated, cell.count - 76)) ?? []
    return HiveKey(
      offset: offset, name: flags & HiveKey.isNarrowFlag != 0 ? decodeNarrow(bytes) : decodeUTF16(bytes),
      flags: flags, lastWritten: load(cell, 4, as: UInt64.self) ?? 0,
      subkeyCount: load(cell, 20, as: UInt32.self) ?? 0, valueCount: load(cell, 36, as: UInt32.self) ?? 0,
      subkeyList: load(cell, 28, as: UInt32.self) ?? .max, valueList: load(cell, 40, as: UInt32.self) ?? .max)
  }

  /// The subkeys that can be read, in the hive's order.
  public func subkeys(of key: HiveKey, _ problems: inout HiveProblems) -> [HiveKey] {
    guard key.subkeyCount > 0 else { return [] }
    var offsets: [UInt32] = []
    var lists: Set<UInt32> = []
    collect(key.subkeyList, of: key, depth: 0, &offsets, &lists, &problems)
    var keys: [HiveKey] = []
    keys.reserveCapacity(offsets.count)
    for offset in offsets {
      do throws(ReadError) {
        keys.append(try self.key(at: offset))
      } catch {
        problems.lostKeys += 1
        problems.add(error.inKey(key))
      }
    }
    return keys
  }

  /// The places of a key's subkeys, each once.
  private func collect(
    _ list: UInt32, of key: HiveKey, depth: Int, _ offsets: inout [UInt32], _ lists: inout Set<UInt32>,
    _ problems: inout HiveProblems
  ) {
    do throws(ReadError) {
      let cell = try cell(at: list, "list of subkeys")
      let place = UInt64(cell.lowerBound)
      guard depth < Self.maximumListDepth, lists.insert(list).inserted else {
        throw ReadError(
          .malformed, reading: "list of subkeys", at: .file(place), expected: "a list not seen before",
          found: "a circle")
      }
      let bytes = file.bytes
      let isHashed = bytes.starts(with: "lf", at: cell.lowerBound) || bytes.starts(with: "lh", at: cell.lowerBound)
      let isListOfLists = bytes.starts(with: "ri", at: cell.lowerBound)
      guard isHashed || isListOfLists || bytes.starts(with: "li", at: cell.lowerBound),
        let stated = load(cell, 2, as: UInt16.self)
      else {
        throw ReadError(
          .malformed, reading: "list of subkeys", at: .file(place), expected: "lf, lh, li or ri", found: "other bytes")
      }
      let width = isHashed ? 8 : 4
      let fitting = (cell.count - 4) / width
      if Int(stated) > fitting {
        problems.add(
          ReadError(
            .malformed, reading: "list of subkeys", at: .file(place), expected: "at most \(fitting) entries",
            found: String(stated)
          ).inKey(key))
      }
      for index in 0..<min(Int(stated), fitting) where offsets.count < Self.maximumEntries {
        guard let entry = load(cell, 4 + index * width, as: UInt32.self) else { break }
        if isListOfLists {
          collect(entry, of: key, depth: depth + 1, &offsets, &lists, &problems)
        } else {
          offsets.append(entry)
        }
      }
    } catch {
      problems.add(error.inKey(key))
    }
  }

  /// A narrow name's bytes are the low halves of its characters: Windows writes a name so when all others are zero.
  func decodeNarrow(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
  }
}

extension ReadError {
  func inKey(_ key: HiveKey) -> ReadError {
    var error = self
    error.trail = ["registry hive", "key \(key.name)"]
    return error
  }
}
