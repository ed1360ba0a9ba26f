import Facts

/// A driver caught while it copies a packet by the length the packet states. Which field is invalid differs from packet to
/// packet; the driver and the protocol do not.
enum PacketOverrunRule: SignatureRule {
  static let name = "packet-overrun"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard let overrun = facts.first(.packetOverrun), let module = overrun.module else { return nil }
    let layer = overrun.text("protocol") ?? "packet"
    draft.mechanism = Mechanism.badInput.rawValue
    draft.culprit = module
    draft.details = ["\(layer) copied by its stated length"]
    draft.isProven = true
    return
      "\(module) copies a malformed \(layer) message by the length it states; the invalid field and the sender differ from one to the next and are left out"
  }
}
