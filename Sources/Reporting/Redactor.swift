import Facts

/// Puts placeholders in the place of names that tell whose machines a report is about: computers, people, addresses, shares and
/// the evidence's paths. One name has one placeholder throughout, in any letter case; they are numbered as they are met.
///
/// Names are told by their form (addresses, `\\server\share`, `C:\Users\name`, `name@place`, account identifiers) and by a
/// list given beforehand. What has neither, such as a person's name in free text, is not recognized.
struct Redactor {
  /// What a name is, which its placeholder says.
  enum Kind: String {
    case host, address, hardware, share, user, mail, account, evidence, item
  }

  private var placeholders: [[UInt8]: String] = [:]
  private var counts: [Kind: Int] = [:]
  private var known = NameTree()
  /// Versions of files have the form of addresses.
  private var versions: Set<[UInt8]> = []

  /// Longest name taken for one: a longer run of letters is no name.
  private static let longestName = 4096

  init() {}

  mutating func keep(version: FileVersion) { versions.insert(Array(version.description.utf8)) }

  /// A name to replace wherever it stands by itself.
  mutating func learn(_ name: String, as kind: Kind, ending: String = "") {
    let bytes = Self.folded(name.utf8)
    guard !bytes.isEmpty, bytes.count <= Self.longestName else { return }
    known.insert(bytes, placeholder(bytes[...], kind) + ending)
  }

  private mutating func placeholder(_ name: ArraySlice<UInt8>, _ kind: Kind) -> String {
    let key = Array(kind.rawValue.utf8) + [0] + Self.folded(name)
    if let given = placeholders[key] { return given }
    let count = counts[kind, default: 0] + 1
    counts[kind] = count
    let new = "\(kind.rawValue)-\(count)"
    placeholders[key] = new
    return new
  }

  /// A computer goes by one placeholder, whether its name was given beforehand or stands in a path to a share.
  private mutating func host(_ name: ArraySlice<UInt8>) -> String {
    if IPAddressForm.lengthOfV4(name, at: name.startIndex) == name.count { return placeholder(name, .address) }
    let folded = Self.folded(name)
    if let match = known.longest(in: folded, at: 0), match.count == folded.count { return match.replacement }
    return placeholder(name, .host)
  }

