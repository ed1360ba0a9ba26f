/// What a capture of network traffic says about NetBIOS, SMB and DFS. Plain values, no bytes.
public struct CaptureView: Hashable, Sendable {
  /// One end of a conversation, as far as the frame names it.
  public struct Endpoint: Hashable, Sendable {
    /// The network address (IPv4, IPv6, IPX); nil where the frame has none, as with NetBIOS frames on 802.2.
    public var address: String?
    /// The TCP or UDP port, or the IPX socket.
    public var port: Int?
    /// The address on the wire in `00:11:22:33:44:55` form: of the last hop, not always of the host itself.
    public var mac: String?

    public init(address: String? = nil, port: Int? = nil, mac: String? = nil) {
      self.address = address
      self.port = port
      self.mac = mac
    }

    /// `10.0.0.5:139`, `[fe80::1]:445`, or the address on the wire.
    public var description: String {
      guard let address else { return mac ?? "unknown" }
      guard let port else { return address }
      return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
  }

  /// What is wrong with a field; the names that reports print.
  public enum Fault: String, Hashable, Sendable, CaseIterable {
    case wrongType = "wrong-type"
    case reservedFlags = "reserved-flags"
    /// Longer than the message it announces.
    case lengthTooLong = "length-too-long"
    case lengthTooShort = "length-too-short"
    case lengthZero = "length-zero"
    /// More than the port's length field may say.
    case lengthBeyondPort = "length-beyond-port"
    /// Shorter than the header that stands in it.
    case belowHeader = "below-header"
    case wrongLength = "wrong-length"
    case offsetOutside = "offset-outside"
    case chainLoop = "chain-loop"
    case countTooLarge = "count-too-large"
    case badName = "bad-name"
    case wrongSignature = "wrong-signature"
    case wrongStructure = "wrong-structure"
    /// A checksum that fails where the sender's others hold.
    case checksum
  }

  public struct Finding: Hashable, Sendable {
    /// The frame in which the field's bytes lie, from 1.
    public var frame: Int
    /// Nanoseconds since 1970 UTC; nil where the container has no times.
    public var time: Int64?
    /// `nbss`, `nbns`, `nbdgm`, `netbios`, `smb`, `smb2`; `ip`, `tcp`, `udp` for checksums.
    public var layer: String
    public var field: String
    public var fault: Fault
    public var expected: String
    public var found: String
    public var source: Endpoint
    public var destination: Endpoint
    /// Which conversation it is, from 0, in the order of their first frames; nil for datagrams.
    public var stream: Int?
    /// The first of its conversation.
    public var isFirst: Bool
    /// What follows in the stream.
    public var follows: String?

    public init(
      frame: Int, time: Int64?, layer: String, field: String, fault: Fault, expected: String, found: String,
      source: Endpoint, destination: Endpoint, stream: Int? = nil, isFirst: Bool = false, follows: String? = nil
    ) {
      self.frame = frame
      self.time = time
      self.layer = layer
      self.field = field
      self.fault = fault
      self.expected = expected
      self.found = found
      self.source = source
      self.destination = destination
      self.stream = stream
      self.isFirst = isFirst
      self.follows = follows
    }
  }

  /// What a host says of itself when a session is set up (SMB1).
  public struct Announcement: Hashable, Sendable {
    public var address: String
    public var nativeLanManager: String?
    public var nativeOS: String?
    /// The first frame that says so, and how many do.
    public var frame: Int
    public var count: Int

    public init(address: String, nativeLanManager: String?, nativeOS: String?, frame: Int, count: Int) {
      self.address = address
      self.nativeLanManager = nativeLanManager
      self.nativeOS = nativeOS
      self.frame = frame
      self.count = count
    }
  }

  /// A DFS referral asked for, and what came of it.
  public struct Referral: Hashable, Sendable {
    public var frame: Int
    public var time: Int64?
    public var client: String
    public var server: String
    public var path: String
    public var answerFrame: Int?
    /// The answer's NTSTATUS; 0 is success.
    public var status: UInt32?
    /// Targets the answer names.
    public var targets: [String]

