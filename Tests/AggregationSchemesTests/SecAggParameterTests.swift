// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// A server that tells one client another model, or another parameter of any kind: the client's keys are others, so that
/// none of its boxes opens and its masks do not cancel.
@Suite struct SecAggParameterTests {
    /// What all parties must agree on.
    struct Terms: Sendable {
        var contributors: [PartyID] = [1, 2, 3, 4, 5, 6]
        var server: PartyID = 1000
        var isSparse = false
        var neighbors = 4
        var threat = ThreatModel.semiMalicious
        var threshold = 4
        var minimumCohort = 3
        var dimension = 4
        var bits = 24
        var enrollmentSeed: UInt64 = 1
        var task = "test"
        var round: UInt64 = 5
        var attempt: UInt32 = 1
        var model: UInt8 = 1
        var parameters: UInt8 = 1

        var context: RoundContext {
            RoundContext(task: task, round: round, attempt: attempt, model: [model], parameters: [parameters])
        }

        func scheme() throws -> SecAgg<UInt32> {
            try SecAgg(
                contributors: contributors,
                server: server,
                graph: isSparse ? .sparse(neighbors: neighbors, beacon: ChosenBeacon()) : .complete,
                threat: threat,
                threshold: threshold,
                enrollment: threat == .active ? .simulated(contributors, seed: enrollmentSeed) : nil,
                dimension: dimension,
                width: RingWidth(bits: bits),
                minimumCohort: MinimumCohort(minimumCohort)
            )
        }
    }

