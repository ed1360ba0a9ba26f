import Analyses
import Facts
import Testing

@Suite struct CaptureFactsTests {
  private func finding(_ frame: Int, _ layer: String, from address: String) -> CaptureView.Finding {
    .init(
      frame: frame, time: nil, layer: layer, field: "length", fault: .lengthZero, expected: "1", found: "0",
      source: .init(address: address, port: 139), destination: .init(address: "10.0.0.1", port: 1040))
  }

  @Test func oneFactForEachSenderAndField() {
    var view = CaptureView()
    view.malformed = (1...50).map { finding($0, "nbss", from: "10.0.0.\($0 % 2 + 5)") }
    let facts = view.facts.filter { $0.kind == .malformedFrame }
    #expect(facts.count == 2)
    #expect(facts.map { $0["source"]?.description } == ["10.0.0.6", "10.0.0.5"])
    #expect(facts.allSatisfy { $0["protocol"] == .text("nbss") && $0["field"] == .text("length") })
    #expect(facts.first?.text.contains("25 frames") == true)
  }

  @Test func sambaVersions() {
    var view = CaptureView()
    for name in ["Samba 3.0.25b", "Samba", "Windows Server 2003 5.2", "Samba 4.4.0pre1-DEVELOPERBUILD"] {
      view.servers.append(.init(address: "10.0.0.7", nativeLanManager: name, nativeOS: "Unix", frame: 1, count: 1))
    }
    let facts = view.facts
    #expect(facts.map(\.kind) == [.announcedServer, .announcedServer, .announcedServer, .announcedServer])
    #expect(facts[0]["software"] == .text("samba"))
    #expect(facts[0]["version"] == .version(FileVersion(3, 0, 25, 0)))
    #expect(facts[1]["version"] == nil)
    #expect(facts[2]["software"] == .text("Windows Server 2003 5.2"))
    #expect(facts[3]["version"] == .version(FileVersion(4, 4, 0, 0)))
  }

  @Test func unansweredReferrals() {
    var view = CaptureView()
    view.bursts = [
      .init(client: "10.0.0.9", frame: 3, time: nil, shares: 9, unanswered: 7, mostOutstanding: 7, silence: nil),
      .init(client: "10.0.0.8", frame: 3, time: nil, shares: 9, unanswered: 0, mostOutstanding: 1, silence: nil),
    ]
    let facts = view.facts
    #expect(facts.map(\.kind) == [.referralsUnanswered])
    #expect(facts.first?["shares"] == .integer(9))
    #expect(facts.first?["unanswered"] == .integer(7))
    // What answers may yet come behind the capture's end is not known.
    #expect(facts.first?.trust == .inferred)
  }

  /// Clients that ask for changes again and again are named, most first; one that shows a folder is not.
  @Test func changeNotifications() {
    var view = CaptureView()
    view.changeNotify = [
      .init(client: "10.0.0.1", requests: 3, recursive: 1, responses: 3, bytes: 500),
      .init(client: "10.0.0.2", requests: 64, recursive: 0, responses: 60, bytes: 9000),
      .init(client: "10.0.0.3", requests: 900, recursive: 880, responses: 870, bytes: 140_000),
    ]
    let facts = view.facts.filter { $0.kind == .changeNotification }
    #expect(facts.map { $0["address"] } == [.text("10.0.0.3"), .text("10.0.0.2")])
    #expect(facts.first?["recursive"] == .integer(880))
    #expect(facts.first?.text.contains("900 times") == true)
  }
}
