/// A failure that looks like a case and is another, or a case that is not alone.
public struct LabVariant: Hashable, Sendable {
  /// `lock-cycle`.
  public var id: String
  /// What it is, as a clause.
  public var title: String
  /// Not a look-alike: the case with another failure beside it, whose article this is. Both must be found.
  public var alsoFinds: String?

  init(_ id: String, _ title: String, alsoFinds: String? = nil) {
    self.id = id
    self.title = title
    self.alsoFinds = alsoFinds
  }
}

extension LabCase {
  public var variants: [LabVariant] {
    switch self {
    case .sessionImages:
      [
        LabVariant("other-image", "the other session takes another image out of its list"),
        LabVariant("same-session", "the thread that takes the entry out is of the same session"),
        LabVariant("entry-still-listed", "the other session's thread holds an entry that is in its list"),
        LabVariant("no-other-session", "no thread of another session takes anything out"),
        LabVariant("wild-pointer", "the kernel touched an address that is no NULL"),
        LabVariant("win32k-null", "the NULL was used in win32k.sys"),
        LabVariant("fault-elsewhere", "the faulting thread works on another image"),
        LabVariant("listed-update", "the update is listed as installed, and the kernel fails as in the case"),
        LabVariant(
          "two-failures", "the case, and beside it a machine whose IoSe and Pp grow in step", alsoFinds: "KB950162"),
      ]
    case .shadowing:
      [
        LabVariant("other-driver", "the descriptors are another driver's, and tdpipe.sys is not loaded"),
        LabVariant("other-owner", "the descriptors are another driver's, and tdpipe.sys is loaded"),
        LabVariant("few-descriptors", "something else filled the pool, and tdpipe.sys is loaded"),
        LabVariant("no-code", "the descriptors are tdpipe.sys's, and no code that made them is in the dump"),
        LabVariant("other-tag", "another tag leaks, and Mdl stays level"),
        LabVariant("plateau", "Mdl grows to the size of a cache and stays there"),
        LabVariant("burst", "Mdl grows for an hour and is given back"),
        LabVariant("steady", "Mdl stays level"),
        LabVariant("fixed-driver", "the drivers are those of the fix, and the descriptors are tdpipe.sys's"),
        LabVariant("stop-alone", "the stop says that the pool is empty, and nothing says of what it was full"),
      ]
    case .driverLoads:
      [
        LabVariant("iose-alone", "IoSe grows and Pp stays level"),
        LabVariant("pp-alone", "Pp grows and IoSe stays level"),
        LabVariant("plateau", "both tags grow to the size of a cache and stay there"),
        LabVariant("burst", "both tags grow for an hour and are given back"),
        LabVariant("steady", "both tags stay level"),
        LabVariant("out-of-step", "both tags grow, each in its own time"),
        LabVariant("other-tags", "two other tags grow in step"),
        LabVariant("kept-drivers", "both tags grow with drivers that are loaded and stay"),
        LabVariant("fixed-kernel", "the kernel is at the fixed version, and both tags grow"),
        LabVariant("other-branch", "the kernel is a later one of the other branch, and both tags grow"),
      ]
    case .criticalQueue:
      [
        LabVariant("lock-cycle", "two threads hold a lock each and wait for the other's"),
        LabVariant("one-lock-holder", "every worker waits for a lock whose holder runs"),
        LabVariant("slow-server", "every worker waits for one device"),
        LabVariant("busy-queue", "every worker works, and many items are pending"),
        LabVariant("one-worker-returns", "one worker's wait ends by time"),
        LabVariant("no-code", "the code of the items that the workers wait for is not in the dump"),
        LabVariant("other-routine", "the items know the events that the workers wait for, and set none of them"),
        LabVariant("other-client", "another driver's items starve the queue"),
        LabVariant("fixed-driver", "mup.sys is at the fixed version, and its items starve the queue"),
      ]
    case .receivePath:
      [
        LabVariant("other-driver", "another driver copies the malformed packet"),
        LabVariant("sound-packet", "netbt.sys copies the first segment of a sound message"),
        LabVariant("other-copy", "netbt.sys copies something else, and a malformed packet lies in memory"),
        LabVariant("other-function", "netbt.sys follows a NULL in another function"),
        LabVariant("card-driver", "a network card's driver fails, and a malformed packet lies in memory"),
        LabVariant("no-code", "the failing instruction is not in the dump"),
        LabVariant("newer-driver", "netbt.sys was built after the article was last reviewed"),
        LabVariant("listed-update", "the update is listed as installed, and the driver copies as the case does"),
      ]
    }
  }
}
