// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
import SecureAggregation

/// `fedsum_must_fail_plain_round_v1` and those of the other schemes: rounds in which somebody sends other bytes than it
/// should. Who is sent them must refuse, the others must go on, and every message is compared to the byte.
enum MustFailRoundVerifier {
    static let schemas: Set<String> = [
        "fedsum_must_fail_plain_round_v1", "fedsum_must_fail_additive_round_v1", "fedsum_must_fail_shamir_round_v1",
        "fedsum_must_fail_peer_to_peer_round_v1", "fedsum_must_fail_secagg_round_v1",
        "fedsum_must_fail_secagg_plus_round_v1",
    ]

    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        var rounds: [String: UndisturbedRound] = [:]
        for (position, fields) in try document.objects("rounds").enumerated() {
            let id = (try? fields.string("id")) ?? "#\(position + 1)"
            report.check("round \(id)") {
                let round = try UndisturbedRound(fields)
                try require(rounds.updateValue(round, forKey: try fields.string("id")) == nil, "the id is used twice")
            }
        }
        try checkCases(of: document, into: &report) { fields in
            let id = try fields.string("round")
            guard let round = rounds[id] else { throw CaseFailure("there is no valid round '\(id)'") }
            try round.session.open(DisturbedRound(fields, of: round), privateKeys: round.privateKeys)
        }
    }
}

/// A round as it is when nobody changes a message, with everything that its parties need to run it again.
private struct UndisturbedRound {
    let session: StatedSession
    let privateKeys: StatedSession.PrivateKeys
    let round: StatedRound
    let messages: [StatedMessage]
    /// Messages of disturbed rounds that several cases have, numbered after those of this one.
    let others: [StatedMessage]

    init(_ fields: VectorFields) throws {
        // All who could learn the sum do, so the file does not say it for each.
        var members = fields.members
        members["result"] = .string("valid")
        members["outcomes"] = .array(
            try fields.integers("contributors").map { .object(["id": .integer($0), "outcome": .string("sum")]) }
        )
        let complete = VectorFields(members)
        try RoundVerifier.check(complete)
        session = try StatedSession(complete)
        privateKeys = try RoundVerifier.privateKeys(complete)
        round = try StatedRound(complete, session)
        messages = try fields.objects("messages").map { try StatedMessage($0) }
        others = fields.has("others") ? try fields.objects("others").map { try StatedMessage($0) } : []
    }
}

/// One case: a round with its disturbance, which all parties run here.
private struct DisturbedRound: StatedSchemeVisitor {
    let fields: VectorFields
    let round: StatedRound
    let refusals: [Refusal]
    /// What is sent in all, in order of stage, sender and receiver.
    private let expected: [StatedMessage]
    /// By route: what the sender makes, and what travels instead.
    private let replaced: [StatedMessage.Route: (original: [UInt8], substitute: [UInt8])]
    /// By route: what is sent after the sender's own message.
    private let added: [StatedMessage.Route: StatedMessage]
    /// What is sent on each way when nobody changes a message.
    private let undisturbed: [StatedMessage.Route: [UInt8]]

    /// Who holds what against whom.
    struct Refusal: Hashable {
        let stage: Int
        let by: PartyID
        let from: PartyID?
        let reaction: String
        let error: String

        init(_ fields: VectorFields) throws {
            stage = try fields.integer("stage")
            by = try fields.party("by")
            from = try fields.isNull("from") ? nil : fields.party("from")
            reaction = try fields.string("reaction")
            error = try fields.string("error")
        }
    }

