import Crypto
import Facts

/// The bucket of a case: what failed, in words that stay the same on another build, at other addresses, with other parameters.
public struct Signature: Hashable, Sendable {
  /// What one rule did, in a sentence.
  public struct Note: Hashable, Sendable {
    public var rule: String
    public var text: String

    public init(rule: String, text: String) {
      self.rule = rule
      self.text = text
    }
  }

  /// The version of the rules that made it. Signatures of different versions are not compared.
  public let version: Int
  /// The parts, from the mechanism to the stop code: `null-dereference · acmeusb.sys · acmeusb!Read < usbhub.sys`.
  public let text: String
  /// 16 lower-case hexadecimal digits: the first 8 bytes of the SHA-256 of `version text`, so that other programs can make it
  /// from the two.
  public let id: String

  public init(version: Int, text: String) {
    self.version = version
    self.text = text
    let digest = SHA256.hash(data: Array("\(version) \(text)".utf8))
    id = digest.prefix(8).map { String(hexadecimal(UInt64($0), digits: 2).dropFirst(2)) }.joined()
  }
}

/// A signature with why it is what it is; without one where nothing of the facts says what failed.
public struct SignatureResult: Hashable, Sendable {
  public var signature: Signature?
  /// In the order of the rules.
  public var notes: [Signature.Note]

  public init(signature: Signature? = nil, notes: [Signature.Note] = []) {
    self.signature = signature
    self.notes = notes
  }
}
