// SPDX-License-Identifier: Apache-2.0

import Foundation
import PairwiseMasking
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// How many schedules ended how: a line of the table that `Scripts/lying-servers` prints.
struct LyingTally {
    var schedules = 0
    var sums = 0
    var refusals: [String: Int] = [:]
    /// The seeds of schedules that opened a sum over too few.
    var leaks: [UInt64] = []
    var unexplained = 0
    /// Of how many nothing is claimed.
    var outside = 0

    mutating func run(_ session: LyingSession, waiving: Set<SecAggRefusal> = [], seed: UInt64) throws {
        let outcome = try LyingServer(session, waiving: waiving, seed: seed).run()
        schedules += 1
        if outcome.learned > 0 { sums += 1 }
        if outcome.leak != nil { leaks.append(seed) }
        if outcome.isOutsideClaim { outside += 1 }
        unexplained += outcome.unexplainedMasks
        refusals.merge(outcome.refusals, uniquingKeysWith: +)
    }

    func row(_ name: String) -> String {
        let names = refusals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        return
            "| \(name) | \(schedules) | \(sums) | \(schedules - sums) | \(outside) | \(leaks.count) "
            + "| \(names.joined(separator: ", ")) |"
    }
}

/// A server that lies learns no sum over fewer clients than the minimum cohort, and no single vector.
@Suite struct LyingServerTests {
    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
    private static let schedules = number("FEDSUM_LYING_SCHEDULES") ?? 1000
    private static let seed = UInt64(number("FEDSUM_LYING_SEED") ?? 1)

    @Test(arguments: ThreatModel.allCases, [false, true])
    func `no schedule of lies opens a sum over too few`(threat: ThreatModel, isSparse: Bool) throws {
        let sessions = isSparse ? LyingSession.sparse(threat) : LyingSession.complete(threat)
        let large = isSparse ? LyingSession.large(threat) : []
        var tally = LyingTally()
        for index in 0..<Self.schedules {
            let session =
                !large.isEmpty && index % 50 == 49
                ? large[index / 50 % large.count] : sessions[index % sessions.count]
            try tally.run(session, seed: Self.seed << 32 + UInt64(index))
        }
        print(tally.row("\(isSparse ? "secagg+" : "secagg"), \(threat.name)"))
        #expect(tally.leaks.isEmpty)
        #expect(tally.unexplained == 0)
        #expect(tally.sums > Self.schedules / 20)
    }

    /// Looks for what leaks without a check: `FEDSUM_LYING_SEARCH=1000 FEDSUM_LYING_WAIVED=a+b,c`.
    @Test(.enabled(if: number("FEDSUM_LYING_SEARCH") != nil)) func `schedules that leak without some checks`() throws {
        let count = Self.number("FEDSUM_LYING_SEARCH") ?? 100
        for threat in [ThreatModel.semiMalicious, .active] {
            for (name, sessions) in LyingSession.families(threat) {
                for set in Self.waived {
                    var found: [UInt64] = []
                    for seed in 0..<UInt64(count) where found.count < 2 {
                        var tally = LyingTally()
                        try tally.run(sessions[Int(seed) % sessions.count], waiving: set, seed: seed)
                        found += tally.leaks
                    }
                    let names = set.map(\.rawValue).sorted().joined(separator: "+")
                    print("SEARCH \(threat.name) \(name) \(names): \(found)")
                }
            }
        }
    }

    /// The sets of checks to be left out; every single one if none is named.
    private static var waived: [Set<SecAggRefusal>] {
        let text = ProcessInfo.processInfo.environment["FEDSUM_LYING_WAIVED"] ?? ""
        guard !text.isEmpty else { return SecAggRefusal.allCases.map { [$0] } }
        return text.split(separator: ",").map { set in
            Set(set.split(separator: "+").compactMap { SecAggRefusal(rawValue: String($0)) })
        }
    }
}
