// swift-tools-version: 6.3
import PackageDescription

// Built by Scripts/fuzz, which adds the sanitizers to every module. A package of its own, so that the program's builds
// never see them.
let package = Package(
  name: "faultline-fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "faultline", path: "..")],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        .product(name: "FaultlineReaders", package: "faultline"),
        .product(name: "FaultlineCases", package: "faultline"),
      ],
      swiftSettings: [.enableExperimentalFeature("Lifetimes"), .unsafeFlags(["-parse-as-library"])],
      // The fuzzer's run-time library without its own main: the target is chosen by name.
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
  ],
  swiftLanguageModes: [.v6]
)
