// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Synchronization

// What stands in for the parts around a trainer: it watches, misbehaves, or does as it is told.

/// Adds nothing, and remembers every vector that clients contribute and every sum that is released.
final class Recorder: UpdateMechanism {
    typealias Element = UInt32
    private let state = Mutex<(vectors: [[UInt32]], sums: [[UInt32]])>(([], []))

    var vectors: [[UInt32]] { state.withLock { $0.vectors } }
    var sums: [[UInt32]] { state.withLock { $0.sums } }

    func perturb(_ vector: inout [UInt32], width: RingWidth, using generator: inout some SecureRandomNumberGenerator) {
        let copy = vector
        state.withLock { $0.vectors.append(copy) }
    }

    func release(
        _ sum: inout [UInt32], contributors: Int, width: RingWidth,
        using generator: inout some SecureRandomNumberGenerator
    ) {
        let copy = sum
        state.withLock { $0.sums.append(copy) }
    }
}

/// Remembers the cohort of every round; nothing goes wrong.
final class CohortRecorder: Sendable {
    private let state = Mutex<[[PartyID]]>([])

    var cohorts: [[PartyID]] { state.withLock { $0 } }

    func faults(round: Int, cohort: [PartyID]) -> FaultSchedule {
        state.withLock { $0.append(cohort) }
        return .none
    }
}

/// A clock that goes on only when it is told to.
final class FakeClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (first: Instant, second: Instant) -> Bool { first.offset < second.offset }
    }

    private let time = Mutex(Duration.seconds(1_000))

    var now: Instant { Instant(offset: time.withLock { $0 }) }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

/// A scheme that gives a wrong sum, and does not know it.
struct Flawed<Base: AggregationScheme<UInt32>>: AggregationScheme {
    enum Flaw: Sendable {
        /// One coordinate of the sum is one too large.
        case offByOne(coordinate: Int)
        /// A mask that this client added is not taken off again.
        case keepsMask(of: PartyID)
    }

    typealias Element = UInt32
    typealias Message = Base.Message

    let base: Base
    let flaw: Flaw

    var name: String { base.name }
    var encodedParameters: [UInt8] { base.encodedParameters }
    var width: RingWidth { base.width }
    var dimension: Int { base.dimension }
    var contributors: [PartyID] { base.contributors }
    var helpers: [PartyID] { base.helpers }
    var field: PrimeField? { base.field }
    var recipients: Set<PartyID> { base.recipients }
    var minimumContributors: Int { base.minimumContributors }

    func makeParty(
        _ id: PartyID,
        contributing vector: [UInt32]?,
        in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<UInt32, Message> {
        var vector = vector
        if case .keepsMask(of: id) = flaw {
            var generator = SimulationRandomness(seed: 9).generator(purpose: "mask")
            vector = vector?.map { ($0 &+ UInt32(truncatingIfNeeded: generator.next())) & UInt32(width.mask) }
        }
        let party = try base.makeParty(id, contributing: vector, in: context, using: randomness)
        guard case .offByOne(let coordinate) = flaw, recipients.contains(id) else { return party }
        return OffByOneRecipient(base: party, coordinate: coordinate)
    }
}

private struct OffByOneRecipient<Message: WireMessage>: AggregationParty {
    var base: any AggregationParty<UInt32, Message>
    let coordinate: Int

    mutating func start() throws(AggregationError) -> Transition<UInt32, Message> { try base.start() }

    mutating func receive(
        _ message: consuming Message,
        from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        try base.receive(message, from: sender)
    }

    mutating func advance() throws(AggregationError) -> Transition<UInt32, Message> {
        let transition = try base.advance()
        guard case .finished(let sending, let aggregate?) = transition else { return transition }
        var sum = aggregate.sum
        sum[coordinate] += 1
        return .finished(sending: sending, learning: Aggregate(sum: sum, contributors: aggregate.contributors))
    }
}
