import Symbols

/// Runs the small programs in reverse Polish notation by which x86 PDBs say where a caller's registers are:
/// `$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + =` (IDiaFrameData::get_program, public documentation of the DIA SDK).
struct FrameProgram {
  /// Programs of real databases take up to 40 words.
  static let maximumWords = 256
  static let maximumDepth = 64

  /// `$eip`, `$esp`, `$ebp`, `$ebx`, `$esi`, `$edi` and what the program sets; nil where a value is not known.
  var variables: [String: UInt32]
  /// `.raSearch`, `.cbLocals` and the like.
  var constants: [String: UInt32]

  private enum Value {
    case number(UInt32)
    case variable(String)
  }

  /// The variables as they then are; nil where the program asks for memory that is not there, for a register that is not
  /// known, or is none.
  func run(_ program: String, load: (UInt32) -> UInt32?) -> [String: UInt32]? {
    var variables = variables
    var stack: [Value] = []
    func number(_ value: Value?) -> UInt32? {
      switch value {
      case .number(let number): number
      case .variable(let name): variables[name] ?? constants[name]
      case nil: nil
      }
    }
    let words = program.split(separator: " ", omittingEmptySubsequences: true)
    guard !words.isEmpty, words.count <= Self.maximumWords else { return nil }
    for word in words {
      switch word {
      case "+", "-", "*", "/", "%", "@":
        guard let right = number(stack.popLast()), let left = number(stack.popLast()),
          let value = Self.apply(word, left, right)
        else { return nil }
        stack.append(.number(value))
      case "^":
        guard let address = number(stack.popLast()), let value = load(address) else { return nil }
        stack.append(.number(value))
      case "=":
        guard let value = number(stack.popLast()), case .variable(let name)? = stack.popLast(), name.first == "$" else {
          return nil
        }
        variables[name] = value
      default:
        guard stack.count < Self.maximumDepth else { return nil }
        if word.first == "$" || word.first == "." {
          stack.append(.variable(Self.registers[word] ?? String(word)))
        } else {
          guard let value = Self.literal(word) else { return nil }
          stack.append(.number(value))
        }
      }
    }
    return stack.isEmpty ? variables : nil
  }

  /// Registers by their CodeView numbers, as newer compilers name those that a prologue saves (cvconst.h, CV_HREG_e).
  private static let registers: [Substring: String] = [
    "$20": "$ebx", "$21": "$esp", "$22": "$ebp", "$23": "$esi", "$24": "$edi",
  ]

  private static func literal(_ word: Substring) -> UInt32? {
    if let value = UInt32(word) { return value }
    return Int32(word).map { UInt32(bitPattern: $0) }
  }

  private static func apply(_ operation: Substring, _ left: UInt32, _ right: UInt32) -> UInt32? {
    switch operation {
    case "+": left &+ right
    case "-": left &- right
    case "*": left &* right
    case "/": right == 0 ? nil : left / right
    case "%": right == 0 ? nil : left % right
    // Aligned down.
    case "@": right == 0 ? nil : left - left % right
    default: nil
    }
  }
}
