// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// `fedsum_plain_round_v1`, `fedsum_additive_round_v1`, `fedsum_secagg_round_v1`: whole rounds, every message to the
/// byte.
enum RoundVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        let session = try StatedSession(fields)
        try session.checkDigest()
        try session.open(StatedRound(fields, session), privateKeys: privateKeys(fields))
    }

    /// The helpers' keys, where they have any.
    private static func privateKeys(_ fields: VectorFields) throws -> [PartyID: KeyAgreementPrivateKey] {
        guard fields.has("servers") else {
            try requireEqual(fields.parties("helpers"), [fields.party("server")], "server")
            return [:]
        }
        var keys: [PartyID: KeyAgreementPrivateKey] = [:]
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
            if position > 0 { keys[helpers[position]] = key }
        }
        return keys
    }
}

/// A round of a file, which all its parties run here.
private struct StatedRound: StatedSchemeVisitor {
    let fields: VectorFields
    let scheme: String
    let inputs: [PartyID: [UInt64]]
    let randomness: StatedRandomness
    let faults: FaultSchedule

    /// A message in the file or on its way.
    private struct Message: Equatable, CustomStringConvertible {
        let stage: Int?
        let from: PartyID
        let to: PartyID
        var description: String { "stage \(stage.map(String.init) ?? "abort") from \(from) to \(to)" }
    }

    init(_ fields: VectorFields, _ session: StatedSession) throws {
        self.fields = fields
        scheme = try fields.string("scheme")
        var inputs: [PartyID: [UInt64]] = [:]
        var keys: [PartyID: [UInt8]] = [:]
        var faults: [FaultSchedule.Fault] = []
        let clients = try fields.objects("clients")
        try requireEqual(clients.map { try $0.party("id") }, session.contributors, "clients")
        for client in clients {
            let id = try client.party("id")
            let input = try client.unsignedList("input")
            try require(input.allSatisfy { $0 <= session.width.mask }, "the input of \(id) is not of the ring")
            inputs[id] = input
            if scheme != "plain" { keys[id] = try client.bytes("rand", count: 32) }
            if fields.has("simulationSeed") {
                try Self.checkSimulation(
                    seed: fields.unsigned("simulationSeed"),
                    of: id,
                    session,
                    key: keys[id],
                    input: input
                )
            }
            faults += try Self.losses(of: id, client, scheme)
        }
        for server in fields.has("servers") ? try fields.objects("servers") : [] {
            faults += try Self.losses(of: server.party("id"), server, scheme)
        }
        self.inputs = inputs
        self.faults = FaultSchedule(faults)
        randomness = StatedRandomness(keys: keys)
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

    private static func losses(of id: PartyID, _ party: VectorFields, _ scheme: String) throws -> [FaultSchedule.Fault]
    {
        if try party.isNull("lostAfter") { return [] }
        let stage = try party.string("lostAfter")
        // Clients of secagg send once in each of these; elsewhere a party is there or not.
        let sends =
            scheme == "secagg" ? ["start", "advertise-keys", "share-keys", "masked-input", "unmask"] : ["start"]
        guard let send = sends.firstIndex(of: stage) else { throw CaseFailure("nobody is lost after '\(stage)'") }
        return [.loss(id, beforeSend: send)]
    }

    func visit<Scheme: AggregationScheme>(_ scheme: Scheme, in context: RoundContext) throws
    where Scheme.Element: MaskableElement & RingWord {
        for (id, input) in inputs { try requireEqual(input.count, scheme.dimension, "length of the input of \(id)") }
        var messages: [Message] = []
        var bytes: [[UInt8]] = []
        var driver = AggregationDriver(scheme: scheme, context: context, randomness: randomness, faults: faults)
        driver.observer = { frame, stage in
            messages.append(Message(stage: stage?.ordinal, from: frame.sender, to: frame.receiver))
            bytes.append(frame.bytes)
        }
        let outcome = driver.run { (inputs[$0] ?? []).map { Scheme.Element($0) } }

        let expected = try fields.objects("messages")
        let isValid = try fields.isValid()
        for (position, stated) in expected.enumerated() {
            guard position < messages.count else { throw CaseFailure("message \(position) is missing in ours") }
            let message = Message(
                stage: try stated.integer("stage"),
                from: try stated.party("from"),
                to: try stated.party("to")
            )
            try requireEqual(messages[position], message, "message \(position)")
            try requireEqual(bytes[position], stated.bytes("bytes"), "message \(position) (\(message))")
        }
        // The model ends where too few are left; our parties tell one another.
        for (position, message) in messages.enumerated().dropFirst(expected.count) {
            try require(!isValid && message.stage == nil, "ours has a further message \(position): \(message)")
        }
        if isValid { try checkSum(outcome, messages) } else { try checkAbort(outcome) }
    }

    private func checkSum<Element: RingWord>(_ outcome: AggregationOutcome<Element>, _ messages: [Message]) throws {
        guard let aggregate = outcome.aggregate else { throw CaseFailure("no sum was learned: \(outcome.aborted)") }
        try requireEqual(aggregate.sum.map { UInt64($0) }, fields.unsignedList("sum"), "sum")
        guard scheme == "secagg" else {
            return try requireEqual(aggregate.contributors, fields.parties("included"), "included")
        }
        try requireEqual(aggregate.contributors, fields.parties("U3"), "U3")
        for (position, name) in ["U1", "U2", "U3", "U4"].enumerated() {
            let senders = messages.filter { $0.stage == 2 * position }.map(\.from).sorted()
            try requireEqual(senders, fields.parties(name), name)
        }
    }

    private func checkAbort<Element: RingWord>(_ outcome: AggregationOutcome<Element>) throws {
        try requireEqual(fields.string("error"), "too-few-parties", "error")
        try require(outcome.learned.isEmpty, "must abort, a sum was learned")
        let names: [Int: String] =
            switch scheme {
            case "plain": [0: "input"]
            case "additive": [0: "share", 2: "combine"]
            default: [0: "advertise-keys", 2: "share-keys", 4: "masked-input", 6: "unmask"]
            }
        let party = try fields.party("abortParty")
        let stage = try fields.integer("abortStage")
        guard case .tooFewParties(let name, _, _)? = outcome.aborted[party], name == names[stage] else {
            throw CaseFailure("party \(party) must abort at stage \(stage): \(outcome.aborted)")
        }
    }
}

/// Gives every party the generator of the file; helpers draw nothing.
private struct StatedRandomness: RandomnessSource {
    let keys: [PartyID: [UInt8]]

    func generator(for party: PartyID, in context: RoundContext) -> SeededGenerator {
        SeededGenerator(key: keys[party] ?? [UInt8](repeating: 0, count: 32))
    }
}
