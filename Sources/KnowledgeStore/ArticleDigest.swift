/// A text's fingerprint, 128 bits: tells whether an article changed. Not meant to withstand forgery.
enum ArticleDigest {
  static func of(_ bytes: [UInt8]) -> [UInt8] {
    var first: UInt64 = 0xCBF2_9CE4_8422_2325
    var second: UInt64 = 0x9E37_79B9_7F4A_7C15
    bytes.withUnsafeBytes { raw in
      var offset = 0
      while offset + 8 <= raw.count {
        let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        first = mix(first ^ word, 0x9DDF_EA08_EB38_2D69)
        second = mix(second &+ word, 0xC2B2_AE3D_27D4_EB4F)
        offset += 8
      }
      while offset < raw.count {
        first = mix(first ^ UInt64(raw[offset]), 0x0000_0100_0000_01B3)
        second = mix(second &+ UInt64(raw[offset]), 0xC2B2_AE3D_27D4_EB4F)
        offset += 1
      }
    }
    first = mix(first ^ UInt64(bytes.count), 0xFF51_AFD7_ED55_8CCD)
    second = mix(second ^ first, 0xC4CE_B9FE_1A85_EC53)
    return [first, second].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  static func mix(_ value: UInt64, _ factor: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: factor)
    return product.high ^ product.low ^ value
  }
}
