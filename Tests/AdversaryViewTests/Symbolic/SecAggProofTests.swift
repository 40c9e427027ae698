// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// What happens to one client.
enum ClientFate: CaseIterable, Sendable {
    case lostBeforeAdvertising, lostBeforeSharing, lostBeforeMasking
    /// Before it signs; where nobody signs, before it reveals.
    case lostBeforeSigning
    case lostBeforeRevealing
    /// Its masked vector reaches the server after the list of survivors went out.
    case lateVector
    case staying

    /// Those that differ in a threat model.
    static func all(_ threat: ThreatModel) -> [ClientFate] {
        allCases.filter { threat != .curious || $0 != .lostBeforeSigning }
    }

    func fault(of id: PartyID, _ threat: ThreatModel) -> FaultSchedule.Fault? {
        switch self {
        case .staying: nil
        case .lateVector: .delay(id, send: 2, ticks: 100 * AggregationTiming.ticksPerStage)
        case .lostBeforeAdvertising: .loss(id, beforeSend: 0)
        case .lostBeforeSharing: .loss(id, beforeSend: 1)
        case .lostBeforeMasking: .loss(id, beforeSend: 2)
        case .lostBeforeSigning: .loss(id, beforeSend: 3)
        case .lostBeforeRevealing: .loss(id, beforeSend: threat == .curious ? 3 : 4)
        }
    }
}

/// How much an enumeration covered: the figures of Documentation/ViewOfTheServer.md.
struct ProofCount: Equatable, CustomStringConvertible {
    var rounds = 0
    var finished = 0
    var survivorSets: Set<Set<PartyID>> = []
    var views = 0
    /// Those in which the coalition cuts the circle, and so the sum.
    var cutViews = 0

    var description: String {
        "\(rounds) rounds, \(finished) with a sum, \(survivorSets.count) sets of survivors, \(views) views"
            + (cutViews > 0 ? ", of which \(cutViews) cut the circle" : "")
    }
}

/// The linear layer of SecAgg, exactly: for every set of survivors and every coalition, what the view says of the inputs
/// is the sum and the colluders' own vectors.
@Suite struct SecAggProofTests {
    static let server: PartyID = 1000

    /// Session sizes and all valid thresholds, N/2 < t ≤ N.
    static let sessions = (3...6).flatMap { count in (count / 2 + 1...count).map { (count, $0) } }
    /// The same for the models with a server that lies, as long as it does not.
    static let strictSessions = [ThreatModel.semiMalicious, .active].flatMap { threat in
        (3...5).flatMap { count in (count / 2 + 1...count).map { (threat, count, $0) } }
    }
    /// Sparse graphs with four neighbors, k/2 < t ≤ k.
    static let sparseSessions =
        (6...8).flatMap { count in (3...4).map { (ThreatModel.curious, count, $0) } }
        + [ThreatModel.semiMalicious, .active].flatMap { threat in
            (6...8).flatMap { count in (3...4).map { (threat, count, $0) } }
        }

    static func scheme(
        count: Int, threshold: Int, neighbors: Int? = nil, threat: ThreatModel = .curious, dimension: Int = 1
    ) throws -> SecAgg<LinearForm> {
        let contributors = (1...UInt32(count)).map { PartyID($0) }
        let randomness = SimulationRandomness(seed: 1)
        let beacon = threat == .curious ? nil : SimulatedBeacon(randomness: randomness)
        return try SecAgg(
            contributors: contributors,
            server: server,
            graph: neighbors.map { .sparse(neighbors: $0, beacon: beacon) } ?? .complete,
            threat: threat,
            threshold: threshold,
            enrollment: threat == .active
                ? ClientEnrollment(contributors: contributors, randomness: randomness) : nil,
            dimension: dimension,
            width: RingWidth(bits: 64),
            minimumCohort: .twoWhoMayLearnEachOthersVectors
        )
    }

    private static let context = RoundContext(task: "proof", round: 1)
    private static let isSlow = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1"

