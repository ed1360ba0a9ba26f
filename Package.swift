// swift-tools-version: 6.3
import Foundation
import PackageDescription

// Warnings are errors where `make test` runs, not for a user whose newer compiler knows a new warning.
let strict = ProcessInfo.processInfo.environment["FAULTLINE_STRICT"] == "1"

// Scripts/document alone needs the documentation plug-in.
let documentation: [Package.Dependency] =
  ProcessInfo.processInfo.environment["FAULTLINE_DOCS"] == "1"
  ? [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")] : []

let common: [SwiftSetting] =
  [
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

// Loading a dozen Swift libraries took a third of the time of a match. On Linux the program has them inside; the names behind
// the first are what Foundation's own archive needs. FAULTLINE_DYNAMIC=1 is for toolchains without the static libraries.
let staticRuntime: [LinkerSetting] =
  ProcessInfo.processInfo.environment["FAULTLINE_DYNAMIC"] == "1"
  ? []
  : [
    .unsafeFlags(
      [
        "-static-stdlib", "-lCoreFoundation", "-lFoundationInternationalization", "-lFoundationEssentials",
        "-l_FoundationICU", "-l_FoundationCShims", "-l_FoundationCollections", "-l_CFXMLInterface",
        "-l_CFURLSessionInterface", "-lswiftSynchronization", "-lswiftDispatch", "-ldispatch", "-lBlocksRuntime",
      ], .when(platforms: [.linux], configuration: .release))
  ]

/// A library target of the graph in Documentation/Decisions/0001-targets.md.
func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: common)
}

/// A product that only the trait Server needs.
func served(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package, condition: .when(traits: ["Server"]))
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name)] + dependencies,
    swiftSettings: common)
}

