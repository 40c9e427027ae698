// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// The graphs and threat models under which SecAgg runs.
struct SecAggSetting: Hashable, Sendable, CustomTestStringConvertible {
    var isSparse: Bool
    var threat: ThreatModel

    static let complete = ThreatModel.allCases.map { SecAggSetting(isSparse: false, threat: $0) }
    static let sparse = ThreatModel.allCases.map { SecAggSetting(isSparse: true, threat: $0) }
    static let all = complete + sparse
    static let `default` = SecAggSetting(isSparse: false, threat: .semiMalicious)

    var hasBeacon: Bool { isSparse && threat != .curious }
    var hasConsistencyRound: Bool { threat != .curious }
    var testDescription: String { "\(isSparse ? "secagg+" : "secagg") \(threat.name)" }
}

/// A beacon some of whose pulses can be out already, and whose output the test chooses. 7 draws the graph, 8 the witnesses.
struct ChosenBeacon: PublicBeacon {
    var entropy: UInt64 = 1
    var out: Set<UInt64> = []

    func nextPulse(after previous: UInt64?) -> UInt64 { (previous ?? 6) + 1 }
    func isStillSecret(_ pulse: UInt64) -> Bool { !out.contains(pulse) }
    func output(of pulse: UInt64) -> HashDigest? { HashDigest(of: bigEndianBytes(entropy) + bigEndianBytes(pulse)) }
}

/// A SecAgg aggregation in which parties can be made to lie: of five clients with threshold 3 on the complete graph, of
/// fourteen with six neighbors each and threshold 4 on a sparse one.
struct SecAggRound: Sendable {
    typealias Message = SecAggMessage<UInt32>
    typealias Party = any AggregationParty<UInt32, Message>

    static let server: PartyID = 1000
    let setting: SecAggSetting
    let scheme: SecAgg<UInt32>
    let context: RoundContext
    let inputs: [PartyID: [UInt32]]
    let seed: UInt64

    init(
        _ setting: SecAggSetting = .default,
        count: Int? = nil,
        threshold: Int? = nil,
        minimumCohort: MinimumCohort = .standard,
        beacon: ChosenBeacon = ChosenBeacon(),
        round: UInt64 = 1,
        attempt: UInt32 = 0,
        seed: UInt64 = 1,
        journal: ShareReleaseJournal = ShareReleaseJournal(),
        waiving waived: Set<SecAggRefusal> = []
    ) throws {
        inputs = randomInputs(count: count ?? (setting.isSparse ? 14 : 5), dimension: 4, width: 24, seed: 41)
        let contributors = inputs.keys.sorted()
        var scheme = try SecAgg<UInt32>(
            contributors: contributors,
            server: Self.server,
            graph: setting.isSparse ? .sparse(neighbors: 6, beacon: setting.hasBeacon ? beacon : nil) : .complete,
            threat: setting.threat,
            threshold: threshold ?? (setting.isSparse ? 4 : 3),
            enrollment: setting.threat == .active ? .simulated(contributors) : nil,
            dimension: 4,
            width: RingWidth(bits: 24),
            minimumCohort: minimumCohort,
            journal: journal
        )
        scheme.waivedRefusals = waived
        self.scheme = scheme
        self.setting = setting
        context = RoundContext(task: "test", round: round, attempt: attempt)
        self.seed = seed
    }

    var contributors: [PartyID] { scheme.contributors }
    var session: HashDigest { scheme.session(in: context) }

    func sum(of parties: [PartyID]) -> [UInt32] { expectedSum(inputs, of: parties, width: 24) }

    /// The last client that is none of these.
    func last(outside clients: [PartyID]) throws -> PartyID {
        guard let last = contributors.last(where: { !clients.contains($0) }) else { throw AggregationError.outOfOrder }
        return last
    }

    /// The clients as a set on the wire.
    func set(_ clients: some Sequence<PartyID>) -> ClientSet {
        ClientSet(positions: clients.compactMap { contributors.firstIndex(of: $0) }, of: contributors.count)
    }

    /// The request for shares in which these survived.
    func survivors(_ survivors: [PartyID]) -> Message { .survivors(set(survivors)) }

    /// Boxes, and who shared; all where nobody says otherwise.
    func delivery(_ boxes: [AddressedBox]?, sharers: [PartyID]? = nil) -> Message {
        .deliveredShares(boxes ?? [], sharers: set(sharers ?? contributors))
    }

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

    /// Honest parties by hand, with what each sent so far, and what the server sent to each client after it: there the
    /// clients wait.
    struct Progress {
        var clients: [PartyID: Party] = [:]
        var server: Party
        var advertisements: [PartyID: Advertisement] = [:]
        /// Of a sparse graph with a beacon.
        var commitment: Message?
        /// The roster, or the neighborhood of each client.
        var keys: [PartyID: Message] = [:]
        var boxes: [PartyID: [AddressedBox]] = [:]
        var delivered: [PartyID: [AddressedBox]] = [:]
        var masked: [PartyID: MaskedVector<UInt32>] = [:]
        var announcement: Message?
        var signatures: [PartyID: [UInt8]] = [:]
        /// Of a sparse graph with a beacon.
        var signatureCommitment: Message?
        var confirmations: [PartyID: Message] = [:]

        /// The entries of the complete graph's roster.
        var roster: [RosterEntry] {
            guard case .roster(let roster)? = keys.values.first else { return [] }
            return roster.entries
        }

