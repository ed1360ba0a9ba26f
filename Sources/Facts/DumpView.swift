/// A crash dump as reports print it: `faultline.dump/1`. Plain values, no bytes.
public struct DumpView: Hashable, Sendable {
  public struct Module: Hashable, Sendable {
    public var identity: ModuleIdentity
    /// What the header's timestamp is: images built reproducibly hold a hash there.
    public var timestampMeaning: TimestampMeaning
    /// True where the module's name is one that Windows itself ships.
    public var isInbox: Bool

    public init(identity: ModuleIdentity, timestampMeaning: TimestampMeaning, isInbox: Bool) {
      self.identity = identity
      self.timestampMeaning = timestampMeaning
      self.isInbox = isInbox
    }
  }

  public enum TimestampMeaning: String, Hashable, Sendable { case date, buildHash = "build-hash", unknown }

  public struct UnloadedModule: Hashable, Sendable {
    public var name: String
    public var start: VirtualAddress
    public var end: VirtualAddress

    public init(name: String, start: VirtualAddress, end: VirtualAddress) {
      self.name = name
      self.start = start
      self.end = end
    }
  }

  public struct ParameterMeaning: Hashable, Sendable {
    public var value: UInt64
    /// What it holds, and what this value means there.
    public var text: String

    public init(value: UInt64, text: String) {
      self.value = value
      self.text = text
    }
  }

  public struct BuildMatch: Hashable, Sendable {
    public var version: FileVersion
    public var agreed: [String]
    public var compared: Int
    public var isUnique: Bool
    public var pdbName: String
    public var pdbGUID: String
    public var pdbAge: UInt32

    public init(
      version: FileVersion, agreed: [String], compared: Int, isUnique: Bool, pdbName: String, pdbGUID: String,
      pdbAge: UInt32
    ) {
      self.version = version
      self.agreed = agreed
      self.compared = compared
      self.isUnique = isUnique
      self.pdbName = pdbName
      self.pdbGUID = pdbGUID
      self.pdbAge = pdbAge
    }
  }

  public struct ProcessorStack: Hashable, Sendable {
    public var number: Int
    /// The processor that stopped the system.
    public var isStopped: Bool
    public var thread: VirtualAddress?
    public var processName: String?
    public var processID: UInt64?
    public var stack: [StackFrame]

    public init(
      number: Int, isStopped: Bool, thread: VirtualAddress?, processName: String?, processID: UInt64?,
      stack: [StackFrame]
    ) {
      self.number = number
      self.isStopped = isStopped
      self.thread = thread
      self.processName = processName
      self.processID = processID
      self.stack = stack
    }
  }

  // format
  public var signature = ""
  public var architecture: Architecture
  public var dumpType: String?
  public var dumpTypeNumber: UInt32?
  public var bytes: Int = 0
  public var comment: String?
  public var secondaryDataBlocks: Int = 0
  public var memoryBytes: Int = 0
  /// Pages that the dump states and the file ends before; their numbers, as far as they are listed.
  public var absentPages: UInt64 = 0
  public var absentRanges: [Range<UInt64>] = []

  // system
  public var version: String?
  public var build: UInt32 = 0
  public var processors: UInt32 = 0
  public var uptimeSeconds: UInt64?
  public var crashTime: String?
  public var product: String?
  public var servicePack: ServicePack?
  public var productType: String?
  public var buildMatch: BuildMatch?

  // bugcheck
  /// False of a running machine's memory: it has not stopped.
  public var hasStop = true
  public var bugcheck: StopCode
  public var bugcheckName: String?
  public var parameters: [UInt64] = []
  public var meaning: String?
  public var parameterMeanings: [ParameterMeaning] = []

  // exception
  public var exceptionCode: NTStatus?
  public var exceptionName: String?
  public var exceptionAddress: VirtualAddress?
  public var exceptionPlace: String?
  public var referenced: VirtualAddress?
  public var access: String?
  public var hasException = false

  public var culprit: String?
  public var culpritReason: String?

  public var modules: [Module] = []
  public var unloadedModules: [UnloadedModule] = []
  public var processName: String?
  public var processID: UInt64?
  public var session: UInt32?
  public var stack: [StackFrame] = []
  /// Of every processor, where asked for.
  public var processorStacks: [ProcessorStack]?
  /// Index of the frame where the failing code is.
  public var topFrame: Int?
  public var missing: [Missing] = []
  /// Sentences about how something was found that readers should know.
  public var notes: [String] = []

  public init(architecture: Architecture, bugcheck: StopCode) {
    self.architecture = architecture
    self.bugcheck = bugcheck
  }

  public var pointerDigits: Int { architecture.pointerSize == 4 ? 8 : 16 }
}
