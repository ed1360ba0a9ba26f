import ByteReading
import Facts

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// libarchive, loaded when the first compressed cabinet is opened: linked at start it would slow every run.
struct CabinetLibrary: @unchecked Sendable {
  private typealias New = @convention(c) () -> OpaquePointer?
  private typealias Step = @convention(c) (OpaquePointer?) -> CInt
  private typealias Open = @convention(c) (OpaquePointer?, UnsafeRawPointer?, Int) -> CInt
  private typealias Next = @convention(c) (OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>?) -> CInt
  private typealias Data = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int) -> Int
  private typealias Text = @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?

  private let new: New
  private let supportCabinets: Step
  private let open: Open
  private let next: Next
  private let data: Data
  private let free: Step
  private let errorText: Text

  /// nil where this computer has no libarchive, or one without cabinets.
  static let shared = CabinetLibrary()

  private init?() {
    let names = ["libarchive.so.13", "libarchive.so", "libarchive.13.dylib", "libarchive.dylib"]
    guard let handle = names.lazy.compactMap({ unsafe dlopen($0, RTLD_LAZY | RTLD_LOCAL) }).first else { return nil }
    func load<Function>(_ name: String, _: Function.Type) -> Function? {
      unsafe dlsym(handle, name).map { unsafe unsafeBitCast($0, to: Function.self) }
    }
    guard let new = load("archive_read_new", New.self),
      let supportCabinets = load("archive_read_support_format_cab", Step.self),
      let open = load("archive_read_open_memory", Open.self), let next = load("archive_read_next_header", Next.self),
      let data = load("archive_read_data", Data.self), let free = load("archive_read_free", Step.self),
      let errorText = load("archive_error_string", Text.self)
    else { return nil }
    unsafe self.new = new
    unsafe self.supportCabinets = supportCabinets
    unsafe self.open = open
    unsafe self.next = next
    unsafe self.data = data
    unsafe self.free = free
    unsafe self.errorText = errorText
  }

  /// The first file of a cabinet. Throws where it does not give the bytes that its directory states.
  func firstMember(of cabinet: [UInt8], bytes count: Int) throws(ReadError) -> [UInt8] {
    guard let handle = unsafe new() else {
      throw ReadError(.unsupported, reading: "cabinet", expected: "memory for libarchive", found: "none")
    }
    defer { _ = unsafe free(handle) }
    _ = unsafe supportCabinets(handle)
    var result: [UInt8] = []
    var reason: String?
    unsafe cabinet.withUnsafeBytes { input in
      func failed() { unsafe reason = errorText(handle).map { unsafe String(cString: $0) } ?? "an unknown error" }
      guard unsafe open(handle, input.baseAddress, input.count) == 0 else { return failed() }
      var entry: OpaquePointer?
      guard unsafe next(handle, &entry) == 0 else { return failed() }
      // Grown as data come: the directory may state more than there is.
      var chunk = [UInt8](repeating: 0, count: 1 << 18)
      while result.count <= count {
        let read = unsafe chunk.withUnsafeMutableBytes { unsafe data(handle, $0.baseAddress, $0.count) }
        if read < 0 { return failed() }
        if read == 0 { return }
        result += chunk[..<read]
      }
    }
    if let reason {
      throw ReadError(
        .malformed, reading: "CFDATA", at: .nowhere, expected: "\(count) bytes",
        found: "\(result.count), then \(reason)", trail: ["CAB"])
    }
    guard result.count == count else {
      throw ReadError(
        .malformed, reading: "cbFile", at: .nowhere, expected: "\(count) bytes", found: "\(result.count)",
        trail: ["CAB"]
      )
    }
    return result
  }
}
