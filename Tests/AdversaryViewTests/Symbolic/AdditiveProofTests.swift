// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import SharingAggregation
import Testing

/// The linear layer of additive sharing, exactly.
@Suite struct AdditiveProofTests {
    static let leader: PartyID = 1000

    /// Contributors and helpers, the leader among them.
    static let sessions = [(3, 2), (3, 3), (3, 4), (4, 2), (4, 3), (4, 4), (5, 2), (5, 3), (6, 2), (6, 3)]

    static func scheme(contributors: Int, helpers: Int) throws -> AdditiveAggregation<LinearForm> {
        var keys: [PartyID: KeyAgreementPrivateKey] = [:]
        for index in 1..<UInt32(helpers) {
            var generator = SimulationRandomness(seed: 1).generator(purpose: "aggregator key", party: PartyID(index))
            keys[PartyID(1000 + index)] = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
        }
        return try AdditiveAggregation(
            contributors: (1...UInt32(contributors)).map { PartyID($0) },
            leader: leader,
            aggregators: keys.sorted { $0.key < $1.key }.map { ($0.key, $0.value.publicKey) },
            privateKeys: keys,
            dimension: 1,
            width: RingWidth(bits: 64),
            minimumCohort: .twoWhoMayLearnEachOthersVectors
        )
    }

    @Test(arguments: sessions)
    func `helpers that are not all learn no more than the sum`(contributors: Int, helpers: Int) throws {
        var covered = ProofCount()
        let ids = (1...UInt32(contributors)).map { PartyID($0) }
        // The leader lost before it forwards, an aggregator before it answers, or nobody.
        let helperFaults: [[FaultSchedule.Fault]] =
            [[]] + (0..<UInt32(helpers)).map { [.loss(PartyID(1000 + $0), beforeSend: $0 == 0 ? 1 : 0)] }
        for lost in ids.subsets(upTo: contributors - 2) {
            for faults in helperFaults {
                let scheme = try Self.scheme(contributors: contributors, helpers: helpers)
                let recording = Recording(
                    scheme, faults: FaultSchedule(faults + lost.sorted().map { .loss($0, beforeSend: 0) }))
                let proof = try AdditiveProof(scheme, recording: recording)
                let sum = recording.outcome.learned[Self.leader]
                try #require(proof.masksOfUnknownOrigin == 0)
                try #require(proof.included == Set(ids).subtracting(lost))
                covered.rounds += 1
                if let sum {
                    covered.finished += 1
                    covered.survivorSets.insert(proof.included)
                    try #require(sum.sum == recording.sums(over: proof.included))
                }
                for coalition in proof.coalitions {
                    let finding = proof.view(of: coalition).compare(with: proof.allowed(to: coalition))
                    covered.views += 1
                    let clients = coalition.intersection(ids).count
                    let rank = clients + (coalition.contains(Self.leader) && sum != nil ? 1 : 0)
                    guard finding.excess == 0, finding.rank == rank else {
                        Issue.record("lost \(lost), \(faults), coalition \(coalition): \(finding)")
                        return
                    }
                }
            }
        }
        print("additive \(contributors) contributors, \(helpers) helpers: \(covered)")
    }
}
