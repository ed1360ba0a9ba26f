import CrashDumpFormat
import Facts
import KernelLayouts
import PortableExecutable
import Symbols
import Synchronization

/// Images of the dump's memory by the module's index; nil inside where the headers cannot be read.
final class LoadedImages: Sendable {
  private let images = Mutex<[Int: PEImage?]>([:])

  func image(_ index: Int, _ open: () -> PEImage?) -> PEImage? {
    if let known = images.withLock({ $0[index] }) { return known }
    let image = open()
    images.withLock { $0[index] = .some(image) }
    return image
  }
}

extension ModuleMap {
  /// The names a module's file may have: the kernel stands in the list as `ntoskrnl.exe` whichever of the four was started.
  static func fileNames(_ identity: ModuleIdentity) -> [String] {
    let name = identity.name
    guard identity.isKernel else { return [name] }
    return [name] + ModuleIdentity.kernelNames.sorted().filter { $0 != name.lowercased() }
  }

  /// What a symbol store files a module's image under; nil where the dump does not say when it was linked.
  static func key(_ entry: Entry) -> ImageKey? {
    guard let timestamp = entry.identity.timestamp ?? entry.image?.timestamp, timestamp != 0 else { return nil }
    // The loader's size is rounded up to pages; so is SizeOfImage in every image that a kernel loads.
    let size = entry.image?.sizeOfImage ?? entry.identity.size.flatMap(UInt32.init(exactly:))
    return size.map { ImageKey(timestamp: timestamp, size: $0) }
  }

  /// Gives every module the file that is its own image: timestamp and size agree.
  mutating func attach(_ folder: ImageFolder) {
    for index in entries.indices {
      guard let key = Self.key(entries[index]),
        let found = folder.find(names: Self.fileNames(entries[index].identity), key: key)
      else { continue }
      setFile(found.image, path: found.path, at: index)
    }
  }

  /// What memory holds of the headers is the dump's own; the file fills the gaps.
  mutating func setFile(_ image: PEImage, path: String, at index: Int) {
    entries[index].file = (image, path)
    let own = LoadedImage(image)
    if entries[index].image == nil {
      entries[index].image = own
    } else {
      if entries[index].image?.sections.isEmpty == true { entries[index].image?.sections = own.sections }
      if entries[index].image?.debugIdentity == nil { entries[index].image?.debugIdentity = own.debugIdentity }
    }
  }

  /// Whether a module's file would say how to unwind its frames, and memory does not.
  func wantsImage(at index: Int) -> Bool {
    guard let image = loadedImage(at: index) else { return true }
    switch image.header.architecture {
    case .x64: return (try? image.functionTable?.entry(0)) == nil
    case .arm64: return (try? image.arm64FunctionTable?.entry(0)) == nil
    default: return false
    }
  }

  /// The identity of a module's symbols: the image's own, or that of the one kernel build whose addresses the dump has.
  func debugIdentity(at index: Int, match: KernelBuildMatch?) -> DebugIdentity? {
    if let identity = entries[index].image?.debugIdentity { return identity }
    guard entries[index].identity.isKernel, let match, match.isUnique else { return nil }
    return DebugIdentity(name: "ntkrnlmp.pdb", guid: match.build.pdbGUID, age: match.build.pdbAge)
  }

  /// Versions from the modules' own version resources, in their files or in memory. Drivers' resources are often in sections
  /// that the kernel gives up after loading: then there is none.
  mutating func readVersions() {
    for index in entries.indices { readVersion(at: index) }
  }

  mutating func readVersion(at index: Int) {
    for image in images(at: index) {
      guard let version = try? image.versionInformation() else { continue }
      if entries[index].identity.version == nil { entries[index].identity.version = version.fileVersion }
      if entries[index].identity.branchSuffix == nil { entries[index].identity.branchSuffix = version.branchSuffix }
      break
    }
  }

  /// The image as it lies in the dump's memory; nil where its headers are not there.
  func loadedImage(at index: Int) -> PEImage? {
    loaded.image(index) {
      guard let memory, let base = entries[index].identity.base,
        memory.load(at: base, as: UInt16.self) == 0x5A4D
      else { return nil }
      let reader = ImageMemoryReader { offset, count in
        let (address, overflow) = base.rawValue.addingReportingOverflow(offset)
        return overflow ? nil : memory.bytes(at: VirtualAddress(address), count: count)
      }
      return try? PEImage(loaded: reader, base: base)
    }
  }

  /// Where unwind data are looked for: the file first, which holds all of it, then memory, where pages may be missing.
  func images(at index: Int) -> [PEImage] { [entries[index].file?.image, loadedImage(at: index)].compactMap { $0 } }

  /// Bytes of code: what the dump holds, else what the module's file holds there.
  func code(at address: UInt64, count: Int) -> [UInt8]? {
    memory?.bytes(at: VirtualAddress(address), count: count) ?? fileCode(at: address, count: count)
  }

  /// What the module's file holds at an address: the loader may have changed it in memory.
  func fileCode(at address: UInt64, count: Int) -> [UInt8]? {
    guard let entry = entry(at: address), let base = entry.identity.base, let image = entry.file?.image,
      let offset = UInt32(exactly: address - base.rawValue)
    else { return nil }
    return image.bytes(at: offset, count: count)
  }
}
