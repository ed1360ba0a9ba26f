import CrashDumpFormat
import Facts

/// The images of one session, by MM_SESSION_SPACE.ImageList.
///
/// An entry begins with its LIST_ENTRY; the image's address follows, with flags in its low bits (published by memory-forensics
/// tools for XP to 8.1; from Windows 10 on the images are a tree, and nothing is read here). That it is an entry shows in what it
/// holds: its address is a loaded image's base.
struct SessionImageList {
  let session: UInt32
  let head: UInt64
  /// The addresses of its entries.
  private let entries: Set<UInt64>
  private let memory: VirtualMemory
  private let pointerBytes: Int

  /// A session has a dozen images.
  static let maximumEntries = 4096

  /// nil where this kernel has no such list or it is not in the dump.
  init?(_ structures: StructureReader, of process: KernelProcess) {
    guard let session = process.session,
      let space = process.sessionSpace,
      let head = structures.place("_MM_SESSION_SPACE", "ImageList", in: space.rawValue)
    else { return nil }
    // Session space is mapped in the processes of its session only.
    var memory = structures.space.memory
    let size = structures.space.pointerBytes
    if let table = process.directoryTableBase {
      let own = memory.space(directoryTableBase: table)
      if own.loadPointer(at: VirtualAddress(head), size: size) != nil { memory = own }
    }
    var found: Set<UInt64> = []
    var at = head
    while let next = memory.loadPointer(at: VirtualAddress(at), size: size), next != head,
      found.count < Self.maximumEntries, structures.isKernelPointer(next), found.insert(next).inserted
    {
      at = next
    }
    guard !found.isEmpty else { return nil }
    self.session = session
    self.head = head
    self.memory = memory
    pointerBytes = size
    entries = found
  }

  private func pointer(_ address: UInt64) -> UInt64? {
    memory.loadPointer(at: VirtualAddress(address), size: pointerBytes)
  }

  private static let flags: UInt64 = 7

  /// Base of the image that an entry is for.
  func image(of entry: UInt64) -> UInt64? { pointer(entry &+ UInt64(2 * pointerBytes)).map { $0 & ~Self.flags } }

  /// Whether an entry has been taken out between two neighbours of this list that are joined over it. Taking an entry out of a list
  /// leaves its own links as they were.
  func isTakenOut(_ entry: UInt64) -> Bool {
    guard entry != head, !entries.contains(entry) else { return false }
    let width = UInt64(pointerBytes)
    guard let next = pointer(entry), let previous = pointer(entry &+ width) else { return false }
    func isOwn(_ address: UInt64) -> Bool { address == head || entries.contains(address) }
    return isOwn(next) && isOwn(previous) && pointer(next &+ width) == previous && pointer(previous) == next
  }
}

/// Two sessions at work on one image: one uses NULL, the other has just taken its entry out of its list.
public struct SessionImageRace: Hashable, Sendable {
  /// Of the faulting thread.
  public var session: UInt32
  public var otherSession: UInt32
  /// ETHREAD of the other session's thread, its process, and the processor it runs on.
  public var thread: VirtualAddress
  public var process: String?
  public var processor: Int?
  /// File name of the image, and the entry that was taken out.
  public var image: String
  public var entry: VirtualAddress
  /// The offsets are another build's.
  public var isGuess: Bool
}

extension KernelDump {
  /// Threads of other sessions whose stacks are searched; those that run come first.
  private static let searchedThreads = 4096
  /// A kernel stack is 12 KiB on x86 and 24 KiB on x64; larger ones are searched from their inner end.
  private static let searchedWords = 8192
  /// Of all threads together: what 300 stacks on x64 hold. Only a damaged dump has more to search in other sessions.
  private static let searchedWordsInAll = 1 << 20

