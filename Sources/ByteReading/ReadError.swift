import Facts

/// Why bytes could not be read as what they should be: what was read, where, what was expected and what was found.
public struct ReadError: Error, Hashable, Sendable, CustomStringConvertible {
  @frozen
  public enum Position: Hashable, Sendable {
    /// Bytes from the beginning of the file.
    case file(UInt64)
    /// An address in the memory the evidence holds.
    case address(VirtualAddress)
    case nowhere
  }

  public var kind: Absence
  /// The field or structure being read, in the field's own words (`NumberOfRuns`).
  public var reading: String
  public var position: Position
  public var expected: String
  public var found: String
  /// The structures around it, outermost first: `DUMP_HEADER64 > PhysicalMemoryBlock > Run[3]`.
  public var trail: [String]

  public init(
    _ kind: Absence, reading: String, at position: Position = .nowhere, expected: String, found: String,
    trail: [String] = []
  ) {
    self.kind = kind
    self.reading = reading
    self.position = position
    self.expected = expected
    self.found = found
    self.trail = trail
  }

  public var description: String {
    var text = (trail + [reading]).joined(separator: " > ")
    switch position {
    case .file(let offset): text += " at file offset \(hexadecimal(offset))"
    case .address(let address): text += " at address \(address)"
    case .nowhere: break
    }
    return text + ": expected \(expected), found \(found)"
  }

  /// Adds the structure around a failing read to its trail.
  @inlinable
  public static func within<Result: ~Copyable>(
    _ structure: @autoclosure () -> String, _ body: () throws(ReadError) -> Result
  ) throws(ReadError) -> Result {
    do {
      return try body()
    } catch {
      var error = error
      error.trail.insert(structure(), at: 0)
      throw error
    }
  }
}
