// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// `fedsum_plain_round_v1`, `fedsum_additive_round_v1`, `fedsum_shamir_round_v1`, `fedsum_peer_to_peer_round_v1`,
/// `fedsum_secagg_round_v1`, `fedsum_secagg_plus_round_v1`: whole rounds, every message to the byte.
enum RoundVerifier: CaseVerifier {
    /// The sets of clients in masking schemes, and the stage in which those of each send.
    static let maskingSets = [("U1", 0), ("U2", 3), ("U3", 5), ("U4", 7), ("U5", 10)]

    static func check(_ fields: VectorFields) throws {
        let session = try StatedSession(fields)
        try session.checkDigest()
        try session.open(StatedRound(fields, session), privateKeys: privateKeys(fields))
    }

    /// The long-lived keys, where parties have any.
    static func privateKeys(_ fields: VectorFields) throws -> StatedSession.PrivateKeys {
        var keys = StatedSession.PrivateKeys()
        guard fields.has("servers") else {
            if fields.has("server") {
                try requireEqual(fields.parties("helpers"), [fields.party("server")], "server")
            }
            if fields.has("identityKeys") { keys.signing = try signingKeys(fields) }
            return keys
        }
        keys.signing = try signingKeys(fields)
        let stated = try fields.byteStrings("helperKeys")
        let helpers = try fields.parties("helpers")
        let servers = try fields.objects("servers")
        try requireEqual(servers.map { try $0.party("id") }, helpers, "servers")
        try requireEqual(stated.count, helpers.count, "helperKeys.count")
        for (position, server) in servers.enumerated() {
            let key = try KeyAgreementPrivateKey(seed: SecretBytes(copying: server.bytes("privateKey")))
            try requireEqual(key.publicKey.bytes, server.bytes("publicKey"), "publicKey")
            try requireEqual(key.publicKey.bytes, stated[position], "helperKeys[\(position)]")
            try requireEqual(server.string("role"), position == 0 ? "leader" : "aggregator", "role")
            // The leader has no key in this version of the scheme.
            if position > 0 { keys.agreement[helpers[position]] = key }
        }
        return keys
    }

    /// The identities of the clients.
    private static func signingKeys(_ fields: VectorFields) throws -> [PartyID: SigningKey] {
        var keys: [PartyID: SigningKey] = [:]
        let stated = try fields.byteStrings("identityKeys")
        let clients = try fields.objects("clients")
        try requireEqual(stated.count, clients.count, "identityKeys.count")
        for (position, client) in clients.enumerated() {
            let key = try SigningKey(seed: SecretBytes(copying: client.bytes("identitySeed")))
            try requireEqual(key.verifyingKey.bytes, client.bytes("identityPublicKey"), "identityPublicKey")
            try requireEqual(key.verifyingKey.bytes, stated[position], "identityKeys[\(position)]")
            keys[try client.party("id")] = key
        }
        return keys
    }
}

/// A message in a file or on its way.
struct StatedMessage: Comparable {
    let route: Route
    let bytes: [UInt8]

    /// Whose message to whom it is.
    struct Route: Hashable, Comparable, CustomStringConvertible {
        /// nil if the sender gives up.
        let stage: Int?
        let from: PartyID
        let to: PartyID

        static func < (a: Route, b: Route) -> Bool {
            (a.stage ?? .max, a.from, a.to) < (b.stage ?? .max, b.from, b.to)
        }

        var description: String { "stage \(stage.map(String.init) ?? "abort") from \(from) to \(to)" }
    }

    init(_ frame: Frame, _ stage: Stage?) {
        route = Route(stage: stage?.ordinal, from: frame.sender, to: frame.receiver)
        bytes = frame.bytes
    }

    init(_ fields: VectorFields) throws {
        route = Route(
            stage: try fields.integer("stage"),
            from: try fields.party("from"),
            to: try fields.party("to")
        )
        bytes = try fields.bytes("bytes")
    }

    static func < (a: StatedMessage, b: StatedMessage) -> Bool { a.route < b.route }
}

/// A round of a file, which all its parties run here.
struct StatedRound: StatedSchemeVisitor {
    let fields: VectorFields
    let scheme: String
    let inputs: [PartyID: [UInt64]]
    let randomness: StatedRandomness
    let faults: FaultSchedule

