import CaptureFormat
import EvidenceSynthesis
import Facts
import Testing

@Suite struct SessionTests {
  /// Every malformed message at its exact frame, and no other frame.
  private func expectExact(_ traffic: SessionTraffic, _ comment: String) throws {
    let result = traffic.generate()
    let view = try Captures.read(result.frames)
    let expected = result.malformed.map(\.frame).sorted()
    let found = Array(Set(view.malformed.map(\.frame))).sorted()
    let missed = Set(expected).subtracting(found).sorted()
    let invented = Set(found).subtracting(expected).sorted()
    #expect(missed.isEmpty, "seed \(traffic.seed), \(comment): missed \(missed.prefix(5))")
    #expect(invented.isEmpty, "seed \(traffic.seed), \(comment): invented \(invented.prefix(5))")
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>) func inOrder(_ seed: UInt64) throws {
    var traffic = SessionTraffic(seed: seed)
    traffic.messages = 4000
    traffic.malformedShare = 100
    try expectExact(traffic, "in order")
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>) func disorder(_ seed: UInt64) throws {
    var traffic = SessionTraffic(seed: seed &+ 100)
    traffic.messages = 6000
    traffic.malformedShare = 30
    traffic.lost = 30
    traffic.reordered = 200
    traffic.repeated = 200
    traffic.overlapping = 200
    try expectExact(traffic, "disorder")
  }

