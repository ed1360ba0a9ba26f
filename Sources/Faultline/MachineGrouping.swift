import Facts
import Servicing

/// One machine as pieces of evidence describe it.
public struct DescribedMachine: Sendable {
  public var machine: Machine
  /// The pieces it was put together from, in their order.
  public var paths: [String]

  public init(machine: Machine, paths: [String]) {
    self.machine = machine
    self.paths = paths
  }
}

/// Puts pieces of evidence together by the machine they come from.
///
/// A run may be given one machine's folder or a fleet's. What describes a machine by itself (`systeminfo`, a hive, a dump) begins
/// one, unless it adds to one that is there: a second `systeminfo` is another machine, or the same at another time, and never
/// merged into the first. What does not (a list of updates, a binary) goes to the machine it names, else to the one whose path is
/// most alike, else stands alone.
public enum MachineGrouping {
  public static func machines(of pieces: [EvidencePiece]) -> [DescribedMachine] {
    var groups: [Group] = []
    let parts = pieces.enumerated().compactMap { Part($1, order: $0) }
    for part in parts where part.isWhole {
      // Of two that fit the one that is named alike wins.
      let place = groups.indices.filter { groups[$0].takes(part) }
        .max { groups[$0].likeness(part) < groups[$1].likeness(part) }
      if let place, groups[place].isNear(part) {
        groups[place].parts.append(part)
      } else {
        groups.append(Group(parts: [part]))
      }
    }
    let described = groups.count
    for part in parts where !part.isWhole {
      let fitting = groups.indices.filter { $0 < described && groups[$0].admits(part) }
      let best = fitting.max { a, b in
        (groups[a].likeness(part), -a) < (groups[b].likeness(part), -b)
      }
      if let best, fitting.count == 1 && described == 1 || groups[best].isNear(part) {
        groups[best].parts.append(part)
      } else if let own = groups.indices.first(where: {
        $0 >= described && groups[$0].takes(part) && groups[$0].isNear(part)
      }) {
        groups[own].parts.append(part)
      } else {
        groups.append(Group(parts: [part]))
      }
    }
    return groups.map { group in
      let parts = group.parts.sorted { $0.order < $1.order }
      return DescribedMachine(machine: merged(parts), paths: parts.map(\.path))
    }
  }

  /// One description of all parts, each with where it came from; where they differ the first holds and the difference is told.
  static func merged(_ parts: [Part]) -> Machine {
    var machine = Machine()
    // What describes a whole machine knows more of it than a list beside it.
    for part in parts.filter(\.isWhole) + parts.filter({ !$0.isWhole }) { machine.add(part.machine, from: part.path) }
    return machine
  }

  struct Part {
    var path: String
    var order: Int
    var machine: Machine
    /// What kind of description it is: one machine has one of each.
    var kind: String
    /// Whether it says by itself what the machine is.
    var isWhole: Bool

    init?(_ piece: EvidencePiece, order: Int) {
      guard let machine = piece.describedMachine else { return nil }
      path = piece.path
      self.order = order
      self.machine = machine
      kind = piece.descriptionKind
      isWhole =
        kind == "systeminfo" || kind == "volume" || kind.hasPrefix("hive")
        || machine.product != nil && machine.version != nil
    }
  }

  private struct Group {
    var parts: [Part]

    /// Whether a part may be of this machine.
    func admits(_ part: Part) -> Bool {
      parts.allSatisfy { own in
        if let a = own.machine.computerName, let b = part.machine.computerName, !Machine.sameName(a, b) { return false }
        return own.machine.conflict(with: part.machine) == nil
      }
    }

    func takes(_ part: Part) -> Bool {
      admits(part) && !parts.contains { $0.kind == part.kind && part.kind != "dump" && part.kind != "image" }
    }

    /// How much of the two paths is alike: folders, then words of the names.
    func likeness(_ part: Part) -> Int { parts.map { PathLikeness.score($0.path, part.path) }.max() ?? 0 }

