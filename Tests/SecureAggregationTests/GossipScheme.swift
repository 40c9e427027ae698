// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecureAggregation
import SecureRandomness

/// The least scheme with several stages and without helpers: every party sends its vector to all, then says which sum
/// it found.
///
/// It protects nothing. It stands for peer-to-peer schemes in tests of the driver.
struct GossipScheme: AggregationScheme {
    /// How a party breaks the contract of the driver, to see what the driver does.
    enum Misbehavior: Sendable {
        case none
        /// It waits for the stage in which it is once more.
        case waitsTwice(PartyID)
        /// It cannot be made.
        case cannotBeMade(PartyID)
        /// It throws on the first message.
        case throwsOnReceipt(PartyID)
        /// It throws when it is told to advance.
        case throwsOnAdvance(PartyID)
        /// It sends its vector in two sends.
        case sendsTwice(PartyID)
        /// It waits for everybody but the sender.
        case ignores(PartyID, sender: PartyID)
    }

    let contributors: [PartyID]
    var dimension = 2
    let width: RingWidth
    var minimumContributors = 2
    var misbehavior = Misbehavior.none

    var name: String { "gossip" }
    var encodedParameters: [UInt8] { [] }
    var helpers: [PartyID] { [] }
    var field: PrimeField? { nil }
    var recipients: Set<PartyID> { Set(contributors) }

    func makeParty(
        _ id: PartyID,
        contributing vector: [UInt32]?,
        in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<UInt32, GossipMessage> {
        if case .cannotBeMade(id) = misbehavior { throw .unknownParty(id) }
        return GossipParty(id: id, scheme: self, sum: try validated(vector, of: id))
    }
}

enum GossipMessage: WireMessage {
    case vector([UInt32])
    case sum([UInt32])

    var stage: Stage? { type == 0x70 ? Stage(0, "vector") : Stage(1, "sum") }

    var type: UInt8 {
        switch self {
        case .vector: 0x70
        case .sum: 0x71
        }
    }

    func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat) {
        switch self {
        case .vector(let vector), .sum(let vector): encoder.write(vector: vector, as: format)
        }
    }

    static func decodeBody(
        ofType type: UInt8,
        from decoder: inout WireDecoder,
        as format: MessageFormat
    ) throws(WireError) -> GossipMessage {
        switch type {
        case 0x70: .vector(try decoder.readVector(as: format))
        case 0x71: .sum(try decoder.readVector(as: format))
        default: throw .unknownType(type)
        }
    }
}

private struct GossipParty: AggregationParty {
    let id: PartyID
    let scheme: GossipScheme
    var sum: [UInt32]
    var heard: Set<PartyID> = []
    var confirmed: Set<PartyID> = []
    var isRepeating = false
    var isConfirming = false

    private var others: [PartyID] { scheme.contributors.filter { $0 != id } }

    mutating func start() throws(AggregationError) -> Transition<UInt32, GossipMessage> {
        guard case .sendsTwice(id) = scheme.misbehavior else { return sendVector() }
        isRepeating = true
        return .next(
            sending: [Envelope(to: others, .vector(sum))],
            then: Expectation(Stage(-1, "again"), from: [], quorum: 0)
        )
    }

    private func sendVector() -> Transition<UInt32, GossipMessage> {
        var senders = Set(others)
        if case .ignores(id, let sender) = scheme.misbehavior { senders.remove(sender) }
        return .next(
            sending: [Envelope(to: others, .vector(sum))],
            then: Expectation(Stage(0, "vector"), from: senders, quorum: senders.count)
        )
    }

    mutating func receive(
        _ message: consuming GossipMessage,
        from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        if case .throwsOnReceipt(id) = scheme.misbehavior { throw .outOfOrder }
        switch message {
        case .vector(let vector):
            UInt32.add(vector, to: &sum)
            heard.insert(sender)
        case .sum(let other):
            // A party of which this one heard nothing has another sum.
            guard other == sum || heard.count < others.count else {
                return .rejected(.invalid(.foreignParty(sender)))
            }
            confirmed.insert(sender)
        }
        return .accepted
    }

    mutating func advance() throws(AggregationError) -> Transition<UInt32, GossipMessage> {
        if case .throwsOnAdvance(id) = scheme.misbehavior { throw .outOfOrder }
        if isRepeating {
            isRepeating = false
            return sendVector()
        }
        guard isConfirming else {
            isConfirming = true
            guard heard.count == others.count else {
                return .aborted(.tooFewParties(stage: "vector", have: heard.count, need: others.count), sending: [])
            }
            var stage = Stage(1, "sum")
            if case .waitsTwice(id) = scheme.misbehavior { stage = Stage(0, "vector") }
            return .next(
                sending: [Envelope(to: others, .sum(sum))],
                then: Expectation(stage, from: Set(others), quorum: others.count)
            )
        }
        guard confirmed.count == others.count else {
            return .aborted(.tooFewParties(stage: "sum", have: confirmed.count, need: others.count), sending: [])
        }
        return .finished(
            sending: [],
            learning: Aggregate(sum: sum, contributors: scheme.contributors)
        )
    }
}
