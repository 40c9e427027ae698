// SPDX-License-Identifier: Apache-2.0

import Foundation
import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// What happens to one client.
enum ClientFate: Int, CaseIterable, Sendable {
    case lostBeforeAdvertising, lostBeforeSharing, lostBeforeMasking, lostBeforeRevealing
    /// Its masked vector reaches the server after the list of survivors went out.
    case lateVector
    case staying

    func fault(of id: PartyID) -> FaultSchedule.Fault? {
        switch self {
        case .staying: nil
        case .lateVector: .delay(id, send: 2, ticks: 100 * AggregationTiming.ticksPerStage)
        default: .loss(id, beforeSend: rawValue)
        }
    }
}

/// How much an enumeration covered: the figures of Documentation/ViewOfTheServer.md.
struct ProofCount: Equatable, CustomStringConvertible {
    var rounds = 0
    var finished = 0
    var survivorSets: Set<Set<PartyID>> = []
    var views = 0

    var description: String {
        "\(rounds) rounds, \(finished) with a sum, \(survivorSets.count) sets of survivors, \(views) views"
    }
}

/// The linear layer of SecAgg, exactly: for every set of survivors and every coalition, what the view says of the inputs
/// is the sum and the colluders' own vectors.
@Suite struct SecAggProofTests {
    static let server: PartyID = 1000

    /// Session sizes and all valid thresholds, N/2 < t ≤ N.
    static let sessions = (3...6).flatMap { count in (count / 2 + 1...count).map { (count, $0) } }

    static func scheme(count: Int, threshold: Int, dimension: Int = 1) throws -> SecAgg<LinearForm> {
        try SecAgg(
            contributors: (1...UInt32(count)).map { PartyID($0) },
            server: server,
            threshold: threshold,
            dimension: dimension,
            width: RingWidth(bits: 64),
            minimumCohort: .twoWhoMayLearnEachOthersVectors
        )
    }

    private static let context = RoundContext(task: "proof", round: 1)

    /// Every fate for every client up to four clients; for five and six all sets of clients lost at the same point.
    /// With FEDSUM_SLOW_TESTS=1 every fate for every client at all sizes.
    static func fates(count: Int) -> [[ClientFate]] {
        let isSlow = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1"
        if count <= 4 || isSlow {
            return (0..<count).reduce([[]]) { partial, _ in
                partial.flatMap { head in ClientFate.allCases.map { head + [$0] } }
            }
        }
        var all = [[ClientFate](repeating: .staying, count: count)]
        for fate in ClientFate.allCases where fate != .staying {
            for set in 1..<(1 << count) {
                all.append((0..<count).map { set >> $0 & 1 == 1 ? fate : .staying })
            }
        }
        return all
    }

    @Test(arguments: sessions)
    func `a server with fewer than t clients learns the sum and their vectors, and nothing else`(
        count: Int,
        threshold: Int
    ) throws {
        let secrets = try SecAggSecrets(
            Self.scheme(count: count, threshold: threshold), context: Self.context, seed: 1)
        var covered = ProofCount()
        for fates in Self.fates(count: count) {
            let scheme = try Self.scheme(count: count, threshold: threshold)
            let faults = zip(scheme.contributors, fates).compactMap { $1.fault(of: $0) }
            let recording = Recording(scheme, context: Self.context, faults: FaultSchedule(faults))
            let proof = SecAggProof(recording: recording, secrets: secrets)
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
                let finding = proof.view(of: colluders).compare(with: proof.allowed(to: colluders))
                covered.views += 1
                // Where the server got its sum: that and no more. Else no more than that.
                guard finding.excess == 0, sum == nil || (finding.isExact && finding.rank == colluders.count + 1) else {
                    Issue.record("\(fates) with \(colluders): \(finding)")
                    return
                }
            }
        }
        print("secagg \(count) clients, threshold \(threshold): \(covered)")
    }

    @Test func `what each box holds, and what t shares give, is what the proof takes it to be`() throws {
        for (count, threshold) in Self.sessions {
            let scheme = try Self.scheme(count: count, threshold: threshold)
            let secrets = try SecAggSecrets(scheme, context: Self.context, seed: 1)
            let recording = Recording(scheme, context: Self.context, faults: .losing([1], beforeSend: 2))
            var opened = 0
            for frame in recording.frames {
                switch try? SecAggMessage<LinearForm>(decoding: frame.bytes, as: recording.format) {
                case .advertisement(let advertisement):
                    #expect(advertisement.channelPublicKey == secrets.channelKeys[frame.sender]?.publicKey)
                    #expect(advertisement.maskPublicKey == secrets.maskKeys[frame.sender]?.publicKey)
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
            #expect(opened == count * (count - 1))
            // The first t shares give the secrets, the last t too.
            let sharing = try ShamirSharing(threshold: threshold, of: count)
            for (secret, shares) in secrets.shares {
                let all = shares.sorted { $0.key < $1.key }.enumerated().map {
                    ShamirShare(index: UInt64($0.offset + 1), bytes: SecretBytes(copying: $0.element.value))
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
        let secrets = try SecAggSecrets(scheme, context: Self.context, seed: 1)
        let recording = Recording(scheme, context: Self.context, faults: .losing([2], beforeSend: 2))
        let proof = SecAggProof(recording: recording, secrets: secrets)
        for colluders in proof.coalitions {
            let finding = proof.view(of: colluders).compare(with: proof.allowed(to: colluders))
            #expect(finding.isExact && finding.rank == 3 * (colluders.count + 1))
        }
    }
}
