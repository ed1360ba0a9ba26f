import ByteReading
import CrashDumpFormat
import Facts
import PortableExecutable
import Symbols

/// Files from a symbol server: those of the kernel, and of the modules that a stack leads through. The others would only
/// cost time.
extension KernelDump {
  /// A better unwound stack may lead through modules that the first did not: it is walked again at most so often.
  static let maximumRounds = 4

  /// Fetches what is wanted of the modules at these indices; true where a module got something that it had not.
  static func fetch(
    _ indices: some Sequence<Int>, from server: SymbolServer, tables: SymbolFolder, into modules: inout ModuleMap,
    asked: inout Set<Int>, match: KernelBuildMatch?, _ missing: inout [Missing]
  ) -> Bool {
    var isBetter = false
    for index in indices where asked.insert(index).inserted {
      let entry = modules.entries[index]
      if entry.file == nil, modules.wantsImage(at: index), let key = ModuleMap.key(entry) {
        let name = entry.identity.name
        let answer = server.file(name, key: key.storeFolder) { bytes, path in
          guard let image = try? PEImage(parsing: MappedFile(bytes: bytes, path: path)) else {
            return "is no image that can be read"
          }
          let found = ImageKey(image)
          return found == key ? nil : "is \(found.storeFolder), not \(key.storeFolder)"
        }
        if case .found(let path) = answer, let file = try? MappedFile(path: path),
          let image = try? PEImage(parsing: file)
        {
          modules.setFile(image, path: path, at: index)
          modules.readVersion(at: index)
          isBetter = true
        } else if case .refused(let reason) = answer {
          missing.append(Missing("images.\(name)", because: .notPresent, detail: reason))
        }
      }
      if modules.entries[index].symbolMatch != .identity,
        let identity = modules.debugIdentity(at: index, match: match)
      {
        switch server.database(identity) {
        case .found(let path):
          do {
            let table = try tables.load(SymbolFolder.Entry(path: path, identity: identity))
            modules.setSymbols(table, match: .identity, path: path, at: index)
            isBetter = true
          } catch {
            missing.append(
              Missing("symbols.\(entry.identity.name)", because: .malformed, detail: "\(path): \(error)"))
          }
        case .notFound:
          missing.append(
            Missing(
              "symbols.\(entry.identity.name)", because: .notPresent,
              detail: "\(server.url) has no \(identity.storePath)."))
        case .refused(let reason):
          missing.append(Missing("symbols.\(entry.identity.name)", because: .notPresent, detail: reason))
        }
      }
    }
    return isBetter
  }
}
