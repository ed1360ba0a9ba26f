/// Which of the two lines of builds a file comes from, where Microsoft kept two for one service pack.
///
/// Security updates went out on the general line; hotfixes only on the limited one, which also takes everything the general
/// line gets. Microsoft's own names changed: the limited line is called QFE up to Windows Server 2003 and LDR from Vista on.
@frozen
public enum ServicingBranch: String, Hashable, Sendable, CaseIterable {
  /// General distribution release.
  case general = "gdr"
  /// Limited distribution release, or QFE.
  case limited = "ldr"

  /// As articles and version strings write it: `GDR`, `SP2QFE`, `LDR`, `srv03_sp2_qfe.090319-1205`; nil where nothing says.
  public init?(named text: some StringProtocol) {
    let name = text.lowercased()
    if name.contains("qfe") || name.contains("ldr") {
      self = .limited
    } else if name.contains("gdr") {
      self = .general
    } else {
      return nil
    }
  }
}
