import Facts
import Testing

@testable import Faultline

/// Evidence that lies far apart in time is told; what may belong together is not.
@Suite struct EvidenceTimesTests {
  private func dump(_ time: String, hours: UInt64) -> DumpView {
    var view = DumpView(architecture: .x64, bugcheck: StopCode(0x50))
    view.crashTime = time
    view.uptimeSeconds = hours * 3600
    return view
  }

  private func log(_ times: [String]) -> PoolLogView {
    var view = PoolLogView()
    view.snapshots = times.map { time in
      var snapshot = PoolLogView.Snapshot()
      snapshot.time = CivilTime(rfc3339: time)
      return snapshot
    }
    return view
  }

  @Test func whatOverlapsAgrees() {
    var times = EvidenceTimes()
    times.add(dump("2011-05-20T10:00:00Z", hours: 200), "MEMORY.DMP")
    // While the machine ran, and by a clock that is hours ahead.
    times.add(log(["2011-05-14T00:00:00Z", "2011-05-21T08:00:00Z"]), "poolmon.log")
    #expect(times.note == nil)
  }

  @Test func whatIsFarApartIsTold() throws {
    var times = EvidenceTimes()
    times.add(dump("2011-05-20T10:00:00Z", hours: 20), "MEMORY.DMP")
    times.add(log(["2011-05-14T00:00:00Z", "2011-05-15T08:00:00Z"]), "poolmon.log")
    let note = try #require(times.note)
    #expect(note.what == "evidence.times")
    let detail = note.detail
    #expect(
      detail.contains("poolmon.log (2011-05-14 to 2011-05-15); MEMORY.DMP (2011-05-19 to 2011-05-20)"), "\(detail)")
  }

  @Test func oddTimesDoNoHarm() {
    var times = EvidenceTimes()
    times.add(dump("9999-12-31T23:59:59Z", hours: .max / 3600), "a")
    times.add(dump("not a time", hours: 1), "b")
    times.add(log([]), "c")
    #expect(times.note == nil)
  }

  @Test func machinesOfOtherNamesAreOthers() {
    var first = Machine()
    first.computerName = "SRV1"
    var second = Machine()
    second.computerName = "SRV2"
    #expect(first.conflict(with: second) == "SRV2 instead of SRV1")
    second.computerName = "srv1.example.com"
    #expect(first.conflict(with: second) == nil)
  }
}
