import Facts
import WindowsKernel

/// One question asked of a crash dump: structures in, facts out. One file per analysis; the list is `AllAnalyses`.
public protocol DumpAnalysis: Sendable {
  static func facts(_ dump: KernelDump) -> [Fact]
}

/// Every analysis, in the order in which their facts are reported. A test lists this folder and fails where one is missing.
public enum AllAnalyses {
  public static let ofDumps: [any DumpAnalysis.Type] = [
    StopAnalysis.self,
    ExceptionAnalysis.self,
    CulpritAnalysis.self,
    StackAnalysis.self,
    ProcessAnalysis.self,
    ModulesAnalysis.self,
    PoolAnalysis.self,
    HangAnalysis.self,
    SessionImageAnalysis.self,
    PacketAnalysis.self,
    PacketOverrunAnalysis.self,
  ]

  public static func facts(_ dump: KernelDump) -> [Fact] { ofDumps.flatMap { $0.facts(dump) } }
}
