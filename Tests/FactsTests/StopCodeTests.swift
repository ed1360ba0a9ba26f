import Testing

@testable import Facts

@Suite struct StopCodeTests {
  @Test func variantBitIsTakenOffOnlyWhereItIsAlone() {
    #expect(StopCode(0x1000_007E).base == StopCode(0x7E))
    #expect(StopCode(0xC000_0218).base == StopCode(0xC000_0218))
    #expect(StopCode(0xA).description == "0x0000000a")
  }
}
