// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import Testing

/// Every fault at every send of every scheme, with the outcome that it must have.
///
/// Six clients, threshold 4 (3 of 4 neighbors on a sparse graph), minimum cohort 3, one client at fault. Without faults all
/// happens in tick 0, so a send of step s has until tick (s + 1) · `ticksPerStage`.
@Suite struct FaultTests {
    typealias Fault = FaultSchedule.Fault

    static let clients: [PartyID] = [1, 2, 3, 4, 5, 6]
    private static let ticks = AggregationTiming.ticksPerStage
    private let inputs: [PartyID: [UInt32]] = randomInputs(count: 6, dimension: 3, width: 24, seed: 21)

    /// A send of a scheme, by a client or by a helper, that has frames.
    struct Send: Sendable, CustomTestStringConvertible {
        let scheme: SchemeUnderTest
        let party: PartyID
        let number: Int
        /// The step of the messages.
        let ordinal: Int
        let receivers: Int
        var testDescription: String { "\(scheme.rawValue), party \(party), send \(number)" }
    }

    static let clientSends: [Send] = SchemeUnderTest.withServer.flatMap { scheme in
        scheme.clientOrdinals.enumerated().map { number, ordinal in
            Send(scheme: scheme, party: 2, number: number, ordinal: ordinal, receivers: 1)
        }
    }

    /// Send 0 of a helper is its start, in which it says nothing.
    static let serverSends: [Send] =
        SchemeUnderTest.withServer.flatMap { scheme in
            scheme.serverOrdinals.enumerated().map { number, ordinal in
                Send(scheme: scheme, party: 1000, number: number + 1, ordinal: ordinal, receivers: 6)
            }
        } + [
            Send(scheme: .additive, party: 1000, number: 1, ordinal: 1, receivers: 2),
            Send(scheme: .additive, party: 1001, number: 1, ordinal: 2, receivers: 1),
            Send(scheme: .paillier, party: 1000, number: 1, ordinal: 1, receivers: 1),
            Send(scheme: .paillierAudited, party: 1000, number: 1, ordinal: 1, receivers: 1),
        ]

    private func run(
        _ scheme: SchemeUnderTest,
        _ faults: [Fault],
        messages: MessageLog? = nil
    ) throws -> AggregationOutcome<UInt32> {
        try scheme.run(
            inputs: inputs,
            width: 24,
            threshold: 4,
            faults: FaultSchedule(faults),
            recordsTranscript: true,
            messages: messages
        )
    }

