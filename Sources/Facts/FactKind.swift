/// What a fact is about, as catalogue files spell it.
@frozen
public struct FactKind: RawRepresentable, Hashable, Sendable {
  public var rawValue: String
  @inlinable public init(rawValue: String) { self.rawValue = rawValue }

  /// The evidence is a crash dump: `type` (triage, full, kernel, header, …).
  public static let dump = FactKind(rawValue: "dump")
  /// The stop: `code` (stop code, base form without the variant bit), `name`, `parameter1` … `parameter4`.
  public static let stop = FactKind(rawValue: "stop")
  /// The real exception behind a stop: `code` (NTSTATUS), `address`, `module`, `symbol`, `access` (read, write, execute),
  /// `referenced` (the address touched).
  public static let exception = FactKind(rawValue: "exception")
  /// An access below 64 KiB: `module` (where the code is), `symbol`, `referenced`.
  public static let nullDereference = FactKind(rawValue: "null-dereference")
  /// One stack frame: `index`, `position` (`top`: the first frame that is not the stop's own machinery; `upper`: one of the
  /// five from there on; `any`), `module` (file name), `symbol` (`netbt!Name`), `trust`, `processor`, `session`,
  /// `thread` (`faulting`, `other`).
  public static let frame = FactKind(rawValue: "frame")
  /// The module the failure is laid to: `module`, `path`, `version`, `reason`, `inbox` (a module that Windows itself ships).
  public static let culprit = FactKind(rawValue: "culprit")
  /// A loaded module: `module`, `version`, `timestamp`, `built` (`YYYY-MM-DD`, where the timestamp is a date), `inbox` (its
  /// name is one that Windows ships).
  public static let module = FactKind(rawValue: "module")
  /// A driver no longer loaded: `module`.
  public static let unloadedModule = FactKind(rawValue: "unloaded-module")
  /// The list of loaded modules was read whole: only then the absence of a module means something. `count`.
  public static let moduleList = FactKind(rawValue: "module-list")
  /// The current process: `process`, `session`.
  public static let process = FactKind(rawValue: "process")
  /// Pool held by one tag at one moment: `tag`, `pool` (paged, nonpaged), `bytes`, `share` (0…1 of that pool), `rank`
  /// (1: the tag that holds most of it; also for a tag that somebody named as the suspect).
  public static let poolUse = FactKind(rawValue: "pool-use")
  /// Growth of one tag over snapshots: `tag`, `pool`, `verdict` (leak, growing-cache, burst, steady), `perHour`, `perEvent`,
  /// `event` (`driver-load`, or `loaded-driver` where the drivers are there yet: what `perEvent` counts by).
  public static let poolGrowth = FactKind(rawValue: "pool-growth")
  /// Growth of a pool as a whole, or of what one process is charged with: `pool`, `verdict`, `perHour`, `process`.
  public static let poolTotal = FactKind(rawValue: "pool-total")
  /// Two tags that rise in step: `tags` (sorted, comma between), `ratio`.
  public static let poolInStep = FactKind(rawValue: "pool-in-step")
  /// Who the allocations of a tag lead to: `tag`, `module`, `means` (stacks, descriptors, headers, stated).
  public static let poolOwner = FactKind(rawValue: "pool-owner")
  /// A session other than the faulting one is inside the removal path of the same component: `component`
  /// (`session-image` for the memory manager's images, else the module), `session`, `module` (the image that is removed).
  public static let otherSessionRemoves = FactKind(rawValue: "other-session-removes")
  /// Every worker of a queue waits for what only its pending items can finish: `queue` (critical, delayed, …), `client`
  /// (module whose items the workers run), `needs` (module whose pending items they wait for), `workers`, `pending`.
  public static let queueStarved = FactKind(rawValue: "queue-starved")
  /// A cycle of locks, which is another failure than a starved queue: `count`.
  public static let lockCycle = FactKind(rawValue: "lock-cycle")
  /// What looks like a hang and is none that the wait graph proves: `how` (one-holder, one-device, busy-queue,
  /// blocked-by-deadlock), `queue`, `client` (module whose items a busy queue's workers run), `threads`,
  /// `wait` (`endless`: all workers of a busy queue wait, and none by time).
  public static let contention = FactKind(rawValue: "contention")
  /// A malformed frame in a capture: `protocol` (nbss, nbns, nbdgm, smb, smb2), `field`, `source`.
  public static let malformedFrame = FactKind(rawValue: "malformed-frame")
  /// A frame damaged on its way: `path` (what the damaged frames share).
  public static let damagedFrame = FactKind(rawValue: "damaged-frame")
  /// What a server announces of itself: `software` (samba), `version`, `address`.
  public static let announcedServer = FactKind(rawValue: "announced-server")
  /// A burst of shares seen for the first time whose referrals stay unanswered: `shares`, `unanswered`.
  public static let referralsUnanswered = FactKind(rawValue: "referrals-unanswered")
  /// A burst of shares seen for the first time of which every one was answered: `shares`.
  public static let referralsAnswered = FactKind(rawValue: "referrals-answered")
  /// An address recovered from packet memory near the crash stack: `address`.
  public static let packetSender = FactKind(rawValue: "packet-sender")
  /// A driver caught while it copies a malformed packet by the length the packet states, beyond what it carries: `module`,
  /// `protocol`, `field` (the invalid one), `source`, `beyond` (bytes).
  public static let packetOverrun = FactKind(rawValue: "packet-overrun")
  /// The address near the crash stack is one whose frames a capture shows to be malformed: `address`, `protocol`.
  public static let senderJoined = FactKind(rawValue: "sender-joined")
  /// A client that asks again and again to be told of changes in folders: `address`, `requests`, `recursive`.
  public static let changeNotification = FactKind(rawValue: "change-notification")
  /// A registry value, or that it is `not set`: `path`, `value`.
  public static let registry = FactKind(rawValue: "registry")
  /// A forced dump of a machine that hung; the stop code says nothing: `how` (keyboard, nmi, power-button, live-dump).
  public static let forcedDump = FactKind(rawValue: "forced-dump")
  /// The machine was described as hung or unresponsive: no attributes.
  public static let hang = FactKind(rawValue: "hang")

