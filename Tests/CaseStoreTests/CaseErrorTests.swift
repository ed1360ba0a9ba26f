import CaseStore
import TestSupport
import Testing

@Suite struct CaseErrorTests {
  @Test func reasonsNameNoPath() throws {
    let folder = try TemporaryFolder()
    try folder.write("cases", "a file where the folder should be")
    #expect {
      try CaseStore(folder: folder.path + "/cases") { 0 }
    } throws: { error in
      !"\(error)".contains(folder.path)
    }
  }
}
