/// One attribute of a fact. Typed, so that a tag is compared as a tag and a version as a version.
@frozen
public enum FactValue: Hashable, Sendable, CustomStringConvertible {
  case text(String)
  case integer(Int64)
  case number(Double)
  case address(VirtualAddress)
  case stopCode(StopCode)
  case status(NTStatus)
  case poolTag(PoolTag)
  case version(FileVersion)
  case flag(Bool)

  public var description: String {
    switch self {
    case .text(let value): value
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .address(let value): value.description
    case .stopCode(let value): value.description
    case .status(let value): value.description
    case .poolTag(let value): value.description
    case .version(let value): value.description
    case .flag(let value): value ? "true" : "false"
    }
  }
}