    /// Named alike, in one folder of a case, or by the machine's own name.
    func isNear(_ part: Part) -> Bool {
      parts.contains { own in
        if let a = own.machine.computerName, let b = part.machine.computerName, Machine.sameName(a, b) {
          return true
        }
        return PathLikeness.isNear(own.path, part.path)
      }
    }
  }
}

/// How alike two paths are named.
enum PathLikeness {
  /// Words of file names that tell what a file is, not of which machine.
  private static let kindWords: Set<String> = [
    "systeminfo", "sysinfo", "qfe", "hotfix", "hotfixes", "updates", "update", "wmic", "list", "txt", "csv",
    "installed",
    "optional", "drivers", "driverquery", "files", "software", "system", "pool", "poolmon", "log", "info",
  ]

  static func words(_ path: String) -> (folders: [Substring], name: [String]) {
    var parts = path.split(separator: "/", omittingEmptySubsequences: true)
    let file = parts.popLast() ?? ""
    let words = file.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init).filter { word in
      !kindWords.contains { word == $0 || word.hasPrefix($0) && word.dropFirst($0.count).allSatisfy(\.isNumber) }
    }
    return (parts, words)
  }

  static func score(_ a: String, _ b: String) -> Int {
    let (first, second) = (words(a), words(b))
    let folders = zip(first.folders, second.folders).prefix { $0 == $1 }.count
    let names = zip(first.name, second.name).prefix { $0 == $1 }.count
    let rest = max(first.name.count, second.name.count) - names
    return folders * 1000 + names * 20 - min(rest, 19)
  }

  /// In one folder, with names that begin alike or say nothing but what the files are.
  static func isNear(_ a: String, _ b: String) -> Bool {
    let (first, second) = (words(a), words(b))
    guard first.folders == second.folders else { return false }
    if first.name.isEmpty || second.name.isEmpty { return true }
    let shared = zip(first.name, second.name).prefix { $0 == $1 }.count
    return shared >= 2 || shared == min(first.name.count, second.name.count)
  }
}

extension Machine {
  static func sameName(_ a: String, _ b: String) -> Bool {
    // One tool prints the name with its domain, or cut to 15 characters.
    let first = a.lowercased().prefix { $0 != "." }
    let second = b.lowercased().prefix { $0 != "." }
    return first == second || first.prefix(15) == second.prefix(15) && min(first.count, second.count) == 15
  }

  /// Adds what another piece says, with where it was said.
  mutating func add(_ other: Machine, from path: String) {
    let before = self
    func note(_ part: String, _ own: String?, _ theirs: String?) {
      guard let theirs else { return }
      if let own, own.lowercased() != theirs.lowercased() {
        if part == "version", theirs.hasPrefix(own + ".") || own.hasPrefix(theirs + ".") { return }
        contradictions.append("\(part): \(path) says \(theirs), the evidence before it \(own)")
      } else if own == nil {
        origins.append(Origin(part, path))
      }
    }
    note("product", product, other.product)
    note("servicePack", servicePack?.description, other.servicePack?.description)
    note("architecture", architecture?.rawValue, other.architecture?.rawValue)
    note("version", version, other.version)
    note("language", language, other.language)
    merge(other)
    if updates.count > before.updates.count { origins.append(Origin("updates", path)) }
    if before.updatesAreComplete, !before.updates.isEmpty, !other.updates.isEmpty {
      let added = updates.count - before.updates.count
      if added > 0, other.updatesAreComplete {
        contradictions.append(
          "updates: \(path) lists \(added) that the list before it, which looked whole, does not have; all of them are counted"
        )
      }
    }
    if files.count > before.files.count { origins.append(Origin("files", path)) }
    if services.count > before.services.count { origins.append(Origin("services", path)) }
    if settings.count > before.settings.count { origins.append(Origin("settings", path)) }
  }
}
