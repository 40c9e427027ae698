// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import Testing

/// Whole rounds against the independent model: every message byte for byte, sums, and who finds too few parties left
/// where.
@Suite struct ReferenceRoundTests {
    private static let plain = ReferenceRound.load("plain_round_v1")
    private static let additive = ReferenceRound.load("additive_round_v1")
    /// Those that say against whom they protect; without it they are of an earlier format.
    private static let secagg = ReferenceRound.load("secagg_round_v1").filter { $0.threat != nil }

    @Test func `the model's rounds are all there`() {
        #expect(Self.plain.count >= 7 && Self.additive.count >= 13 && Self.secagg.count >= 25)
        let all = Self.plain + Self.additive + Self.secagg
        #expect(
            all.contains { $0.result == "invalid" } && all.contains { $0.bits > 32 } && all.contains { $0.bits == 1 }
        )
    }

    @Test(arguments: plain + additive + secagg)
    func `every message, sum and abort of a round is the model's`(round: ReferenceRound) throws {
        let keys = Dictionary(
            uniqueKeysWithValues: round.clients.compactMap { client in
                client.rand.map { (PartyID(client.id), bytes($0)) }
            }
        )
        try check(round, with: ReferenceRound.Generators(keys: keys))
    }

    @Test(arguments: additive + secagg)
    func `the driver's generators of a simulation seed are the model's`(round: ReferenceRound) throws {
        let seed = try #require(round.simulationSeed.flatMap { UInt64($0) })
        try check(round, with: SimulationRandomness(seed: seed))
    }

    @Test(arguments: additive.prefix(1) + secagg.prefix(1))
    func `with other generators the messages are others and the sum is the same`(round: ReferenceRound) throws {
        let run = try round.run(UInt32.self, randomness: SimulationRandomness(seed: 999))
        #expect(run.outcome.aggregate?.sum.map(\.description) == round.sum)
        #expect(run.sent.count == round.messages.count)
        let expected = Set(round.messages.map { bytes($0.bytes) })
        // Only the sets of clients have nothing random in them.
        #expect(run.sent.allSatisfy { $0.type == 0x35 || !expected.contains($0.bytes) })
    }

    private struct Address: Hashable {
        let stage: Int
        let from, to: UInt32
    }

    private func check(_ round: ReferenceRound, with randomness: some RandomnessSource) throws {
        // Where both element types can hold the ring, both must say the same.
        if round.bits <= 32 { try check(round, UInt32.self, with: randomness) }
        try check(round, UInt64.self, with: randomness)
    }

    private func check<Element: MaskableElement & RingWord>(
        _ round: ReferenceRound,
        _ type: Element.Type,
        with randomness: some RandomnessSource
    ) throws {
        let run = try round.run(type, randomness: randomness)
        #expect(run.session.bytes == bytes(round.session))

        let expected = Dictionary(
            uniqueKeysWithValues: round.messages.map { (Address(stage: $0.stage, from: $0.from, to: $0.to), $0.bytes) }
        )
        let sent = Dictionary(
            uniqueKeysWithValues: run.sent.map { entry in
                (
                    Address(stage: entry.stage?.ordinal ?? -1, from: entry.from.rawValue, to: entry.to.rawValue),
                    hexadecimal(entry.bytes)
                )
            }
        )
        #expect(Set(sent.keys) == Set(expected.keys))
        for (address, message) in sent {
            #expect(message == expected[address], "stage \(address.stage), \(address.from) to \(address.to)")
        }

        if round.result == "valid" {
            let aggregate = try #require(run.outcome.aggregate)
            #expect(aggregate.sum.map(\.description) == round.sum)
            #expect(aggregate.contributors.map(\.rawValue) == (round.included ?? round.survivors))
            #expect(run.outcome.aborted.isEmpty && run.outcome.rejections.isEmpty)
        } else {
            #expect(round.error == "too-few-parties")
            #expect(run.outcome.learned.isEmpty)
            let party = PartyID(try #require(round.abortParty))
            let error = try #require(run.outcome.aborted[party])
            let names = [
                "plain": ["input"], "additive": ["share", "forward", "combine"],
                "secagg": [
                    "advertise-keys", "advertise-keys", "advertise-keys", "share-keys", "share-keys", "masked-input",
                    "unmask", "consistency", "consistency", "consistency", "unmask",
                ],
            ]
            guard case .tooFewParties(let stage, let have, let need) = error else {
                Issue.record("\(error)")
                return
            }
            let ordinal = try #require(round.abortStage)
            #expect(stage == names[round.scheme == "secagg+" ? "secagg" : round.scheme]?[ordinal] && have < need)
        }
    }
}
