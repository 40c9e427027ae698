// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
@_spi(Simulation) import SecureAggregation
import Testing

@Suite struct AggregationDriverTests {
    private let parties: [PartyID] = [1, 2, 3]

    private func gossip(
        _ misbehavior: GossipScheme.Misbehavior = .none,
        faults: [FaultSchedule.Fault] = [],
        recordsTranscript: Bool = false,
        cpuClock: (@Sendable () -> Duration)? = nil
    ) throws -> AggregationOutcome<UInt32> {
        AggregationDriver(
            scheme: GossipScheme(contributors: parties, width: try RingWidth(bits: 16), misbehavior: misbehavior),
            context: RoundContext(task: "test", round: 1),
            randomness: SystemRandomnessSource(),
            faults: FaultSchedule(faults),
            recordsTranscript: recordsTranscript,
            cpuClock: cpuClock
        ).run { [$0.rawValue, 100 * $0.rawValue] }
    }

    private func plain(
        count: Int = 4,
        cohort: MinimumCohort = .standard,
        faults: [FaultSchedule.Fault] = [],
        input: (PartyID) -> [UInt32] = { [$0.rawValue, 7] }
    ) throws -> AggregationOutcome<UInt32> {
        AggregationDriver(
            scheme: try Insecure.Plain<UInt32>(
                contributors: (1...UInt32(count)).map { PartyID($0) },
                server: 9,
                dimension: 2,
                width: RingWidth(bits: 16),
                minimumCohort: cohort
            ),
            context: RoundContext(task: "test", round: 1),
            randomness: SystemRandomnessSource(),
            faults: FaultSchedule(faults)
        ).run(input: input)
    }

    @Test func `parties without a server all learn the sum, though each is made after the first has sent`() throws {
        let outcome = try gossip()
        #expect(outcome.finished == Set(parties))
        #expect(outcome.learned.keys.sorted() == parties)
        #expect(outcome.aggregate == Aggregate(sum: [6, 600], contributors: parties))
        #expect(outcome.rejections.isEmpty && outcome.duplicates == 0)
        #expect(outcome.cost.messagesSent == [.client: 12])
        #expect(outcome.cost.stages.count == 2)
    }

