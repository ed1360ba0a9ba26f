// swift-tools-version: 6.3
import PackageDescription

// A package of its own, so that building and testing Faultline never fetches what measuring takes.
let package = Package(
  name: "faultline-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "faultline", path: ".."),
    // Without its traits: counting allocations would need jemalloc.
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Triage",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "Faultline", package: "faultline"),
        .product(name: "FaultlineReaders", package: "faultline"),
      ],
      path: "Benchmarks/Triage",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
