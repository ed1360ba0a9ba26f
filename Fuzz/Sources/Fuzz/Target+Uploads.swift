import CaseStore

extension Target {
  private static let boundary = "x--7"

  /// A form that a browser sends. The first byte says how many bytes arrive at once; whole or in pieces, it is the same form.
  static let upload = Target(name: "upload") {
    let parts = [
      "Content-Disposition: form-data; name=\"name\"\r\n\r\nA case\r\n",
      "content-disposition: form-data; name=\"evidence\"; filename=\"logs/a%22b.txt\"\r\nContent-Type: text/plain\r\n\r\none\r\n--x\r\n\r",
      "Content-Disposition: form-data; name=evidence; filename=\"empty\\\".txt\"\r\n\r\n",
    ]
    return [1, 7, 200].map { piece in
      [piece]
        + Array(parts.map { "--\(boundary)\r\n" + $0 + "\r\n" }.joined().utf8) + Array("--\(boundary)--\r\n".utf8)
    }
  } run: { bytes in
    guard let first = bytes.first else { return }
    let form = bytes.dropFirst()
    let whole = parts(of: form, piece: form.count)
    let pieces = parts(of: form, piece: Int(first) + 1)
    precondition(whole == pieces)
  }

  /// Names and contents in turn; nil where it is no form.
  private static func parts(of form: ArraySlice<UInt8>, piece: Int) -> [[UInt8]]? {
    guard piece > 0, var reader = MultipartReader(contentType: "multipart/form-data; boundary=\"\(boundary)\"") else {
      return nil
    }
    var result: [[UInt8]] = []
    var rest = form
    while !rest.isEmpty {
      guard let events = try? reader.read(rest.prefix(piece)) else { return nil }
      for event in events {
        switch event {
        case .begin(let part): result += [Array("\(part.name) \(part.fileName ?? "")".utf8), []]
        case .data(let bytes): result[result.count - 1] += bytes
        case .end: break
        }
      }
      rest = rest.dropFirst(piece)
    }
    return (try? reader.finish()) == nil ? nil : result
  }
}
