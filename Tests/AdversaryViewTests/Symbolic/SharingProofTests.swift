// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation
import Testing

/// The linear layer of the sharing schemes, exactly.
@Suite struct SharingProofTests {
    static let leader: PartyID = 1000

    static func clients(_ count: Int) -> [PartyID] { (1...UInt32(count)).map { PartyID($0) } }
    static func aggregators(_ count: Int) -> [PartyID] { (1...UInt32(count)).map { PartyID(1000 + $0) } }

    static func additive(contributors: Int, aggregators count: Int) throws -> AdditiveAggregation<LinearForm> {
        try AdditiveAggregation(
            contributors: clients(contributors),
            leader: leader,
            aggregators: aggregators(count),
            enrollment: enrollment(contributors, count),
            dimension: 1,
            width: RingWidth(bits: 64),
            minimumCohort: .twoWhoMayLearnEachOthersVectors
        )
    }

    static func shamir(contributors: Int, aggregators count: Int, threshold: Int) throws
        -> ShamirAggregation<LinearForm>
    {
        try ShamirAggregation(
            contributors: clients(contributors),
            leader: leader,
            aggregators: aggregators(count),
            threshold: threshold,
            enrollment: enrollment(contributors, count),
            dimension: 1,
            width: RingWidth(bits: 40),
            minimumCohort: .twoWhoMayLearnEachOthersVectors
        )
    }

    static func peers(_ count: Int, threshold: Int) throws -> PeerToPeerAggregation<LinearForm> {
        try PeerToPeerAggregation(
            contributors: clients(count),
            threshold: threshold,
            dimension: 1,
            width: RingWidth(bits: 40),
            minimumCohort: .twoWhoMayLearnEachOthersVectors
        )
    }

    private static func enrollment(_ contributors: Int, _ count: Int) throws -> SharingEnrollment {
        try SharingEnrollment(
            contributors: clients(contributors), aggregators: aggregators(count),
            randomness: SimulationRandomness(seed: 1))
    }

    // MARK: Through a leader

    /// Every set of contributors lost before they send, and no helper, the leader, or one aggregator lost.
    private func proveThroughLeader(
        _ name: String,
        contributors: Int,
        aggregators: Int,
        prove: (FaultSchedule) throws -> SharingProof
    ) throws {
        var covered = ProofCount()
        let ids = Self.clients(contributors)
        let helperFaults: [[FaultSchedule.Fault]] =
            [[], [.loss(Self.leader, beforeSend: 1)]]
            + Self.aggregators(aggregators).map { [.loss($0, beforeSend: 0)] }
        // The lost are gone before they send; or they send too late, so that the leader has shares and seeds that it does
        // not add up. (Not at six contributors, for the time it takes.)
        let fates = ids.subsets(upTo: contributors - 2).flatMap { lost in
            contributors == 6 || lost.isEmpty ? [(lost, false)] : [(lost, false), (lost, true)]
        }
        for (lost, isLate) in fates {
            for faults in helperFaults {
                let own = lost.sorted().map { id -> FaultSchedule.Fault in
                    isLate
                        ? .delay(id, send: 0, ticks: 100 * AggregationTiming.ticksPerStage) : .loss(id, beforeSend: 0)
                }
                let proof = try prove(FaultSchedule(faults + own))
                let sum = proof.recording.outcome.learned[Self.leader]
                try #require(proof.masksOfUnknownOrigin == 0)
                // A lost leader has sent no list of whom it took.
                let hasList = faults != [.loss(Self.leader, beforeSend: 1)]
                try #require(proof.included == Set(ids).subtracting(isLate && !hasList ? [] : lost))
                covered.rounds += 1
                if let sum {
                    covered.finished += 1
                    covered.survivorSets.insert(proof.included)
                    try #require(sum.sum == proof.recording.sums(over: proof.included))
                }
                for coalition in proof.coalitions {
                    let finding = proof.view(of: coalition).compare(with: proof.allowed(to: coalition))
                    covered.views += 1
                    let own = coalition.intersection(ids).count
                    let hasLeader = coalition.contains(Self.leader)
                    // Without the leader, no sum. With it, the sum where it came; where the leader lacked an answer, the
                    // coalition may still have enough of them.
                    let isExpected =
                        if hasLeader && sum == nil {
                            finding.rank == own || finding.rank == own + 1
                        } else {
                            finding.rank == own + (hasLeader ? 1 : 0)
                        }
                    guard finding.excess == 0, isExpected else {
                        Issue.record("\(name), lost \(lost), \(faults), coalition \(coalition): \(finding)")
                        return
                    }
                }
            }
        }
        print("\(name) \(contributors) contributors, \(aggregators) aggregators: \(covered)")
    }

