import Facts
import KernelLayouts

/// How it failed, as far as the stop and the address touched tell, and the stop code where it is more than the way one defect
/// happened to be noticed.
///
/// One bad pointer stops a machine with 0x0A or 0xD1 at a raised interrupt level, with 0x50 where the address is the system's and
/// not there, and with 0x1E, 0x3B, 0x7E or 0x8E as an exception, as what the pointer holds and who called decide. These are one:
/// `bad-pointer`, or `null-dereference` for an address below 64 KiB. Damaged pool is likewise noticed by whoever comes next, under
/// several codes. All other codes keep their number, with their first parameter where it tells kinds of failure apart.
enum MechanismRule: SignatureRule {
  static let name = "mechanism"

  private static let pointerStops: Set<UInt32> = [0x0A, 0x50, 0xD1]
  private static let exceptionStops: Set<UInt32> = [0x1E, 0x3B, 0x7E, 0x8E]
  /// Special pool tells what the pointer did.
  private static let specialPool: [UInt32: String] = [
    0xCC: "use-after-free", 0xD5: "use-after-free", 0xCD: "overrun", 0xD6: "overrun",
  ]

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.isProven else { return nil }
    if facts.first(.nullDereference) != nil {
      draft.mechanism = Mechanism.nullDereference.rawValue
      return "a null pointer was followed; the stop code says only where it was noticed"
    }
    guard let stop = facts.stop else { return nil }
    if pointerStops.contains(stop.rawValue) {
      draft.mechanism = "bad-pointer"
      return "\(stop) is one of the ways in which a bad pointer is noticed, and left out"
    }
    if exceptionStops.contains(stop.rawValue) { return exception(facts, stop, &draft) }
    if let use = specialPool[stop.rawValue] {
      draft.mechanism = use
      return "special pool noticed it (\(stop))"
    }
    let meaning = StopCodeMeaning.of(stop)
    if meaning?.stopClass == .poolCorruption {
      draft.mechanism = Mechanism.memoryCorruption.rawValue
      return "\(stop) is one of the ways in which damaged pool is noticed, and left out"
    }
    draft.stop = hexadecimal(UInt64(stop.rawValue))
    let parameters = facts.stopParameters
    if let kind = parameters.first, meaning?.parameters(for: parameters).first?.rule == .enumeration {
      draft.stop = hexadecimal(UInt64(stop.rawValue)) + "/" + hexadecimal(kind)
      return "\(stop) is a kind of failure of its own, and its first parameter says which"
    }
    return "\(stop) is a kind of failure of its own; its parameters are left out"
  }

  /// An access violation is a bad pointer; other exceptions say more than the stop that they led to.
  private static func exception(_ facts: CaseFacts, _ stop: StopCode, _ draft: inout SignatureDraft) -> String {
    guard case .status(let status)? = facts.first(.exception)?["code"] else {
      draft.mechanism = "exception"
      return "an exception that nobody handled; which one is not known"
    }
    if status == .accessViolation {
      draft.mechanism = "bad-pointer"
      return "an access violation under \(stop) is one of the ways in which a bad pointer is noticed"
    }
    draft.mechanism = "exception"
    draft.details = [NTStatusNames.name(of: status) ?? status.description]
    return "the exception \(status) counts, not \(stop) that it led to"
  }
}