    public init(
      frame: Int, time: Int64?, client: String, server: String, path: String, answerFrame: Int? = nil,
      status: UInt32? = nil, targets: [String] = []
    ) {
      self.frame = frame
      self.time = time
      self.client = client
      self.server = server
      self.path = path
      self.answerFrame = answerFrame
      self.status = status
      self.targets = targets
    }
  }

  /// Shares that one client asks for the first time in one burst, and how many of these requests stay unanswered.
  public struct Burst: Hashable, Sendable {
    public var client: String
    public var frame: Int
    public var time: Int64?
    public var shares: Int
    public var unanswered: Int
    /// Requests that waited for an answer at the same time, at most.
    public var mostOutstanding: Int
    /// Nanoseconds from the burst's last request to the end of the capture, where the client sends nothing more in them.
    public var silence: Int64?

    public init(
      client: String, frame: Int, time: Int64?, shares: Int, unanswered: Int, mostOutstanding: Int, silence: Int64?
    ) {
      self.client = client
      self.frame = frame
      self.time = time
      self.shares = shares
      self.unanswered = unanswered
      self.mostOutstanding = mostOutstanding
      self.silence = silence
    }
  }

  /// How many change notifications a client asks for and gets.
  public struct ChangeNotify: Hashable, Sendable {
    public var client: String
    public var requests: Int
    /// Of them, those that watch a whole tree.
    public var recursive: Int
    public var responses: Int
    public var bytes: Int

    public init(client: String, requests: Int = 0, recursive: Int = 0, responses: Int = 0, bytes: Int = 0) {
      self.client = client
      self.requests = requests
      self.recursive = recursive
      self.responses = responses
      self.bytes = bytes
    }
  }

  /// What malformed or damaged frames have in common.
  public struct Pattern: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
      /// All from one host, whatever the way: its network stack.
      case host
      /// From several hosts over one hop: a switch, cable or adapter.
      case path
      /// Towards one host.
      case destination
    }
    public var kind: Kind
    public var value: String
    public var frames: Int
    public var hosts: Int
    public var text: String

    public init(kind: Kind, value: String, frames: Int, hosts: Int, text: String) {
      self.kind = kind
      self.value = value
      self.frames = frames
      self.hosts = hosts
      self.text = text
    }
  }

  /// A host whose outgoing checksums its adapter was to fill in: that they fail says nothing.
  public struct Offload: Hashable, Sendable {
    public var address: String
    public var frames: Int

    public init(address: String, frames: Int) {
      self.address = address
      self.frames = frames
    }
  }

  /// Frames in which a protocol occurs: a message that spans segments counts where its last byte lies.
  public struct Protocols: Hashable, Sendable {
    public var nbss = 0
    public var nbns = 0
    public var nbdgm = 0
    public var smb = 0
    public var smb2 = 0
    public var netbios = 0
    /// SMB directly on IPX, and in frames of which other readers do not show the content; not counted in `smb`.
    public var smbOnIPX = 0

    public init() {}
  }

  /// The container's name: `pcap`, `pcapng`, `Network Monitor 2.0`.
  public var container = ""
  public var isPacked = false
  public var frames = 0
  /// Frames of which the capture holds less than was sent.
  public var cutFrames = 0
  public var firstTime: Int64?
  public var lastTime: Int64?
  public var framesByProtocol = Protocols()
  /// Conversations over TCP on ports 139 and 445.
  public var streams = 0
  public var malformed: [Finding] = []
  /// Checksums that fail although the sender's others hold: damage on the way.
  public var damaged: [Finding] = []
  /// More findings than are kept.
  public var uncountedFindings = 0
  public var servers: [Announcement] = []
  public var clients: [Announcement] = []
  public var referrals: [Referral] = []
  public var bursts: [Burst] = []
  public var changeNotify: [ChangeNotify] = []
  public var patterns: [Pattern] = []
  public var offload: [Offload] = []
  /// Bytes that streams lack, and in how many places: lost by the capture or on the way.
  public var lostBytes = 0
  public var losses = 0
  public var notes: [String] = []

  public init() {}
}
