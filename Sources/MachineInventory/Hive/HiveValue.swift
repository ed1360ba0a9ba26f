import ByteReading
import Facts

/// A value (`vk`) of a key.
public struct HiveValue: Hashable, Sendable {
  /// The registry's types that are read; others keep their number.
  public enum Kind: UInt32, Sendable {
    case none = 0
    case string, expandString, binary, integer, bigEndianInteger, link, strings, resourceList, fullResource
    case requirements, wideInteger
  }

  /// Empty for a key's default value.
  public var name: String
  /// REG_SZ and its like, by number.
  public var type: UInt32
  /// As stated, without the mark of data that lies in the value itself.
  public var dataSize: UInt32
  var dataOffset: UInt32
  var isInline: Bool
  var cell: UInt32

  public var kind: Kind? { Kind(rawValue: type) }
}

extension RegistryHive {
  private static let inlineMark: UInt32 = 0x8000_0000
  private static let isNarrowFlag: UInt16 = 1
  /// Data longer than this lies in segments (`db`), from version 1.4 on.
  private static let segment = 16_344

  /// The values that can be read, in the hive's order.
  public func values(of key: HiveKey, _ problems: inout HiveProblems) -> [HiveValue] {
    guard key.valueCount > 0 else { return [] }
    var values: [HiveValue] = []
    do throws(ReadError) {
      let list = try cell(at: key.valueList, "list of values")
      let fitting = min(list.count / 4, Self.maximumEntries)
      if Int(key.valueCount) > fitting {
        problems.add(
          ReadError(
            .malformed, reading: "list of values", at: .file(UInt64(list.lowerBound)),
            expected: "at most \(fitting) entries", found: String(key.valueCount)
          ).inKey(key))
      }
      for index in 0..<min(Int(key.valueCount), fitting) {
        guard let offset = load(list, index * 4, as: UInt32.self) else { break }
        do throws(ReadError) {
          values.append(try value(at: offset))
        } catch {
          problems.add(error.inKey(key))
        }
      }
    } catch {
      problems.add(error.inKey(key))
    }
    return values
  }

  private func value(at offset: UInt32) throws(ReadError) -> HiveValue {
    let cell = try cell(at: offset, "vk")
    guard file.bytes.starts(with: "vk", at: cell.lowerBound), cell.count >= 18 else {
      throw ReadError(
        .malformed, reading: "vk", at: .file(UInt64(cell.lowerBound)), expected: "a value",
        found: "a cell of \(cell.count) other bytes")
    }
    let length = Int(load(cell, 2, as: UInt16.self) ?? 0)
    let size = load(cell, 4, as: UInt32.self) ?? 0
    let flags = load(cell, 16, as: UInt16.self) ?? 0
    let name = file.bytes.array(at: cell.lowerBound + 20, count: max(0, min(length, cell.count - 20))) ?? []
    return HiveValue(
      name: flags & Self.isNarrowFlag != 0 ? decodeNarrow(name) : decodeUTF16(name),
      type: load(cell, 12, as: UInt32.self) ?? 0, dataSize: size & ~Self.inlineMark,
      dataOffset: load(cell, 8, as: UInt32.self) ?? .max, isInline: size & Self.inlineMark != 0, cell: offset)
  }

  /// A value's bytes; an error where less is there than the value states.
  public func data(of value: HiveValue) throws(ReadError) -> [UInt8] {
    let size = Int(value.dataSize)
    if value.isInline {
      let cell = try cell(at: value.cell, "vk")
      return file.bytes.array(at: cell.lowerBound + 8, count: min(size, 4)) ?? []
    }
    guard size > 0 else { return [] }
    guard size <= Self.maximumData else {
      throw ReadError(
        .unsupported, reading: "data of \(value.name)", expected: "at most \(Self.maximumData) bytes", found: "\(size)")
    }
    let cell = try cell(at: value.dataOffset, "data of \(value.name)")
    if size > Self.segment, base.minorVersion > 3, file.bytes.starts(with: "db", at: cell.lowerBound) {
      return try segments(cell, size: size, value.name)
    }
    guard let bytes = file.bytes.array(at: cell.lowerBound, count: size), size <= cell.count else {
      throw ReadError(
        .malformed, reading: "data of \(value.name)", at: .file(UInt64(cell.lowerBound)), expected: "\(size) bytes",
        found: "a cell of \(cell.count)")
    }
    return bytes
  }

  private func segments(_ cell: Range<Int>, size: Int, _ name: String) throws(ReadError) -> [UInt8] {
    let count = Int(load(cell, 2, as: UInt16.self) ?? 0)
    let list = try self.cell(at: load(cell, 4, as: UInt32.self) ?? .max, "segments of \(name)")
    var bytes: [UInt8] = []
    for index in 0..<count where bytes.count < size {
      guard let offset = load(list, index * 4, as: UInt32.self) else { break }
      let part = try self.cell(at: offset, "segment \(index) of \(name)")
      bytes += file.bytes.array(at: part.lowerBound, count: min(part.count, Self.segment, size - bytes.count)) ?? []
    }
    guard bytes.count == size else {
      throw ReadError(
        .malformed, reading: "data of \(name)", at: .file(UInt64(cell.lowerBound)), expected: "\(size) bytes",
        found: "segments of \(bytes.count)")
    }
    return bytes
  }

  /// A value by its name, letter case aside; nil where it is missing or cannot be read.
  public func value(_ name: String, of key: HiveKey) -> HiveValue? {
    var ignored = HiveProblems()
    let wanted = name.lowercased()
    return values(of: key, &ignored).first { $0.name.lowercased() == wanted }
  }

  /// The text of REG_SZ and its like without the zeros behind it; nil for other types.
  public func text(_ value: HiveValue) -> String? {
    guard let kind = value.kind, [.string, .expandString, .strings].contains(kind), let bytes = try? data(of: value)
    else { return nil }
    return String(decodeUTF16(bytes).prefix { $0 != "\0" })
  }

  /// REG_DWORD; nil for other types.
  public func integer(_ value: HiveValue) -> UInt32? {
    guard value.kind == .integer, let bytes = try? data(of: value), bytes.count == 4 else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  public func text(_ name: String, of key: HiveKey) -> String? { value(name, of: key).flatMap(text) }

  public func integer(_ name: String, of key: HiveKey) -> UInt32? { value(name, of: key).flatMap(integer) }
}
