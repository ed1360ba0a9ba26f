/// What the reader of captures keeps at most, so that memory stays bounded whatever the input.
public enum CaptureLimits {
  /// Bytes of one frame: what capture libraries write at most for networks (libpcap, `MAXIMUM_SNAPLEN`).
  public static let frameBytes = 262_144
  /// Interfaces of one section of pcapng.
  public static let interfaces = 65_536
  /// Headers inside headers: tags, tunnels and packets quoted in ICMP.
  public static let layers = 24
  /// Conversations followed at the same time; the one that was silent longest gives way.
  public static let streams = 65_536
  /// Segments and bytes that one direction keeps while an earlier segment is missing. Windows of 2003 to 2012 were 17 KiB to
  /// 1 MiB; a segment that has not come by then is taken as lost.
  public static let pendingSegments = 1024
  public static let pendingBytes = 1 << 20
  /// The same over all conversations.
  public static let allPendingBytes = 32 << 20
  /// Frames of a conversation that pass after the receiver has acknowledged a missing segment, before it is taken as lost by the
  /// capture; frames of several adapters are written slightly out of order.
  public static let acknowledgedFrames = 16
  /// The head of a message that spans segments, for its own fields.
  public static let messageHead = 4096
  /// The same for messages whose content is read: names, referrals.
  public static let messageContent = 65_536
  /// Datagrams put together from fragments at the same time, and fragments of one.
  public static let fragmentedDatagrams = 256
  public static let fragments = 512
  /// Commands chained in one SMB message.
  public static let chainedCommands = 64
  /// Findings kept; more are counted.
  public static let findings = 100_000
  /// Frames with failing checksums that wait for the judgement on their sender.
  public static let checksumFailures = 100_000
  /// Hosts whose checksums, announcements or notifications are counted.
  public static let hosts = 65_536
  /// Referrals and first-time shares kept.
  public static let referrals = 65_536
  public static let shares = 65_536
  /// Characters kept of a name from the capture.
  public static let nameUnits = 1024
}
