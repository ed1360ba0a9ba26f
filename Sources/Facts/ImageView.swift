/// What an image file says of itself, as reports print it.
public struct ImageView: Hashable, Sendable {
  public struct Section: Hashable, Sendable {
    public var name: String
    /// Relative to the base.
    public var offset: UInt32
    public var size: UInt32
    public var fileOffset: UInt32
    public var fileSize: UInt32
    public var characteristics: UInt32

    public init(
      name: String, offset: UInt32, size: UInt32, fileOffset: UInt32, fileSize: UInt32, characteristics: UInt32
    ) {
      self.name = name
      self.offset = offset
      self.size = size
      self.fileOffset = fileOffset
      self.fileSize = fileSize
      self.characteristics = characteristics
    }
  }

  public struct DebugFile: Hashable, Sendable {
    public var name: String
    /// As the linker wrote it.
    public var path: String
    /// `RSDS` or `NB10`.
    public var form: String
    /// 32 digits of a GUID, or 8 of a signature.
    public var identifier: String
    public var age: UInt32

    public init(name: String, path: String, form: String, identifier: String, age: UInt32) {
      self.name = name
      self.path = path
      self.form = form
      self.identifier = identifier
      self.age = age
    }
  }

  public struct Text: Hashable, Sendable {
    public var key: String
    public var value: String

    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  public var architecture: Architecture
  public var is64Bit: Bool
  public var timestamp: UInt32
  public var timestampMeaning: DumpView.TimestampMeaning
  /// Why the timestamp is no date, in a few words.
  public var timestampReason: String?
  public var imageSize: UInt32
  public var checksum: UInt32
  /// nil where it was not summed up.
  public var computedChecksum: UInt32?
  public var preferredBase: UInt64
  public var entryPoint: UInt32
  public var subsystem: UInt16
  public var sections: [Section]
  public var fileVersion: FileVersion?
  public var productVersion: FileVersion?
  public var fileVersionText: String?
  public var branchSuffix: String?
  /// The strings of the version resource's first table.
  public var strings: [Text] = []
  /// Language and code page, eight hexadecimal digits as the resource spells them.
  public var translations: [String] = []
  public var debugFile: DebugFile?
  /// The `.dbg` file of images whose debug information was split off.
  public var splitDebugFile: String?
  public var exportName: String?
  public var exports: Int
  /// Entries of the exception directory; nil for machines that have none.
  public var functions: Int?

  public init(
    architecture: Architecture, is64Bit: Bool, timestamp: UInt32, timestampMeaning: DumpView.TimestampMeaning,
    timestampReason: String?, imageSize: UInt32, checksum: UInt32, computedChecksum: UInt32?, preferredBase: UInt64,
    entryPoint: UInt32, subsystem: UInt16, sections: [Section], exports: Int = 0, functions: Int? = nil
  ) {
    self.architecture = architecture
    self.is64Bit = is64Bit
    self.timestamp = timestamp
    self.timestampMeaning = timestampMeaning
    self.timestampReason = timestampReason
    self.imageSize = imageSize
    self.checksum = checksum
    self.computedChecksum = computedChecksum
    self.preferredBase = preferredBase
    self.entryPoint = entryPoint
    self.subsystem = subsystem
    self.sections = sections
    self.exports = exports
    self.functions = functions
  }
}