    private func expect(
        _ outcome: AggregationOutcome<UInt32>,
        sums survivors: [PartyID],
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.aggregate?.contributors == survivors, sourceLocation: location)
        #expect(
            outcome.aggregate?.sum == expectedSum(inputs, of: survivors, width: 24),
            sourceLocation: location
        )
        expectAllEnded(outcome, location)
    }

    /// Nobody learned anything, and everybody who was waiting knows why not.
    private func expectAborted(
        _ outcome: AggregationOutcome<UInt32>,
        _ errors: [PartyID: AggregationError],
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.learned.isEmpty, sourceLocation: location)
        #expect(outcome.aborted == errors, sourceLocation: location)
        expectAllEnded(outcome, location)
    }

    private func expectAllEnded(_ outcome: AggregationOutcome<UInt32>, _ location: SourceLocation) {
        let ended = outcome.finished.union(outcome.aborted.keys).union(outcome.lost)
        let isPeerToPeer = outcome.transcript.entries.allSatisfy { $0.to < 1000 }
        #expect(ended.isSuperset(of: inputs.keys), sourceLocation: location)
        #expect(isPeerToPeer || ended.contains(1000), sourceLocation: location)
        #expect(outcome.finished.isDisjoint(with: outcome.aborted.keys), sourceLocation: location)
        #expect(Transcript.firstBrokenLink(in: outcome.transcript.entries) == nil, sourceLocation: location)
        let bytes = outcome.transcript.entries.map(\.byteCount).reduce(0, +)
        #expect(bytes == outcome.cost.bytesSent.values.reduce(0, +), sourceLocation: location)
        #expect(bytes == outcome.cost.bytesReceived.values.reduce(0, +), sourceLocation: location)
        #expect(
            outcome.transcript.entries.count == outcome.cost.messagesSent.values.reduce(0, +),
            sourceLocation: location
        )
    }

    /// The clients whose vectors are in the sum if client 2 is out of the round from this send on.
    private func survivors(without send: Send) -> [PartyID] {
        send.number > send.scheme.vectorSend ? Self.clients : [1, 3, 4, 5, 6]
    }

    /// How a client gives up that is not answered: SecAgg clients wait for an answer, the others are done when they
    /// have sent.
    private func unanswered(_ send: Send) -> [PartyID: AggregationError] {
        let stages = [0: "advertise-keys", 3: "share-keys", 5: "unmask", 7: "consistency"]
        guard send.scheme.isSecAgg, let stage = stages[send.ordinal] else { return [:] }
        return [2: .tooFewParties(stage: stage, have: 0, need: 1)]
    }

    // MARK: A client's sends: what does no harm

    @Test(arguments: clientSends) func `a client's message that comes twice counts once`(send: Send) throws {
        let outcome = try run(send.scheme, [.duplicate(2, send: send.number)])
        expect(outcome, sums: Self.clients)
        #expect(outcome.duplicates == 1 && outcome.rejections.isEmpty && outcome.aborted.isEmpty)
    }

    @Test(arguments: clientSends) func `the first of two contradicting messages of a client counts`(send: Send) throws {
        let outcome = try run(send.scheme, [.conflict(2, send: send.number)])
        expect(outcome, sums: Self.clients)
        #expect(outcome.rejections == [.init(sender: 2, receiver: 1000, reason: .conflicting)])
        #expect(outcome.duplicates == 0 && outcome.aborted.isEmpty)
    }

    @Test(arguments: clientSends) func `a client may use all its time`(send: Send) throws {
        let outcome = try run(
            send.scheme,
            [.delay(2, send: send.number, ticks: (send.ordinal + 1) * Self.ticks - 1)]
        )
        expect(outcome, sums: Self.clients)
        #expect(outcome.rejections.isEmpty && outcome.aborted.isEmpty)
    }

    @Test(arguments: clientSends) func `a client that is cut off and back in time takes part`(send: Send) throws {
        let outcome = try run(send.scheme, [.outage(2, send: send.number, ticks: 500)])
        expect(outcome, sums: Self.clients)
        #expect(outcome.rejections.isEmpty && outcome.aborted.isEmpty && outcome.lost.isEmpty)
    }

    @Test(arguments: SchemeUnderTest.allCases, 0..<6 as Range<UInt64>)
    func `the order of arrival does not matter`(scheme: SchemeUnderTest, seed: UInt64) throws {
        let outcome = try run(scheme, [.reordering(seed: seed)])
        expect(outcome, sums: Self.clients)
        #expect(outcome.rejections.isEmpty && outcome.aborted.isEmpty && outcome.duplicates == 0)
    }

    // MARK: A client's sends: what costs the client its place

    @Test(arguments: clientSends) func `a client that is too late is dropped`(send: Send) throws {
        let outcome = try run(send.scheme, [.delay(2, send: send.number, ticks: (send.ordinal + 1) * Self.ticks)])
        expect(outcome, sums: survivors(without: send))
        #expect(outcome.aborted == unanswered(send))
        #expect(outcome.rejections == [.init(sender: 2, receiver: 1000, reason: .late)])
    }

    @Test(arguments: clientSends) func `a client whose message was changed on its way is dropped`(send: Send) throws {
        let outcome = try run(send.scheme, [.corruption(2, send: send.number)])
        expect(outcome, sums: survivors(without: send))
        #expect(outcome.rejections == [.init(sender: 2, receiver: 1000, reason: .unauthenticated)])
        #expect(outcome.aborted == unanswered(send))
    }

    @Test(arguments: clientSends) func `a client whose message is cut short is dropped`(send: Send) throws {
        for bytes in [0, 1, 20, 35] {
            let outcome = try run(send.scheme, [.truncation(2, send: send.number, bytes: bytes)])
            expect(outcome, sums: survivors(without: send))
            #expect(outcome.rejections == [.init(sender: 2, receiver: 1000, reason: .malformed(.truncated))])
            #expect(outcome.aborted == unanswered(send))
        }
    }

    @Test(arguments: clientSends) func `a client whose message is one byte longer is dropped`(send: Send) throws {
        let outcome = try run(send.scheme, [.trailingByte(2, send: send.number)])
        expect(outcome, sums: survivors(without: send))
        #expect(outcome.rejections == [.init(sender: 2, receiver: 1000, reason: .malformed(.trailingBytes(1)))])
        #expect(outcome.aborted == unanswered(send))
    }

    @Test(arguments: clientSends) func `a client that is lost in the middle of a send is dropped`(send: Send) throws {
        let none = try run(send.scheme, [.partialSend(2, send: send.number, frames: 0)])
        expect(none, sums: survivors(without: send))
        #expect(none.lost == [2] && none.rejections.isEmpty && none.aborted.isEmpty)
        // All its frames left before it went: for the sum it did what it had to do in this step.
        let all = try run(send.scheme, [.partialSend(2, send: send.number, frames: 1)])
        expect(all, sums: send.number < send.scheme.vectorSend ? [1, 3, 4, 5, 6] : Self.clients)
        #expect(all.lost == [2] && all.rejections.isEmpty)
    }

    @Test(arguments: clientSends) func `a client that is back after its deadline is dropped`(send: Send) throws {
        let outcome = try run(
            send.scheme,
            [.outage(2, send: send.number, ticks: (send.ordinal + 2) * Self.ticks + 1)]
        )
        expect(outcome, sums: survivors(without: send))
        #expect(outcome.aborted == unanswered(send) && outcome.lost.isEmpty)
    }

    // MARK: A helper's sends

    /// A round that ended because this send did not arrive.
    private func expectAborted(_ outcome: AggregationOutcome<UInt32>, by send: Send) {
        if send.scheme.isSecAgg {
            let stage =
                [4: "share-keys", 6: "unmask", 8: "consistency", 9: "consistency"][send.ordinal] ?? "advertise-keys"
            // The server waits for the clients' next step.
            let next = send.scheme.clientOrdinals.first { $0 > send.ordinal }
            let serverStage = [3: "share-keys", 5: "masked-input", 7: "consistency"][next ?? 10] ?? "unmask"
            var errors = Dictionary(
                uniqueKeysWithValues: Self.clients.map {
                    ($0, AggregationError.tooFewParties(stage: stage, have: 0, need: 1))
                }
            )
            errors[1000] = .tooFewParties(stage: serverStage, have: 0, need: send.scheme.leastThreshold(of: 6))
            return expectAborted(outcome, errors)
        }
        if send.scheme.isEncrypted {
            expectAborted(outcome, [1001: .tooFewParties(stage: "sum", have: 0, need: 1)])
        } else if send.party == 1000 {
            expectAborted(
                outcome,
                [
                    // The first aggregator that missed its list says so.
                    1000: .abortedByPeer(1001, .tooFewParties),
                    1001: .tooFewParties(stage: "forward", have: 0, need: 1),
                    1002: .tooFewParties(stage: "forward", have: 0, need: 1),
                ]
            )
        } else {
            expectAborted(outcome, [1000: .tooFewParties(stage: "combine", have: 1, need: 2)])
        }
    }

    /// The refusals of a send's receivers, and after them the notices of the clients that gave up.
    private func expectRejections(_ outcome: AggregationOutcome<UInt32>, of send: Send, _ reason: Rejection?) {
        let refused = outcome.rejections.filter { $0.sender == send.party }
        #expect(refused.count == (reason == nil ? 0 : send.receivers))
        #expect(refused.allSatisfy { $0.reason == reason })
        let notices = outcome.rejections.filter { $0.sender != send.party }
        #expect(notices.allSatisfy { $0.receiver == 1000 && $0.reason == .senderAborted(.tooFewParties) })
        #expect(notices.count == (send.scheme.isSecAgg && reason != .late && outcome.learned.isEmpty ? 6 : 0))
    }

    @Test(arguments: serverSends) func `a helper's message that comes twice counts once`(send: Send) throws {
        let outcome = try run(send.scheme, [.duplicate(send.party, send: send.number)])
        expect(outcome, sums: Self.clients)
        #expect(outcome.rejections.isEmpty && outcome.aborted.isEmpty)
        #expect(outcome.duplicates == send.receivers)
    }

    /// A neighborhood ends with the length of a list: with another last byte it does not decode.
    @Test(arguments: serverSends.filter { !$0.scheme.isSparse || $0.ordinal != 2 })
    func `the first of two contradicting messages of a helper counts`(send: Send) throws {
        let outcome = try run(send.scheme, [.conflict(send.party, send: send.number)])
        expect(outcome, sums: Self.clients)
        #expect(outcome.aborted.isEmpty)
        // The leader still waits for the other aggregator; everybody else has gone on after the first message.
        let reason: Rejection = send.scheme == .additive && send.party != 1000 ? .conflicting : .late
        #expect(outcome.rejections.map(\.reason) == Array(repeating: reason, count: send.receivers))
    }

    @Test(arguments: serverSends) func `a helper may use all its time`(send: Send) throws {
        let outcome = try run(
            send.scheme,
            [.delay(send.party, send: send.number, ticks: (send.ordinal + 1) * Self.ticks - 1)]
        )
        expect(outcome, sums: Self.clients)
        #expect(outcome.rejections.isEmpty && outcome.aborted.isEmpty)
    }

    @Test(arguments: serverSends) func `a helper that is cut off and back in time goes on`(send: Send) throws {
        let outcome = try run(send.scheme, [.outage(send.party, send: send.number, ticks: 500)])
        expect(outcome, sums: Self.clients)
        #expect(outcome.rejections.isEmpty && outcome.aborted.isEmpty && outcome.lost.isEmpty)
    }

    @Test(arguments: serverSends) func `a helper that is too late ends the round for all`(send: Send) throws {
        let outcome = try run(
            send.scheme,
            [.delay(send.party, send: send.number, ticks: (send.ordinal + 1) * Self.ticks)]
        )
        expectAborted(outcome, by: send)
        #expect(outcome.rejections.allSatisfy { $0.reason == .senderAborted(.tooFewParties) })
    }

    @Test(arguments: serverSends) func `a helper's message that was changed ends the round for all`(send: Send) throws {
        let outcome = try run(send.scheme, [.corruption(send.party, send: send.number)])
        expectAborted(outcome, by: send)
        expectRejections(outcome, of: send, .unauthenticated)
    }

    @Test(arguments: serverSends) func `a helper's message that is cut short ends the round for all`(send: Send) throws
    {
        let outcome = try run(send.scheme, [.truncation(send.party, send: send.number, bytes: 20)])
        expectAborted(outcome, by: send)
        expectRejections(outcome, of: send, .malformed(.truncated))
    }

    @Test(arguments: serverSends) func `a helper's message that is a byte longer ends the round for all`(send: Send)
        throws
    {
        let outcome = try run(send.scheme, [.trailingByte(send.party, send: send.number)])
        expectAborted(outcome, by: send)
        expectRejections(outcome, of: send, .malformed(.trailingBytes(1)))
    }

    @Test(arguments: serverSends) func `a helper that is lost in the middle of a send ends the round for all`(
        send: Send
    ) throws {
        for frames in 0..<send.receivers {
            let outcome = try run(send.scheme, [.partialSend(send.party, send: send.number, frames: frames)])
            #expect(outcome.learned.isEmpty && outcome.lost == [send.party])
            // Whoever was reached goes one step further and gives up, or is done, there.
            let waiting: Set<PartyID> =
                if send.scheme.isSecAgg {
                    Set(
                        send.ordinal == send.scheme.serverOrdinals.last
                            ? Self.clients.dropFirst(frames) : Self.clients[...])
                } else if send.party == 1000 {
                    Set([1001, 1002].prefix(send.receivers).dropFirst(frames))
                } else {
                    [1000]
                }
            #expect(Set(outcome.aborted.keys) == waiting)
            for error in outcome.aborted.values {
                guard case .tooFewParties = error else { Issue.record("\(error)"); continue }
            }
        }
    }

    @Test(arguments: SchemeUnderTest.withServer) func `without a server everybody gives up or is done`(
        scheme: SchemeUnderTest
    ) throws {
        let outcome = try run(scheme, [.loss(1000, beforeSend: 0)])
        #expect(outcome.learned.isEmpty && outcome.lost == [1000])
        let ended = outcome.finished.union(outcome.aborted.keys)
        #expect(ended.isSuperset(of: Self.clients))
        let waiting: [SchemeUnderTest: Int] = [
            .plain: 0, .additive: 2, .shamir: 3, .paillier: 1, .paillierAudited: 1,
        ]
        #expect(outcome.aborted.count == waiting[scheme, default: 6])
    }

    // MARK: Several at once

    @Test(arguments: SchemeUnderTest.complete)
    func `losses at every stage of one round leave the sum over those who sent their vectors`(
        scheme: SchemeUnderTest
    ) throws {
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 9, dimension: 3, width: 24, seed: 22)
        for late in scheme.vectorSend + 1..<scheme.sends {
            let outcome = try scheme.run(
                inputs: inputs,
                width: 24,
                threshold: 5,
                faults: FaultSchedule([
                    .loss(1, beforeSend: 0), .loss(9, beforeSend: 1), .loss(4, beforeSend: 2),
                    .loss(6, beforeSend: late),
                ])
            )
            #expect(outcome.aggregate?.contributors == [2, 3, 5, 6, 7, 8])
            #expect(outcome.aggregate?.sum == expectedSum(inputs, of: [2, 3, 5, 6, 7, 8], width: 24))
            #expect(outcome.lost == [1, 4, 6, 9] && outcome.aborted.isEmpty)
        }
    }

    @Test(arguments: SchemeUnderTest.complete)
    func `one loss more at any of the stages ends the round for all`(scheme: SchemeUnderTest) throws {
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 9, dimension: 3, width: 24, seed: 22)
        for send in 0..<scheme.sends {
            let outcome = try scheme.run(
                inputs: inputs,
                width: 24,
                threshold: 5,
                faults: FaultSchedule([
                    .loss(1, beforeSend: 0), .loss(9, beforeSend: 1), .loss(4, beforeSend: 2),
                    .loss(6, beforeSend: scheme.sends - 1), .loss(7, beforeSend: send), .loss(8, beforeSend: send),
                ])
            )
            #expect(outcome.learned.isEmpty)
            // Client 6, which is lost before the last send in any case, counts until then.
            let have = send <= scheme.vectorSend || scheme.clientOrdinals[send] == 7 ? 4 : 3
            guard case .tooFewParties(_, have: have, need: 5) = outcome.aborted[1000] else {
                Issue.record("\(String(describing: outcome.aborted[1000]))")
                continue
            }
        }
    }

    @Test(arguments: SchemeUnderTest.complete)
    func `different faults of different clients do not disturb one another`(scheme: SchemeUnderTest) throws {
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 9, dimension: 3, width: 24, seed: 23)
        let faults = FaultSchedule([
            .duplicate(1, send: 2), .conflict(2, send: 1), .trailingByte(3, send: 1), .outage(4, send: 2, ticks: 700),
            .delay(5, send: 0, ticks: 400), .corruption(6, send: 2), .reordering(seed: 5),
        ])
        let outcome = try scheme.run(inputs: inputs, width: 24, threshold: 5, faults: faults)
        #expect(outcome.aggregate?.contributors == [1, 2, 4, 5, 7, 8, 9])
        #expect(outcome.aggregate?.sum == expectedSum(inputs, of: [1, 2, 4, 5, 7, 8, 9], width: 24))
    }

    // MARK: The record

    @Test(arguments: SchemeUnderTest.allCases)
    func `the same seed gives the same record and another seed another one`(scheme: SchemeUnderTest) throws {
        let faults = FaultSchedule([
            .loss(3, beforeSend: scheme.vectorSend), .reordering(seed: 4), .duplicate(2, send: 0),
        ])
        func transcript(seed: UInt64, round: UInt64 = 1) throws -> Transcript {
            try scheme.run(
                inputs: inputs,
                width: 24,
                threshold: 4,
                faults: faults,
                seed: seed,
                round: round,
                recordsTranscript: true
            ).transcript
        }
        let first = try transcript(seed: 1)
        #expect(try transcript(seed: 1) == first)
        #expect(try transcript(seed: 1, round: 2).head != first.head)
        // Plain messages have nothing random in them.
        #expect(try (transcript(seed: 2).head == first.head) == (scheme == .plain))
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `the record holds every message that was sent, with its bytes' digest`(scheme: SchemeUnderTest) throws {
        let log = MessageLog()
        let outcome = try run(scheme, [], messages: log)
        let record = outcome.transcript.entries
        #expect(record.count == log.entries.count && !record.isEmpty)
        for (entry, message) in zip(record, log.entries) {
            #expect(entry.from == message.from && entry.to == message.to && entry.type == message.type)
            #expect(entry.byteCount == message.bytes.count && entry.digest == .init(of: message.bytes))
        }
        expect(outcome, sums: Self.clients)
    }
}