  /// The text without names.
  mutating func text(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let folded = Self.folded(bytes)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      if Self.isBoundary(bytes, place), let match = match(bytes, folded, at: place), match.count > 0 {
        out += match.text.utf8
        place += match.count
      } else {
        out.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private mutating func match(_ bytes: [UInt8], _ folded: [UInt8], at place: Int) -> (text: String, count: Int)? {
    if let match = known.longest(in: folded, at: place) { return (match.replacement, match.count) }
    if let match = share(bytes, at: place) ?? folder(bytes, folded, at: place) { return match }
    if let count = IPAddressForm.lengthOfV4(bytes[...], at: place),
      !versions.contains(Array(bytes[place..<(place + count)]))
    {
      return (placeholder(bytes[place..<(place + count)], .address), count)
    }
    if let count = IPAddressForm.lengthOfHardware(bytes, at: place) {
      return (placeholder(bytes[place..<(place + count)], .hardware), count)
    }
    if let count = IPAddressForm.lengthOfV6(bytes, at: place) {
      return (placeholder(bytes[place..<(place + count)], .address), count)
    }
    return account(bytes, folded, at: place) ?? mail(bytes, at: place)
  }

  // MARK: Forms

  /// `\\server\share\folder\file`: each part by its own placeholder.
  private mutating func share(_ bytes: [UInt8], at place: Int) -> (text: String, count: Int)? {
    let slash = UInt8(ascii: "\\")
    guard place + 2 < bytes.count, bytes[place] == slash, bytes[place + 1] == slash,
      place == 0 || !(Self.isWord(bytes[place - 1]) || [0x3A, 0x2A, 0x3F, slash].contains(bytes[place - 1]))
    else { return nil }
    var end = place + 2
    var text = "\\\\"
    var depth = 0
    while true {
      let start = end
      while end < bytes.count, !Self.endsPart(bytes[end]), end - start < Self.longestName { end += 1 }
      // A sentence's full stop is not part of the path.
      if end > start, bytes[end - 1] == 0x2E, end == bytes.count || bytes[end] == 0x20 { end -= 1 }
      let part = bytes[start..<end]
      // `\\.\PhysicalDrive0` and `\\?\C:\` name devices.
      if depth == 0, part.isEmpty || part.elementsEqual([0x2E]) || part.elementsEqual([0x3F]) { return nil }
      guard !part.isEmpty else { break }
      switch depth {
      case 0: text += host(part)
      case 1: text += placeholder(part, .share)
      default: text += placeholder(part, .item)
      }
      depth += 1
      guard end + 1 < bytes.count, bytes[end] == slash, !Self.endsPart(bytes[end + 1]) else { break }
      text += "\\"
      end += 1
    }
    return (text, end - place)
  }

  /// A path to a share as a field of a protocol holds it, with one leading separator or two, or none: nothing of it but separators stays.
  mutating func networkPath(_ path: String) -> String {
    let slash = UInt8(ascii: "\\")
    var out: [UInt8] = []
    var depth = 0
    for (index, part) in Array(path.utf8).split(separator: slash, omittingEmptySubsequences: false).enumerated() {
      if index > 0 { out.append(slash) }
      guard !part.isEmpty else { continue }
      switch depth {
      case 0: out += host(part).utf8
      case 1: out += placeholder(part, .share).utf8
      default: out += placeholder(part, .item).utf8
      }
      depth += 1
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static let homes = ["users\\", "users/", "home/", "documents and settings\\"].map { Array($0.utf8) }
  /// Folders that every system has.
  private static let common: Set<String> = ["public", "default", "default user", "all users", "administrator"]

  /// `Users\name`: the folder's name stays.
  private mutating func folder(_ bytes: [UInt8], _ folded: [UInt8], at place: Int) -> (text: String, count: Int)? {
    guard place > 0, bytes[place - 1] == UInt8(ascii: "\\") || bytes[place - 1] == UInt8(ascii: "/") else { return nil }
    for home in Self.homes where folded[place...].starts(with: home) {
      let start = place + home.count
      var end = start
      while end < bytes.count, bytes[end] == 0x20 || !Self.endsPart(bytes[end]), end - start < 64 { end += 1 }
      // A name may hold blanks where the path goes on behind it.
      if end == bytes.count || bytes[end] != UInt8(ascii: "\\") && bytes[end] != UInt8(ascii: "/") {
        end = start
        while end < bytes.count, !Self.endsPart(bytes[end]), end - start < 64 { end += 1 }
      }
      let name = bytes[start..<end]
      guard !name.isEmpty, !Self.common.contains(String(decoding: Self.folded(name), as: UTF8.self)) else { return nil }
      return (String(decoding: bytes[place..<start], as: UTF8.self) + placeholder(name, .user), end - place)
    }
    return nil
  }

  /// `S-1-5-21-…`, the identifier of an account of a machine or domain.
  private mutating func account(_ bytes: [UInt8], _ folded: [UInt8], at place: Int) -> (text: String, count: Int)? {
    guard folded[place...].starts(with: "s-1-5-21-".utf8) else { return nil }
    var end = place + 9
    while end < bytes.count, bytes[end] == UInt8(ascii: "-") || Self.isDigit(bytes[end]) { end += 1 }
    return (placeholder(bytes[place..<end], .account), end - place)
  }

  private mutating func mail(_ bytes: [UInt8], at place: Int) -> (text: String, count: Int)? {
    func isPart(_ byte: UInt8) -> Bool { Self.isWord(byte) || [0x2E, 0x2D, 0x2B].contains(byte) }
    // Longest local part there may be.
    var end = place
    while end < bytes.count, end - place <= 64, isPart(bytes[end]) { end += 1 }
    guard end > place, end < bytes.count, bytes[end] == UInt8(ascii: "@") else { return nil }
    let domain = end + 1
    end = domain
    while end < bytes.count, end - domain <= 255, isPart(bytes[end]) { end += 1 }
    while end > domain, bytes[end - 1] == 0x2E { end -= 1 }
    guard bytes[domain..<end].contains(0x2E) else { return nil }
    return (placeholder(bytes[place..<end], .mail), end - place)
  }

  // MARK: Bytes

  /// Where a name may begin: not within a word.
  private static func isBoundary(_ bytes: [UInt8], _ place: Int) -> Bool {
    place == 0 || !isWord(bytes[place - 1]) || !isWord(bytes[place])
  }

  fileprivate static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte >= 0x80
  }

  fileprivate static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// What ends a part of a path in running text.
  private static func endsPart(_ byte: UInt8) -> Bool {
    byte <= 0x20 || [0x5C, 0x2F, 0x22, 0x27, 0x2C, 0x3B, 0x3A, 0x28, 0x29, 0x3C, 0x3E, 0x7C].contains(byte)
  }

  fileprivate static func folded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
  }
}

/// Names by their bytes, so that all of them are looked for at once.
private struct NameTree {
  private var nodes: [[UInt8: Int]] = [[:]]
  private var replacements: [Int: String] = [:]

  mutating func insert(_ name: [UInt8], _ replacement: String) {
    var node = 0
    for byte in name {
      if let next = nodes[node][byte] {
        node = next
      } else {
        nodes.append([:])
        nodes[node][byte] = nodes.count - 1
        node = nodes.count - 1
      }
    }
    if replacements[node] == nil { replacements[node] = replacement }
  }

  /// The longest name that begins at a place and is no part of a longer word.
  func longest(in text: [UInt8], at place: Int) -> (replacement: String, count: Int)? {
    var node = 0
    var end = place
    var found: (String, Int)?
    while end < text.count, let next = nodes[node][text[end]] {
      node = next
      end += 1
      if let replacement = replacements[node],
        end == text.count || !Redactor.isWord(text[end]) || !Redactor.isWord(text[end - 1])
      {
        found = (replacement, end - place)
      }
    }
    return found
  }
}

/// Addresses by their form; each gives the bytes an address takes at a place, nil where none stands there.
private enum IPAddressForm {
  static func lengthOfV4(_ bytes: ArraySlice<UInt8>, at place: Int) -> Int? {
    var end = place
    for part in 0..<4 {
      if part > 0 {
        guard end < bytes.endIndex, bytes[end] == 0x2E else { return nil }
        end += 1
      }
      var value = 0
      let start = end
      while end < bytes.endIndex, Redactor.isDigit(bytes[end]), end - start < 3 {
        value = value * 10 + Int(bytes[end] - 0x30)
        end += 1
      }
      guard end > start, value <= 255 else { return nil }
    }
    // Five numbers are none, and `1.2.3.4a` is none.
    if end < bytes.endIndex, Redactor.isWord(bytes[end]) { return nil }
    if end + 1 < bytes.endIndex, bytes[end] == 0x2E, Redactor.isDigit(bytes[end + 1]) { return nil }
    if place > bytes.startIndex + 1, bytes[place - 1] == 0x2E, Redactor.isDigit(bytes[place - 2]) { return nil }
    return end - place
  }

  /// `00:1b:21:3c:9d:f8`, with colons or hyphens.
  static func lengthOfHardware(_ bytes: [UInt8], at place: Int) -> Int? {
    let count = 17
    guard bytes.count - place >= count, bytes[place + 2] == 0x3A || bytes[place + 2] == 0x2D else { return nil }
    for offset in 0..<count {
      let byte = bytes[place + offset]
      guard offset % 3 == 2 ? byte == bytes[place + 2] : isHexadecimal(byte) else { return nil }
    }
    if place + count < bytes.count {
      let next = bytes[place + count]
      if Redactor.isWord(next) || next == bytes[place + 2] { return nil }
    }
    return count
  }

  /// Eight groups of up to four digits, or fewer with one `::` among them; a bare `::` and names of C++ are none.
  static func lengthOfV6(_ bytes: [UInt8], at place: Int) -> Int? {
    var end = place
    while end < bytes.count, end - place <= 45, isHexadecimal(bytes[end]) || bytes[end] == 0x3A || bytes[end] == 0x2E {
      end += 1
    }
    while end > place, bytes[end - 1] == 0x2E || bytes[end - 1] == 0x3A && !(end - place > 2 && bytes[end - 2] == 0x3A)
    {
      end -= 1
    }
    guard end - place <= 45, end == bytes.count || !Redactor.isWord(bytes[end]) else { return nil }
    let text = bytes[place..<end]
    guard text.contains(where: Redactor.isDigit), text.count(where: { $0 == 0x3A }) >= 2 else { return nil }
    if place > 0, bytes[place - 1] == 0x3A || Redactor.isWord(bytes[place - 1]) { return nil }
    let groups = text.split(separator: 0x3A, omittingEmptySubsequences: false)
    var empty = groups.count { $0.isEmpty }
    // At an end, `::` leaves two empty groups.
    if groups.count > 2, groups[0].isEmpty { empty -= groups[1].isEmpty ? 1 : 0 }
    if groups.count > 2, groups[groups.count - 1].isEmpty { empty -= groups[groups.count - 2].isEmpty ? 1 : 0 }
    for (index, group) in groups.enumerated() where !group.isEmpty {
      if group.contains(0x2E) {
        guard index == groups.count - 1, lengthOfV4(group, at: group.startIndex) == group.count else { return nil }
      } else if group.count > 4 {
        return nil
      }
    }
    let written = groups.count { !$0.isEmpty } + (groups.last.map { $0.contains(0x2E) } == true ? 1 : 0)
    return empty == 0 && written == 8 || empty == 1 && written < 8 ? end - place : nil
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    Redactor.isDigit(byte) || (byte | 0x20) &- 0x61 < 6
  }
}