  /// A block of pool that a copy began in, and behind which the chain of blocks is broken: `tag` of the block, `after` of the next one
  /// that can be believed, `module` that copied.
  public static let poolDamaged = FactKind(rawValue: "pool-damaged")

  /// An entry of the event log that somebody names: `id`.
  public static let event = FactKind(rawValue: "event")
  /// Something a person saw, in their words: `words`.
  public static let observation = FactKind(rawValue: "observation")

  public static let all: [FactKind] = [
    .dump, .stop, .exception, .nullDereference, .frame, .culprit, .module, .unloadedModule, .moduleList, .process,
    .poolUse,
    .poolGrowth, .poolTotal, .poolInStep, .poolOwner, .otherSessionRemoves, .queueStarved, .lockCycle, .contention,
    .malformedFrame, .damagedFrame, .announcedServer, .referralsUnanswered, .referralsAnswered,
    .packetSender, .packetOverrun,
    .poolDamaged, .senderJoined, .registry,
    .forcedDump, .hang,
    .event, .observation, .changeNotification,
  ]

  /// The attributes a catalogue file may constrain, per kind; the validation test refuses any other.
  public static let attributes: [FactKind: Set<FactAttribute>] = [
    .stop: ["code", "name", "parameter1", "parameter2", "parameter3", "parameter4"],
    .exception: ["code", "address", "module", "symbol", "access", "referenced"],
    .nullDereference: ["module", "symbol", "referenced"],
    .frame: ["index", "position", "module", "symbol", "trust", "processor", "session", "thread"],
    .culprit: ["module", "path", "version", "reason", "inbox"],
    .module: ["module", "version", "timestamp", "built", "inbox"],
    .dump: ["type"],
    .unloadedModule: ["module"],
    .moduleList: ["count"],
    .process: ["process", "session"],
    .poolUse: ["tag", "pool", "bytes", "share", "rank"],
    .poolGrowth: ["tag", "pool", "verdict", "perHour", "perEvent", "event"],
    .poolTotal: ["pool", "verdict", "perHour", "process"],
    .poolInStep: ["tags", "ratio"],
    .poolOwner: ["tag", "module", "means"],
    .otherSessionRemoves: ["component", "session", "module"],
    .queueStarved: ["queue", "client", "needs", "workers", "pending"],
    .lockCycle: ["count"],
    .contention: ["how", "queue", "client", "threads"],
    .malformedFrame: ["protocol", "field", "source"],
    .damagedFrame: ["path"],
    .announcedServer: ["software", "version", "address"],
    .referralsUnanswered: ["shares", "unanswered"],
    .referralsAnswered: ["shares"],
    .packetSender: ["address"],
    .packetOverrun: ["module", "protocol", "field", "source", "beyond"],
    .poolDamaged: ["tag", "after", "module"],
    .senderJoined: ["address", "protocol"],
    .changeNotification: ["address", "requests", "recursive"],
    .registry: ["path", "value"],
    .forcedDump: ["how"],
    .hang: [],
    .event: ["id"],
    .observation: ["words"],
  ]
}
