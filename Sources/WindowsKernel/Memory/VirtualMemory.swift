import ByteReading
import CrashDumpFormat
import Facts
import Synchronization

/// A whole dump's memory as one address space sees it.
public struct VirtualMemory: MemoryReading {
  public let translator: AddressTranslator
  private let cache = TranslationCache()

  public init(_ translator: AddressTranslator) { self.translator = translator }

  public init(_ physical: PhysicalMemory, mode: PagingMode, directoryTableBase: PhysicalAddress) {
    self.init(AddressTranslator(physical, mode: mode, directoryTableBase: directoryTableBase))
  }

  public var physical: PhysicalMemory { translator.physical }
  public var file: MappedFile { translator.physical.file }

  /// The same physical memory through another process's tables.
  public func space(directoryTableBase: PhysicalAddress) -> VirtualMemory {
    VirtualMemory(translator.physical, mode: translator.mode, directoryTableBase: directoryTableBase)
  }

  /// At most to the end of the 4 KB page: what follows there lies elsewhere in the file.
  public func locate(_ address: VirtualAddress) -> (offset: Int, count: Int)? {
    let page = address.rawValue >> 12
    let inPage = Int(address.rawValue & 0xFFF)
    let offset: Int
    if let known = cache[page] {
      offset = known
    } else {
      guard let place = translator.translate(VirtualAddress(page << 12)).physical,
        let found = physical.fileOffset(ofPage: place.rawValue >> 12)
      else { return nil }
      offset = found
      cache[page] = found
    }
    return (offset + inPage, PhysicalMemory.pageBytes - inPage)
  }

  /// Why an address cannot be read; nil where it can.
  public func absence(at address: VirtualAddress) -> MemoryAbsence? {
    let translation = translator.translate(address)
    guard let place = translation.physical else { return .notMapped(translation) }
    switch physical.page(place.rawValue >> 12) {
    case .present: return nil
    case .notCaptured: return .notCaptured(place)
    case .truncated: return .truncated(place)
    }
  }
}

/// Why memory cannot be read: none of these is an error in the dump.
public enum MemoryAbsence: Hashable, Sendable, CustomStringConvertible {
  /// The address leads to no physical page.
  case notMapped(Translation)
  /// The page is not among those that this type of dump holds.
  case notCaptured(PhysicalAddress)
  /// The dump's file ends before it.
  case truncated(PhysicalAddress)

  public var description: String {
    switch self {
    case .notMapped(.pagedOut(let file, let page)): "is in page file \(file), page \(hexadecimal(page))"
    case .notMapped(.inMappedFile): "is in a mapped file and not in memory"
    case .notMapped(.demandZero): "was never touched"
    case .notMapped(.tableNotInDump(let place, let level)):
      "cannot be translated: its level \(level) table at physical address \(place) is not in the dump"
    case .notMapped: "is not mapped"
    case .notCaptured(let place): "lies at physical address \(place), which the dump does not hold"
    case .truncated(let place): "lies at physical address \(place), before which the dump's file ends"
    }
  }
}

/// The last translations, by page. A walk over structures asks for the same few hundred pages again and again.
final class TranslationCache: Sendable {
  /// A power of two.
  private static let places = 512

  private struct Entry {
    var page: UInt64
    var offset: Int
  }

  // No page has this number: it would begin beyond the address space.
  private let entries = Mutex([Entry](repeating: Entry(page: .max, offset: 0), count: places))

  subscript(page: UInt64) -> Int? {
    get {
      entries.withLock {
        let entry = $0[Int(page & UInt64(Self.places - 1))]
        return entry.page == page ? entry.offset : nil
      }
    }
    set {
      guard let newValue else { return }
      entries.withLock { $0[Int(page & UInt64(Self.places - 1))] = Entry(page: page, offset: newValue) }
    }
  }
}