    /// Every fate for every client.
    static func allFates(count: Int, _ threat: ThreatModel) -> [[ClientFate]] {
        (0..<count).reduce([[]]) { partial, _ in
            partial.flatMap { head in ClientFate.all(threat).map { head + [$0] } }
        }
    }

    /// All sets of at most `limit` clients that are lost at the same point.
    static func commonFates(count: Int, _ threat: ThreatModel, atMost limit: Int) -> [[ClientFate]] {
        var all = [[ClientFate](repeating: .staying, count: count)]
        for fate in ClientFate.all(threat) where fate != .staying {
            for set in 1..<(1 << count) where set.nonzeroBitCount <= limit {
                all.append((0..<count).map { set >> $0 & 1 == 1 ? fate : .staying })
            }
        }
        return all
    }

    /// Runs a round for each list of fates and holds every coalition's view against what it may learn.
    private func prove(
        _ name: String, _ threat: ThreatModel, fates: [[ClientFate]], scheme makeScheme: () throws -> SecAgg<LinearForm>
    ) throws {
        let cache = SecAggSecretsCache()
        var covered = ProofCount()
        for fates in fates {
            let scheme = try makeScheme()
            let faults = zip(scheme.contributors, fates).compactMap { $1.fault(of: $0, threat) }
            let recording = Recording(scheme, context: Self.context, faults: FaultSchedule(faults))
            let proof = SecAggProof(recording: recording, secrets: try cache.secrets(scheme, of: recording))
            let sum = recording.outcome.learned[Self.server]
            try #require(proof.masksOfUnknownOrigin == 0)
            covered.rounds += 1
            if let sum {
                covered.finished += 1
                let survivors = try #require(proof.survivors)
                covered.survivorSets.insert(survivors)
                try #require(sum.sum == recording.sums(over: survivors))
                try #require(Set(sum.contributors) == survivors)
            }
            for colluders in proof.coalitions {
                let parts = proof.honestParts(without: colluders)
                let view = proof.view(of: colluders)
                covered.views += 1
                if parts.count > 1 { covered.cutViews += 1 }
                // A coalition that cuts the circle learns a sum for each part: no part has one client only.
                let finding = view.compare(
                    with: proof.allowed(to: colluders) + parts.flatMap { recording.sums(over: $0) })
                // Where the server got its sum: that and no more. Else no more than that.
                guard finding.excess == 0, parts.allSatisfy({ $0.count >= 2 }),
                    threat == .curious || parts.count <= 1 || proof.canCutCircle(colluders),
                    sum == nil || (finding.isExact && finding.rank == colluders.count + parts.count)
                else {
                    Issue.record("\(name): \(fates) with \(colluders): \(finding)")
                    return
                }
            }
        }
        print("\(name): \(covered)")
    }

    @Test(arguments: sessions)
    func `a server with fewer than t clients learns the sum and their vectors, and nothing else`(
        count: Int,
        threshold: Int
    ) throws {
        // For five and six clients all sets of clients lost at the same point; with FEDSUM_SLOW_TESTS=1 every fate for
        // every client at all sizes.
        let fates =
            count <= 4 || Self.isSlow
            ? Self.allFates(count: count, .curious) : Self.commonFates(count: count, .curious, atMost: count)
        try prove("secagg \(count) clients, threshold \(threshold)", .curious, fates: fates) {
            try Self.scheme(count: count, threshold: threshold)
        }
    }

    @Test(arguments: strictSessions)
    func `the models with a consistency round show no more`(
        threat: ThreatModel,
        count: Int,
        threshold: Int
    ) throws {
        let fates =
            count == 3 || Self.isSlow
            ? Self.allFates(count: count, threat) : Self.commonFates(count: count, threat, atMost: count)
        try prove("secagg \(threat.name), \(count) clients, threshold \(threshold)", threat, fates: fates) {
            try Self.scheme(count: count, threshold: threshold, threat: threat)
        }
    }

