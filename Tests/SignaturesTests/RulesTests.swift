import Facts
import Testing

@testable import Signatures

@Suite struct RulesTests {
  @Test func idIsOfVersionAndText() {
    let one = Signature(version: 1, text: "nt")
    #expect(one.id.utf8.count == 16 && one.id != Signature(version: 2, text: "nt").id)
  }
}
