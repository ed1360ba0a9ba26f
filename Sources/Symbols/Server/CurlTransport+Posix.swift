import CVariadic

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// libcurl, loaded when a symbol server is first asked: `http` and `https`, with the computer's own certificates and proxies.
///
/// Foundation's client is libcurl as well; linked into the program it would slow every start (Documentation/Decisions/0005).
/// Numbers of options and results are part of libcurl's stable interface (curl/curl.h).
public struct CurlTransport: HTTPTransport, @unchecked Sendable {
  private typealias Make = @convention(c) () -> UnsafeMutableRawPointer?
  private typealias Perform = @convention(c) (UnsafeMutableRawPointer?) -> CInt
  private typealias Clean = @convention(c) (UnsafeMutableRawPointer?) -> Void
  private typealias Text = @convention(c) (CInt) -> UnsafePointer<CChar>?

  /// A server that does not take the connection, and one that takes it and then sends less than `leastRate` for so long.
  public static let connectSeconds = 15
  public static let stallSeconds = 30
  public static let leastRate = 256
  /// A kernel's PDB of 15 MB over 128 kbit/s takes a quarter of an hour.
  public static let totalSeconds = 1800
  static let maximumRedirections = 5

  enum Option {
    static let header: CInt = 10023
    static let form: CInt = 10269
    static let customRequest: CInt = 10036
    static let url: CInt = 10002
    static let writeData: CInt = 10001
    static let writeFunction: CInt = 20011
    static let userAgent: CInt = 10018
    static let timeout: CInt = 13
    static let lowSpeedLimit: CInt = 19
    static let lowSpeedTime: CInt = 20
    static let followLocation: CInt = 52
    static let maximumRedirections: CInt = 68
    static let connectTimeout: CInt = 78
    static let noSignal: CInt = 99
    static let protocols: CInt = 181
    static let redirectionProtocols: CInt = 182
    static let maximumFileSize: CInt = 30117
  }
  private enum Result {
    static let responseCode: CInt = 0x20_0002
    static let contentLength: CInt = 0x60_000F
  }
  /// CURLPROTO_HTTP and CURLPROTO_HTTPS: neither files nor other schemes, also not by a redirection.
  private static let webProtocols = 3

  private let make: Make
  private let perform: Perform
  private let clean: Clean
  private let errorText: Text
  private let setOption: UnsafeMutableRawPointer
  private let getInformation: UnsafeMutableRawPointer
  private let userAgent: String
  let library: UnsafeMutableRawPointer

  /// Throws where this computer has no libcurl.
  public init(userAgent: String) throws(HTTPFailure) {
    let names = ["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so", "libcurl.4.dylib", "libcurl.dylib"]
    guard let handle = names.lazy.compactMap({ unsafe dlopen($0, RTLD_LAZY | RTLD_LOCAL) }).first else {
      throw HTTPFailure("servers are asked through libcurl, which this computer lacks (Debian: libcurl4)")
    }
    func load<Function>(_ name: String, _: Function.Type) -> Function? {
      unsafe dlsym(handle, name).map { unsafe unsafeBitCast($0, to: Function.self) }
    }
    guard let make = load("curl_easy_init", Make.self), let perform = load("curl_easy_perform", Perform.self),
      let clean = load("curl_easy_cleanup", Clean.self), let errorText = load("curl_easy_strerror", Text.self),
      let setOption = unsafe dlsym(handle, "curl_easy_setopt"),
      let getInformation = unsafe dlsym(handle, "curl_easy_getinfo")
    else { throw HTTPFailure("the computer's libcurl lacks a function that is needed") }
    unsafe self.make = make
    unsafe self.perform = perform
    unsafe self.clean = clean
    unsafe self.errorText = errorText
    unsafe self.setOption = setOption
    unsafe self.getInformation = getInformation
    self.userAgent = userAgent
    unsafe library = handle
  }

  /// What the callback collects.
  private final class Body {
    var bytes: [UInt8] = []
    let limit: Int
    let handle: UnsafeMutableRawPointer
    let getInformation: UnsafeMutableRawPointer
    var isTooLong = false
    var progress: ((Int, Int?) -> Void)?