        func neighborhood(of client: PartyID) throws -> Neighborhood {
            guard case .neighborhood(let neighborhood)? = keys[client] else { throw AggregationError.outOfOrder }
            return neighborhood
        }

        /// Everybody with whom a client shares masks.
        func neighbors(of client: PartyID) throws -> [PartyID] {
            guard case .neighborhood(let neighborhood)? = keys[client] else {
                return roster.map(\.id).filter { $0 != client }
            }
            return neighborhood.present.map(\.entry.id)
        }

        mutating func give(
            _ message: Message?,
            to id: PartyID
        ) throws -> Transition<UInt32, Message> {
            guard let message, clients[id] != nil else { throw AggregationError.outOfOrder }
            guard try clients[id]?.receive(message, from: SecAggRound.server) == .accepted,
                let transition = try clients[id]?.advance()
            else { throw AggregationError.outOfOrder }
            return transition
        }
    }

    /// Clients that have advertised their keys and wait for the first answer.
    func advertised(without absent: Set<PartyID> = []) throws -> Progress {
        var progress = Progress(server: try party(Self.server))
        _ = try progress.server.start()
        for id in contributors where !absent.contains(id) {
            var client = try party(id)
            guard case .advertisement(let advertisement)? = try client.start().envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            progress.clients[id] = client
            progress.advertisements[id] = advertisement
            _ = try progress.server.receive(.advertisement(advertisement), from: id)
        }
        var envelopes = try progress.server.advance().envelopes
        if setting.hasBeacon {
            progress.commitment = envelopes.first?.message
            envelopes = try progress.server.advance().envelopes
        }
        for envelope in envelopes { for id in envelope.receivers { progress.keys[id] = envelope.message } }
        return progress
    }

    /// Clients that wait for keys, with the root fixed where there is a beacon.
    func committed(without absent: Set<PartyID> = []) throws -> Progress {
        var progress = try advertised(without: absent)
        guard setting.hasBeacon else { return progress }
        for id in progress.clients.keys { _ = try progress.give(progress.commitment, to: id) }
        return progress
    }

    /// Clients that have shared their secrets.
    func shared(without absent: Set<PartyID> = []) throws -> Progress {
        var progress = try committed(without: absent)
        for id in progress.clients.keys.sorted() {
            guard
                case .encryptedShares(let boxes)? = try progress.give(progress.keys[id], to: id).envelopes.first?
                    .message
            else { throw AggregationError.outOfOrder }
            progress.boxes[id] = boxes
            _ = try progress.server.receive(.encryptedShares(boxes), from: id)
        }
        for envelope in try progress.server.advance().envelopes {
            guard case .deliveredShares(let boxes, _) = envelope.message else { throw AggregationError.outOfOrder }
            progress.delivered[envelope.receivers[0]] = boxes
        }
        return progress
    }

    /// Clients that have sent their masked vectors.
    func masked() throws -> Progress {
        var progress = try shared()
        for id in contributors {
            let message = delivery(progress.delivered[id])
            guard case .maskedVector(let vector)? = try progress.give(message, to: id).envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            progress.masked[id] = vector
        }
        return progress
    }

    /// Clients that have signed who survived; without a consistency round, those that have sent their vectors.
    func signed() throws -> Progress {
        var progress = try masked()
        for id in contributors {
            _ = try progress.server.receive(.maskedVector(#require(progress.masked[id])), from: id)
        }
        progress.announcement = try progress.server.advance().envelopes.first?.message
        guard setting.hasConsistencyRound else { return progress }
        for id in contributors {
            guard
                case .signature(let signature)? = try progress.give(progress.announcement, to: id).envelopes.first?
                    .message
            else { throw AggregationError.outOfOrder }
            progress.signatures[id] = signature
            _ = try progress.server.receive(.signature(signature), from: id)
        }
        var envelopes = try progress.server.advance().envelopes
        if setting.hasBeacon {
            progress.signatureCommitment = envelopes.first?.message
            envelopes = try progress.server.advance().envelopes
        }
        for envelope in envelopes { for id in envelope.receivers { progress.confirmations[id] = envelope.message } }
        return progress
    }

    /// Clients that wait for others' signatures, with these fixed where there is a beacon.
    func confirmed() throws -> Progress {
        var progress = try signed()
        guard setting.hasBeacon else { return progress }
        for id in contributors { _ = try progress.give(progress.signatureCommitment, to: id) }
        return progress
    }
}

/// What a client tells after its survivors are announced, with honest signatures of all these clients where they are
/// needed: the shares that it reveals.
func revelation(
    of client: PartyID,
    in round: SecAggRound,
    _ progress: SecAggRound.Progress,
    survivors: [PartyID]
) throws -> [RevealedShare] {
    var progress = progress
    let announcement = round.survivors(survivors)
    if round.setting.hasConsistencyRound {
        #expect(!round.setting.isSparse)
        var signatures: [SurvivorSignature] = []
        for id in round.contributors where survivors.contains(id) {
            guard case .signature(let signature)? = try progress.give(announcement, to: id).envelopes.first?.message
            else { throw AggregationError.outOfOrder }
            if id != client { signatures.append(SurvivorSignature(id: id, signature: signature)) }
        }
        guard
            case .revealedShares(let shares)? = try progress.give(.signatures(signatures), to: client).envelopes.first?
                .message
        else { throw AggregationError.outOfOrder }
        return shares
    }
    guard case .revealedShares(let shares)? = try progress.give(announcement, to: client).envelopes.first?.message
    else { throw AggregationError.outOfOrder }
    return shares
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
