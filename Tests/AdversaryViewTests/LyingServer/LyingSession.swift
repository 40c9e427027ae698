// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Synchronization

/// The sizes of a session in which the server lies, within what its threat model tolerates.
struct LyingSession: Hashable, Sendable, CustomStringConvertible {
    let threat: ThreatModel
    let count: Int
    let threshold: Int
    /// Of a sparse graph; nil for the complete one.
    var neighbors: Int?
    /// How many clients collude with the server.
    let corrupt: Int
    /// The minimum cohort.
    let cohort: Int

    static let server: PartyID = 1000
    /// A party that is none of the session.
    static let stranger: PartyID = 900

    var isSparse: Bool { neighbors != nil }
    var contributors: [PartyID] { (1...UInt32(count)).map { PartyID($0) } }
    /// The fewest honest clients over whom a sum may be learned.
    var fewestInSum: Int { max(2, cohort - corrupt) }
    var signaturesNeeded: Int { isSparse ? threshold : threshold - 1 }
    /// SecAgg.cutFloor, from the wire format.
    var cutFloor: Int { (3 * threshold - (neighbors ?? 0) + 1) / 2 }

    var description: String {
        let graph = neighbors.map { "secagg+ k = \($0)" } ?? "secagg"
        return "\(graph), \(threat.name), N = \(count), t = \(threshold), \(corrupt) corrupt, cohort \(cohort)"
    }

    /// More than (N + corrupt)/2 on the complete graph; on a sparse one fewer than 2t − k corrupt neighbors, as
    /// `LyingServer` sees to.
    static func complete(_ threat: ThreatModel) -> [LyingSession] {
        [
            LyingSession(threat: threat, count: 4, threshold: 3, corrupt: 1, cohort: 3),
            LyingSession(threat: threat, count: 5, threshold: 3, corrupt: 0, cohort: 3),
            LyingSession(threat: threat, count: 5, threshold: 4, corrupt: 2, cohort: 4),
            LyingSession(threat: threat, count: 5, threshold: 4, corrupt: 1, cohort: 5),
            LyingSession(threat: threat, count: 6, threshold: 4, corrupt: 1, cohort: 4),
            LyingSession(threat: threat, count: 6, threshold: 4, corrupt: 1, cohort: 5),
            LyingSession(threat: threat, count: 7, threshold: 5, corrupt: 2, cohort: 6),
        ]
    }

    static func sparse(_ threat: ThreatModel) -> [LyingSession] {
        [
            LyingSession(threat: threat, count: 6, threshold: 3, neighbors: 4, corrupt: 1, cohort: 5),
            LyingSession(threat: threat, count: 6, threshold: 2, neighbors: 2, corrupt: 1, cohort: 5),
            LyingSession(threat: threat, count: 7, threshold: 4, neighbors: 4, corrupt: 2, cohort: 5),
            LyingSession(threat: threat, count: 8, threshold: 3, neighbors: 4, corrupt: 1, cohort: 7),
            LyingSession(threat: threat, count: 8, threshold: 4, neighbors: 6, corrupt: 1, cohort: 7),
            LyingSession(threat: threat, count: 8, threshold: 5, neighbors: 6, corrupt: 2, cohort: 4),
        ]
    }

    /// Too large for many schedules: circles in which colluders can stand far apart.
    static func large(_ threat: ThreatModel) -> [LyingSession] {
        [
            LyingSession(threat: threat, count: 12, threshold: 3, neighbors: 4, corrupt: 2, cohort: 10),
            LyingSession(threat: threat, count: 15, threshold: 3, neighbors: 4, corrupt: 3, cohort: 8),
        ]
    }
}

extension LyingSession {
    /// The sessions by graph and size.
    static func families(_ threat: ThreatModel) -> [(name: String, sessions: [LyingSession])] {
        [("secagg", complete(threat)), ("secagg+", sparse(threat)), ("secagg+ large", large(threat))]
    }

    init(threat: ThreatModel, count: Int, threshold: Int, neighbors: Int, corrupt: Int, cohort: Int) {
        self.init(threat: threat, count: count, threshold: threshold, corrupt: corrupt, cohort: cohort)
        self.neighbors = neighbors
    }
}

