import ByteReading

/// A conversation over TCP on a port of the session service or of direct SMB.
final class TCPStream {
  struct Key: Hashable {
    var low: NetworkAddress
    var high: NetworkAddress
    var lowPort: UInt16
    var highPort: UInt16
  }

  let key: Key
  /// Order of first frames, from 0.
  let number: Int
  /// No session service below: 24 bits of length (port 445).
  let isDirect: Bool
  /// From the end with the lower address and port, and back.
  let forward: StreamDirection
  let backward: StreamDirection
  /// For the sweep that makes room: set by every frame.
  var isRecent = true
  var hasFinding = false
  /// Either side has sent SMB.
  var carriesSMB = false
  /// A raw read or write (SMB_COM_READ_RAW, SMB_COM_WRITE_RAW) may be answered or followed by messages without a header.
  var mayBeRaw = false
  /// Requests whose answers are read: by message or multiplex id.
  var requests: [UInt64: PendingRequest] = [:]

  init(key: Key, number: Int, isDirect: Bool) {
    self.key = key
    self.number = number
    self.isDirect = isDirect
    forward = StreamDirection()
    backward = StreamDirection()
  }
}

/// Where in a message bytes of another frame begin.
struct FrameMark {
  /// From the message's first byte.
  var offset: Int
  var frame: Int
  var time: Int64?
}

/// One direction of a conversation: which bytes have come, and where in its messages they end.
final class StreamDirection {
  struct Segment {
    var sequence: UInt32
    var bytes: [UInt8]
    /// Bytes that were sent and are not in the capture, behind those.
    var missing: Int
    var frame: Int
    var time: Int64?
  }

  enum Mode {
    /// The next byte is a header's, or the header has come in part.
    case header
    case body
    /// Where messages begin is not known.
    case lost
  }

  // Sequence
  var isStarted = false
  /// Sequence number of the request that began the conversation, or the one before the first byte seen.
  var initial: UInt32 = 0
  var next: UInt32 = 0
  var pending: [Segment] = []
  var pendingBytes = 0
  var framesSinceAcknowledged = 0
  var finSequence: UInt32?
  /// What the other side has acknowledged.
  var acknowledged: UInt32?
  var endpoints: PacketContext?
  /// When its last bytes came.
  var lastTime: Int64?

  // Messages
  var mode = Mode.header
  /// The message's first bytes: the header, and of the rest as much as is read.
  var head: [UInt8] = []
  var keep = CaptureLimits.messageHead
  /// Bytes of the message that have come, header included, and where it ends.
  var received = 0
  var total = 0
  /// Where the message's own fields say that it ends; nil while not known.
  var own: Int?
  var isOwnSettled = false
  /// The length in the header was no length: the message ends at its own end, or where another begins.
  var isOpen = false
  /// A fault of it has been told.
  var isReported = false
  /// From where on another header may hide in it; `Int.max` where nothing can be told.
  var watchFrom = 0
  /// What is read is the rest of a message that said to be shorter.
  var isRest = false
  /// Its header is none, so that it is no message of the session service.
  var hasWrongHeader = false
  /// The last finding of this direction, until it is known what follows.
  var openFinding: Int?
  /// Part of it never came.
  var isBroken = false
  var marks: [FrameMark] = []
  /// The last bytes before the current ones, in which a header may begin.
  var tail: [UInt8] = []
  /// Something valid has come: what then has no valid header is malformed.
  var isTrusted = false
  /// The last message's length was wrong, so that what follows says nothing.
  var isSuspect = false
  /// The message before: how long it said to be and was, and where it stood.
  var before: PreviousMessage?
  /// Frames up to here count as continuations, as the message's first frame was cut by the capture.
  var isCut = false
}

/// What the next header's judgement needs of a message that ended.
struct PreviousMessage {
  var frame: Int
  var time: Int64?
  var total: Int
  var own: Int?
  var isSMB: Bool

  /// Its length proved wrong when what follows is no header: its own fields end earlier, or do not say where they end.
  var mayBeWrong: Bool { own.map { $0 != total } ?? isSMB }
}

/// A request whose answer is read.
enum PendingRequest {
  /// Its place in the list of referrals.
  case referral(Int)
  case notify
  /// A share's place among the first requests.
  case share(Int)
}