    init(_ fields: VectorFields, _ session: StatedSession) throws {
        self.fields = fields
        scheme = try fields.string("scheme")
        var inputs: [PartyID: [UInt64]] = [:]
        var keys: [PartyID: [UInt8]] = [:]
        var faults: [FaultSchedule.Fault] = []
        let sends = try Self.sends(scheme, fields, session)
        let clients = try fields.objects("clients")
        try requireEqual(clients.map { try $0.party("id") }, session.contributors, "clients")
        for client in clients {
            let id = try client.party("id")
            let input = try client.unsignedList("input")
            try require(input.allSatisfy { $0 <= session.width.mask }, "the input of \(id) is not of the ring")
            inputs[id] = input
            if scheme != "plain" { keys[id] = try client.bytes("rand", count: 32) }
            if let key = keys[id] { try Self.checkDraws(client.objects("drawn"), of: id, from: key, session) }
            if fields.has("simulationSeed") {
                try Self.checkSimulation(
                    seed: fields.unsigned("simulationSeed"),
                    of: id,
                    session,
                    key: keys[id],
                    input: input
                )
            }
            faults += try Self.losses(of: id, client, scheme, sends)
        }
        for server in fields.has("servers") ? try fields.objects("servers") : [] {
            faults += try Self.losses(of: server.party("id"), server, scheme, ["start"])
        }
        if fields.has("serverRand"), let server = session.helpers.first {
            let key = try fields.bytes("serverRand", count: 32)
            try Self.checkDraws(fields.objects("serverDrawn"), of: server, from: key, session)
            if fields.has("simulationSeed") {
                let simulated = SimulationRandomness(seed: try fields.unsigned("simulationSeed"))
                    .generator(for: server, in: session.context)
                try requireSameStream(simulated, as: key, "serverRand")
            }
            keys[server] = key
        }
        self.inputs = inputs
        self.faults = FaultSchedule(faults)
        randomness = StatedRandomness(keys: keys)
    }

    /// What a party draws, in order, is the beginning of its stream.
    private static func checkDraws(
        _ reads: [VectorFields],
        of id: PartyID,
        from key: [UInt8],
        _ session: StatedSession
    ) throws {
        var generator = SeededGenerator(key: key)
        try require(!reads.isEmpty, "'drawn' of \(id) is empty")
        for drawn in reads {
            if !(try drawn.isNull("for")) {
                let other = try drawn.party("for")
                try require(
                    session.contributors.contains(other) || session.helpers.contains(other),
                    "\(id) draws for \(other), who is none of the session"
                )
            }
            let bytes = try drawn.bytes("bytes")
            try requireEqual(generator.bytes(bytes.count), bytes, "'\(drawn.string("name"))' of \(id)")
        }
    }

    /// Where a file names the seed of a simulation, keys and inputs are those that a simulation draws.
    private static func checkSimulation(
        seed: UInt64,
        of id: PartyID,
        _ session: StatedSession,
        key: [UInt8]?,
        input: [UInt64]
    ) throws {
        let context = session.context
        func generator(_ purpose: String) -> SeededGenerator {
            SimulationRandomness(seed: seed).generator(
                purpose: purpose,
                task: context.task,
                round: context.round,
                attempt: context.attempt,
                party: id
            )
        }
        if let key { try requireSameStream(generator("party"), as: key, "rand") }
        var drawn = generator("input")
        try requireEqual(input.map { _ in drawn.next() & session.width.mask }, input, "input of \(id)")
    }

    /// What a client sends, in order; a case says after which of these it is lost.
    private static func sends(
        _ scheme: String,
        _ fields: VectorFields,
        _ session: StatedSession
    ) throws -> [String] {
        switch scheme {
        case "secagg", "secagg+":
            try fields.integer("threat") == 0
                ? ["start", "advertise-keys", "share-keys", "masked-input", "unmask"]
                : ["start", "advertise-keys", "share-keys", "masked-input", "consistency", "unmask"]
        case "peer-to-peer":
            try fields.integer("threshold") == session.contributors.count
                ? ["start", "share", "combine"] : ["start", "share", "confirm", "combine"]
        // In schemes with a leader a party is there or not.
        default: ["start"]
        }
    }

    private static func losses(
        of id: PartyID,
        _ party: VectorFields,
        _ scheme: String,
        _ sends: [String]
    ) throws -> [FaultSchedule.Fault] {
        if try party.isNull("lostAfter") { return [] }
        let stage = try party.string("lostAfter")
        guard let send = sends.firstIndex(of: stage) else { throw CaseFailure("nobody is lost after '\(stage)'") }
        if party.has("messagesOfLastSend"), !(try party.isNull("messagesOfLastSend")) {
            return [.partialSend(id, send: send, frames: try party.integer("messagesOfLastSend"))]
        }
        return [.loss(id, beforeSend: send)]
    }