/// A beacon whose first pulses are out, and known to the server, when the round begins.
final class LyingBeacon: PublicBeacon {
    let seed: UInt64
    private let firstSecret = Mutex<UInt64>(1000)

    init(seed: UInt64) { self.seed = seed }

    /// The first pulse that is not out.
    var firstSecretPulse: UInt64 { firstSecret.withLock { $0 } }
    /// The next pulse is out.
    func passTime() { firstSecret.withLock { $0 += 1 } }

    func nextPulse(after previous: UInt64?) -> UInt64 { firstSecretPulse }
    func isStillSecret(_ pulse: UInt64) -> Bool { pulse >= firstSecretPulse }
    func output(of pulse: UInt64) -> HashDigest? {
        HashDigest(of: Array("beacon".utf8) + bigEndianBytes(seed) + bigEndianBytes(pulse))
    }
}

/// What a schedule lies about. Each kind is drawn on its own, so that every combination comes up.
struct LiePlan: Sendable {
    enum Lie: Int, CaseIterable, Sendable {
        // Rosters and neighborhoods
        case membership, fakeKeys, equivocation, ownKeys, foreign, duplicate, knownPulse, lateRoot, chosenEntropy
        case omittedNeighbor, falseAbsence
        // Sharers and boxes
        case cutOff, closedGroup, withheldBox, swappedBoxes, replayedBox, oddSharers
        // Survivors
        case votes, fewSurvivors, ghosts, resurrection, selfDead, secondStatement, repeated, cutCircle
        // Signatures, contexts, attempts
        case tamperedSignature, knownDraw, lateSigners, otherContext, attempts

        /// The lies about clients' first messages, which the semi-malicious model leaves out.
        var isAboutKeys: Bool {
            switch self {
            case .fakeKeys, .equivocation, .ownKeys, .duplicate: true
            default: false
            }
        }
        var isOfSparseGraph: Bool {
            switch self {
            case .knownPulse, .lateRoot, .chosenEntropy, .omittedNeighbor, .falseAbsence, .cutCircle, .knownDraw,
                .lateSigners:
                true
            default: false
            }
        }
    }

    /// How a list of signatures is filled up that lacks some.
    enum Filling: Int, CaseIterable, Sendable {
        case short, forged, ofOtherStatements, ofNonWitnesses, withInventedKeys
    }

    var lies: Set<Lie> = []
    var filling = Filling.short
    /// How probable a small lie is at each place where one is possible.
    var noise = 0.0
    /// How probable it is that a client is lost at each step.
    var losses = 0.0

    /// These kinds of lies and nothing else.
    init(lies: Set<Lie>, filling: Filling) {
        self.lies = lies
        self.filling = filling
    }

    init(for session: LyingSession, using generator: inout SeededGenerator) {
        if session.threat == .curious {
            losses = [0, 0.05, 0.2][Int.random(in: 0..<3, using: &generator)]
            if Double.random(in: 0..<1, using: &generator) < 0.3 { lies = [.attempts] }
            return
        }
        let possible = Lie.allCases.filter {
            (session.threat == .active || !$0.isAboutKeys) && (session.isSparse || !$0.isOfSparseGraph)
        }
        // One or two kinds mostly: a schedule with many is refused at once. Those that need luck come more often.
        let rare: Set<Lie> = [.votes, .repeated, .cutCircle, .ghosts, .closedGroup]
        let weighted = possible + possible.filter { rare.contains($0) }
        let kinds = [1, 1, 1, 2, 2, 3, 5][Int.random(in: 0..<7, using: &generator)]
        lies = Set(weighted.shuffled(using: &generator).prefix(kinds))
        filling = Filling.allCases.randomElement(using: &generator) ?? .short
        noise = [0, 0, 0, 0.02, 0.2][Int.random(in: 0..<5, using: &generator)]
        losses = [0, 0, 0, 0.05][Int.random(in: 0..<4, using: &generator)]
    }
}
