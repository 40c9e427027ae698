// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation

/// `fedsum_faulty_rounds_v1`: rounds in which things go wrong, each with what must become of every party.
///
/// The clients are 2, 4, … 2N (a changed last byte of a list of them then still decodes), the helpers 1001, 1002, ….
/// Their vectors come from a hash, so that the file holds only the sum.
enum FaultyRoundVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        try require(fields.isValid(), "'result' must be valid: every schedule can be run")
        try FaultyRound(fields).open()
    }
}

/// One round of a file.
private struct FaultyRound {
    let fields: VectorFields
    let scheme: String
    let seed: UInt32
    let width: RingWidth
    let dimension: Int
    let clients: [PartyID]
    let helpers: [PartyID]
    let cohort: MinimumCohort

    /// The round before this one has the number 1; replayed messages come from there.
    private static let context = RoundContext(task: "faulty rounds", round: 2)
    private static let earlierContext = RoundContext(task: "faulty rounds", round: 1)

    init(_ fields: VectorFields) throws {
        self.fields = fields
        scheme = try fields.string("scheme")
        seed = UInt32(try fields.integer("seed"))
        width = try RingWidth(bits: fields.integer("bits"))
        dimension = try fields.integer("dimension", in: 1...1000)
        clients = (1...UInt32(try fields.integer("clients", in: 1...1000))).map { PartyID(2 * $0) }
        helpers = try (0..<UInt32(fields.integer("helpers", in: 0...100))).map { PartyID(1001 + $0) }
        let minimum = try fields.integer("minimumContributors")
        cohort = minimum == 2 ? .twoWhoMayLearnEachOthersVectors : try MinimumCohort(minimum)
    }

    /// Makes the scheme and runs it.
    func open() throws {
        switch scheme {
        case "plain":
            try require(helpers.count == 1, "plain has one helper")
            let plain = try Insecure.Plain<UInt64>(
                contributors: clients,
                server: helpers[0],
                dimension: dimension,
                width: width,
                minimumCohort: cohort
            )
            try run(plain)
        case "additive":
            let additive = try AdditiveAggregation<UInt64>(
                contributors: clients,
                leader: helpers.first ?? 0,
                aggregators: Array(helpers.dropFirst()),
                enrollment: enrollment(),
                dimension: dimension,
                width: width,
                minimumCohort: cohort
            )
            try run(additive)
        case "shamir":
            let shamir = try ShamirAggregation<UInt64>(
                contributors: clients,
                leader: helpers.first ?? 0,
                aggregators: Array(helpers.dropFirst()),
                threshold: fields.integer("threshold"),
                enrollment: enrollment(),
                dimension: dimension,
                width: width,
                minimumCohort: cohort
            )
            try run(shamir)
        case "peer-to-peer":
            try require(helpers.isEmpty, "peer-to-peer has no helpers")
            let peers = try PeerToPeerAggregation<UInt64>(
                contributors: clients,
                threshold: fields.integer("threshold"),
                dimension: dimension,
                width: width,
                minimumCohort: cohort
            )
            try run(peers)
        case "secagg", "secagg+":
            try require(helpers.count == 1, "\(scheme) has one helper")
            guard let threat = ThreatModel(rawValue: UInt8(try fields.integer("threat", in: 0...2))) else {
                throw CaseFailure("there is no such threat model")
            }
            let secAgg = try SecAgg<UInt64>(
                contributors: clients,
                server: helpers[0],
                graph: scheme == "secagg"
                    ? .complete
                    : .sparse(
                        neighbors: fields.integer("neighbors"),
                        beacon: SimulatedBeacon(randomness: randomness)
                    ),
                threat: threat,
                threshold: fields.integer("threshold"),
                enrollment: ClientEnrollment(contributors: clients, randomness: randomness),
                dimension: dimension,
                width: width,
                minimumCohort: cohort
            )
            try run(secAgg)
        case let name: throw CaseFailure("there is no scheme '\(name)'")
        }
    }

    private func enrollment() throws -> SharingEnrollment {
        try SharingEnrollment(
            contributors: clients,
            aggregators: Array(helpers.dropFirst()),
            randomness: randomness
        )
    }

    private var randomness: SimulationRandomness { SimulationRandomness(seed: UInt64(seed)) }

    // MARK: The round

    private func run<Scheme: AggregationScheme>(_ scheme: Scheme) throws
    where Scheme.Element == UInt64 {
        let faults = try StatedFaults(fields.objects("faults"), parties: Set(clients + helpers))
        var recorded: [PartyID: [Int: [FaultSchedule.RecordedFrame]]] = [:]
        if faults.needsRecord {
            recorded = try earlierFrames(scheme)
        }
        let driver = AggregationDriver(
            scheme: scheme,
            context: Self.context,
            randomness: randomness,
            faults: FaultSchedule(try faults.schedule(recorded: recorded))
        )
        let outcome = driver.run(input: vector)
        try checkEnds(outcome)
        try checkSums(outcome)
    }

    /// What every party sent in each step of a round before, in which all went well.
    private func earlierFrames<Scheme: AggregationScheme>(
        _ scheme: Scheme
    ) throws -> [PartyID: [Int: [FaultSchedule.RecordedFrame]]] where Scheme.Element == UInt64 {
        var frames: [PartyID: [Stage: [FaultSchedule.RecordedFrame]]] = [:]
        var driver = AggregationDriver(scheme: scheme, context: Self.earlierContext, randomness: randomness)
        driver.observer = { frame, stage in
            guard let stage else { return }
            frames[frame.sender, default: [:]][stage, default: []].append(
                .init(receiver: frame.receiver, bytes: frame.bytes)
            )
        }
        let outcome = driver.run(input: vector)
        try require(outcome.aggregate?.contributors == clients, "the round without faults: \(outcome.aborted)")
        return frames.reduce(into: [:]) { steps, entry in
            // A helper says nothing in its first step.
            let first = helpers.contains(entry.key) ? 1 : 0
            for (position, stage) in entry.value.keys.sorted().enumerated() {
                steps[entry.key, default: [:]][first + position] = entry.value[stage]
            }
        }
    }