  @Test(arguments: [false, true], [false, true]) func directAndSecond(_ isDirect: Bool, _ isSecond: Bool) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      var traffic = SessionTraffic(seed: seed &+ 200)
      traffic.messages = 3000
      traffic.malformedShare = 50
      traffic.isDirect = isDirect
      traffic.isSecond = isSecond
      traffic.reordered = 100
      try expectExact(traffic, "direct \(isDirect), SMB2 \(isSecond)")
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>) func midwayAndOneSided(_ seed: UInt64) throws {
    var traffic = SessionTraffic(seed: seed &+ 300)
    traffic.messages = 3000
    traffic.malformedShare = 40
    traffic.startsMidway = true
    try expectExact(traffic, "midway")
    traffic.oneSided = true
    traffic.startsMidway = false
    traffic.lost = 50
    try expectExact(traffic, "one-sided")
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>) func largeMessages(_ seed: UInt64) throws {
    var traffic = SessionTraffic(seed: seed &+ 400)
    traffic.messages = 400
    traffic.malformedShare = 200
    traffic.largestData = 60_000
    traffic.reordered = 50
    try expectExact(traffic, "large")
  }

  @Test func soundTraffic() throws {
    for seed in 1...6 as ClosedRange<UInt64> {
      var traffic = SessionTraffic(seed: seed &+ 500)
      traffic.messages = 4000
      traffic.malformedShare = 0
      traffic.lost = 300
      traffic.reordered = 300
      traffic.repeated = 300
      traffic.overlapping = 300
      traffic.startsMidway = seed % 2 == 0
      traffic.oneSided = seed % 3 == 0
      traffic.isDirect = seed % 4 == 0
      let view = try Captures.read(traffic.generate().frames)
      #expect(view.malformed.isEmpty, "seed \(traffic.seed): \(view.malformed.prefix(3))")
    }
  }

  @Test func faultsAreNamed() throws {
    let echo = SMBWriter.framed(Captures.echo())
    func fault(_ change: (inout [UInt8]) -> Void) throws -> CaptureView.Finding? {
      var bytes = echo
      change(&bytes)
      var conversation = Captures.Conversation()
      conversation.open()
      conversation.send(echo)
      conversation.send(bytes)
      conversation.send(echo)
      conversation.send(echo)
      let view = try Captures.read(conversation.frames)
      #expect(view.malformed.count == 1)
      #expect(view.malformed.first?.frame == 4)
      return view.malformed.first
    }
    #expect(try fault { $0[0] = 0x7F }?.fault == .wrongType)
    #expect(try fault { $0[0] = 0x83 }?.fault == .wrongType)
    #expect(try fault { $0[1] = 0x40 }?.fault == .reservedFlags)
    #expect(try fault { $0[3] = 0 }?.fault == .lengthZero)
    #expect(try fault { $0[3] = 9 }?.fault == .belowHeader)
    #expect(try fault { $0[3] &-= 8 }?.fault == .lengthTooShort)
    #expect(try fault { $0[3] &+= 8 }?.fault == .lengthTooLong)
    #expect(try fault { $0[2] = 9 }?.fault == .lengthTooLong)
    let first = try fault { $0[0] = 0x7F }
    #expect(first?.source.address == Captures.client.text)
    #expect(first?.source.port == 1040)
    #expect(first?.destination.port == 139)
    #expect(first?.source.mac == "02:00:00:00:01:2c")
    #expect(first?.isFirst == true)
    #expect(first?.follows?.contains("frame 5") == true)
  }

  /// The byte count is wrong and the session's length right: another message begins where the length says.
  @Test func wrongByteCount() throws {
    let echo = SMBWriter.framed(Captures.echo())
    let wrong = SMBWriter.framed(
      SMBWriter.first(0x2B, isResponse: false, words: [1, 0], bytes: [UInt8](repeating: 1, count: 20), byteCount: 900))
    var conversation = Captures.Conversation()
    conversation.open()
    conversation.send(echo)
    conversation.send(wrong + echo)
    conversation.send(echo)
    let view = try Captures.read(conversation.frames)
    #expect(view.malformed.map(\.frame) == [4])
    #expect(view.malformed.first?.layer == "smb")
    #expect(view.malformed.first?.fault == .countTooLarge)
    #expect(view.framesByProtocol.smb == 3)
  }

  @Test func chainThatLoops() throws {
    var conversation = Captures.Conversation()
    conversation.open()
    // A second command at the block of the first.
    let words: [UInt8] = [0x2E, 0, 32, 0] + [UInt8](repeating: 0, count: 16)
    conversation.send(SMBWriter.framed(SMBWriter.first(0x2E, isResponse: false, words: words, bytes: [])))
    let view = try Captures.read(conversation.frames)
    #expect(view.malformed.map(\.fault) == [.chainLoop])
  }

  @Test func headerInPieces() throws {
    let echo = SMBWriter.framed(Captures.echo())
    var wrong = echo
    wrong[1] = 0x80
    var conversation = Captures.Conversation()
    conversation.open()
    conversation.send(echo)
    for byte in wrong.prefix(6) { conversation.send([byte]) }
    conversation.send(Array(wrong.dropFirst(6)))
    conversation.send(echo)
    let view = try Captures.read(conversation.frames)
    // The flags are the second byte of the header, in the fifth frame.
    #expect(view.malformed.map(\.frame) == [5])
    #expect(view.malformed.first?.field == "flags")
  }

  // MARK: Sound traffic that looks odd

  @Test func keepAlivesAndControl() throws {
    var conversation = Captures.Conversation()
    conversation.open()
    conversation.send(SMBWriter.framed(NetBIOSNames.encoded("SERVER", 0x20) + NetBIOSNames.encoded("A", 0), type: 0x81))
    conversation.send(fromClient: false, SMBWriter.framed([0x0A, 0, 0, 1, 0, 139], type: 0x84))
    conversation.send(fromClient: false, SMBWriter.framed([0x82], type: 0x83))
    conversation.send(fromClient: false, SMBWriter.framed([], type: 0x82))
    conversation.send(SMBWriter.framed([], type: 0x85))
    conversation.send(SMBWriter.framed(Captures.echo()) + SMBWriter.framed([], type: 0x85) + [0x85])
    conversation.send([0, 0, 0])
    conversation.send(SMBWriter.framed(Captures.echo()))
    let view = try Captures.read(conversation.frames)
    #expect(view.malformed.isEmpty, "\(view.malformed)")
  }

  /// SMB_COM_READ_RAW is answered without an SMB header, also with nothing at all.
  @Test func rawReads() throws {
    var conversation = Captures.Conversation()
    conversation.open()
    for size in [5000, 0, 3, 40] {
      conversation.send(
        SMBWriter.framed(
          SMBWriter.first(0x1A, isResponse: false, words: [UInt8](repeating: 0, count: 16), bytes: [])))
      conversation.send(fromClient: false, SMBWriter.framed([UInt8](repeating: 7, count: size)))
    }
    conversation.send(SMBWriter.framed(Captures.echo()))
    conversation.send(fromClient: false, SMBWriter.framed(Captures.echo(isResponse: true)))
    let view = try Captures.read(conversation.frames)
    #expect(view.malformed.isEmpty, "\(view.malformed)")
  }

  /// More than 17 bits on port 445, where 24 are there.
  @Test func largeDirectWrites() throws {
    var conversation = Captures.Conversation(port: 445)
    conversation.open()
    for id in 0..<3 as Range<UInt64> {
      let message = SMBWriter.framed(
        SMBWriter.secondWrite([UInt8](repeating: 0x5A, count: 300_000), id: id), direct: true)
      for start in stride(from: 0, to: message.count, by: 1460) {
        conversation.send(Array(message[start..<min(message.count, start + 1460)]))
      }
    }
    let view = try Captures.read(conversation.frames)
    #expect(view.malformed.isEmpty, "\(view.malformed)")
    #expect(view.framesByProtocol.smb2 == 3)
  }

  @Test func framesThatTheCaptureCut() throws {
    var conversation = Captures.Conversation()
    conversation.open()
    for _ in 0..<5 { conversation.send(SMBWriter.framed(Captures.echo(600)), captured: 60) }
    let view = try Captures.read(conversation.frames)
    #expect(view.malformed.isEmpty, "\(view.malformed)")
    #expect(view.cutFrames == 5)
    #expect(view.framesByProtocol.nbss == 5)
    #expect(view.framesByProtocol.smb == 5)
  }

  @Test func otherServicesOnThePort() throws {
    var conversation = Captures.Conversation()
    conversation.open()
    for _ in 0..<20 { conversation.send(Array("HELO nothing of NetBIOS\r\n".utf8)) }
    #expect(try Captures.read(conversation.frames).malformed.isEmpty)
  }

  @Test func losses() throws {
    var conversation = Captures.Conversation()
    let echo = SMBWriter.framed(Captures.echo())
    let write = SMBWriter.framed(SMBWriter.write([UInt8](repeating: 3, count: 4000), id: 9))
    conversation.open()
    conversation.send(echo)
    conversation.send(Array(write.prefix(1000)))
    conversation.lose(1000)
    conversation.send(Array(write[2000...]) + echo)
    conversation.lose(50)
    conversation.send(echo)
    var wrong = echo
    wrong[0] = 0x55
    conversation.send(wrong)
    let view = try Captures.read(conversation.frames)
    #expect(view.losses == 2)
    #expect(view.lostBytes == 1050)
    #expect(view.malformed.map(\.frame) == [7])
  }

  /// A length beyond the message's own end is told where all that follows is lost, and not where the message goes on.
  @Test func tooLongBeforeALoss() throws {
    let echo = SMBWriter.framed(Captures.echo())
    for (added, frames) in [(13, [4]), (0, [])] as [(UInt8, [Int])] {
      var conversation = Captures.Conversation()
      conversation.open()
      conversation.send(echo)
      var long = echo
      long[3] += added
      conversation.send(long)
      conversation.lose(200)
      conversation.send(echo)
      #expect(try Captures.read(conversation.frames).malformed.map(\.frame) == frames)
    }
    // Half of a message, then nothing of it: no end is known.
    var conversation = Captures.Conversation()
    conversation.open()
    conversation.send(echo)
    conversation.send(Array(echo.dropLast(8)))
    conversation.lose(200)
    conversation.send(echo)
    #expect(try Captures.read(conversation.frames).malformed.isEmpty)
  }

  @Test func announcementsReferralsAndNotifications() throws {
    var conversation = Captures.Conversation()
    conversation.open()
    conversation.send(
      SMBWriter.framed(SMBWriter.sessionSetupRequest(os: "Windows 5.2", lanManager: "Windows 2003", id: 1)))
    conversation.send(
      fromClient: false,
      SMBWriter.framed(SMBWriter.sessionSetupResponse(os: "Unix", lanManager: "Samba 3.0.25b", id: 1)))
    for id in 2..<8 {
      conversation.send(SMBWriter.framed(SMBWriter.referralRequest("\\domain\\share\(id)", id: id)))
    }
    conversation.send(
      fromClient: false, SMBWriter.framed(SMBWriter.referralResponse("\\server\\share2", id: 2)))
    conversation.send(SMBWriter.framed(SMBWriter.notifyRequest(isRecursive: true, id: 20)))
    let view = try Captures.read(conversation.frames)
    #expect(view.malformed.isEmpty, "\(view.malformed)")
    #expect(view.servers.map(\.nativeLanManager) == ["Samba 3.0.25b"])
    #expect(view.servers.map(\.nativeOS) == ["Unix"])
    #expect(view.clients.map(\.nativeLanManager) == ["Windows 2003"])
    #expect(view.referrals.count == 6)
    #expect(view.referrals.first?.path == "\\domain\\share2")
    #expect(view.referrals.first?.targets == ["\\server\\share2"])
    #expect(view.referrals.filter { $0.answerFrame == nil }.count == 5)
    #expect(view.bursts.first?.shares == 6)
    #expect(view.bursts.first?.unanswered == 5)
    #expect(view.changeNotify.first?.requests == 1)
    #expect(view.changeNotify.first?.recursive == 1)
  }
}