let package = Package(
  name: "faultline",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "faultline", targets: ["Program"]),
    .library(name: "Faultline", targets: ["Faultline"]),
    // For the packages in Benchmarks and Fuzz: the readers alone, without what the façade adds.
    .library(
      name: "FaultlineReaders",
      targets: [
        "Facts", "ByteReading", "CrashDumpFormat", "CaptureFormat", "FieldLogs", "PortableExecutable", "Symbols",
        "MachineInventory",
        "WindowsKernel",
        "Analyses", "KnowledgeBase", "EvidenceSynthesis",
      ]),
    // What takes uploads apart, for the package in Fuzz.
    .library(name: "FaultlineCases", targets: ["CaseStore"]),
  ],
  traits: [
    .trait(
      name: "Server",
      description:
        "The web pages and HTTP API of `faultline serve`; without it the command says that it is not built in.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // For the trait Server alone: otherwise neither fetched nor built. Without traits it leaves out what we do not use.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
  ] + documentation,
  targets: [
    library("Facts"),
    library("ByteReading", ["Facts"]),
    library("KernelLayouts", ["Facts"], resources: [.embedInCode("Data")]),
    library("CrashDumpFormat", ["ByteReading", "Facts"]),
    library("CaptureFormat", ["ByteReading", "Facts"]),
    library("FieldLogs", ["ByteReading", "KernelLayouts", "Facts"]),
    library("PortableExecutable", ["ByteReading", "Facts"]),
    .systemLibrary(
      name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"]), .brew(["xz"])]),
    // Variable arguments, which Swift cannot pass.
    .target(name: "CVariadic"),
    library("Symbols", ["ByteReading", "Facts", "CLZMA", "CVariadic"]),
    library("MachineInventory", ["ByteReading", "KernelLayouts", "Facts"]),
    library(
      "WindowsKernel",
      ["CrashDumpFormat", "PortableExecutable", "Symbols", "KernelLayouts", "ByteReading", "Facts"]),
    library(
      "Analyses",
      ["WindowsKernel", "CrashDumpFormat", "Symbols", "KernelLayouts", "ByteReading", "Facts"]),
    library(
      "KnowledgeBase",
      ["ByteReading", "Facts", .product(name: "Yams", package: "Yams")],
      resources: [.embedInCode("Catalogue"), .embedInCode("Extraction")]),
    library(
      "KnowledgeStore",
      [
        "KnowledgeBase", "KernelLayouts", "ByteReading", "Facts",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    library("Servicing", ["Facts", "KernelLayouts"]),
    library("Matching", ["KnowledgeBase", "Servicing", "Facts"]),
    library("Planning", ["KnowledgeBase", "Servicing", "Matching", "Facts"]),
    // Facts in, the bucket of the case out.
    library(
      "Signatures", ["KernelLayouts", "Facts", .product(name: "Crypto", package: "swift-crypto")],
      resources: [.embedInCode("Data")]),
    library(
      "Reporting", ["Matching", "Planning", "KnowledgeBase", "KnowledgeStore", "Servicing", "Signatures", "Facts"]),
    library(
      "Faultline",
      [
        "ByteReading", "CrashDumpFormat", "CaptureFormat", "FieldLogs", "PortableExecutable", "Symbols",
        "MachineInventory",
        "WindowsKernel", "KernelLayouts", "Analyses", "KnowledgeBase", "KnowledgeStore", "Servicing", "Matching",
        "Planning", "Signatures", "Reporting", "Facts",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    // Processes of the same program that do work which may end them.
    library("ChildProcesses", ["Facts"]),
    // Cases that are kept: their evidence, their queue of work, their answers. Knows nothing of HTTP.
    library(
      "CaseStore",
      [
        "ChildProcesses", "Faultline", "Reporting", "Matching", "KnowledgeBase", "KnowledgeStore", "ByteReading",
        "Facts",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Crypto", package: "swift-crypto"),
      ]),
    // Empty without the trait Server (Documentation/Decisions/0007-server.md).
    library(
      "FaultlineServer",
      [
        "CaseStore", "Faultline", "Reporting", "KnowledgeBase", "KnowledgeStore", "ByteReading", "Facts",
        .product(name: "Crypto", package: "swift-crypto"), served("Hummingbird", "hummingbird"),
        served("HummingbirdCore", "hummingbird"), served("HummingbirdTLS", "hummingbird"),
        served("NIOCore", "swift-nio"), served("NIOHTTPTypes", "swift-nio-extras"),
        served("NIOSSL", "swift-nio-ssl"), served("HTTPTypes", "swift-http-types"), served("Logging", "swift-log"),
      ]),
    library(
      "FaultlineCommand",
      [
        .target(name: "FaultlineServer", condition: .when(traits: ["Server"])), "CaseStore",
        "ChildProcesses", "Signatures", "Faultline", "Reporting", "Facts", "KnowledgeBase", "KnowledgeStore",
        "KernelLayouts", "Matching", "Servicing",
        "PortableExecutable", "Symbols", "ByteReading", "CrashDumpFormat", "CaptureFormat", "Analyses", "WindowsKernel",
        "Lab",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // The program alone, so that its linker settings do not reach the test bundle.
    .executableTarget(
      name: "Program", dependencies: ["FaultlineCommand"], swiftSettings: common, linkerSettings: staticRuntime),
    // Imports no reader: it spells the formats out a second time, so that a reader's error does not agree with itself.
    library("EvidenceSynthesis", ["Facts", "KernelLayouts"]),
    // The founding cases as models that run, and their evidence.
    library("Lab", ["EvidenceSynthesis", "Facts"]),
    .executableTarget(
      name: "Synthesize",
      dependencies: [
        "EvidenceSynthesis", "Facts",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: common),
    // Prints everything the readers of images, symbols and hives find, for Scripts/oracle-pe and Scripts/oracle-hives to compare
    // with other readers.
    .executableTarget(
      name: "ReaderListing",
      dependencies: [
        "CaptureFormat", "PortableExecutable", "Symbols", "MachineInventory", "ByteReading", "Facts",
      ],
      swiftSettings: common),
    // Reads damaged dumps as the program does, for Scripts/try-dumps.
    .executableTarget(
      name: "TryDumps",
      dependencies: [
        "Faultline", "Reporting", "Analyses", "WindowsKernel", "CrashDumpFormat", "ByteReading", "Facts",
        "EvidenceSynthesis",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: common),
    .target(
      name: "TestSupport", dependencies: ["EvidenceSynthesis", "Facts"], path: "Tests/TestSupport",
      swiftSettings: common),
    tests("Facts"),
    tests("ByteReading", ["Facts"]),
    tests("KernelLayouts", ["Facts"]),
    tests("CrashDumpFormat", ["ByteReading", "EvidenceSynthesis", "TestSupport", "Facts"]),
    tests("CaptureFormat", ["ByteReading", "EvidenceSynthesis", "TestSupport", "Facts"]),
    tests("FieldLogs", ["TestSupport", "ByteReading", "Facts"]),
    tests("PortableExecutable", ["ByteReading", "EvidenceSynthesis", "TestSupport", "Facts"]),
    tests("Symbols", ["ByteReading", "EvidenceSynthesis", "TestSupport", "Facts"]),
    tests("MachineInventory", ["ByteReading", "EvidenceSynthesis", "TestSupport", "Facts"]),
    tests(
      "WindowsKernel",
      [
        "CrashDumpFormat", "ByteReading", "EvidenceSynthesis", "PortableExecutable", "Symbols", "KernelLayouts",
        "TestSupport", "Facts",
      ]),
    tests(
      "Analyses",
      [
        "EvidenceSynthesis", "TestSupport", "WindowsKernel", "CrashDumpFormat", "FieldLogs", "Symbols", "ByteReading",
        "Facts",
      ]),
    tests("KnowledgeBase", ["ByteReading", "Facts"]),
    tests("KnowledgeStore", ["KnowledgeBase", "Facts", .product(name: "GRDB", package: "GRDB.swift")]),
    tests("Servicing", ["Facts"]),
    tests("Matching", ["KnowledgeBase", "Servicing", "Facts"]),
    tests("Planning", ["Matching", "KnowledgeBase", "Servicing", "Facts"]),
    tests("Signatures", ["Facts"]),
    tests("Reporting", ["Matching", "Planning", "KnowledgeBase", "Servicing", "EvidenceSynthesis", "Facts"]),
    tests("EvidenceSynthesis", ["Facts", "KernelLayouts"]),
    tests(
      "Lab",
      [
        "Faultline", "KnowledgeBase", "KnowledgeStore", "Matching", "Reporting", "Signatures", "Symbols",
        "EvidenceSynthesis", "TestSupport", "Facts",
      ]),
    .testTarget(
      name: "FaultlineTests",
      dependencies: [
        "Faultline", "Reporting", "KnowledgeBase", "Matching", "Planning", "Servicing", "Symbols", "ByteReading",
        "MachineInventory", "Facts", "EvidenceSynthesis", "TestSupport",
      ],
      swiftSettings: common),
    tests("CaseStore", ["Faultline", "Reporting", "EvidenceSynthesis", "TestSupport", "Facts"]),
    tests(
      "FaultlineServer",
      ["CaseStore", "Faultline", "Reporting", "EvidenceSynthesis", "TestSupport", "Facts"]),
    .testTarget(
      name: "CommandTests", dependencies: ["Facts", "EvidenceSynthesis", "FaultlineCommand", "TestSupport"],
      exclude: ["Snapshots"],
      swiftSettings: common),
  ],
  swiftLanguageModes: [.v6]
)