    @Test func `a message of another session is refused and costs its sender nothing`() throws {
        // Well formed, but of round 2: what was sent then comes before, after and instead of what is sent now.
        var recorded: [PartyID: [FaultSchedule.RecordedFrame]] = [:]
        var driver = AggregationDriver(
            scheme: GossipScheme(contributors: parties, width: try RingWidth(bits: 16)),
            context: RoundContext(task: "test", round: 2),
            randomness: SystemRandomnessSource()
        )
        driver.observer = { frame, stage in
            guard stage?.ordinal == 0 else { return }
            recorded[frame.sender, default: []].append(.init(receiver: frame.receiver, bytes: frame.bytes))
        }
        _ = driver.run { [$0.rawValue, 5] }
        let old = try #require(recorded[1])
        #expect(old.count == 2)

        for send in 0...1 {
            let outcome = try gossip(faults: [.replay(1, send: send, of: old)])
            #expect(outcome.aggregate == Aggregate(sum: [6, 600], contributors: parties))
            #expect(outcome.finished == Set(parties) && outcome.duplicates == 0)
            // Whoever is done refuses everything as late.
            #expect(outcome.rejections.count == 2)
            #expect(
                outcome.rejections.allSatisfy {
                    $0.sender == 1 && [.malformed(.foreignSession), .late].contains($0.reason)
                }
            )
        }
        // The old one overtakes the new one.
        let overtaken = try gossip(faults: [.delay(1, send: 0, ticks: 300), .replay(1, send: 1, of: old)])
        #expect(overtaken.aggregate == Aggregate(sum: [6, 600], contributors: parties))
        // An old vector is not summed in the place of a new one.
        let substituted = try gossip(faults: [.substitution(1, send: 0, by: old)])
        #expect(substituted.learned.isEmpty)
        #expect(substituted.aborted[2] == .tooFewParties(stage: "vector", have: 1, need: 2))
    }

    @Test func `who is gone repeats nothing to a party that is back`() throws {
        // The server is away while the vectors come. Client 2 is lost before it sends, client 3 as soon as it has.
        let faults: [FaultSchedule.Fault] = [
            .outage(9, send: 0, ticks: 500), .loss(2, beforeSend: 0), .partialSend(3, send: 0, frames: 1),
        ]
        let outcome = try plain(count: 6, faults: faults)
        #expect(outcome.aggregate == Aggregate(sum: [16, 28], contributors: [1, 4, 5, 6]))
        #expect(outcome.lost == [2, 3])
    }

    @Test func `who is cut off too repeats when it is back itself`() throws {
        let faults: [FaultSchedule.Fault] = [
            .outage(9, send: 0, ticks: 300), .outage(2, send: 0, ticks: 600), .outage(3, send: 0, ticks: 1_500),
        ]
        let outcome = try plain(count: 6, faults: faults)
        #expect(outcome.aggregate == Aggregate(sum: [18, 35], contributors: [1, 2, 4, 5, 6]))
    }

    @Test func `a message that its sender cut short comes again as short`() throws {
        let faults: [FaultSchedule.Fault] = [.outage(9, send: 0, ticks: 500), .truncation(2, send: 0, bytes: 1)]
        let outcome = try plain(count: 5, faults: faults)
        #expect(outcome.aggregate?.contributors == [1, 3, 4, 5])
        #expect(outcome.rejections == [.init(sender: 2, receiver: 9, reason: .malformed(.truncated))])
    }

    @Test(arguments: 0..<8) func `messages that come before their stage are held for it`(seed: UInt64) throws {
        // One party's first send is late, so that the others are a stage ahead of it.
        let outcome = try gossip(faults: [.delay(1, send: 0, ticks: 500), .reordering(seed: seed)])
        #expect(outcome.aggregate?.sum == [6, 600])
        #expect(outcome.finished == Set(parties) && outcome.rejections.isEmpty)
    }

    @Test func `when one party is lost nobody waits for ever`() throws {
        let early = try gossip(faults: [.loss(3, beforeSend: 0)])
        #expect(early.lost == [3] && early.finished.isEmpty)
        #expect(early.aborted.keys.sorted() == [1, 2])
        #expect(early.aborted[1] == .tooFewParties(stage: "vector", have: 1, need: 2))
        let late = try gossip(faults: [.loss(3, beforeSend: 1)])
        #expect(late.aborted[2] == .tooFewParties(stage: "sum", have: 1, need: 2))
        #expect(late.learned.isEmpty && late.aggregate == nil)
    }

    @Test func `a party that waits for a stage twice is stopped`() throws {
        let outcome = try gossip(.waitsTwice(2))
        #expect(outcome.aborted[2] == .outOfOrder)
        #expect(outcome.aborted.count == 3 && outcome.learned.isEmpty)
    }

    @Test func `a party that cannot be made, or throws, is out and the others end`() throws {
        let unmade = try gossip(.cannotBeMade(2))
        #expect(unmade.aborted[2] == .unknownParty(2))
        #expect(unmade.aborted.count == 3)
        let throwing = try gossip(.throwsOnReceipt(2))
        #expect(throwing.aborted[2] == .outOfOrder)
        #expect(throwing.aborted[1] == .tooFewParties(stage: "sum", have: 1, need: 2))
    }

    @Test func `a party whose step throws is out with its error`() throws {
        let outcome = try gossip(.throwsOnAdvance(2))
        #expect(outcome.aborted[2] == .outOfOrder)
        #expect(outcome.aborted[1] == .tooFewParties(stage: "sum", have: 1, need: 2))
        #expect(outcome.learned.isEmpty && outcome.finished.isEmpty)
    }

    @Test func `a contributor without the right vector is out and the others are summed`() throws {
        let outcome = try plain { $0 == 2 ? [1] : [$0.rawValue, 7] }
        #expect(outcome.aborted == [2: .wrongVectorLength(expected: 2, actual: 1)])
        #expect(outcome.aggregate == Aggregate(sum: [8, 21], contributors: [1, 3, 4]))
    }

    @Test func `a message that comes twice is counted once and taken once`() throws {
        let outcome = try plain(faults: [.duplicate(2, send: 0)])
        #expect(outcome.duplicates == 1 && outcome.rejections.isEmpty)
        #expect(outcome.aggregate == Aggregate(sum: [10, 28], contributors: [1, 2, 3, 4]))
        // What left its sender once is paid for once.
        #expect(outcome.cost.messagesSent == [.client: 4])
    }

    @Test func `the first of two different messages counts`() throws {
        let outcome = try plain(faults: [.conflict(2, send: 0)])
        #expect(outcome.rejections == [.init(sender: 2, receiver: 9, reason: .conflicting)])
        #expect(outcome.aggregate == Aggregate(sum: [10, 28], contributors: [1, 2, 3, 4]))
    }

    /// Party 3 is lost after its vector has reached party 1 alone. So party 1 is a stage ahead of party 2, which waits
    /// for party 3 in vain and never comes to what it holds.
    @Test func `one early message of a sender and stage is held`() throws {
        let conflict = try gossip(faults: [.partialSend(3, send: 0, frames: 1), .conflict(1, send: 1)])
        #expect(conflict.rejections == [.init(sender: 1, receiver: 2, reason: .conflicting)])
        #expect(conflict.aborted[2] == .tooFewParties(stage: "vector", have: 1, need: 2))
        // The same bytes again contradict nothing.
        let repeated = try gossip(faults: [.partialSend(3, send: 0, frames: 1), .duplicate(1, send: 1)])
        #expect(repeated.rejections.isEmpty && repeated.duplicates == 1)
    }

    @Test func `a message from a party that is not waited for is refused`() throws {
        let outcome = try gossip(.ignores(1, sender: 2))
        #expect(outcome.rejections == [.init(sender: 2, receiver: 1, reason: .unexpected)])
        #expect(outcome.aborted[1] == .tooFewParties(stage: "vector", have: 1, need: 2))
    }

    @Test func `a sender that was dropped in a stage is not heard again in it`() throws {
        let outcome = try gossip(.sendsTwice(2), faults: [.trailingByte(2, send: 0)])
        #expect(outcome.rejections.prefix(1) == [.init(sender: 2, receiver: 1, reason: .malformed(.trailingBytes(1)))])
        #expect(outcome.aborted[1] == .tooFewParties(stage: "vector", have: 1, need: 2))
    }

    @Test func `a forged frame costs its supposed sender nothing`() throws {
        let outcome = try gossip(.sendsTwice(2), faults: [.corruption(2, send: 0)])
        #expect(outcome.rejections.map(\.reason) == [.unauthenticated, .unauthenticated])
        #expect(outcome.finished == Set(parties))
        #expect(outcome.aggregate?.sum == [6, 600])
    }

    @Test func `the deadline is the first tick that is too late`() throws {
        let ticks = AggregationTiming.ticksPerStage
        #expect(try plain(faults: [.delay(2, send: 0, ticks: ticks - 1)]).aggregate?.contributors == [1, 2, 3, 4])
        #expect(try plain(faults: [.delay(2, send: 0, ticks: ticks)]).aggregate?.contributors == [1, 3, 4])
    }

    @Test func `a late message of a party that is still awaited elsewhere is counted`() throws {
        let ticks = AggregationTiming.ticksPerStage
        let outcome = try gossip(faults: [.delay(1, send: 0, ticks: ticks)])
        // Parties 2 and 3 gave up at the deadline; party 1 waits for their confirmation in vain.
        #expect(outcome.aborted.count == 3)
        #expect(outcome.aborted[2] == .tooFewParties(stage: "vector", have: 1, need: 2))
    }

    @Test func `a party that is back in time gets and gives what it missed`() throws {
        for send in 0...1 {
            let outcome = try gossip(faults: [.outage(2, send: send, ticks: 300)])
            #expect(outcome.finished == Set(parties), "send \(send)")
            #expect(outcome.aggregate?.sum == [6, 600])
            #expect(outcome.rejections.isEmpty)
        }
        let outcome = try plain(faults: [.outage(2, send: 0, ticks: 300)])
        #expect(outcome.aggregate?.contributors == [1, 2, 3, 4])
        // What is sent again crosses the boundary too.
        #expect(outcome.cost.messagesSent[.client] == 4)
    }

    @Test func `a party that is back after the deadline was lost for this aggregation`() throws {
        let outcome = try plain(faults: [.outage(2, send: 0, ticks: 1_300)])
        #expect(outcome.aggregate?.contributors == [1, 3, 4])
        #expect(outcome.lost.isEmpty)
    }

    @Test func `a frame that was changed on its way is refused and counted`() throws {
        let outcome = try plain(faults: [.corruption(2, send: 0)])
        #expect(outcome.rejections == [.init(sender: 2, receiver: 9, reason: .unauthenticated)])
        #expect(outcome.aggregate?.contributors == [1, 3, 4])
    }

    @Test func `a malformed message drops its sender at once`() throws {
        let outcome = try plain(faults: [.trailingByte(2, send: 0), .truncation(3, send: 0, bytes: 20)])
        #expect(
            outcome.rejections == [
                .init(sender: 2, receiver: 9, reason: .malformed(.trailingBytes(1))),
                .init(sender: 3, receiver: 9, reason: .malformed(.truncated)),
            ]
        )
        #expect(outcome.aborted[9] == .tooFewParties(stage: "input", have: 2, need: 3))
    }

    @Test func `inputs are asked for one at a time and in order`() throws {
        var asked: [PartyID] = []
        _ = try plain { id in
            asked.append(id)
            return [0, 0]
        }
        #expect(asked == [1, 2, 3, 4])
    }

    @Test func `the record holds every message that left, and the clock's time is charged`() throws {
        let outcome = try gossip(recordsTranscript: true, cpuClock: { .zero })
        #expect(outcome.transcript.entries.count == 12)
        #expect(outcome.transcript.entries.map(\.byteCount).reduce(0, +) == outcome.cost.bytesSent[.client])
        #expect(Transcript.firstBrokenLink(in: outcome.transcript.entries) == nil)
        #expect(outcome.cost.cpu[.client]?.keys.sorted() == ["sum", "vector"])
        #expect(try gossip().cost.cpu.isEmpty)
    }

    @Test func `recipients that learned different sums have no common aggregate`() throws {
        let same = try gossip()
        #expect(same.aggregate != nil)
        let none = try gossip(faults: [.loss(1, beforeSend: 0)])
        #expect(none.aggregate == nil)
    }
}