    init(limit: Int, handle: UnsafeMutableRawPointer, getInformation: UnsafeMutableRawPointer) {
      self.limit = limit
      unsafe self.handle = handle
      unsafe self.getInformation = getInformation
    }

    var status: Int {
      var status = 0
      _ = unsafe withUnsafeMutablePointer(to: &status) {
        unsafe faultline_call_with_pointer(getInformation, handle, Result.responseCode, $0)
      }
      return status
    }

    /// nil where the server does not say.
    private var total: Int? {
      var total: Int64 = -1
      _ = unsafe withUnsafeMutablePointer(to: &total) {
        unsafe faultline_call_with_pointer(getInformation, handle, Result.contentLength, $0)
      }
      return total > 0 ? Int(total) : nil
    }

    func take(_ part: UnsafeRawBufferPointer) -> Bool {
      guard part.count <= limit - bytes.count else {
        isTooLong = true
        return false
      }
      unsafe bytes.append(contentsOf: part)
      if status == 200 { progress?(bytes.count, total) }
      return true
    }
  }

  private static let receive: @convention(c) (UnsafeMutableRawPointer?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
    data, size, count, target in
    guard let data = unsafe data, let target = unsafe target else { return 0 }
    let (total, overflow) = size.multipliedReportingOverflow(by: count)
    guard !overflow else { return 0 }
    let body = unsafe Unmanaged<Body>.fromOpaque(target).takeUnretainedValue()
    return unsafe body.take(UnsafeRawBufferPointer(start: data, count: total)) ? total : 0
  }

  public func get(
    _ url: String, limit: Int, progress: (Int, Int?) -> Void
  ) throws(HTTPFailure) -> HTTPResponse {
    try ask(url, limit: limit, progress: progress) { _, _ in }
  }

  /// - Parameter prepare: sets further options; what it sets by reference must live until this returns.
  func ask(
    _ url: String, limit: Int, progress: (Int, Int?) -> Void,
    prepare: (_ handle: UnsafeMutableRawPointer, _ setOption: UnsafeMutableRawPointer) -> Void
  ) throws(HTTPFailure) -> HTTPResponse {
    guard let handle = unsafe make() else { throw HTTPFailure("libcurl gives no handle") }
    defer { unsafe clean(handle) }
    for (option, value) in [
      (Option.noSignal, 1), (Option.followLocation, 1), (Option.maximumRedirections, Self.maximumRedirections),
      (Option.connectTimeout, Self.connectSeconds), (Option.timeout, Self.totalSeconds),
      (Option.lowSpeedLimit, Self.leastRate), (Option.lowSpeedTime, Self.stallSeconds),
      (Option.protocols, Self.webProtocols), (Option.redirectionProtocols, Self.webProtocols),
    ] { _ = unsafe faultline_call_with_long(setOption, handle, option, value) }
    _ = unsafe faultline_call_with_wide(setOption, handle, Option.maximumFileSize, Int64(limit))
    func set(_ option: CInt, text: String) {
      // libcurl copies the text.
      _ = unsafe text.withCString {
        unsafe faultline_call_with_pointer(setOption, handle, option, UnsafeMutableRawPointer(mutating: $0))
      }
    }
    set(Option.url, text: url)
    set(Option.userAgent, text: userAgent)
    let body = unsafe Body(limit: limit, handle: handle, getInformation: getInformation)
    _ = unsafe faultline_call_with_pointer(
      setOption, handle, Option.writeFunction, unsafeBitCast(Self.receive, to: UnsafeMutableRawPointer.self))
    _ = unsafe faultline_call_with_pointer(
      setOption, handle, Option.writeData, Unmanaged.passUnretained(body).toOpaque())
    unsafe prepare(handle, setOption)
    let outcome = withoutActuallyEscaping(progress) { progress in
      body.progress = progress
      defer { body.progress = nil }
      return withExtendedLifetime(body) { unsafe perform(handle) }
    }
    if body.isTooLong { throw HTTPFailure("\(url): more than \(limit) bytes") }
    guard outcome == 0 else {
      let text = unsafe errorText(outcome).map { unsafe String(cString: $0) } ?? "libcurl error \(outcome)"
      throw HTTPFailure("\(url): \(text)")
    }
    return HTTPResponse(status: body.status, body: body.bytes)
  }
}
