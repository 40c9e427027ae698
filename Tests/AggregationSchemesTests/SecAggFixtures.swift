// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// A SecAgg aggregation of five clients with threshold 3 in which parties can be made to lie.
struct SecAggRound: Sendable {
    typealias Message = SecAggMessage<UInt32>
    typealias Party = any AggregationParty<UInt32, Message>

    static let server: PartyID = 1000
    let scheme: SecAgg<UInt32>
    let context: RoundContext
    let inputs: [PartyID: [UInt32]]
    let seed: UInt64

    init(
        count: Int = 5,
        threshold: Int = 3,
        minimumCohort: MinimumCohort = .standard,
        round: UInt64 = 1,
        attempt: UInt32 = 0,
        seed: UInt64 = 1,
        journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws {
        inputs = randomInputs(count: count, dimension: 4, width: 24, seed: 41)
        scheme = try SecAgg(
            contributors: inputs.keys.sorted(),
            server: Self.server,
            threshold: threshold,
            dimension: 4,
            width: RingWidth(bits: 24),
            minimumCohort: minimumCohort,
            journal: journal
        )
        context = RoundContext(task: "test", round: round, attempt: attempt)
        self.seed = seed
    }

    func sum(of parties: [PartyID]) -> [UInt32] { expectedSum(inputs, of: parties, width: 24) }

    /// Runs the whole aggregation with some messages replaced on their way out.
    func run(
        faults: FaultSchedule = .none,
        log: MessageLog? = nil,
        rewriting: InterceptedScheme<SecAgg<UInt32>>.Rewriting? = nil
    ) -> AggregationOutcome<UInt32> {
        let inputs = inputs
        return AggregationDriver(
            scheme: InterceptedScheme(scheme, log: log, rewriting: rewriting),
            context: context,
            randomness: SimulationRandomness(seed: seed),
            faults: faults
        ).run { inputs[$0] ?? [] }
    }

    /// One party, to be driven by hand.
    func party(_ id: PartyID) throws -> Party {
        try scheme.makeParty(
            id,
            contributing: id == Self.server ? nil : inputs[id],
            in: context,
            using: SimulationRandomness(seed: seed).generator(for: id, in: context)
        )
    }

    /// Honest parties by hand, each after the step that it has just taken, with what it sent.
    struct Progress {
        var clients: [PartyID: Party] = [:]
        var server: Party
        var advertisements: [PartyID: Advertisement] = [:]
        var roster: [RosterEntry] = []
        var boxes: [PartyID: [AddressedBox]] = [:]
        var delivered: [PartyID: [AddressedBox]] = [:]
        var masked: [PartyID: MaskedVector<UInt32>] = [:]
    }

    /// Clients that have advertised their keys.
    func advertised() throws -> Progress {
        var progress = Progress(server: try party(Self.server))
        _ = try progress.server.start()
        for id in scheme.contributors {
            var client = try party(id)
            guard case .advertisement(let advertisement)? = try client.start().envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            progress.clients[id] = client
            progress.advertisements[id] = advertisement
            _ = try progress.server.receive(.advertisement(advertisement), from: id)
        }
        guard case .roster(let roster)? = try progress.server.advance().envelopes.first?.message else {
            throw AggregationError.outOfOrder
        }
        progress.roster = roster
        return progress
    }

    /// Clients that have shared their secrets.
    func shared() throws -> Progress {
        var progress = try advertised()
        for id in scheme.contributors {
            _ = try progress.clients[id]?.receive(.roster(progress.roster), from: Self.server)
            guard case .encryptedShares(let boxes)? = try progress.clients[id]?.advance().envelopes.first?.message
            else {
                throw AggregationError.outOfOrder
            }
            progress.boxes[id] = boxes
            _ = try progress.server.receive(.encryptedShares(boxes), from: id)
        }
        for envelope in try progress.server.advance().envelopes {
            guard case .deliveredShares(let boxes) = envelope.message else { throw AggregationError.outOfOrder }
            progress.delivered[envelope.receivers[0]] = boxes
        }
        return progress
    }

    /// Clients that have sent their masked vectors.
    func masked() throws -> Progress {
        var progress = try shared()
        for id in scheme.contributors {
            _ = try progress.clients[id]?.receive(.deliveredShares(progress.delivered[id] ?? []), from: Self.server)
            guard case .maskedVector(let vector)? = try progress.clients[id]?.advance().envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            progress.masked[id] = vector
            _ = try progress.server.receive(.maskedVector(vector), from: id)
        }
        return progress
    }
}

/// What a party does with a message and then at its deadline, or at once.
func answer(
    _ party: inout SecAggRound.Party,
    to message: SecAggRound.Message,
    from sender: PartyID = SecAggRound.server
) throws -> (receipt: Receipt, transition: Transition<UInt32, SecAggRound.Message>) {
    let receipt = try party.receive(message, from: sender)
    return (receipt, try party.advance())
}

/// Expects that a party gave up with an error and told the server so, and nothing else.
func expectOnlyAbort(
    _ transition: Transition<UInt32, SecAggRound.Message>,
    _ error: AggregationError,
    to receiver: PartyID = SecAggRound.server,
    _ location: SourceLocation = #_sourceLocation
) {
    guard case .aborted(let found, let sending) = transition else {
        Issue.record("It goes on, and sends \(transition.envelopes.map(\.message.type)).", sourceLocation: location)
        return
    }
    #expect(found == error, sourceLocation: location)
    #expect(sending.map(\.receivers) == [[receiver]], sourceLocation: location)
    guard case .abort(let reason)? = sending.first?.message else {
        Issue.record("It says more than that it gives up.", sourceLocation: location)
        return
    }
    #expect(reason == error.reason, sourceLocation: location)
}

extension SecretBytes {
    /// A copy, for comparisons in tests.
    var copy: [UInt8] { withSpan { span in span.indices.map { span[$0] } } }
}

/// The shares that clients revealed, as the log has them: by client, then by dealer.
func revealedShares(in log: MessageLog) -> [PartyID: [PartyID: [[UInt8]]]] {
    var found: [PartyID: [PartyID: [[UInt8]]]] = [:]
    for entry in log.entries where entry.type == 0x36 {
        var body = entry.bytes.dropFirst(37)
        while body.count >= 36 {
            let dealer = PartyID(body.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
            found[entry.from, default: [:]][dealer, default: []].append(Array(body.dropFirst(4).prefix(32)))
            body = body.dropFirst(36)
        }
    }
    return found
}