  /// nil where the machine did not stop by a NULL in the kernel, or nothing of the kind is in the dump.
  public func sessionImageRace() -> SessionImageRace? {
    guard let exception, exception.isNullDereference, let address = exception.address,
      modules.entry(at: address.rawValue)?.identity.isKernel == true, let session = process?.session,
      let structures, let processes = processes().list, let threads = threads().list
    else { return nil }
    var lists: [UInt32: SessionImageList] = [:]
    for process in processes.processes {
      guard let own = process.session, lists[own] == nil else { continue }
      lists[own] = SessionImageList(structures, of: process)
    }
    let wanted = images(ofFault: exception, structures)
    guard !wanted.isEmpty, lists.keys.contains(where: { $0 != session }) else { return nil }
    let others = threads.threads.filter { thread in
      thread.session.map { $0 != session && lists[$0] != nil } ?? false
    }
    let ordered = others.filter { $0.processor != nil } + others.filter { $0.processor == nil }
    var left = Self.searchedWordsInAll
    for thread in ordered.prefix(Self.searchedThreads) where left > 0 {
      guard let other = thread.session, let list = lists[other],
        let found = takenOut(by: thread, list, wanted, structures, &left)
      else { continue }
      return SessionImageRace(
        session: session, otherSession: other, thread: VirtualAddress(thread.address), process: thread.processName,
        processor: thread.processor, image: found.image, entry: VirtualAddress(found.entry),
        isGuess: !structures.isExact || processes.isGuess || threads.isGuess)
    }
    return nil
  }

  /// Bases of session images that the failing routine has at hand: in a register, or in one of the kernel's frames below it.
  private func images(ofFault exception: StopException, _ structures: StructureReader) -> Set<UInt64> {
    var words: [UInt64] = []
    if let context = exception.context {
      words += context.general.indices.filter { context.known & (1 << UInt32($0 & 31)) != 0 }.map {
        context.general[$0]
      }
    }
    let frames = stack.suffix(from: min(topFrame ?? 0, stack.count))
    let kernelFrames = frames.prefix { $0.module.map { ModuleIdentity(name: $0).isKernel } ?? false }
    if let first = kernelFrames.first?.stackPointer?.rawValue,
      let end = frames.dropFirst(kernelFrames.count).first?.stackPointer?.rawValue
        ?? kernelFrames.last?.stackPointer.map({ $0.rawValue &+ 0x200 })
    {
      words += stackWords(first, end, structures)
    }
    return Set(words.filter { base($0) != nil })
  }

  /// The image that begins at an address, other than the kernel itself.
  private func base(_ address: UInt64) -> String? {
    guard let identity = modules.entry(at: address)?.identity, identity.base?.rawValue == address, !identity.isKernel
    else { return nil }
    return identity.name
  }

  private func takenOut(
    by thread: KernelThread, _ list: SessionImageList, _ wanted: Set<UInt64>, _ structures: StructureReader,
    _ left: inout Int
  ) -> (image: String, entry: UInt64)? {
    guard let base = thread.stackBase else { return nil }
    let frames = thread.processor == nil ? nil : stack(of: thread)
    guard let top = frames?.first?.stackPointer?.rawValue ?? thread.kernelStack, thread.holdsOnStack(top) else {
      return nil
    }
    let words = stackWords(top, base, structures)
    left -= words.count
    for (index, word) in words.enumerated()
    where structures.isKernelPointer(word) && list.isTakenOut(word) {
      guard let image = list.image(of: word), wanted.contains(image), let name = self.base(image) else { continue }
      // In a frame of the kernel: what other drivers keep is their own affair.
      let slot = top &+ UInt64(index) &* structures.pointerBytes
      let walked = frames ?? stack(of: thread)
      let frame = walked.last { ($0.stackPointer?.rawValue ?? .max) <= slot }
      guard let module = frame?.module, ModuleIdentity(name: module).isKernel else { continue }
      return (name, word)
    }
    return nil
  }

  private func stackWords(_ start: UInt64, _ end: UInt64, _ structures: StructureReader) -> [UInt64] {
    let size = Int(structures.pointerBytes)
    guard start < end else { return [] }
    let count = Int(min((end - start) / structures.pointerBytes, UInt64(Self.searchedWords)))
    let bytes = structures.space.memory.bytesAvailable(at: VirtualAddress(start), limit: count * size)
    return stride(from: 0, to: bytes.count / size * size, by: size).map { offset in
      (0..<size).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }
  }
}
