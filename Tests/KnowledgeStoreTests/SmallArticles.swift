/// Articles of our own making in the archive's layout.
enum SmallArticles {
  static func text(
    _ number: Int, title: String, date: String = "09-AUG-2001", cause: String, body: String = ""
  ) -> String {
    """
    DOCUMENT:Q\(number)  \(date)  [winnt]
    TITLE   :\(title)
    PRODUCT :Microsoft Windows NT
    PROD/VER:WinNT:4.0
    OPER/SYS:
    KEYWORDS:

    ======================================================================
    -------------------------------------------------------------------------------
    The information in this article applies to:

     - Microsoft Windows NT Server version 4.0
    -------------------------------------------------------------------------------

    SYMPTOMS
    ========

    The made-up driver stops the computer. \(body)

    CAUSE
    =====

    \(cause)

    """
  }

  static let leak = text(
    900001, title: "Memory Leak in Madeup.sys",
    cause: "Madeup.sys leaks nonpaged pool memory with the pool tag Mdup each time the gizmo is unplugged.")
  static let stop = text(
    900002, title: "Stop 0x0000000A in Other.sys",
    cause: "Other.sys uses memory that is freed.",
    body: "You receive the following message: STOP 0x0000000A (0x00000010, 0x00000002, 0x00000000, 0x8010a607)")
  static let deadlock = text(
    900003, title: "Deadlock in the Gizmo Service",
    cause: "Two threads wait for each other, which is a deadlock, while the frobnicator is flushed.")
}
