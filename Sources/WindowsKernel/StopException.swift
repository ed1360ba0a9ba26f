import CrashDumpFormat
import Facts
import KernelLayouts

/// The exception behind a stop: in triage dumps the header's record is only a breakpoint placeholder, so it comes from the stop
/// code's own parameters.
public struct StopException: Hashable, Sendable {
  public var code: NTStatus
  /// Where the failing instruction is.
  public var address: VirtualAddress?
  /// The address it touched, for access violations.
  public var referenced: VirtualAddress?
  public enum Access: String, Hashable, Sendable { case read, write, execute }
  public var access: Access?
  /// The registers at the failing instruction, where the dump holds them.
  public var context: RegisterContext?
  /// Where this is known from.
  public var origin: String

  init?(dump: CrashDump, modules: ModuleMap) {
    return nil
  }
}
