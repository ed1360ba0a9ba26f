import Facts

/// One function on a stack, innermost first.
public struct SynthesizedFrame: Hashable, Sendable {
  /// `netbt!NbtCopyToStartOfIndicate+0x69`, for descriptions; no dump holds it.
  public var name: String
  /// Where the function is: the faulting instruction, or the one after the call it made.
  public var address: UInt64
  /// Its local data, from the stack pointer up.
  public var locals: [UInt8]
  /// x86: words that the caller pushed.
  public var arguments: [UInt32]
  /// A trap handler's frame: it holds the KTRAP_FRAME of what was interrupted, which is the next frame. Instruction
  /// pointer, stack pointer and frame pointer in it are filled from that frame.
  public var trap: RegisterContext?
  /// The function has just been entered: the stack pointer is at the return address, there are no locals. So 64-bit dumps
  /// state KeBugCheckEx (10.0.19041).
  public var isAtEntry: Bool

  public init(
    _ name: String, at address: UInt64, locals: [UInt8] = [], arguments: [UInt32] = [], trap: RegisterContext? = nil,
    isAtEntry: Bool = false
  ) {
    self.name = name
    self.address = address
    self.locals = locals
    self.arguments = arguments
    self.trap = trap
    self.isAtEntry = isAtEntry
  }
}

/// A thread's kernel stack, laid out as compiled code leaves it.
public struct SynthesizedStack: Hashable, Sendable {
  public var frames: [SynthesizedFrame]
  /// Lowest address stored: the stack pointer of the innermost frame.
  public private(set) var top: UInt64
  /// First address above the stack, a page boundary.
  public private(set) var base: UInt64
  /// Lowest address reserved for the stack.
  public private(set) var limit: UInt64
  /// From `top` to `base`.
  public private(set) var bytes: [UInt8]
  /// Of each frame: the frame pointer that its function runs with (x86, arm64; x64: within a trap frame only).
  public private(set) var framePointers: [UInt64]
  /// Of each frame: the stack pointer before the call it made.
  public private(set) var stackPointers: [UInt64]

  /// No stack.
  public init() {
    (frames, top, base, limit, bytes, framePointers, stackPointers) = ([], 0, 0, 0, [], [], [])
  }

  /// - Parameters:
  ///   - base: first address above the stack.
  ///   - reserved: bytes of address space the stack has: 12 KiB on x86, 24 KiB on x64 (Windows Internals, "Stacks").
  ///   - outermost: bytes above the last frame, which are kept zero.
  public init(
    frames: [SynthesizedFrame], architecture: Architecture, base: UInt64, reserved: UInt64? = nil, outermost: Int = 0x40
  ) {
    let convention = StackConvention(architecture)
    var places: [Int] = []
    var position = 0
    for frame in frames {
      places.append(position)
      position += convention.size(of: frame)
    }
    let misalignment = convention == .x64 && frames.first?.isAtEntry == true ? 8 : 0
    let total = (position + max(0, outermost) - misalignment + 15) / 16 * 16 + misalignment
    let top = base &- UInt64(total)
    self.frames = frames
    self.base = base
    self.top = top
    limit = base &- (reserved ?? (architecture == .x86 ? 0x3000 : 0x6000))
    stackPointers = places.map { top &+ UInt64($0) }
    framePointers = zip(frames, stackPointers).map { convention.framePointer(of: $0, stackPointer: $1) }
    var memory = ByteBuilder(zeros: total)
    for index in frames.indices {
      convention.write(
        frames[index], at: places[index],
        links: StackLinks(
          stackPointer: stackPointers[index], callerAddress: index + 1 < frames.count ? frames[index + 1].address : 0,
          callerFramePointer: index + 1 < frames.count ? framePointers[index + 1] : 0),
        into: &memory)
    }
    bytes = memory.bytes
  }
}

/// What a frame stores about the one that called it.
struct StackLinks {
  var stackPointer: UInt64
  var callerAddress: UInt64
  var callerFramePointer: UInt64
}
