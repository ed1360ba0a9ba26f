import ByteReading
import Facts
import Synchronization

/// Folders of images that the user names: laid out as a symbol store keeps them (`NAME/TIMESTAMPSIZE/NAME`), or image files
/// anywhere below.
///
/// An image is found by its timestamp and size, which together are what a symbol store files it under; a name alone never
/// is enough, because every build of a driver has the same one.
public struct ImageFolder: Sendable {
  /// Files looked at below the folders: a mounted system volume's drivers and libraries fit.
  public static let maximumFiles = 200_000
  static let maximumDepth = 12
  /// Files whose names fit nothing are opened, to see whether they are a wanted image under another name: at most so many.
  static let maximumOpened = 4096

  struct Place: Hashable, Sendable {
    var path: String
    /// From the folder's name, in a store; nil elsewhere.
    var key: ImageKey?
  }

  /// By lower-case file name.
  private var places: [String: [Place]] = [:]
  public private(set) var fileCount = 0
  private let cache = ImageCache()

  public init(paths: [String]) {
    for path in paths { list(path, depth: 0) }
  }

  private mutating func list(_ path: String, depth: Int) {
    guard depth < Self.maximumDepth, let names = try? folderNames(path) else { return }
    for name in names {
      guard fileCount < Self.maximumFiles else { return }
      let child = path + "/" + name
      // Links are not followed into folders: a volume's junctions lead in circles.
      switch FileStatus.of(child) {
      case .folder: if !FileStatus.isSymbolicLink(child) { list(child, depth: depth + 1) }
      case .file where Self.isImage(name):
        fileCount += 1
        places[name.lowercased(), default: []].append(Place(path: child, key: Self.storeKey(child)))
      default: break
      }
    }
  }

  static let endings: Set<String> = [
    "sys", "exe", "dll", "drv", "efi", "ocx", "cpl", "scr", "acm", "ax", "mui", "com", "tsp",
  ]

  static func isImage(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return endings.contains(name[name.index(after: dot)...].lowercased())
  }

  /// `…/amdppm.sys/0C9C03003b000/amdppm.sys` → timestamp and size; nil where the folders say something else.
  static func storeKey(_ path: String) -> ImageKey? {
    let parts = path.split(separator: "/")
    guard parts.count >= 3, parts[parts.count - 3].lowercased() == parts[parts.count - 1].lowercased() else {
      return nil
    }
    return ImageKey(storeFolder: parts[parts.count - 2])
  }

  /// The image of a name, timestamp and size. A kernel is loaded as `ntoskrnl.exe` whatever its file is called, and files
  /// get other names when they are collected: where no file of the name fits, the others are asked.
  ///
  /// - Parameter names: the file's names, the likeliest first.
  public func find(names: [String], key: ImageKey) -> (image: PEImage, path: String)? {
    for name in names {
      for place in places[name.lowercased()] ?? [] where place.key.map({ $0 == key }) ?? true {
        if let image = cache.image(place.path), ImageKey(image) == key { return (image, place.path) }
      }
    }
    return renamed(key)
  }

  /// Files outside stores are opened once; their keys are kept.
  private func renamed(_ key: ImageKey) -> (image: PEImage, path: String)? {
    let index = cache.keys {
      var index: [ImageKey: String] = [:]
      var opened = 0
      for name in places.keys.sorted() {
        for place in places[name] ?? [] {
          if let known = place.key {
            index[known] = index[known] ?? place.path
            continue
          }
          guard opened < Self.maximumOpened else { continue }
          opened += 1
          guard let image = Self.open(place.path) else { continue }
          let found = ImageKey(image)
          index[found] = index[found] ?? place.path
        }
      }
      return index
    }
    guard let path = index[key], let image = cache.image(path), ImageKey(image) == key else { return nil }
    return (image, path)
  }

  static func open(_ path: String) -> PEImage? { (try? MappedFile(path: path)).flatMap { try? PEImage(parsing: $0) } }
}

/// What a symbol store files an image under: IMAGE_FILE_HEADER.TimeDateStamp and SizeOfImage (public documentation of SymStore).
public struct ImageKey: Hashable, Sendable {
  public var timestamp: UInt32
  public var size: UInt32

  public init(timestamp: UInt32, size: UInt32) {
    self.timestamp = timestamp
    self.size = size
  }

  public init(_ image: PEImage) { self.init(timestamp: image.header.timestamp, size: image.header.imageSize) }

  /// Eight digits of the timestamp, then the size without leading zeros; some tools drop the timestamp's leading zeros as
  /// well, which leaves both parts in doubt and is not read.
  init?(storeFolder name: some StringProtocol) {
    guard (9...16).contains(name.utf8.count), name.allSatisfy(\.isHexDigit),
      let timestamp = UInt32(name.prefix(8), radix: 16), let size = UInt32(name.dropFirst(8), radix: 16)
    else { return nil }
    self.init(timestamp: timestamp, size: size)
  }

  /// `5F0E3C1A9c000`, as SymStore spells it.
  public var storeFolder: String { digits(UInt64(timestamp), 8) + String(size, radix: 16) }

  /// `NAME/TIMESTAMPSIZE/NAME`.
  public func storePath(_ name: String) -> String { "\(name)/\(storeFolder)/\(name)" }
}

/// Images opened once, by path.
private final class ImageCache: Sendable {
  /// As many as two machines load.
  static let maximumImages = 512

  private let images = Mutex<[String: PEImage]>([:])
  private let index = Mutex<[ImageKey: String]?>(nil)

  func image(_ path: String) -> PEImage? {
    if let known = images.withLock({ $0[path] }) { return known }
    guard let image = ImageFolder.open(path) else { return nil }
    images.withLock { if $0.count < Self.maximumImages { $0[path] = image } }
    return image
  }

  func keys(_ make: () -> [ImageKey: String]) -> [ImageKey: String] {
    index.withLock { index in
      if let index { return index }
      let made = make()
      index = made
      return made
    }
  }
}
