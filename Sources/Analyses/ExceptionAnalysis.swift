import CrashDumpFormat
import Facts
import KernelLayouts
import WindowsKernel

/// The exception or page fault behind the stop, and whether a null pointer was followed.
enum ExceptionAnalysis: DumpAnalysis {
  static func facts(_ dump: KernelDump) -> [Fact] {
    guard let exception = dump.exception else { return [] }
    var attributes: [FactAttribute: FactValue] = [:]
    var place = ""
    var trust = Trust.observed
    if let code = exception.code { attributes["code"] = .status(code) }
    if let address = exception.address {
      attributes["address"] = .address(address)
      let frame = dump.frame(at: address)
      if let module = frame.module { attributes["module"] = .text(module) }
      if let symbol = frame.symbol {
        attributes["symbol"] = .text(CulpritAnalysis.routine(symbol))
        trust = dump.symbolTrust(of: frame)
      }
      place = " at " + frame.place
    }
    if let access = exception.access { attributes["access"] = .text(access.rawValue) }
    if let referenced = exception.referenced { attributes["referenced"] = .address(referenced) }
    var text: String
    if let code = exception.code {
      text = "Exception \(code)" + (NTStatusNames.name(of: code).map { " \($0)" } ?? "") + place
    } else {
      text = "A memory access failed" + place
    }
    if let referenced = exception.referenced, referenced.rawValue == .max {
      // For an address that is not canonical the processor reports none, and the kernel fills in -1.
      text += ": \(verb(exception.access)) an address that the processor does not report"
    } else if let referenced = exception.referenced {
      text += ": \(verb(exception.access)) \(hexadecimal(referenced.rawValue, digits: dump.header.is64Bit ? 16 : 8))"
    }
    var facts = [Fact(.exception, text + ".", attributes: attributes, trust: trust, origin: exception.origin)]
    if exception.isNullDereference, let referenced = exception.referenced {
      var null: [FactAttribute: FactValue] = ["referenced": .address(referenced)]
      null["module"] = attributes["module"]
      null["symbol"] = attributes["symbol"]
      let distance = referenced.rawValue == 0 ? "" : " plus \(hexadecimal(referenced.rawValue))"
      facts.append(
        Fact(
          .nullDereference, "A null pointer\(distance) was followed\(place).", attributes: null, trust: trust,
          origin: exception.origin))
    }
    return facts
  }

  private static func verb(_ access: MemoryAccess?) -> String {
    switch access {
    case .read: "reading"
    case .write: "writing"
    case .execute: "executing"
    case nil: "touching"
    }
  }
}
