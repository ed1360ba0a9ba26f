import EvidenceSynthesis
import TestSupport
import Testing

/// Evidence that several tests ask about.
struct Cases {
  let folder: TemporaryFolder
  let netbt: WrittenCase
  let driver: WrittenCase

  init() throws {
    folder = try TemporaryFolder()
    netbt = try WrittenCase(#require(Scenario.named("netbt-stop")), seed: 1, in: folder)
    driver = try WrittenCase(#require(Scenario.named("unknown-driver-19041")), seed: 1, in: folder)
  }

  static let article = """
    DOCUMENT:Q100000  01-JAN-2001  [example]
    TITLE   :STOP 0x0000000A in Example.sys
    PRODUCT :Microsoft Windows NT
    PROD/VER:WINDOWS:4.0
    OPER/SYS:
    KEYWORDS:kbbug

    ======================================================================
    -------------------------------------------------------------------------------
    The information in this article applies to:

     - Microsoft Windows NT Server version 4.0
    -------------------------------------------------------------------------------

    SYMPTOMS
    ========

    The computer stops with STOP 0x0000000A in Example.sys.

    STATUS
    ======

    Microsoft has confirmed that this is a problem in Windows NT 4.0.

    """
}