    init(_ fields: VectorFields, of undisturbed: UndisturbedRound) throws {
        self.fields = fields
        round = undisturbed.round
        try require(!fields.isValid(), "'result' must be invalid: something is refused")
        try require(!fields.string("how").isEmpty, "'how' is empty")
        refusals = try fields.objects("refusals").map { try Refusal($0) }
        guard let first = refusals.first else { throw CaseFailure("'refusals' is empty") }
        try requireEqual(first.error, fields.string("error"), "error")

        let own = Dictionary(undisturbed.messages.map { ($0.route, $0.bytes) }) { first, _ in first }
        try require(own.count == undisturbed.messages.count, "a message of the round is there twice")
        var messages: [StatedMessage] = []
        let pool = undisturbed.messages + undisturbed.others
        for value in try fields.array("messages") {
            if case .integer(let number) = value {
                try require(pool.indices.contains(number), "there is no message \(number)")
                messages.append(pool[number])
            } else {
                let message = try StatedMessage(VectorFields(value, as: "messages"))
                try require(own[message.route] != message.bytes, "\(message.route) is as in the undisturbed round")
                messages.append(message)
            }
        }
        var replaced: [StatedMessage.Route: (original: [UInt8], substitute: [UInt8])] = [:]
        for entry in try fields.objects("replaced") {
            let (index, original) = (try entry.integer("index"), try entry.integer("original"))
            try require(messages.indices.contains(index), "there is no message \(index)")
            try require(undisturbed.messages.indices.contains(original), "there is no original \(original)")
            let (message, source) = (messages[index], undisturbed.messages[original])
            try require(message.route == source.route, "message \(index) does not come in place of \(original)")
            try require(message.bytes != source.bytes, "message \(index) is not another one")
            try require(replaced[message.route] == nil, "message \(index) is replaced twice")
            replaced[message.route] = (source.bytes, message.bytes)
        }
        var added: [StatedMessage.Route: StatedMessage] = [:]
        for index in fields.has("added") ? try fields.integers("added") : [] {
            try require(messages.indices.contains(index), "there is no message \(index)")
            let message = messages[index]
            try require(own[message.route] != nil, "message \(index) comes after none")
            try require(added.updateValue(message, forKey: message.route) == nil, "message \(index) is added twice")
        }
        try require(!replaced.isEmpty || !added.isEmpty, "nothing is changed")
        self.replaced = replaced
        self.added = added
        self.undisturbed = own
        expected = messages.sorted()
    }

    func visit<Scheme: AggregationScheme>(_ scheme: Scheme, in context: RoundContext) throws
    where Scheme.Element: MaskableElement & RingWord {
        var sent: [StatedMessage] = []
        var waiting = replaced
        var further = added
        var foreign: [StatedMessage.Route] = []
        var driver = AggregationDriver(scheme: scheme, context: context, randomness: round.randomness)
        driver.observer = { frame, stage in
            // That parties tell one another when they give up is not in the files.
            if stage != nil { sent.append(StatedMessage(frame, stage)) }
        }
        driver.substitute = { frame, stage in
            let own = StatedMessage(frame, stage)
            guard let (original, substitute) = waiting.removeValue(forKey: own.route) else { return nil }
            if own.bytes != original { foreign.append(own.route) }
            return substitute
        }
        driver.addition =
            added.isEmpty
            ? nil
            : { frame, stage in
                guard let message = further.removeValue(forKey: StatedMessage(frame, stage).route) else { return nil }
                sent.append(message)
                return message.bytes
            }
        let outcome = driver.run { (round.inputs[$0] ?? []).map { Scheme.Element($0) } }

        if let missing = further.keys.min() { throw CaseFailure("nobody sends \(missing), after which one is added") }
        if let missing = waiting.keys.min() { throw CaseFailure("nobody sends \(missing), which is replaced") }
        // After the first disturbance senders make other messages than in the undisturbed round.
        let first = replaced.keys.compactMap(\.stage).min()
        if let other = foreign.filter({ $0.stage == first }).min() {
            throw CaseFailure("\(other) is not what its sender makes")
        }
        // The order within a stage says nothing; of two on one way neither.
        let byBytes = { (a: StatedMessage, b: StatedMessage) in
            a.route == b.route ? a.bytes.lexicographicallyPrecedes(b.bytes) : a < b
        }
        sent.sort(by: byBytes)
        let expected = expected.sorted(by: byBytes)
        for (ours, stated) in zip(sent, expected) {
            try requireEqual(ours.route, stated.route, "message")
            try requireEqual(ours.bytes, stated.bytes, "bytes of \(stated.route)")
        }
        try requireEqual(sent.count, expected.count, "messages.count")

        let complaints = sent.filter { replaced[$0.route] == nil }
        let found = FoundRefusals(scheme, scheme.messageFormat(in: context), outcome, complaints)
        try check(found, sent)
        if scheme.helpers.isEmpty { try checkPeers(found, outcome, scheme.contributors) }
        switch try fields.string("outcome") {
        case "sum": try checkSum(outcome, scheme.helpers)
        case "abort":
            try require(outcome.learned.isEmpty, "must abort, a sum was learned")
            if !scheme.helpers.isEmpty {
                try checkAbort(
                    found,
                    of: fields.party("abortParty"),
                    atStage: fields.integer("abortStage"),
                    for: fields.string("abortError")
                )
            }
        case let other: throw CaseFailure("there is no outcome '\(other)'")
        }
    }

    // MARK: Refusals

