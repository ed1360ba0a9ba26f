import ArgumentParser
import ByteReading
import Facts
import Faultline
import Reporting

struct Match: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "match", _superCommandName: "faultline",
    abstract: "The same matching from typed symptoms.",
    discussion: """
      Examples:
        faultline match --stop 0x41 --module tdpipe.sys \\
          --pool-tag Mdl --pool nonpaged --product "Windows NT 4.0"
        faultline match --stop 0xd1 --module netbt.sys=5.2.3790.3959 \\
          --symbol 'netbt!NbtCopyToStartOfIndicate' \\
          --product "Windows Server 2003" --service-pack 2 --architecture x86
        faultline match --stop 0x50 --module win32k.sys --format html \\
          --output match.html
        echo '{"stopCode": "0x41", "module": "tdpipe.sys"}' |
          faultline match --symptoms -
      """)

  @Option(
    help: ArgumentHelp(
      "Stop code, as 0x41, 00000041 or by name. Repeat --parameter for its parameters.", valueName: "code"))
  var stop: String?

  @Option(
    name: .customLong("parameter"), help: ArgumentHelp("One of the stop code's parameters, in order.", valueName: "hex")
  )
  var parameters: [String] = []

  @Option(
    name: .customLong("module"),
    help: ArgumentHelp(
      "Module involved, with its version where known: tdpipe.sys=5.2.3790.71.", valueName: "name[=version]"))
  var modules: [String] = []

  @Option(
    name: .customLong("loaded"),
    help: ArgumentHelp("Module that is loaded, without being suspected.", valueName: "name"))
  var loaded: [String] = []

  @Option(
    name: .customLong("symbol"),
    help: ArgumentHelp("Routine on the stack, topmost first: netbt!NbtCopyToStartOfIndicate.", valueName: "module!name")
  )
  var symbols: [String] = []

  @Option(
    name: .customLong("pool-tag"),
    help: ArgumentHelp("Pool tag that stands out; the case of its letters counts.", valueName: "tag"))
  var poolTags: [String] = []

  @Option(help: "Pool the tag is in: paged or nonpaged.")
  var pool: String?

  @Option(help: ArgumentHelp("Product, as people write it: \"Windows Server 2003\".", valueName: "name"))
  var product: String?

  @Option(help: ArgumentHelp("Service pack: 2, or 6a.", valueName: "number"))
  var servicePack: String?

  @Option(help: "Architecture: x86, x64, arm64, ia64 or alpha.")
  var architecture: String?

  @Option(help: ArgumentHelp("Process that was current.", valueName: "name"))
  var process: String?

  @Option(
    name: .customLong("symptoms"),
    help: ArgumentHelp("A faultline.symptoms/1 file instead of the options; - for standard input.", valueName: "file"))
  var symptomsFile: String?

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var placement: ReportOptions

  /// Symptoms are a few lines; a larger file is something else.
  static let maximumSymptomsBytes = 1 << 20

  func validate() throws {
    try placement.refuse([.csv, .svg], "match")
    let typed = try typed()
    switch (symptomsFile == nil, typed == Symptoms()) {
    case (true, true): throw ValidationError("Name at least one symptom, such as --stop 0x41.")
    case (false, false): throw ValidationError("--symptoms takes the place of the options that name symptoms.")
    default: break
    }
  }

  func run() throws {
    let symptoms = try symptomsFile.map(read) ?? typed()
    let diagnosis = Diagnoser(store: try knowledge.store()).match(symptoms)
    let output = placement.output
    switch placement.format {
    case .html: try output.emit(CaseReport(diagnosis: diagnosis).html)
    case .text: try output.emit(diagnosis.text(output.style))
    default: try output.emit(diagnosis.json)
    }
  }

  private func read(_ path: String) throws -> Symptoms {
    let bytes: [UInt8]
    if path == "-" {
      guard let input = Terminal.standardInput(limit: Self.maximumSymptomsBytes) else {
        throw CommandFailure.unreadable("standard input: more than \(Self.maximumSymptomsBytes) bytes of symptoms")
      }
      bytes = input
    } else {
      do {
        let file = try MappedFile(path: path)
        guard file.byteCount <= Self.maximumSymptomsBytes else {
          throw CommandFailure.unreadable("\(path): more than \(Self.maximumSymptomsBytes) bytes of symptoms")
        }
        bytes = file.array()
      } catch let error as FileError {
        throw error.reason == .notFound
          ? CommandFailure.notFound(error.description) : CommandFailure.inputOutput(error.description)
      }
    }
    do {
      return try Symptoms(json: bytes)
    } catch {
      throw CommandFailure.unreadable("\(path == "-" ? "standard input" : path): \(error)")
    }
  }

  private func typed() throws -> Symptoms {
    var symptoms = Symptoms()
    if let stop {
      guard let code = Symptoms.stopCode(stop) else {
        throw ValidationError("'\(stop)' is no stop code. Example: --stop 0x41.")
      }
      symptoms.stopCode = code
    }
    if let bad = parameters.first(where: { parseHexadecimal($0) == nil }) {
      throw ValidationError("'\(bad)' is no hexadecimal parameter. Example: --parameter 0x00000001.")
    }
    symptoms.parameters = parameters
    symptoms.modules = try modules.map { text in
      let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard halves.count == 2 else { return ModuleIdentity(name: text) }
      guard let version = FileVersion(halves[1]), !halves[0].isEmpty else {
        throw ValidationError("'\(text)' is no module with a version. Example: --module tdpipe.sys=5.2.3790.71.")
      }
      return ModuleIdentity(name: String(halves[0]), version: version)
    }
    symptoms.loadedModules = loaded
    symptoms.stackTop = symbols
    symptoms.poolTags = try poolTags.map { text in
      guard let tag = PoolTag(text) else {
        throw ValidationError("'\(text)' is no pool tag: one to four characters. Example: --pool-tag Mdl.")
      }
      return tag
    }
    if let pool {
      guard ["paged", "nonpaged"].contains(pool) else {
        throw ValidationError("'\(pool)' is no pool: paged or nonpaged.")
      }
      symptoms.pool = pool
    }
    symptoms.product = product
    if let servicePack {
      guard let pack = ServicePack(servicePack) else {
        throw ValidationError("'\(servicePack)' is no service pack. Examples: 2, 6a.")
      }
      symptoms.servicePack = pack
    }
    if let architecture {
      guard let known = Architecture(named: architecture) else {
        throw ValidationError("'\(architecture)' is no architecture: x86, x64, arm64, ia64 or alpha.")
      }
      symptoms.architecture = known
    }
    symptoms.processName = process
    return symptoms
  }
}
