import ByteReading
import Facts
import FieldLogs
import TestSupport
import Testing

/// Logs of others, beside the repository.
@Suite(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) struct SharedLogTests {
  @Test func everyDebuggerLogSaysSomething() throws {
    let entries = try SharedEvidence.entries().filter { $0.kind == "analyze-logs" }
    #expect(!entries.isEmpty)
    for entry in entries {
      let log = DebuggerLog.read(try MappedFile(path: SharedEvidence.path(entry)).array())
      #expect(log.code != nil, "\(entry.file)")
      #expect(log.parameters.count <= 4, "\(entry.file)")
    }
  }

  @Test func everyPoolLogHasRows() throws {
    let entries = try SharedEvidence.entries().filter { $0.kind == "poolmon" }
    #expect(!entries.isEmpty)
    for entry in entries {
      let log = PoolLog.read(try MappedFile(path: SharedEvidence.path(entry)).array())
      #expect(log.snapshots.contains { !$0.rows.isEmpty }, "\(entry.file)")
    }
  }
}
