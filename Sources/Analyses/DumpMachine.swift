import CrashDumpFormat
import Facts
import KernelLayouts
import WindowsKernel

extension KernelDump {
  /// The machine a dump describes, as far as its header goes.
  public var machine: Machine {
    var machine = Machine(architecture: architecture)
    let build = Int(header.build)
    let type = header.productType.flatMap { ProductType(ntProductType: $0) }
    let product = Product.find(build: build, type: type, architecture: architecture)
    machine.product = product?.name
    // From Vista to 7 the build number tells; later systems have no service packs, and their kernels write zero.
    machine.servicePack = product?.servicePack ?? (build < 6000 ? servicePack : nil)
    machine.version = version
    machine.files = modules.modules
    return machine
  }

  /// `10.0.19041.804` where the build was found, else `10.0.19041`.
  public var version: String? {
    if let match = buildMatch, match.isUnique { return match.build.version.description }
    let build = Int(header.build)
    guard let prefix = Product.candidates(build: build, architecture: architecture).first?.version else { return nil }
    return "\(prefix).\(build)"
  }
}