    func visit<Scheme: AggregationScheme>(_ scheme: Scheme, in context: RoundContext) throws
    where Scheme.Element: MaskableElement & RingWord {
        for (id, input) in inputs { try requireEqual(input.count, scheme.dimension, "length of the input of \(id)") }
        var sent: [StatedMessage] = []
        var driver = AggregationDriver(scheme: scheme, context: context, randomness: randomness, faults: faults)
        driver.observer = { frame, stage in sent.append(StatedMessage(frame, stage)) }
        let outcome = driver.run { (inputs[$0] ?? []).map { Scheme.Element($0) } }

        var expected = try fields.objects("messages").map { try StatedMessage($0) }
        if scheme.helpers.isEmpty {
            // Peers do not wait for one another within a stage, so the order says nothing.
            sent.sort()
            expected.sort()
        }
        for (position, stated) in expected.enumerated() {
            guard position < sent.count else { throw CaseFailure("message \(position) is missing in ours") }
            try requireEqual(sent[position].route, stated.route, "message \(position)")
            try requireEqual(sent[position].bytes, stated.bytes, "message \(position) (\(stated.route))")
        }
        // The model does not write down that parties tell one another when they give up.
        let isValid = try fields.isValid()
        for (position, further) in sent.enumerated().dropFirst(expected.count) {
            let isNotice = further.route.stage == nil && (!isValid || scheme.helpers.isEmpty)
            try require(isNotice, "ours has a further message \(position): \(further.route)")
        }
        if scheme.helpers.isEmpty { try checkPeers(outcome) }
        if fields.has("intermediate") {
            try MaskingGraphVerifier.checkIntermediates(of: fields, scheme, in: context, sent)
        }
        if isValid { try checkSum(outcome, sent, scheme.helpers) } else { try checkAbort(outcome) }
    }

    /// How the round ended for each peer.
    private func checkPeers<Element: RingWord>(_ outcome: AggregationOutcome<Element>) throws {
        let outcomes = try fields.objects("outcomes")
        try requireEqual(outcomes.map { try $0.party("id") }, fields.parties("contributors"), "outcomes")
        for stated in outcomes {
            let peer = try stated.party("id")
            switch try stated.string("outcome") {
            case "sum": try require(outcome.learned[peer] != nil, "peer \(peer) must learn the sum")
            case "lost": try require(outcome.lost.contains(peer), "peer \(peer) must be lost")
            case "too-few-parties":
                try requireAbort(outcome, of: peer, atStage: try stated.integer("abortStage"))
            case let other: throw CaseFailure("there is no outcome '\(other)'")
            }
        }
    }

    private func checkSum<Element: RingWord>(
        _ outcome: AggregationOutcome<Element>,
        _ messages: [StatedMessage],
        _ helpers: [PartyID]
    ) throws {
        guard let aggregate = outcome.aggregate else { throw CaseFailure("no sum was learned: \(outcome.aborted)") }
        try requireEqual(aggregate.sum.map { UInt64($0) }, fields.unsignedList("sum"), "sum")
        guard scheme == "secagg" || scheme == "secagg+" else {
            try requireEqual(aggregate.contributors, fields.parties("included"), "included")
            if scheme == "shamir" {
                try requireEqual(Self.answering(helpers, in: messages), fields.parties("answered"), "answered")
            }
            return
        }
        try requireEqual(aggregate.contributors, fields.parties("U3"), "U3")
        for (name, stage) in RoundVerifier.maskingSets {
            let senders = messages.map(\.route).filter { $0.stage == stage }.map(\.from).sorted()
            if try fields.isNull(name) {
                try require(senders.isEmpty, "\(name) is null, and somebody sends at stage \(stage)")
            } else {
                try requireEqual(senders, fields.parties(name), name)
            }
        }
    }

    /// The helpers whose sums are among the messages of `shamir`, in their order.
    static func answering(_ helpers: [PartyID], in messages: [StatedMessage]) -> [PartyID] {
        let senders = Set(messages.filter { $0.bytes.count > 1 && $0.bytes[1] == 0x42 }.map(\.route.from))
        return helpers.filter(senders.contains)
    }

    private func checkAbort<Element: RingWord>(_ outcome: AggregationOutcome<Element>) throws {
        // Where the survivors leave the circle in two pieces, the server has too few of them in two runs of places.
        let error = try fields.string("error")
        try require(error == "too-few-parties" || error == "circle-cut", "there is no error '\(error)' here")
        try require(outcome.learned.isEmpty, "must abort, a sum was learned")
        try requireAbort(outcome, of: fields.party("abortParty"), atStage: fields.integer("abortStage"))
    }

    private func requireAbort<Element: RingWord>(
        _ outcome: AggregationOutcome<Element>,
        of party: PartyID,
        atStage stage: Int
    ) throws {
        let names: [Int: String] =
            switch scheme {
            case "plain": [0: "input"]
            case "additive", "shamir": [0: "share", 2: "combine"]
            case "peer-to-peer": [0: "share", 1: "confirm", 2: "combine"]
            default: [0: "advertise-keys", 3: "share-keys", 5: "masked-input", 7: "consistency", 10: "unmask"]
            }
        guard case .tooFewParties(let name, _, _)? = outcome.aborted[party], name == names[stage] else {
            throw CaseFailure("party \(party) must abort at stage \(stage): \(outcome.aborted)")
        }
    }
}

/// Gives every party the generator of the file; of the helpers only a server that draws the graph has one.
struct StatedRandomness: RandomnessSource {
    let keys: [PartyID: [UInt8]]

    func generator(for party: PartyID, in context: RoundContext) -> SeededGenerator {
        SeededGenerator(key: keys[party] ?? [UInt8](repeating: 0, count: 32))
    }
}
