import Facts

extension CaptureView {
  /// `faultline.capture/1`, also the key `capture` of `faultline.inspection/1`.
  public var json: JSONValue { .members(members) }

  /// The same with the file it is of, as `faultline capture` prints it.
  public func document(path: String, problems: [String]) -> JSONValue {
    .members(
      [members[0], ("path", .path(path)), ("problems", .array(problems.map { .string($0) }))] + members.dropFirst())
  }

  private var members: [(String, JSONValue?)] {
    [
      schema("capture"),
      ("container", .string(container)), ("packed", isPacked ? .bool(true) : nil), ("frames", .count(frames)),
      ("cutFrames", cutFrames > 0 ? .count(cutFrames) : nil),
      ("firstTime", firstTime.map { .string(Self.timestamp($0)) }),
      ("lastTime", lastTime.map { .string(Self.timestamp($0)) }),
      (
        "framesByProtocol",
        .members([
          ("nbss", .count(framesByProtocol.nbss)), ("nbns", .count(framesByProtocol.nbns)),
          ("nbdgm", .count(framesByProtocol.nbdgm)), ("smb", .count(framesByProtocol.smb)),
          ("smb2", .count(framesByProtocol.smb2)), ("netbios", .count(framesByProtocol.netbios)),
          ("smbOnIPX", .count(framesByProtocol.smbOnIPX)),
        ])
      ),
      ("streams", .count(streams)),
      ("losses", losses > 0 ? .members([("places", .count(losses)), ("bytes", .count(lostBytes))]) : nil),
      ("malformed", .array(malformed.map(\.json))),
      ("damaged", .array(damaged.map(\.json))),
      ("findingsNotKept", uncountedFindings > 0 ? .count(uncountedFindings) : nil),
      ("servers", .array(servers.map(\.json))), ("clients", .array(clients.map(\.json))),
      ("referrals", .array(referrals.map(\.json))), ("bursts", .array(bursts.map(\.json))),
      ("changeNotify", .array(changeNotify.map(\.json))),
      (
        "patterns",
        .array(
          patterns.map {
            .members([
              ("kind", .string($0.kind.rawValue)), ("value", .string($0.value)), ("frames", .count($0.frames)),
              ("hosts", .count($0.hosts)), ("text", .string($0.text)),
            ])
          })
      ),
      (
        "checksumOffload",
        .some(offload.map { .members([("address", .string($0.address)), ("frames", .count($0.frames))]) })
      ),
      ("notes", .some(notes.map { .string($0) })),
    ]
  }

  /// RFC 3339 in UTC with as many digits of a second as are not zero: 0, 3, 6 or 9.
  public static func timestamp(_ time: Int64) -> String {
    let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    let nanoseconds = rest < 0 ? rest + 1_000_000_000 : rest
    let whole = CivilTime(unixSeconds: rest < 0 ? seconds - 1 : seconds).rfc3339
    if nanoseconds == 0 { return whole }
    var digits = String(nanoseconds)
    digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
    while digits.hasSuffix("000") { digits.removeLast(3) }
    return String(whole.dropLast()) + "." + digits + "Z"
  }
}

extension CaptureView.Finding {
  var json: JSONValue {
    .members([
      ("frame", .count(frame)), ("time", time.map { .string(CaptureView.timestamp($0)) }),
      ("protocol", .string(layer)), ("field", .string(field)), ("kind", .string(fault.rawValue)),
      ("expected", .string(expected)), ("found", .string(found)), ("source", source.json),
      ("destination", destination.json), ("stream", stream.map { .count($0) }),
      ("firstOfStream", isFirst ? .bool(true) : nil), ("follows", .optional(follows)),
    ])
  }
}

extension CaptureView.Endpoint {
  var json: JSONValue {
    .members([("address", .optional(address)), ("port", port.map { .count($0) }), ("mac", .optional(mac))])
  }
}

extension CaptureView.Announcement {
  fileprivate var json: JSONValue {
    .members([
      ("address", .string(address)), ("nativeLanManager", .optional(nativeLanManager)),
      ("nativeOS", .optional(nativeOS)), ("frame", .count(frame)), ("count", .count(count)),
    ])
  }
}

extension CaptureView.Referral {
  fileprivate var json: JSONValue {
    .members([
      ("frame", .count(frame)), ("time", time.map { .string(CaptureView.timestamp($0)) }),
      ("client", .string(client)), ("server", .string(server)), ("path", .string(path)),
      ("answerFrame", answerFrame.map { .count($0) }),
      ("status", status.map { .string(hexadecimal(UInt64($0), digits: 8)) }),
      ("targets", .some(targets.map { .string($0) })),
    ])
  }
}

extension CaptureView.Burst {
  fileprivate var json: JSONValue {
    .members([
      ("client", .string(client)), ("frame", .count(frame)),
      ("time", time.map { .string(CaptureView.timestamp($0)) }), ("shares", .count(shares)),
      ("unanswered", .count(unanswered)), ("mostOutstanding", .count(mostOutstanding)),
      ("silenceSeconds", silence.map { .number(Double($0) / 1e9) }),
    ])
  }
}

extension CaptureView.ChangeNotify {
  fileprivate var json: JSONValue {
    .members([
      ("client", .string(client)), ("requests", .count(requests)), ("recursive", .count(recursive)),
      ("responses", .count(responses)), ("bytes", .count(bytes)),
    ])
  }
}