    /// Everything that the case states happened, and nothing else but what follows from it.
    private func check(_ found: FoundRefusals, _ sent: [StatedMessage]) throws {
        var rest = found.entries
        for stated in refusals {
            if stated.reaction == "leave-out" {
                try requireLeftOut(stated, sent)
                continue
            }
            let position = rest.firstIndex { entry in
                entry.by == stated.by && entry.from == stated.from && entry.reaction == stated.reaction
                    && entry.errors.contains(stated.error)
            }
            guard let position else {
                throw CaseFailure(
                    "\(stated.by) must \(stated.reaction) for '\(stated.error)' from "
                        + "\(stated.from.map { "\($0)" } ?? "nobody in particular"); ours: \(found.entries)"
                )
            }
            let entry = rest.remove(at: position)
            try requireRightStage(stated, entry)
        }
        if let further = rest.first(where: { !$0.isConsequence }) {
            throw CaseFailure("ours has a further refusal: \(further)")
        }
        try require(Set(refusals).count == refusals.count, "a refusal must be stated once")
    }

    /// What is left out shows in what is sent next: a share that did not come is not revealed; a false one did no harm to
    /// the sum, which is checked.
    private func requireLeftOut(_ stated: Refusal, _ sent: [StatedMessage]) throws {
        guard let sender = stated.from else { throw CaseFailure("'from' of what is left out is null") }
        let claim = "\(stated.by) must leave out a part from \(sender) at stage \(stated.stage)"
        switch stated.error {
        case "inconsistent-share":
            let route = StatedMessage.Route(stage: stated.stage, from: sender, to: stated.by)
            try require(replaced[route] != nil, "\(claim), but no message on this way is replaced")
            // That it did no harm shows in the sum alone.
            try require(fields.string("outcome") == "sum", "\(claim), which takes no abort")
        case "box-does-not-open", "wrong-parties-in-share":
            try require(stated.stage == 4, "\(claim), but boxes come at stage 4")
            try require(
                replaced.keys.contains { $0.stage == 4 && $0.to == stated.by }
                    || replaced.keys.contains { $0.from == sender },
                "\(claim), but no such message is replaced")
            guard let reveal = sent.first(where: { $0.route.stage == 10 && $0.route.from == stated.by }) else {
                throw CaseFailure("\(claim), but reveals nothing at all")
            }
            try require(
                Self.dealers(undisturbed[reveal.route] ?? []).contains(sender),
                "\(claim), but reveals no share of it without the change either")
            try require(!Self.dealers(reveal.bytes).contains(sender), "\(claim), but reveals a share of it")
        case let other: throw CaseFailure("nothing is left out for '\(other)'")
        }
    }

