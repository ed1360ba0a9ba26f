import Facts

/// What a counter of a performance log counts, by its path `\\MACHINE\Object(Instance)\Counter`.
///
/// Names are those of the system's language. The ones here stand in Microsoft's published pages on memory counters in each
/// language, and the German ones also in the list that the registry value `Counter` holds.
struct CounterName {
  enum Kind: Hashable {
    case pool(String, PoolLogView.Counter.Quantity)
    case handles
    /// Tells one process from another under the same name.
    case processID
    /// Falls where the system was restarted.
    case upTime
  }

  var machine: String
  var object: String
  var instance: String?
  var counter: String

  /// nil for what is no path.
  init?(path: String) {
    guard path.hasPrefix("\\") else { return nil }
    var rest = path[...]
    machine = ""
    if rest.hasPrefix("\\\\") {
      rest = rest.dropFirst(2)
      guard let end = rest.firstIndex(of: "\\") else { return nil }
      machine = String(rest[..<end])
      rest = rest[end...]
    }
    rest = rest.dropFirst()
    // An instance may hold any sign: the counter stands behind the last backslash, the object before the first parenthesis.
    guard let last = rest.lastIndex(of: "\\"), last > rest.startIndex else { return nil }
    counter = String(rest[rest.index(after: last)...])
    let left = rest[..<last]
    if let open = left.firstIndex(of: "("), left.last == ")" {
      object = String(left[..<open])
      instance = String(left[left.index(after: open)...].dropLast())
    } else {
      object = String(left)
    }
    guard !counter.isEmpty, !object.isEmpty else { return nil }
  }

  /// nil where the name is not known or stands under another object: the service of files counts its own pool by the same name.
  func kind(isUnicode: Bool) -> Kind? {
    let folded = Self.folded(counter, isUnicode)
    guard let kind = (isUnicode ? Self.unicodeNames : Self.byteNames)[folded] else { return nil }
    let object = Self.folded(self.object, isUnicode)
    switch kind {
    case .pool(_, let quantity):
      if instance != nil { return Self.isProcess(object) && quantity == .bytes ? kind : nil }
      return Self.isServer(object) ? nil : kind
    case .handles, .processID: return instance != nil && Self.isProcess(object) ? kind : nil
    case .upTime: return instance == nil ? kind : nil
    }
  }

  /// Process, Prozess, Processus, Proceso, Processo, Процесс; and not a processor.
  private static func isProcess(_ object: String) -> Bool {
    let names = ["process", "process v", "prozess", "processus", "proceso", "processo", "процесс", "???????"]
    return names.contains(object)
  }

  /// Server, Serveur, Servidor, Сервер: its own pool use, not the system's.
  private static func isServer(_ object: String) -> Bool {
    // Память has as many letters as Сервер: in a code page that is not known they cannot be told apart, and most logs mean memory.
    ["server", "serveur", "servidor", "сервер"].contains { object.hasPrefix($0) }
  }

  private static let names: [(String, Kind)] = [
    ("Pool Paged Bytes", .pool("paged", .bytes)), ("Pool Nonpaged Bytes", .pool("nonpaged", .bytes)),
    ("Pool Paged Allocs", .pool("paged", .allocations)), ("Pool Nonpaged Allocs", .pool("nonpaged", .allocations)),
    ("Handle Count", .handles), ("ID Process", .processID), ("Process ID", .processID), ("System Up Time", .upTime),
    ("Auslagerungsseiten (Bytes)", .pool("paged", .bytes)),
    ("Nicht-Auslagerungsseiten (Bytes)", .pool("nonpaged", .bytes)),
    ("Nichtauslagerungsseiten (Bytes)", .pool("nonpaged", .bytes)),
    ("Auslagerungsseiten reserviert", .pool("paged", .allocations)),
    ("Nichtauslagerungsseiten reserviert", .pool("nonpaged", .allocations)), ("Handleanzahl", .handles),
    ("Prozesskennung", .processID), ("Systembetriebszeit", .upTime),
    ("Octets de réserve paginée", .pool("paged", .bytes)),
    ("Octets de réserve non paginée", .pool("nonpaged", .bytes)),
    ("Allocations de réserve paginée", .pool("paged", .allocations)),
    ("Allocations de réserve non paginée", .pool("nonpaged", .allocations)),
    ("Bytes de bloque paginado", .pool("paged", .bytes)), ("Bytes de bloque no paginado", .pool("nonpaged", .bytes)),
    ("Byte del pool di paging", .pool("paged", .bytes)), ("Byte del pool non di paging", .pool("nonpaged", .bytes)),
    ("Bytes de pool paginável", .pool("paged", .bytes)), ("Bytes de pool não paginável", .pool("nonpaged", .bytes)),
    ("Байт в выгружаемом страничном пуле", .pool("paged", .bytes)),
    ("Байт в невыгружаемом страничном пуле", .pool("nonpaged", .bytes)),
  ]

  private static let unicodeNames = Dictionary(names.map { (folded($0, true), $1) }) { first, _ in first }
  private static let byteNames = Dictionary(names.map { (folded($0, false), $1) }) { first, _ in first }

  /// Letters and single spaces, small. A letter outside ASCII in a code page that is not known is one byte: any of them.
  static func folded(_ name: String, _ isUnicode: Bool) -> String {
    var out = String.UnicodeScalarView()
    for scalar in name.lowercased().unicodeScalars {
      if scalar == " " || scalar == "\u{A0}" && isUnicode {
        if out.last.map({ $0 != " " }) == true { out.append(" ") }
      } else if !scalar.isASCII {
        out.append(isUnicode ? scalar : "?")
      } else if scalar.properties.isAlphabetic {
        out.append(scalar)
      }
    }
    if out.last == " " { out.removeLast() }
    return String(out)
  }
}
