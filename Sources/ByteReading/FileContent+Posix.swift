import Facts

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Opening, reading and mapping files on POSIX systems. The Windows calls go beside this file.
@unsafe struct FileContent {
  var bytes: UnsafeRawBufferPointer
  var isMapped: Bool

  static func open(_ path: String, readLimit: Int) throws(FileError) -> FileContent {
    // O_NONBLOCK: opening a pipe must not wait for a writer; regular files ignore it.
    let descriptor = unsafe PathText.withCString(path) { unsafe sysOpen($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw failure(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path, errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(path: path, reason: .isDirectory, detail: "is a folder")
    default: throw FileError(path: path, reason: .notRegular, detail: "is not a regular file")
    }
    guard let size = Int(exactly: status.st_size), size >= 0 else { throw failure(path, EFBIG) }
    if size > readLimit {
      guard let start = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED else {
        throw failure(path, errno)
      }
      return unsafe FileContent(bytes: UnsafeRawBufferPointer(start: start, count: size), isMapped: true)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, size), alignment: 16)
    var filled = 0
    while filled < size {
      let count = unsafe read(descriptor, buffer.baseAddress?.advanced(by: filled), size - filled)
      if count < 0 {
        if errno == EINTR { continue }
        let error = failure(path, errno)
        unsafe buffer.deallocate()
        throw error
      }
      if count == 0 { break }  // shortened meanwhile: what there is
      filled += count
    }
    return unsafe FileContent(bytes: UnsafeRawBufferPointer(rebasing: buffer[0..<filled]), isMapped: false)
  }

  static func release(_ bytes: UnsafeRawBufferPointer, isMapped: Bool) {
    if isMapped {
      unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      unsafe bytes.deallocate()
    }
  }

  static func adviseOrder(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    unsafe madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, MADV_SEQUENTIAL)
  }

  /// Whole pages among the bytes leave memory. The mapping is private and never written, so nothing is lost.
  static func release(pagesOf bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    guard page > 0 else { return }
    let first = UInt(bitPattern: start)
    let from = (first + UInt(page) - 1) / UInt(page) * UInt(page)
    let end = (first + UInt(bytes.count)) / UInt(page) * UInt(page)
    guard end > from, let place = unsafe UnsafeMutableRawPointer(bitPattern: from) else { return }
    unsafe madvise(place, Int(end - from), MADV_DONTNEED)
  }

  static func failure(_ path: String, _ number: Int32) -> FileError {
    let reason: FileError.Reason =
      switch number {
      case ENOENT, ENOTDIR: .notFound
      case EACCES, EPERM: .notPermitted
      case ELOOP: .symbolicLinkLoop
      default: .system(number)
      }
    return FileError(path: path, reason: reason, detail: unsafe String(cString: strerror(number)))
  }
}

private func sysOpen(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 { unsafe open(path, flags) }