    /// Of whom a reveal holds shares: entries of four bytes of id and 32 of share, after the header and a length of three
    /// bytes.
    private static func dealers(_ reveal: [UInt8]) -> [PartyID] {
        stride(from: 37, to: reveal.count - 3, by: 36).map { start in
            PartyID(reveal[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
    }

    private func requireRightStage(_ stated: Refusal, _ found: FoundRefusals.Entry) throws {
        switch stated.reaction {
        case "drop":
            // What is dropped is the message of that stage.
            let route = stated.from.map { StatedMessage.Route(stage: stated.stage, from: $0, to: stated.by) }
            if let route, added[route] != nil { return }
            // Or one that its sender would not have made, had it not been told something false.
            if let route, replaced[route] == nil, follows(route) { return }
            guard let route, let message = replaced[route] else {
                throw CaseFailure("the message that is dropped at stage \(stated.stage) is none of 'replaced'")
            }
            if stated.error == "wrong-share-count" {
                try require(
                    message.original.dropFirst(34).prefix(2) != message.substitute.dropFirst(34).prefix(2),
                    "the number of shares is right"
                )
            }
        case "complain": try requireEqual(1, stated.stage, "stage of a complaint")
        default: try requireEqual(found.stage, stated.stage, "stage of the refusal by \(stated.by)")
        }
    }

    /// Whether the message on this way is another one than in the undisturbed round, after what was replaced.
    private func follows(_ route: StatedMessage.Route) -> Bool {
        let isLater = replaced.keys.contains { ($0.stage ?? 0) < (route.stage ?? 0) && $0.to == route.from }
        return isLater && expected.contains { $0.route == route && undisturbed[route] != $0.bytes }
    }

    // MARK: The end

    private func checkSum<Element: RingWord>(_ outcome: AggregationOutcome<Element>, _ helpers: [PartyID]) throws {
        guard let aggregate = outcome.aggregate else { throw CaseFailure("no sum was learned: \(outcome.aborted)") }
        try requireEqual(aggregate.sum.map { UInt64($0) }, fields.unsignedList("sum"), "sum")
        let dropped = Set(
            refusals.filter { $0.reaction == "drop" }.compactMap { refusal in
                refusal.from.map { StatedMessage.Route(stage: refusal.stage, from: $0, to: refusal.by) }
            }
        )
        let taken = expected.filter { !dropped.contains($0.route) }
        guard round.scheme == "secagg" || round.scheme == "secagg+" else {
            try requireEqual(aggregate.contributors, fields.parties("included"), "included")
            if round.scheme == "shamir" {
                try requireEqual(StatedRound.answering(helpers, in: taken), fields.parties("answered"), "answered")
            }
            return
        }
        try requireEqual(aggregate.contributors, fields.parties("U3"), "U3")
        for (name, stage) in RoundVerifier.maskingSets {
            let senders = taken.filter { $0.route.stage == stage }.map(\.route.from)
            try requireEqual(senders, fields.isNull(name) ? [] : fields.parties(name), name)
        }
    }

    private func checkPeers<Element: RingWord>(
        _ found: FoundRefusals,
        _ outcome: AggregationOutcome<Element>,
        _ peers: [PartyID]
    ) throws {
        let outcomes = try fields.objects("outcomes")
        try requireEqual(outcomes.map { try $0.party("id") }, peers, "outcomes")
        for (peer, stated) in zip(peers, outcomes) {
            let end = try stated.string("outcome")
            if end == "sum" {
                try require(outcome.learned[peer] != nil, "peer \(peer) must learn the sum: \(outcome.aborted)")
                try require(stated.isNull("abortStage"), "'abortStage' of \(peer) is not null")
            } else {
                try checkAbort(found, of: peer, atStage: stated.integer("abortStage"), for: end)
            }
        }
    }

    private func checkAbort(_ found: FoundRefusals, of party: PartyID, atStage stage: Int, for error: String) throws {
        guard let abort = found.entries.first(where: { $0.by == party && $0.reaction == "abort" }) else {
            throw CaseFailure("party \(party) must abort at stage \(stage)")
        }
        try require(abort.errors.contains(error), "party \(party) must abort for '\(error)', ours: \(abort)")
        try requireEqual(abort.stage, stage, "stage of the abort of \(party)")
    }
}

/// What the parties of a round refused, in the words of the files.
private struct FoundRefusals {
    var entries: [Entry] = []

    struct Entry: CustomStringConvertible {
        let by: PartyID
        let from: PartyID?
        let reaction: String
        /// The words that say so.
        let errors: Set<String>
        /// The stage for which the party waited; a message that is dropped has its own.
        let stage: Int?
        /// Whether this follows from somebody else's refusal, or loss: the files need not list it.
        let isConsequence: Bool
        let description: String
    }

    init<Scheme: AggregationScheme>(
        _ scheme: Scheme,
        _ format: MessageFormat,
        _ outcome: AggregationOutcome<Scheme.Element>,
        _ complaints: [StatedMessage]
    ) {
        for rejection in outcome.rejections {
            // Who gives up says so, and that is no fault.
            if case .senderAborted = rejection.reason { continue }
            entries.append(
                Entry(
                    by: rejection.receiver,
                    from: rejection.sender,
                    reaction: "drop",
                    errors: Self.words(for: rejection.reason, scheme.name, format),
                    stage: nil,
                    isConsequence: false,
                    description: "\(rejection.receiver) drops what \(rejection.sender) sent: \(rejection.reason)"
                )
            )
        }
        for message in complaints {
            for contributor in message.accused {
                entries.append(
                    Entry(
                        by: message.route.from,
                        from: contributor,
                        reaction: "complain",
                        errors: ["box-does-not-open"],
                        stage: nil,
                        isConsequence: false,
                        description: "\(message.route.from) complains of \(contributor)"
                    )
                )
            }
        }
        for (party, error) in outcome.aborted.sorted(by: { $0.key < $1.key }) {
            let stage = outcome.abortStages[party]?.ordinal
            var culprit: PartyID?
            if case .violation(_, let sender) = error { culprit = sender }
            if case .inconsistentShares(let dealer) = error, scheme.name.hasPrefix("secagg") { culprit = dealer }
            entries.append(
                Entry(
                    by: party,
                    from: culprit,
                    reaction: "abort",
                    errors: Self.words(for: error, scheme.name, stage),
                    stage: stage,
                    isConsequence: Self.isConsequence(error, scheme.name),
                    description: "\(party) aborts at stage \(stage ?? -1): \(error)"
                )
            )
        }
    }

    /// Whether a party gives up only because of what it did not get, or was told.
    private static func isConsequence(_ error: AggregationError, _ scheme: String) -> Bool {
        switch error {
        case .tooFewParties, .abortedByPeer: true
        // With a leader this is a complaint and what comes of it.
        case .inconsistentShares: !scheme.hasPrefix("secagg")
        default: false
        }
    }

    private static func words(for rejection: Rejection, _ scheme: String, _ format: MessageFormat) -> Set<String> {
        switch rejection {
        case .malformed(let error):
            var words = WireVerifier.names(error, format)
            // Our decoder goes by the count that is there, and finds another fault behind it.
            if scheme == "shamir" { words.insert("wrong-share-count") }
            // It refuses a list that is longer than the session has parties before it reads whom it names.
            if case .badLength = error { words.formUnion(["wrong-parties-in-list", "unknown-party"]) }
            return words
        case .unexpected: return ["wrong-kind-of-share", "wrong-stage"]
        case .late: return ["wrong-stage", "conflicting-message"]
        case .conflicting: return ["conflicting-message"]
        case .invalid(let violation):
            switch violation {
            case .badSignature: return ["wrong-signature"]
            case .wrongCount: return ["wrong-seed-count", "wrong-share-count", "wrong-parties-in-list"]
            case .foreignParty: return ["unknown-party", "wrong-parties-in-list"]
            case .receiverMisplaced: return ["wrong-parties-in-list"]
            case .duplicateKey: return ["equal-keys"]
            case .lowOrderKey: return ["low-order-point"]
            case .wrongThreatModel: return ["wrong-threat"]
            default: return []
            }
        default: return []
        }
    }

    private static func words(for error: AggregationError, _ scheme: String, _ stage: Int?) -> Set<String> {
        switch error {
        // A server has too few survivors in two runs of places where the circle is cut.
        case .tooFewParties where scheme == "secagg+": return ["too-few-parties", "circle-cut"]
        case .tooFewParties, .abortedByPeer(_, .tooFewParties): return ["too-few-parties"]
        case .inconsistentPartialSums: return ["inconsistent-share"]
        case .inconsistentShares:
            // With a complaint there are too few answers, which is not the better explanation.
            return switch scheme {
            case "additive": ["complaint"]
            case "shamir": ["too-few-parties"]
            default: ["inconsistent-share", "too-few-shares"]
            }
        case .violation(let violation, _):
            // At the end of the consistency round, whatever is no witness's signature is one too few.
            let others: Set<String> = scheme.hasPrefix("secagg") && stage == 9 ? ["too-few-witnesses"] : []
            return words(for: violation, stage).union(others)
        default: return []
        }
    }

    private static func words(for violation: ProtocolViolation, _ stage: Int?) -> Set<String> {
        switch violation {
        case .foreignParty: return ["unknown-party", "wrong-parties-in-list"]
        case .missingNeighbor, .unorderedParties: return ["wrong-parties-in-list"]
        case .wrongThreatModel: return ["wrong-threat"]
        case .wrongPath: return ["wrong-path"]
        case .changedRoot: return ["root-replaced"]
        case .wrongEntropy: return ["wrong-entropy"]
        case .hiddenSharer: return ["sharers-contradict-boxes"]
        case .survivorNotSharer: return ["survivors-not-sharers"]
        case .circleCut: return ["circle-cut"]
        case .tooFewSignatures: return ["too-few-witnesses"]
        case .receiverMisplaced: return stage == 6 ? ["own-input-dropped"] : ["unknown-party", "own-input-dropped"]
        case .ownKeysChanged: return ["own-keys-replaced"]
        case .duplicateKey: return ["equal-keys"]
        case .lowOrderKey: return ["low-order-point"]
        case .tooFewParties: return ["too-few-parties"]
        case .badSignature: return ["wrong-signature"]
        default: return []
        }
    }
}

extension StatedMessage {
    /// Whom an aggregator of `additive` or `shamir` complains of, if this is a complaint that decodes.
    fileprivate var accused: [PartyID] {
        guard bytes.count > 34, [0x23, 0x43].contains(bytes[1]) else { return [] }
        var decoder = WireDecoder(Array(bytes[34...]))
        return (try? decoder.readAscendingParties(lengthBytes: 3, maximum: 1 << 22)) ?? []
    }
}
