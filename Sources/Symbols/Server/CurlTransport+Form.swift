import CVariadic

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A part of a form that is sent: a field, or a file that is read while it is sent.
public struct FormPart: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case text(String)
    case file(path: String, name: String)
  }

  public var name: String
  public var content: Content

  public init(_ name: String, _ content: Content) {
    self.name = name
    self.content = content
  }
}

extension CurlTransport {
  private typealias NewForm = @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  private typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void
  private typealias SetText = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> CInt
  private typealias SetData = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, Int) -> CInt
  private typealias Append =
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> UnsafeMutableRawPointer?

  private func load<Function>(_ name: String, _: Function.Type) throws(HTTPFailure) -> Function {
    guard let function = unsafe dlsym(library, name) else {
      throw HTTPFailure("the computer's libcurl is too old to send files")
    }
    return unsafe unsafeBitCast(function, to: Function.self)
  }

  /// Sends a form (RFC 7578), and takes the answer.
  ///
  /// - Parameters:
  ///   - token: sent as `Authorization: Bearer`.
  ///   - method: in the place of `POST`, or of `GET` where there are no parts.
  public func send(
    _ url: String, parts: [FormPart] = [], token: String?, method: String? = nil, limit: Int
  ) throws(HTTPFailure) -> HTTPResponse {
    let newForm = try load("curl_mime_init", NewForm.self)
    let addPart = try load("curl_mime_addpart", NewForm.self)
    let setName = try load("curl_mime_name", SetText.self)
    let setFile = try load("curl_mime_filedata", SetText.self)
    let setFileName = try load("curl_mime_filename", SetText.self)
    let setData = try load("curl_mime_data", SetData.self)
    let freeForm = try load("curl_mime_free", Free.self)
    let append = try load("curl_slist_append", Append.self)
    let freeList = try load("curl_slist_free_all", Free.self)
    var form: UnsafeMutableRawPointer?
    var headers: UnsafeMutableRawPointer?
    var unreadable: String?
    defer {
      unsafe freeForm(form)
      unsafe freeList(headers)
    }
    let answer = try ask(url, limit: limit, progress: { _, _ in }) { handle, setOption in
      // A server that is slow to take what it is sent is told by its own limits, not by ours.
      if let token { unsafe headers = append(headers, "Authorization: Bearer \(token)") }
      unsafe headers = append(headers, "Expect:")
      _ = unsafe faultline_call_with_pointer(setOption, handle, Option.header, headers)
      if let method {
        _ = unsafe method.withCString {
          unsafe faultline_call_with_pointer(
            setOption, handle, Option.customRequest, UnsafeMutableRawPointer(mutating: $0))
        }
      }
      guard !parts.isEmpty else { return }
      unsafe form = newForm(handle)
      for part in parts {
        let place = unsafe addPart(form)
        _ = unsafe setName(place, part.name)
        switch part.content {
        case .text(let text): _ = unsafe setData(place, text, text.utf8.count)
        case .file(let path, let name):
          if unsafe setFile(place, path) != 0 { unreadable = path }
          _ = unsafe setFileName(place, name)
        }
      }
      _ = unsafe faultline_call_with_pointer(setOption, handle, Option.form, form)
    }
    if let unreadable { throw HTTPFailure("\(unreadable): cannot be read") }
    return answer
  }
}
