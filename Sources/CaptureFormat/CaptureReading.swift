import ByteReading
import Facts

/// Reads a capture from beginning to end.
public enum CaptureReading {
  /// Bytes of a mapped file that stay in memory behind the reader.
  public static let window = 8 << 20

  /// - Parameters:
  ///   - file: pcap, pcapng, Network Monitor, or one of them packed by gzip.
  ///   - progress: bytes read and in all, now and then.
  ///   - problems: what of the file could not be read.
  public static func view(
    _ file: MappedFile, problems: inout [ReadError], progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ReadError) -> CaptureView {
    guard Gzip.matches(firstBytes: file.bytes) else {
      return try read(file.bytes, file: file, problems: &problems, progress: progress)
    }
    let unpacked = try Gzip.unpack(file.bytes)
    if unpacked.count >= Gzip.maximumBytes {
      problems.append(
        ReadError(
          .unsupported, reading: "gzip content", at: .file(0), expected: "at most \(Gzip.maximumBytes) bytes",
          found: "more; the first were read"))
    }
    var view = try read(unpacked.span.bytes, file: nil, problems: &problems, progress: progress)
    view.isPacked = true
    return view
  }

  /// For every frame the protocols counted in it, by the names of `faultline.capture/1`; nil where the file is no capture.
  /// For comparison with other readers.
  public static func protocolFrames(of file: MappedFile) throws(ReadError) -> [[String]]? {
    let isPacked = Gzip.matches(firstBytes: file.bytes)
    guard isPacked || CaptureContainer.matches(firstBytes: file.bytes) else { return nil }
    let unpacked = isPacked ? try Gzip.unpack(file.bytes) : []
    var problems: [ReadError] = []
    let reader = TrafficReader()
    let view = try read(
      isPacked ? unpacked.span.bytes : file.bytes, with: reader, file: nil, problems: &problems, progress: { _, _ in })
    var result = [[String]](repeating: [], count: view.frames)
    let sets = [
      ("nbss", reader.nbss), ("nbns", reader.nbns), ("nbdgm", reader.nbdgm), ("smb", reader.smb),
      ("smb2", reader.smb2),
    ]
    for (name, set) in sets {
      for frame in set.frames where frame >= 1 && frame <= view.frames { result[frame - 1].append(name) }
    }
    return result
  }

  private static func read(
    _ bytes: RawSpan, with reader: TrafficReader = TrafficReader(), file: MappedFile?, problems: inout [ReadError],
    progress: (Int, Int) -> Void
  ) throws(ReadError) -> CaptureView {
    var container = try CaptureContainer(parsing: bytes)
    var view = CaptureView()
    var released = 0
    file?.readsInOrder()
    while let record = container.next(bytes) {
      view.frames += 1
      if record.captured < record.original { view.cutFrames += 1 }
      if let time = record.time {
        view.firstTime = min(view.firstTime ?? time, time)
        view.lastTime = max(view.lastTime ?? time, time)
      }
      reader.frame(
        bytes.extracting(record.offset..<record.offset + record.captured), record, number: view.frames)
      if container.position - released >= window {
        let end = min(container.position, bytes.byteCount)
        if end > released { file?.release(released..<end) }
        released = end
        progress(end, bytes.byteCount)
      }
    }
    reader.end()
    problems += container.problems
    view.container = container.name
    reader.fill(&view)
    return view
  }
}

extension TrafficReader {
  /// What was found, in the order of frames.
  func fill(_ view: inout CaptureView) {
    view.framesByProtocol.nbss = nbss.count
    view.framesByProtocol.nbns = nbns.count
    view.framesByProtocol.nbdgm = nbdgm.count
    view.framesByProtocol.smb = smb.count
    view.framesByProtocol.smb2 = smb2.count
    view.framesByProtocol.netbios = netbios.count
    view.framesByProtocol.smbOnIPX = smbOnIPX.count
    view.streams = streamCount
    view.malformed = findings.enumerated().sorted { ($0.element.frame, $0.offset) < ($1.element.frame, $1.offset) }
      .map(\.element)
    view.uncountedFindings = uncounted
    view.servers = servers.entries
    view.clients = clients.entries
    view.referrals = shares.referrals
    view.changeNotify = notifications.clients
    view.losses = losses
    view.lostBytes = lostBytes
    let offloading = hosts.hosts.map { hosts.isOffloading($0) }
    view.damaged = hosts.failures.filter { !offloading[$0.host] }.map(\.finding)
    view.offload = hosts.hosts.indices.filter { offloading[$0] }.compactMap { index in
      hosts.hosts[index].address.text.map { .init(address: $0, frames: hosts.hosts[index].bad) }
    }
    view.patterns = CapturePatterns.patterns(view.malformed, view.damaged)
    var last: [String: Int64] = [:]
    for (address, time) in activity { if let text = address.text { last[text] = time } }
    view.bursts = CapturePatterns.bursts(shares.firstTimes, lastActivity: last, end: view.lastTime)
  }
}