    @Test(arguments: sparseSessions)
    func `on a sparse graph a server with fewer than t neighbors of each client learns no more`(
        threat: ThreatModel,
        count: Int,
        threshold: Int
    ) throws {
        // More losses leave no client enough neighbors. (At eight clients three at most, for the time it takes.)
        let fates = Self.commonFates(
            count: count, threat, atMost: threat == .curious ? (count == 8 && !Self.isSlow ? 3 : count - 2) : 2)
        try prove("secagg+ \(threat.name), \(count) clients, threshold \(threshold)", threat, fates: fates) {
            try Self.scheme(count: count, threshold: threshold, neighbors: 4, threat: threat)
        }
    }

    @Test(arguments: ThreatModel.allCases)
    func `what each box holds, and what t shares give, is what the proof takes it to be`(threat: ThreatModel) throws {
        let sparse = [(6, 3, 4), (7, 4, 4), (8, 3, 4)] as [(Int, Int, Int?)]
        for (count, threshold, neighbors) in Self.sessions.map({ ($0, $1, nil) }) + sparse {
            let scheme = try Self.scheme(count: count, threshold: threshold, neighbors: neighbors, threat: threat)
            let recording = Recording(scheme, context: Self.context, faults: .losing([1], beforeSend: 2))
            let secrets = try SecAggSecretsCache().secrets(scheme, of: recording)
            var opened = 0
            for frame in recording.frames {
                switch try? SecAggMessage<LinearForm>(decoding: frame.bytes, as: recording.format) {
                case .advertisement(let advertisement):
                    #expect(advertisement.channelPublicKey == secrets.channelKeys[frame.sender]?.publicKey)
                    #expect(advertisement.maskPublicKey == secrets.maskKeys[frame.sender]?.publicKey)
                case .neighborhood(let neighborhood):
                    #expect(neighborhood.entropy == secrets.entropy)
                    #expect(Set(neighborhood.present.map(\.entry.id)) == secrets.neighbors[frame.receiver])
                case .encryptedShares(let boxes):
                    for box in boxes {
                        let content = try secrets.open(box.box, from: frame.sender, to: box.party)
                        let shares = ClientSecret.Kind.allCases.compactMap {
                            secrets.shares[ClientSecret(kind: $0, owner: frame.sender)]?[box.party]
                        }
                        #expect(Array(content.dropFirst(8)) == shares[0] + shares[1])
                        opened += 1
                    }
                default: break
                }
            }
            #expect(opened == count * (neighbors ?? count - 1))
            // The first t shares give the secrets, the last t too.
            for (secret, shares) in secrets.shares {
                let sharing = try ShamirSharing(threshold: threshold, of: shares.count)
                let all = shares.sorted { $0.key < $1.key }.map {
                    ShamirShare(index: UInt64($0.key.rawValue), bytes: SecretBytes(copying: $0.value))
                }
                let owner =
                    secret.kind == .maskSeed ? secrets.maskKeys[secret.owner]?.seed : secrets.selfSeeds[secret.owner]
                let expected = SecAggSecrets.copy(of: try #require(owner))
                for chosen in [all.prefix(threshold), all.suffix(threshold)] {
                    #expect(SecAggSecrets.copy(of: try sharing.combine(Array(chosen))) == expected)
                }
            }
        }
    }

    @Test func `every coordinate has masks of its own`() throws {
        let scheme = try Self.scheme(count: 4, threshold: 3, dimension: 3)
        let recording = Recording(scheme, context: Self.context, faults: .losing([2], beforeSend: 2))
        let proof = SecAggProof(
            recording: recording, secrets: try SecAggSecretsCache().secrets(scheme, of: recording))
        for colluders in proof.coalitions {
            let finding = proof.view(of: colluders).compare(with: proof.allowed(to: colluders))
            #expect(finding.isExact && finding.rank == 3 * (colluders.count + 1))
        }
    }
}
