import ByteReading
import Facts
import MachineInventory
import TestSupport
import Testing

/// Real hives and texts, where they are there.
@Suite struct SharedInventoryTests {
  @Test(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence))
  func everyHiveIsReadOrRefusedWithAReason() throws {
    for entry in try SharedEvidence.entries() where entry.kind == "hives" {
      var problems: [ReadError] = []
      do {
        let hive = try RegistryHive(parsing: try MappedFile(path: SharedEvidence.path(entry)))
        let view = HiveView(hive, &problems)
        #expect(view.keys > 0, "\(entry.file)")
      } catch let error as ReadError {
        #expect(!error.expected.isEmpty && !error.found.isEmpty, "\(entry.file)")
      }
    }
  }

  @Test(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence))
  func everyReportNamesItsMachine() throws {
    for entry in try SharedEvidence.entries() where entry.kind == "inventory" && entry.file.contains("systeminfo") {
      let view = InventoryText.read(try MappedFile(path: SharedEvidence.path(entry)).array())
      #expect(view.forms == [.systemInformation], "\(entry.file)")
      #expect(view.machine.product != nil, "\(entry.file)")
      #expect(view.machine.architecture != nil, "\(entry.file)")
      #expect(view.machine.language != nil, "\(entry.file)")
      #expect(!view.machine.updates.contains("Q147222"), "\(entry.file)")
    }
  }
}
