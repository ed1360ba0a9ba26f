import Facts
import KernelLayouts

/// The layout tables' offsets for one described kernel.
struct KernelLayoutOffsets: Sendable {
  private let layout: KernelLayout?

  init(_ kernel: SynthesizedKernel) {
    layout =
      KernelLayout.find(
        build: Int(kernel.version.build), servicePack: ServicePack(UInt8(kernel.version.servicePack >> 8)),
        architecture: kernel.architecture, revision: Int(kernel.revision))?.layout
  }

  func offset(_ type: String, _ field: String) -> Int? { layout?.offset(type, field) }

  func size(_ type: String) -> Int? { layout?.size(of: type) }
}
