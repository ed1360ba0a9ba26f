/// Case 5: what becomes of a header of the NetBIOS session service (RFC 1002, 4.3) in a buffer of so many indicated bytes.
///
/// How netbt.sys takes its packets apart is not public. The article says that a buffer is mishandled where fields are invalid; the
/// model copies, for headers with invalid fields, as many bytes as the header states, and for valid ones what is there.
struct ReceivePath: Sendable {
  static let headerBytes = 4
  /// 17 bits.
  static let longest = 0x1_FFFF

  enum Action: Hashable, Sendable {
    /// Fewer bytes than a header has: nothing is looked at yet.
    case waits
    case refuses
    /// Copies so many bytes from behind the header.
    case copies(Int)
  }

  var isFixed: Bool

  /// The length as this type must have it; nil where any will do.
  enum LengthRule: Hashable, Sendable {
    case any, exactly(Int)
    /// No such type.
    case never
  }

  static func rule(type: Int) -> LengthRule {
    switch type {
    // Session message and request.
    case 0x00, 0x81: .any
    case 0x82, 0x85: .exactly(0)
    case 0x83: .exactly(1)
    case 0x84: .exactly(6)
    default: .never
    }
  }

  static func isValid(type: Int, flags: Int, length: Int) -> Bool {
    guard flags == 0 else { return false }
    switch rule(type: type) {
    case .any: return true
    case .exactly(let wanted): return length == wanted
    case .never: return false
    }
  }

  /// - Parameter flags: the seven reserved bits.
  func receive(type: Int, flags: Int, length: Int, indicated: Int) -> Action {
    guard indicated >= Self.headerBytes else { return .waits }
    let there = indicated - Self.headerBytes
    if Self.isValid(type: type, flags: flags, length: length) { return .copies(min(length, there)) }
    return isFixed ? .refuses : .copies(length)
  }

  func isBeyond(type: Int, flags: Int, length: Int, indicated: Int) -> Bool {
    guard case .copies(let count) = receive(type: type, flags: flags, length: length, indicated: indicated) else {
      return false
    }
    return count > indicated - Self.headerBytes
  }

  /// Small headers and buffers, through the explorer: the network delivers any of them, the driver reads and copies.
  ///
  /// - Parameter largest: bytes indicated, and stated by the header, at most.
  func model(largest: Int) -> Model {
    var model = Model()
    let type = model.variable("type")
    let flags = model.variable("flags")
    let length = model.variable("length")
    let indicated = model.variable("indicated", -1)
    let copied = model.variable("copied beyond")
    let network = model.thread("network")
    for (kind, reserved) in [(0x00, 0), (0x85, 0), (0x83, 0), (0x84, 0), (0x42, 0), (0x00, 1)] {
      for stated in 0...max(0, largest) {
        for bytes in 0...max(0, largest) {
          model.step(
            network, 0, to: 1,
            "indicates \(bytes) bytes: type \(hexadecimal(kind)), flags \(reserved), length \(stated)",
            writes: [type, flags, length, indicated]
          ) {
            $0[type] = kind
            $0[flags] = reserved
            $0[length] = stated
            $0[indicated] = bytes
          }
        }
      }
    }
    let driver = model.thread("NetBT: receive")
    let action: @Sendable (ModelState) -> Action = { [self] in
      receive(type: $0[type], flags: $0[flags], length: $0[length], indicated: $0[indicated])
    }
    let header = [type, flags, length, indicated]
    model.step(driver, 0, to: 1, "reads the header", reads: [indicated], when: { $0[indicated] >= 0 })
    model.step(
      driver, 1, to: 2, reads: header, label: { action($0) == .waits ? "waits for the rest" : "refuses the packet" },
      when: { if case .copies = action($0) { false } else { true } })
    model.step(
      driver, 1, to: 2, reads: header, writes: [copied],
      label: {
        guard case .copies(let count) = action($0) else { return "" }
        return "copies \(count) bytes of \($0[indicated] - Self.headerBytes) to the start of the buffer"
      }, when: { if case .copies = action($0) { true } else { false } }
    ) {
      if case .copies(let count) = action($0) { $0[copied] = max(0, count - ($0[indicated] - Self.headerBytes)) }
    }
    model.forbid(watching: [copied]) {
      $0[copied] > 0 ? "the copy reads \($0[copied]) bytes beyond the indicated ones" : nil
    }
    return model
  }

  private func hexadecimal(_ value: Int) -> String { "0x" + (value < 16 ? "0" : "") + String(value, radix: 16) }
}
