// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import SharingAggregation
import Testing

/// Schemes that are wrong on purpose, so that we see the oracle say no.
@Suite struct BrokenSchemeTests {
    private let inputs: [PartyID: [UInt32]] = randomInputs(count: 5, dimension: 8, width: 24, seed: 31)

    /// The sum that a scheme gives, against the oracle's: the largest error of a coordinate, and whether there is none.
    private func compare<Scheme: AggregationScheme>(
        _ scheme: Scheme,
        inputs: [PartyID: [UInt32]]
    ) throws -> (maximumError: UInt32, isCorrect: Bool) where Scheme.Element == UInt32 {
        func sum(_ scheme: some AggregationScheme<UInt32>) throws -> [UInt32] {
            let outcome = AggregationDriver(
                scheme: scheme,
                context: RoundContext(task: "test", round: 1),
                randomness: SimulationRandomness(seed: 2)
            ).run { inputs[$0] ?? [] }
            return try #require(outcome.aggregate).sum
        }
        let oracle = try sum(
            Insecure.Plain<UInt32>(
                contributors: inputs.keys.sorted(),
                server: 1000,
                dimension: scheme.dimension,
                width: scheme.width
            )
        )
        let errors = zip(try sum(scheme), oracle).map { found, right in
            // The shorter way around the ring.
            min((found &- right) & UInt32(scheme.width.mask), (right &- found) & UInt32(scheme.width.mask))
        }
        return (errors.max() ?? 0, errors.allSatisfy { $0 == 0 })
    }

    private func secAgg() throws -> SecAgg<UInt32> {
        try SecAgg(
            contributors: inputs.keys.sorted(),
            server: 1000,
            dimension: 8,
            width: RingWidth(bits: 24)
        )
    }

    @Test func `the oracle says yes to a right scheme`() throws {
        let result = try compare(secAgg(), inputs: inputs)
        #expect(result.isCorrect && result.maximumError == 0)
    }

    @Test(arguments: 0..<8) func `a scheme that is off by one in one coordinate is found out`(coordinate: Int) throws {
        let broken = MisreadSumScheme(try secAgg()) { sum in sum[coordinate] = (sum[coordinate] &+ 1) & 0xff_ffff }
        let result = try compare(broken, inputs: inputs)
        #expect(!result.isCorrect && result.maximumError == 1)
        let below = MisreadSumScheme(try secAgg()) { sum in sum[coordinate] = (sum[coordinate] &- 1) & 0xff_ffff }
        #expect(try compare(below, inputs: inputs).maximumError == 1)
    }

    @Test(arguments: [1, 3, 5] as [PartyID]) func `a scheme that loses one client's mask is found out`(client: PartyID)
        throws
    {
        // The client's vector goes out without the masks that the others expect it to have: what a client that forgot
        // them would send.
        let scheme = try secAgg()
        let format = scheme.messageFormat(in: RoundContext(task: "test", round: 1))
        let inputs = inputs
        let broken = InterceptedScheme(scheme) { sender, envelope in
            guard sender == client, case .maskedVector = envelope.message else { return [envelope] }
            // The body of a plain vector is that of a masked one.
            var bytes = PlainMessage<UInt32>.vector(inputs[client] ?? []).encoded(as: format)
            bytes[1] = 0x34
            guard let unmasked = try? SecAggMessage<UInt32>(decoding: bytes, as: format) else { return [] }
            return [Envelope(to: envelope.receivers, unmasked)]
        }
        let result = try compare(broken, inputs: inputs)
        #expect(!result.isCorrect && result.maximumError > 1_000)
    }

    @Test func `a scheme that forgets one seed is found out`() throws {
        // Made anew for each run: its journal lets an aggregator answer once in a round.
        func scheme() throws -> AdditiveAggregation<UInt32> {
            try AdditiveAggregation<UInt32>(
                contributors: inputs.keys.sorted(),
                leader: 1000,
                aggregators: [1001],
                enrollment: .simulated(inputs.keys.sorted(), [1001]),
                dimension: 8,
                width: RingWidth(bits: 24)
            )
        }
        #expect(try compare(scheme(), inputs: inputs).isCorrect)
        let broken = InterceptedScheme(try scheme()) { sender, envelope in
            guard case .forward(let seeds) = envelope.message else { return [envelope] }
            return [Envelope(to: envelope.receivers, .forward(Array(seeds.dropLast())))]
        }
        let result = try compare(broken, inputs: inputs)
        #expect(!result.isCorrect && result.maximumError > 1_000)
    }
}

/// A scheme whose recipients misread the sum.
private struct MisreadSumScheme<Base: AggregationScheme>: AggregationScheme {
    typealias Element = Base.Element
    typealias Message = Base.Message

    let base: Base
    let change: @Sendable (inout [Element]) -> Void

    init(_ base: Base, change: @escaping @Sendable (inout [Element]) -> Void) {
        self.base = base
        self.change = change
    }

    var name: String { base.name }
    var encodedParameters: [UInt8] { base.encodedParameters }
    var width: RingWidth { base.width }
    var field: PrimeField? { base.field }
    var dimension: Int { base.dimension }
    var contributors: [PartyID] { base.contributors }
    var helpers: [PartyID] { base.helpers }
    var recipients: Set<PartyID> { base.recipients }
    var minimumContributors: Int { base.minimumContributors }

    func makeParty(
        _ id: PartyID,
        contributing vector: [Element]?,
        in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, Message> {
        Party(
            party: try base.makeParty(id, contributing: vector, in: context, using: randomness),
            change: change
        )
    }

    private struct Party: AggregationParty {
        var party: any AggregationParty<Element, Message>
        let change: @Sendable (inout [Element]) -> Void

        mutating func start() throws(AggregationError) -> Transition<Element, Message> { try party.start() }

        mutating func receive(_ message: consuming Message, from sender: PartyID) throws(AggregationError) -> Receipt {
            try party.receive(message, from: sender)
        }

        mutating func advance() throws(AggregationError) -> Transition<Element, Message> {
            let transition = try party.advance()
            guard case .finished(let sending, let aggregate?) = transition else { return transition }
            var sum = aggregate.sum
            change(&sum)
            return .finished(sending: sending, learning: Aggregate(sum: sum, contributors: aggregate.contributors))
        }
    }
}