    /// One term changed.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let apply: @Sendable (inout Terms) -> Void
        init(_ name: String, _ apply: @escaping @Sendable (inout Terms) -> Void) {
            testDescription = name
            self.apply = apply
        }
    }

    /// Changes that leave the messages' shape: a client that does not look at their header takes part.
    static let silent: [Change] = [
        Change("task") { $0.task = "other" }, Change("round") { $0.round = 6 }, Change("attempt") { $0.attempt = 2 },
        Change("model") { $0.model = 2 }, Change("parameters") { $0.parameters = 2 },
        Change("minimum cohort") { $0.minimumCohort = 4 }, Change("server") { $0.server = 1001 },
        Change("threshold") { $0.threshold = $0.isSparse ? 7 - $0.threshold : 5 },
        Change("contributors") { $0.contributors.append(50) },
    ]
    static let changes: [Change] =
        silent + [
            Change("fewer contributors") { $0.contributors.removeLast() },
            Change("graph") { $0.isSparse.toggle() },
            Change("curious") { $0.threat = .curious }, Change("active") { $0.threat = .active },
            Change("semi-malicious") { $0.threat = .semiMalicious },
            Change("dimension") { $0.dimension = 5 }, Change("width") { $0.bits = 23 },
            Change("wider") { $0.bits = 25 },
        ]

    @Test(arguments: SecAggSetting.all) func `every term is part of the session`(setting: SecAggSetting) throws {
        let terms = Terms(isSparse: setting.isSparse, threat: setting.threat)
        var sessions: [HashDigest: String] = [:]
        sessions[try terms.scheme().session(in: terms.context)] = "none"
        // Five clients have too few others for four neighbors.
        let impossible = setting.isSparse ? ["fewer contributors", setting.threat.name] : [setting.threat.name]
        var all = Self.changes.filter { !impossible.contains($0.testDescription) }
        if setting.isSparse {
            // With two clients more there is room for six neighbors.
            let more = Change("more contributors") { $0.contributors += [51, 52] }
            all += [
                more,
                Change("neighbors") {
                    more.apply(&$0)
                    $0.neighbors = 6
                },
            ]
        }
        if setting.threat == .active { all.append(Change("identities") { $0.enrollmentSeed = 2 }) }
        for change in all {
            var other = terms
            change.apply(&other)
            let session = try other.scheme().session(in: other.context)
            let twin = sessions.updateValue(change.testDescription, forKey: session)
            #expect(twin == nil, "\(change.testDescription) and \(twin ?? "")")
        }
    }

    /// The terms of the client that is lied to are other ones; the wire's header, which would betray it, is put right.
    private struct SplitScheme: AggregationScheme {
        typealias Element = UInt32
        typealias Message = SecAggMessage<UInt32>

        let base: SecAgg<UInt32>
        let victim: PartyID
        let other: SecAgg<UInt32>
        let otherContext: RoundContext

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
            contributing vector: [UInt32]?,
            in context: RoundContext,
            using randomness: consuming some SecureRandomNumberGenerator
        ) throws(AggregationError) -> any AggregationParty<UInt32, Message> {
            guard id == victim else {
                return try base.makeParty(id, contributing: vector, in: context, using: randomness)
            }
            let own = [UInt32](repeating: 7, count: other.dimension)
            return try other.makeParty(id, contributing: own, in: otherContext, using: randomness)
        }
    }

    @Test(arguments: SecAggSetting.all, changes)
    func `with one client under other terms nothing of it is in any sum`(setting: SecAggSetting, change: Change) throws
    {
        // t of 4 neighbors is 3: the others go on without the client.
        let terms = Terms(isSparse: setting.isSparse, threat: setting.threat, threshold: setting.isSparse ? 3 : 4)
        var otherTerms = terms
        change.apply(&otherTerms)
        guard otherTerms.threat != terms.threat || !ThreatModel.allCases.map(\.name).contains(change.testDescription),
            let other = try? otherTerms.scheme()
        else { return }
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 6, dimension: 4, width: 24, seed: 12)
        let outcome = AggregationDriver(
            scheme: SplitScheme(base: try terms.scheme(), victim: 2, other: other, otherContext: otherTerms.context),
            context: terms.context,
            randomness: SimulationRandomness(seed: 1)
        ).run { inputs[$0] ?? [] }
        // Either the round ends, or the client was dropped from it.
        guard let aggregate = outcome.aggregate else {
            #expect(outcome.aborted[1000] != nil)
            return
        }
        #expect(aggregate.contributors == [1, 3, 4, 5, 6])
        #expect(aggregate.sum == expectedSum(inputs, of: [1, 3, 4, 5, 6], width: 24))
    }

    /// The linear part: with all self masks taken off, the masked vectors add up to the sum; under other terms for one
    /// client they add up to something else.
    @Test(arguments: [Change("nothing") { _ in }] + silent.filter { $0.testDescription != "contributors" })
    func `its boxes do not open and its masks do not cancel`(change: Change) throws {
        let victim: PartyID = 2
        let terms = Terms(threat: .curious)
        let base = try terms.scheme()
        var otherTerms = terms
        change.apply(&otherTerms)
        let other = try otherTerms.scheme()
        let isTrue = change.testDescription == "nothing"
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 6, dimension: 4, width: 24, seed: 12)

        var clients: [PartyID: SecAggRound.Party] = [:]
        var entries: [RosterEntry] = []
        for id in base.contributors {
            let generator = SimulationRandomness(seed: 1).generator(for: id, in: terms.context)
            var client =
                id == victim
                ? try other.makeParty(id, contributing: inputs[id], in: otherTerms.context, using: generator)
                : try base.makeParty(id, contributing: inputs[id], in: terms.context, using: generator)
            guard case .advertisement(let keys)? = try client.start().envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            entries.append(RosterEntry(id: id, keys: keys))
            clients[id] = client
        }
        func server(of id: PartyID) -> PartyID { id == victim ? otherTerms.server : terms.server }
        func tell(_ message: SecAggRound.Message, to id: PartyID) throws -> SecAggRound.Message? {
            #expect(try clients[id]?.receive(message, from: server(of: id)) == .accepted)
            return try clients[id]?.advance().envelopes.first?.message
        }
        let roster = SecAggRound.Message.roster(KeyRoster(threat: .curious, entries: entries))
        var delivered: [PartyID: [AddressedBox]] = [:]
        for id in base.contributors {
            guard case .encryptedShares(let boxes)? = try tell(roster, to: id) else {
                throw AggregationError.outOfOrder
            }
            for box in boxes { delivered[box.party, default: []].append(AddressedBox(party: id, box: box.box)) }
        }
        let root = base.tree(over: Dictionary(uniqueKeysWithValues: entries.map { ($0.id, $0.keys) })).root
        // Read as the message of another scheme, which has another type.
        let format = MessageFormat(
            session: base.session(in: terms.context), width: base.width, dimension: base.dimension, maximumParties: 7)
        var sum = [UInt32](repeating: 0, count: 4)
        let everybody = ClientSet(positions: 0..<6, of: 6)
        for id in base.contributors {
            let message = try #require(try tell(.deliveredShares(delivered[id] ?? [], sharers: everybody), to: id))
            // The body of a masked vector is that of a plain one.
            var bytes = message.encoded(as: format)
            #expect(bytes[1] == 0x34)
            bytes[1] = 0x10
            guard case .vector(let masked) = try PlainMessage<UInt32>(decoding: bytes, as: format) else { continue }
            for index in sum.indices { sum[index] &+= masked[index] }
            // The third 32 bytes that a client draws are its self-mask seed.
            var drawn = SimulationRandomness(seed: 1).generator(for: id, in: terms.context)
            _ = try drawn.secretBytes(64)
            let (scheme, context) = id == victim ? (other, otherTerms.context) : (base, terms.context)
            let binding = SecAgg<UInt32>.binding(session: scheme.session(in: context), root: root, entropy: .zero)
            let maskBinding = SurvivorStatement.maskBinding(binding, sharers: everybody)
            let key = KeySchedule(session: maskBinding, round: context.round).key(
                from: try drawn.secretBytes(32),
                for: .selfMask,
                from: id.rawValue,
                to: id.rawValue,
                bits: 24
            )
            try UInt32.subtract(MaskGenerator(key: key), from: &sum, width: RingWidth(bits: 24))
        }
        let expected = expectedSum(inputs, of: base.contributors, width: 24)
        #expect((sum.map { $0 & 0xff_ffff } == expected) == isTrue)

        // What each then reveals, with everybody alive.
        for id in base.contributors {
            guard
                case .revealedShares(let shares)? = try tell(.survivors(everybody), to: id)
            else { throw AggregationError.outOfOrder }
            let held = shares.map(\.of)
            if isTrue {
                #expect(held == base.contributors)
            } else {
                #expect(held == (id == victim ? [victim] : base.contributors.filter { $0 != victim }))
            }
        }
    }

    @Test func `a graph that the server draws twice binds the keys twice`() throws {
        // Without a beacon nobody can hold the entropy against another one; what it changes is every key.
        let setting = SecAggSetting(isSparse: true, threat: .curious)
        let round = try SecAggRound(setting)
        let truth = try round.advertised()
        var forged = try ForgedKeys(round, truth)
        forged.entropy = HashDigest(of: [1])
        let neighborhood = try forged.neighborhood(of: 2)
        var progress = truth
        guard
            case .encryptedShares(let boxes)? = try progress.give(.neighborhood(neighborhood), to: 2).envelopes.first?
                .message
        else { throw AggregationError.outOfOrder }
        // A true neighbor that got one of these boxes in place of the true one holds no share of the client.
        var shared = try round.shared()
        let receiver = try #require(boxes.first { shared.delivered[$0.party]?.contains { $0.party == 2 } == true })
        func revealed(_ box: [UInt8]?) throws -> [PartyID] {
            // A journal of its own each time.
            shared = try SecAggRound(setting).shared()
            var progress = shared
            let delivery = (shared.delivered[receiver.party] ?? []).map {
                $0.party == 2 ? AddressedBox(party: 2, box: box ?? $0.box) : $0
            }
            _ = try progress.give(round.delivery(delivery), to: receiver.party)
            let transition = try progress.give(round.survivors(round.contributors), to: receiver.party)
            guard case .revealedShares(let shares)? = transition.envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            return shares.map(\.of)
        }
        #expect(try revealed(nil).contains(2))
        #expect(try !revealed(receiver.box).contains(2))
    }
}
