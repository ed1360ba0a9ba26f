import Facts

/// What is wrong with a piece of evidence: where, what was expected and what was found.
public struct EvidenceProblem: Hashable, Sendable {
  /// The field or structure, with those around it: `DUMP_HEADER64 > PhysicalMemoryBlock > NumberOfRuns`.
  public var what: String
  public var because: Absence
  /// Bytes from the beginning of the file.
  public var offset: UInt64?
  public var address: VirtualAddress?
  public var expected: String?
  public var found: String?
  /// The whole as a sentence.
  public var text: String

  public init(
    what: String, because: Absence, offset: UInt64? = nil, address: VirtualAddress? = nil, expected: String? = nil,
    found: String? = nil, text: String
  ) {
    self.what = what
    self.because = because
    self.offset = offset
    self.address = address
    self.expected = expected
    self.found = found
    self.text = text
  }

  public var json: JSONValue {
    .members([
      ("what", .string(what)), ("because", .string(because.rawValue)),
      ("offset", offset.map { .string(hexadecimal($0)) }),
      ("address", address.map { .hex($0) }), ("expected", .optional(expected)), ("found", .optional(found)),
      ("text", .string(text)),
    ])
  }
}

extension Missing {
  public var json: JSONValue {
    .members([("what", .string(what)), ("because", .string(because.rawValue)), ("detail", .string(detail))])
  }
}