    /// Element i of a client's vector: word i mod 4 of SHA-256(label, seed, client, ⌊i/4⌋), mod 2^b.
    private func vector(of client: PartyID) -> [UInt64] {
        var words: [UInt64] = []
        for block in 0..<UInt32((dimension + 3) / 4) {
            var text = Array("fedsum faulty round input".utf8)
            for number in [seed, client.rawValue, block] {
                text += (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }
            }
            let digest = HashDigest(of: text).bytes
            for start in stride(from: 0, to: 32, by: 8) {
                words.append(digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } & width.mask)
            }
        }
        return Array(words.prefix(dimension))
    }

    // MARK: What became of it

    /// One letter for each party: L learned, D done, T was told to give up, X lost; a digit is the stage for whose
    /// messages it waited in vain.
    private func checkEnds(_ outcome: AggregationOutcome<UInt64>) throws {
        let ends = Array(try fields.string("ends"))
        let parties = clients + helpers
        try requireEqual(ends.count, parties.count, "ends.count")
        for (party, stated) in zip(parties, ends) {
            let isLost = outcome.lost.contains(party)
            let found: String
            if outcome.learned[party] != nil {
                found = "L"
            } else if isLost {
                found = "X"
            } else if outcome.finished.contains(party) {
                found = "D"
            } else {
                switch outcome.aborted[party] {
                case .tooFewParties(let name, _, _)?:
                    found =
                        outcome.abortStages[party].map { String($0.ordinal, radix: 16, uppercase: true) }
                        ?? "gave up at \(name)"
                case .abortedByPeer?: found = "T"
                case let error?: found = "\(error)"
                case nil: found = "still waiting"
                }
            }
            try require(found == String(stated), "party \(party) must end with '\(stated)', ours: \(found)")
        }
    }

    private func checkSums(_ outcome: AggregationOutcome<UInt64>) throws {
        let bits = Array(try fields.string("included"))
        try requireEqual(bits.count, clients.count, "included.count")
        try require(bits.allSatisfy { "01".contains($0) }, "'included' has something else than 0 and 1")
        let included = zip(clients, bits).filter { $1 == "1" }.map(\.0)
        let sum = try fields.unsignedList("sum")
        try require(outcome.learned.isEmpty == included.isEmpty, "'included' must name clients where a sum is learned")
        if included.isEmpty { try require(sum.isEmpty, "'sum' must be empty where none is learned") }
        for (party, aggregate) in outcome.learned.sorted(by: { $0.key < $1.key }) {
            try requireEqual(aggregate.contributors, included, "the sum of \(party) is over other clients: 'included'")
            try requireEqual(aggregate.sum, sum, "sum")
        }
    }
}

/// The faults of a round, as a file states them.
private struct StatedFaults {
    private let entries: [VectorFields]
    private let parties: Set<PartyID>

    init(_ entries: [VectorFields], parties: Set<PartyID>) throws {
        try require(!entries.isEmpty, "'faults' is empty; a round without faults has one of the kind none")
        self.entries = entries
        self.parties = parties
    }

    /// Whether frames of an earlier round are needed.
    var needsRecord: Bool {
        entries.contains { ["replay", "substitution"].contains((try? $0.string("kind")) ?? "") }
    }

    func schedule(
        recorded: [PartyID: [Int: [FaultSchedule.RecordedFrame]]]
    ) throws -> [FaultSchedule.Fault] {
        try entries.compactMap { fault in
            let kind = try fault.string("kind")
            if kind == "none" { return nil }
            if kind == "reordering" { return .reordering(seed: UInt64(try fault.integer("seed"))) }
            let party = try fault.party("party")
            try require(parties.contains(party), "there is no party \(party)")
            let send = try fault.integer("send", in: 0...10)
            func earlier() throws -> [FaultSchedule.RecordedFrame] {
                guard let frames = recorded[party]?[send] else { throw CaseFailure("\(party) says nothing in \(send)") }
                return frames
            }
            switch kind {
            case "loss": return .loss(party, beforeSend: send)
            case "partial-send":
                return .partialSend(party, send: send, frames: try fault.integer("frames", in: 0...1000))
            case "duplicate": return .duplicate(party, send: send)
            case "conflict": return .conflict(party, send: send)
            case "corruption": return .corruption(party, send: send)
            case "truncation": return .truncation(party, send: send, bytes: try fault.integer("bytes", in: 0...34))
            case "trailing-byte": return .trailingByte(party, send: send)
            case "replay": return .replay(party, send: send, of: try earlier())
            case "substitution": return .substitution(party, send: send, by: try earlier())
            case "repetition": return .repetition(party, send: send, of: try fault.integer("of", in: 0...10))
            case "delay": return .delay(party, send: send, ticks: try fault.integer("ticks", in: 1...40_000))
            case "outage": return .outage(party, send: send, ticks: try fault.integer("ticks", in: 1...40_000))
            default: throw CaseFailure("there is no fault '\(kind)'")
            }
        }
    }
}
