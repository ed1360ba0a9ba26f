import Facts
import Testing

@testable import KernelLayouts

@Suite struct StopCodesTests {
  @Test func tableIsSortedUniqueAndWhole() {
    let all = StopCodes.all
    let records = EmbeddedTable(PackageResources.stop_codes_tsv).records
    #expect(all.count == records.count, "a line is malformed")
    #expect(all.count >= 500)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.code < $1.code })
    for entry in all {
      for name in [entry.name] + entry.otherNames {
        #expect(
          !name.isEmpty
            && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x5F })
      }
    }
  }

  @Test(
    arguments: [
      (0x0000_000A, "IRQL_NOT_LESS_OR_EQUAL"), (0x0000_0041, "MUST_SUCCEED_POOL_EMPTY"),
      (0x0000_0050, "PAGE_FAULT_IN_NONPAGED_AREA"), (0x0000_00E2, "MANUALLY_INITIATED_CRASH"),
      (0x0000_015F, "CONNECTED_STANDBY_WATCHDOG_TIMEOUT_LIVEDUMP"), (0x0000_0161, "LIVE_SYSTEM_DUMP"),
      (0x0000_0171, "CRYPTO_LIBRARY_INTERNAL_ERROR"), (0x0000_01C8, "MANUALLY_INITIATED_POWER_BUTTON_HOLD"),
      (0x0000_01CA, "SYNTHETIC_WATCHDOG_TIMEOUT"), (0x0000_01D0, "ACPI_FIRMWARE_WATCHDOG_TIMEOUT"),
      (0x0002_0001, "HYPERVISOR_ERROR"), (0x1000_007E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED_M"),
      (0x1000_008E, "KERNEL_MODE_EXCEPTION_NOT_HANDLED_M"), (0xC000_0218, "STATUS_CANNOT_LOAD_REGISTRY_FILE"),
      (0xC000_021A, "WINLOGON_FATAL_ERROR"), (0xDEAD_DEAD, "MANUALLY_INITIATED_CRASH1"),
    ] as [(UInt32, String)])
  func knownNames(code: UInt32, name: String) {
    #expect(StopCodes.name(of: StopCode(code)) == name)
    #expect(StopCodes.code(named: name) == StopCode(code))
  }

  @Test func variantWithoutANameOfItsOwnHasItsBases() {
    #expect(StopCodes.name(of: StopCode(0x1000_000A)) == "IRQL_NOT_LESS_OR_EQUAL")
    #expect(StopCodes.entry(of: StopCode(0x1000_000A)) == nil)
  }

  @Test func unknownCodeHasNoName() {
    #expect(StopCodes.name(of: StopCode(0x0BAD_F00D)) == nil)
    #expect(StopCodes.code(named: "NOT_A_STOP_CODE") == nil)
  }

  @Test func namesAreFoundWithoutCaseAndUnderOtherNames() {
    #expect(StopCodes.code(named: " irql_not_less_or_equal") == StopCode(0xA))
    #expect(StopCodes.code(named: "VOLMGRX_INTERNAL_ERROR") == StopCode(0x58))
    #expect(StopCodes.code(named: "VIDEO_DRIVER_DEBUG_REPORT_REQUEST") == StopCode(0xAD))
  }
}
