import Faultline
import Lab
import Signatures
import TestSupport
import Testing

/// A case has one bucket on every system it affects, and what only looks like it has another. `make signatures` measures more.
@Suite struct LabSignatureTests {
  /// Look-alikes whose failure is the case's own: what differs is the machine's state of servicing, that it does
  /// not fail alone, or what the dump holds of its code.
  private static let same: Set<String> = [
    "two-failures", "fixed-kernel", "other-branch", "fixed-driver", "listed-update", "no-code",
  ]

  private func text(_ run: LabRun) throws -> String? {
    let folder = try TemporaryFolder()
    for file in run.files { try folder.write(file.path, file.bytes) }
    let facts = Diagnoser().caseFacts(folder.path + "/evidence").facts
    let result = try #require(SignatureRules.signature(facts))
    #expect(!result.notes.isEmpty || result.signature == nil)
    return result.signature?.text
  }

  @Test(arguments: LabCase.allCases) func oneBucketForACase(_ one: LabCase) throws {
    var found: Set<String?> = []
    for system in one.systems where system.isAffected {
      for seed in [1, 2, 3] as [UInt64] {
        found.insert(try text(LabRun(one, isFixed: false, system: system, seed: seed)))
      }
    }
    #expect(found.count == 1 && found.first != .some(nil), "\(found)")
  }

  @Test(arguments: LabCase.allCases) func lookAlikesHaveOthers(_ one: LabCase) throws {
    let system = try #require(one.systems.first)
    let own = try text(LabRun(one, isFixed: false, system: system, seed: 1))
    #expect(try text(LabRun(one, isFixed: true, system: system, seed: 1)) == nil)
    for variant in one.variants {
      let other = try text(LabRun(one, isFixed: false, variant: variant, system: system, seed: 1))
      #expect(
        (other == own) == (Self.same.contains(variant.id) && !(one == .receivePath && variant.id == "no-code")),
        "\(variant.id): \(other ?? "none")")
    }
  }
}
