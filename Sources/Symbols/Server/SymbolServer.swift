import ByteReading
import Facts
import Synchronization

/// A symbol server that the user named, and the folder in which what it gave is kept.
///
/// Files are asked for as symbol stores keep them: `URL/NAME/KEY/NAME`, then compressed as `NAM_`, then `file.ptr`, which
/// names a place on another machine and is refused (public documentation of SymSrv). What comes is kept only if it is what
/// was asked for: a PDB of the wanted GUID and age, an image of the wanted timestamp and size. The folder is itself laid out
/// as a symbol store, so that it serves as one without the server.
public final class SymbolServer: Sendable {
  public enum Answer: Hashable, Sendable {
    /// The file, in the folder.
    case found(String)
    /// The server has none.
    case notFound
    /// It has something that is not taken, or cannot be asked: why.
    case refused(String)
  }

  /// PDBs of large products reach some hundred megabytes; the format's block numbers would allow more.
  public static let maximumBytes = 1 << 30
  static let maximumName = 255
  /// A server that cannot be reached is not asked again for every module of the dump.
  static let maximumFailures = 3

  public let url: String
  public let cache: String
  private let transport: any HTTPTransport
  private let progress: @Sendable (String, Int, Int?) -> Void
  private let known = Mutex<[String: Answer]>([:])
  private let failures = Mutex<Int>(0)

  /// - Parameters:
  ///   - url: begins with `http://` or `https://`.
  ///   - cache: folder in which files are kept; made where it does not exist.
  ///   - progress: called with a file's name, the bytes that have come and how many there will be, while one comes.
  ///
  /// Throws where the URL is of another kind.
  public init(
    url: String, cache: String, transport: any HTTPTransport,
    progress: @escaping @Sendable (String, Int, Int?) -> Void = { _, _, _ in }
  ) throws(HTTPFailure) {
    let scheme = url.prefix { $0 != ":" }.lowercased()
    guard scheme == "http" || scheme == "https", url.dropFirst(scheme.count).hasPrefix("://"),
      url.utf8.count > scheme.utf8.count + 3, url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { throw HTTPFailure("'\(url)' is no http:// or https:// address") }
    self.url = url.last == "/" ? String(url.dropLast()) : url
    self.cache = cache
    self.transport = transport
    self.progress = progress
  }

  /// The user's own folder for files that can be had again: `XDG_CACHE_HOME`, else what the platform uses.
  public static func defaultCache(environment: (String) -> String?) -> String? {
    if let cache = environment("XDG_CACHE_HOME"), cache.hasPrefix("/") { return cache + "/faultline/symbols" }
    guard let home = environment("HOME"), !home.isEmpty else { return nil }
    #if canImport(Darwin)
    return home + "/Library/Caches/faultline/symbols"
    #else
    return home + "/.cache/faultline/symbols"
    #endif
  }

  /// The database of an identity.
  public func database(_ identity: DebugIdentity) -> Answer {
    file(identity.name, key: identity.storeFolder) { bytes, path in
      let found: DebugIdentity
      do {
        found = try PDBFile(parsing: MappedFile(bytes: bytes, path: path)).identity
      } catch {
        return "is no PDB that can be read: \(error)"
      }
      guard found.guid == identity.guid.uppercased(), found.age == identity.age else {
        return "is \(found.guid)-\(found.age), not \(identity.guid)-\(identity.age)"
      }
      return nil
    }
  }

  /// A file under any key.
  ///
  /// - Parameter check: why the bytes are not what is wanted; nil where they are.
  public func file(_ name: String, key: String, check: ([UInt8], String) -> String?) -> Answer {
    guard Self.isFileName(name), Self.isFileName(key) else {
      return .refused("'\(name)/\(key)' is no name that a symbol store has")
    }
    // Two dumps of one build ask for the same files: one at a time, so that each is fetched once.
    return known.withLock { known in
      let place = "\(name)/\(key)/\(name)"
      if let answer = known[place.lowercased()] { return answer }
      let answer = cached(name, key, check) ?? fetched(name, key, check)
      known[place.lowercased()] = answer
      return answer
    }
  }

  /// Names come from evidence: none may lead out of the folder.
  static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= maximumName && name.first != "."
      && name.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F && $0 != "/" && $0 != "\\" && $0 != ":" }
  }

  private func cached(_ name: String, _ key: String, _ check: ([UInt8], String) -> String?) -> Answer? {
    let path = "\(cache)/\(name)/\(key)/\(name)"
    guard FileStatus.of(path) == .file, let file = try? MappedFile(path: path), check(file.array(), path) == nil else {
      return nil
    }
    return .found(path)
  }

  private func fetched(_ name: String, _ key: String, _ check: ([UInt8], String) -> String?) -> Answer {
    guard failures.withLock({ $0 < Self.maximumFailures }) else {
      return .refused("\(url) was not asked again after \(Self.maximumFailures) failures")
    }
    let folder = "\(url)/\(Self.escaped(name))/\(Self.escaped(key))/"
    do {
      if let body = try get(folder + Self.escaped(name), name) { return keep(body, name, key, check) }
      if let body = try get(folder + Self.escaped(String(name.dropLast()) + "_"), name) {
        return keep(body, name, key, check)
      }
      if let body = try get(folder + "file.ptr", name) {
        let text = String(decodeText(Array(body.prefix(512))).text.prefix { !$0.isNewline })
        return .refused("the server only says where the file is (\(text)); give the file's folder instead")
      }
      return .notFound
    } catch {
      return .refused(error.reason)
    }
  }

  /// nil where the server has no such file.
  private func get(_ address: String, _ name: String) throws(HTTPFailure) -> [UInt8]? {
    let response: HTTPResponse
    do {
      response = try transport.get(address, limit: Self.maximumBytes) { progress(name, $0, $1) }
    } catch {
      failures.withLock { $0 += 1 }
      throw error
    }
    switch response.status {
    case 200: return response.body
    case 404, 410: return nil
    default:
      // A server that is broken or wants to know who asks will say the same to the next question.
      failures.withLock { $0 += 1 }
      throw HTTPFailure("\(address): the server answers with status \(response.status)")
    }
  }

  private func keep(
    _ body: [UInt8], _ name: String, _ key: String, _ check: ([UInt8], String) -> String?
  ) -> Answer {
    var bytes = body
    let file = MappedFile(bytes: body, path: name)
    if Cabinet.matches(firstBytes: file.bytes) {
      do {
        bytes = try Cabinet(parsing: file).firstMember()
      } catch {
        return .refused("\(name) from \(url) cannot be unpacked: \(error)")
      }
    }
    if let reason = check(bytes, name) { return .refused("\(name) from \(url) \(reason)") }
    let folder = "\(cache)/\(name)/\(key)"
    if let reason = CacheFolder.write(bytes, name: name, in: folder) {
      return .refused("\(folder)/\(name) cannot be written: \(reason)")
    }
    return .found("\(folder)/\(name)")
  }

  /// RFC 3986: what is no letter, digit or `-._~` goes as `%` and two digits.
  static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: String(Unicode.Scalar(byte))
      default: "%" + hexadecimal(UInt64(byte), digits: 2).dropFirst(2).uppercased()
      }
    }.joined()
  }
}
