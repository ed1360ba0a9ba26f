#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// File systems of macOS take UTF-8 only.
let isLinux: Bool = {
  #if os(Linux)
  true
  #else
  false
  #endif
}()

let isRoot = geteuid() == 0