    @Test(arguments: [(3, 1), (3, 2), (3, 3), (4, 1), (4, 2), (4, 3), (5, 1), (5, 2), (6, 1), (6, 2)])
    func `helpers of additive sharing that are not all learn no more than the sum`(
        contributors: Int,
        aggregators: Int
    ) throws {
        try proveThroughLeader("additive", contributors: contributors, aggregators: aggregators) { faults in
            let scheme = try Self.additive(contributors: contributors, aggregators: aggregators)
            return try SharingProof(scheme, recording: Recording(scheme, faults: faults))
        }
    }

    /// Contributors, aggregators, threshold: K/2 < t ≤ K.
    static let shamirSessions = [
        (3, 2, 2), (3, 3, 2), (3, 3, 3), (3, 4, 3), (3, 4, 4), (4, 2, 2), (4, 3, 2), (4, 3, 3), (4, 4, 3), (5, 2, 2),
        (5, 3, 2), (5, 3, 3), (6, 2, 2), (6, 3, 2),
    ]

    @Test(arguments: shamirSessions)
    func `the leader of shamir with fewer than t aggregators learns no more than the sum`(
        contributors: Int,
        aggregators: Int,
        threshold: Int
    ) throws {
        try proveThroughLeader("shamir t = \(threshold),", contributors: contributors, aggregators: aggregators) {
            faults in
            let scheme = try Self.shamir(contributors: contributors, aggregators: aggregators, threshold: threshold)
            return try SharingProof(scheme, recording: Recording(scheme, faults: faults))
        }
    }

    // MARK: Peer to peer

    /// What can happen to a peer: lost before a step, or in the middle of one.
    static func peerFaults(of id: PartyID, count: Int) -> [FaultSchedule.Fault?] {
        let isSmall = count <= 4
        var faults: [FaultSchedule.Fault?] = [nil]
        for send in 0...2 { faults.append(.loss(id, beforeSend: send)) }
        for send in 0...(isSmall ? 2 : 1) {
            for frames in 1...(isSmall ? count - 2 : 1) {
                faults.append(.partialSend(id, send: send, frames: frames))
            }
        }
        return faults
    }

    static func peerSchedules(count: Int) -> [[FaultSchedule.Fault]] {
        let ids = clients(count)
        if count <= 4 {
            return ids.reduce([[]]) { partial, id in
                partial.flatMap { head in
                    peerFaults(of: id, count: count).map { head + ($0.map { [$0] } ?? []) }
                }
            }
        }
        // At most two peers with a fault, each any.
        var schedules: [[FaultSchedule.Fault]] = [[]]
        let single = ids.map { id in peerFaults(of: id, count: count).compactMap { $0 } }
        for first in ids.indices {
            for fault in single[first] {
                schedules.append([fault])
                for second in 0..<first { for other in single[second] { schedules.append([other, fault]) } }
            }
        }
        return schedules
    }

    static let peerSessions = (3...6).flatMap { count in (count / 2 + 1...count).map { (count, $0) } }

    @Test(arguments: peerSessions)
    func `fewer than T peers learn the sum and their vectors, and nothing else`(count: Int, threshold: Int) throws {
        var covered = ProofCount()
        for faults in Self.peerSchedules(count: count) {
            let scheme = try Self.peers(count, threshold: threshold)
            let proof = try SharingProof(scheme, recording: Recording(scheme, faults: FaultSchedule(faults)))
            try #require(proof.masksOfUnknownOrigin == 0)
            covered.rounds += 1
            let learned = proof.recording.outcome.learned
            if !learned.isEmpty { covered.finished += 1 }
            for aggregate in learned.values {
                covered.survivorSets.insert(Set(aggregate.contributors))
                try #require(aggregate.sum == proof.recording.sums(over: aggregate.contributors))
            }
            for coalition in scheme.contributors.subsets(upTo: threshold - 1) where !coalition.isEmpty {
                guard scheme.contributors.count - coalition.count >= 2 else { continue }
                let lists = proof.openLists(to: coalition)
                // Every list leaves two honest peers in the sum.
                guard lists.allSatisfy({ Set($0).subtracting(coalition).count >= 2 }) else { continue }
                covered.views += 1
                let finding = proof.view(of: coalition).compare(with: proof.allowed(to: coalition, sumsOver: lists))
                let hasLearned = coalition.contains { learned[$0] != nil }
                guard finding.isExact, lists.count <= 1, !hasLearned || lists.count == 1,
                    finding.rank == coalition.count + lists.count
                else {
                    Issue.record("\(faults), coalition \(coalition), lists \(lists): \(finding)")
                    return
                }
            }
        }
        print("peer-to-peer \(count) peers, threshold \(threshold): \(covered)")
    }
}
