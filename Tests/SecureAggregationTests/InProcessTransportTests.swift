// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

@Suite struct InProcessTransportTests {
    private let deadline = AggregationTiming.ticksPerStage

    private func frame(from sender: PartyID = 1, to receiver: PartyID = 9, _ bytes: [UInt8] = [1, 2, 3, 4]) -> Frame {
        Frame(sender: sender, receiver: receiver, bytes: bytes)
    }

    /// Everything that arrives up to and including a tick, with when it did.
    private func arrivals(
        _ transport: inout InProcessTransport,
        until end: Int = 10_000
    ) -> [(tick: Int, frame: Frame)] {
        var found: [(Int, Frame)] = []
        while true {
            while let frame = transport.receive() { found.append((transport.now, frame)) }
            guard let next = transport.nextEvent, next <= end else { return found }
            _ = transport.advance(to: next)
        }
    }

    @Test func `without faults frames arrive at once and in order`() {
        var transport = InProcessTransport()
        let sent = transport.send([frame(to: 9, [1]), frame(to: 8, [2])], from: 1)
        #expect(sent.map(\.bytes) == [[1], [2]])
        _ = transport.send([frame(from: 2, [3])], from: 2)
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.frame.bytes) == [[1], [2], [3]])
        #expect(arrived.allSatisfy { $0.tick == 0 && $0.frame.isAuthentic })
        #expect(!transport.canRepeat)
    }

    @Test func `a lost party sends nothing from that send on and gets nothing`() {
        var transport = InProcessTransport(faults: .losing([1], beforeSend: 1))
        #expect(transport.send([frame()], from: 1).count == 1)
        #expect(transport.lostParties.isEmpty)
        #expect(transport.send([frame()], from: 1).isEmpty)
        #expect(transport.lostParties == [1] && transport.isCutOff(1))
        #expect(transport.send([frame()], from: 1).isEmpty)
        _ = transport.send([frame(from: 9, to: 1)], from: 9)
        let arrived = arrivals(&transport)
        #expect(arrived.count == 1)
    }

    @Test func `only the first frames of a partial send leave`() {
        var transport = InProcessTransport(faults: FaultSchedule([.partialSend(1, send: 0, frames: 2)]))
        let sent = transport.send([frame([1]), frame([2]), frame([3])], from: 1)
        #expect(sent.map(\.bytes) == [[1], [2]])
        #expect(transport.lostParties == [1])
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.frame.bytes) == [[1], [2]])
    }

    @Test func `an outage loses the send and what comes in, and ends`() {
        var transport = InProcessTransport(faults: FaultSchedule([.outage(1, send: 0, ticks: 50)]))
        #expect(transport.send([frame()], from: 1).isEmpty)
        #expect(transport.isCutOff(1) && transport.lostParties.isEmpty)
        _ = transport.send([frame(from: 9, to: 1)], from: 9)
        #expect(transport.receive() == nil)
        #expect(transport.nextEvent == 50)
        #expect(transport.advance(to: 49).isEmpty)
        #expect(transport.advance(to: 50) == [1])
        #expect(!transport.isCutOff(1) && transport.advance(to: 60).isEmpty)
        transport.resend([frame()])
        let arrived = arrivals(&transport)
        #expect(arrived.count == 1)
        #expect(transport.send([frame()], from: 1).count == 1)
    }

    @Test func `a duplicate is the same bytes again`() {
        var transport = InProcessTransport(faults: FaultSchedule([.duplicate(1, send: 0)]))
        #expect(transport.send([frame()], from: 1).count == 1)
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.frame.bytes) == [[1, 2, 3, 4], [1, 2, 3, 4]])
        #expect(transport.canRepeat)
    }

    @Test func `a conflict is other bytes after the right ones, from the party itself`() {
        var transport = InProcessTransport(faults: FaultSchedule([.conflict(1, send: 0)]))
        #expect(transport.send([frame()], from: 1).count == 1)
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.frame.bytes) == [[1, 2, 3, 4], [1, 2, 3, 5]])
        #expect(arrived.allSatisfy { $0.frame.isAuthentic })
    }

    @Test func `a delay moves the arrival and nothing else`() {
        var transport = InProcessTransport(faults: FaultSchedule([.delay(1, send: 1, ticks: 70)]))
        _ = transport.send([frame([0])], from: 1)
        _ = transport.send([frame([1])], from: 1)
        _ = transport.send([frame(from: 2, [2])], from: 2)
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.tick) == [0, 0, 70])
        #expect(arrived.map(\.frame.bytes) == [[0], [2], [1]])
    }

    @Test func `corruption changes one bit, and the channel notices`() {
        var transport = InProcessTransport(faults: FaultSchedule([.corruption(1, send: 0)]))
        #expect(transport.send([frame(), frame([])], from: 1).map(\.bytes) == [[1, 2, 3, 4], []])
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.frame.bytes) == [[1, 2, 2, 4], []])
        #expect(arrived[0].frame.isAuthentic == false)
    }

    @Test func `truncated and lengthened frames are what the party itself sent`() {
        var cut = InProcessTransport(faults: FaultSchedule([.truncation(1, send: 0, bytes: 3)]))
        #expect(cut.send([frame(), frame([1])], from: 1).map(\.bytes) == [[1, 2, 3], [1]])
        let cutArrived = arrivals(&cut)
        #expect(cutArrived.allSatisfy { $0.frame.isAuthentic })
        var longer = InProcessTransport(faults: FaultSchedule([.trailingByte(1, send: 0)]))
        #expect(longer.send([frame()], from: 1).map(\.bytes) == [[1, 2, 3, 4, 0]])
        let longerArrived = arrivals(&longer)
        #expect(longerArrived.map(\.frame.bytes) == [[1, 2, 3, 4, 0]])
    }

    @Test func `recorded frames arrive after those of the send, or instead of them`() {
        let old = [FaultSchedule.RecordedFrame(receiver: 8, bytes: [7]), .init(receiver: 9, bytes: [6])]
        var replay = InProcessTransport(faults: FaultSchedule([.replay(1, send: 1, of: old)]))
        _ = replay.send([frame([1])], from: 1)
        #expect(replay.send([frame([2])], from: 1).map(\.bytes) == [[2]])
        let replayed = arrivals(&replay)
        #expect(replayed.map(\.frame.bytes) == [[1], [2], [7], [6]])
        #expect(replayed.map(\.frame.receiver) == [9, 9, 8, 9])
        #expect(replayed.allSatisfy { $0.frame.sender == 1 && $0.frame.isAuthentic } && replay.canRepeat)
        var substitution = InProcessTransport(faults: FaultSchedule([.substitution(1, send: 0, by: old)]))
        // What left the party is what it sent; the record shows no more.
        #expect(substitution.send([frame([1])], from: 1).map(\.bytes) == [[1]])
        _ = substitution.send([frame([2])], from: 1)
        #expect(arrivals(&substitution).map(\.frame.bytes) == [[7], [6], [2]])
    }

    @Test func `an earlier send of the party arrives again after a later one`() {
        let faults: [FaultSchedule.Fault] = [.repetition(1, send: 2, of: 0), .repetition(2, send: 0, of: 1)]
        var transport = InProcessTransport(faults: FaultSchedule(faults))
        for number in 0..<UInt8(4) { _ = transport.send([frame([number]), frame(to: 8, [number, 1])], from: 1) }
        // A send that is yet to come cannot come again.
        for number in 4..<UInt8(6) { _ = transport.send([frame(from: 2, [number])], from: 2) }
        let arrived = arrivals(&transport)
        #expect(
            arrived.map(\.frame.bytes)
                == [[0], [0, 1], [1], [1, 1], [2], [2, 1], [0], [0, 1], [3], [3, 1], [4], [5]]
        )
        #expect(transport.canRepeat)
    }

    @Test func `a party that is gone or cut off replays nothing`() {
        let old = [FaultSchedule.RecordedFrame(receiver: 9, bytes: [7])]
        let faults: [FaultSchedule.Fault] = [
            .replay(1, send: 0, of: old), .loss(1, beforeSend: 0), .repetition(1, send: 1, of: 0),
        ]
        var transport = InProcessTransport(faults: FaultSchedule(faults))
        for _ in 0..<2 { _ = transport.send([frame([1])], from: 1) }
        #expect(arrivals(&transport).isEmpty)
    }

    @Test func `faults concern the sends that they name`() {
        var transport = InProcessTransport(
            faults: FaultSchedule([.duplicate(1, send: 1), .trailingByte(2, send: 0), .corruption(3, send: 0)])
        )
        for _ in 0..<3 { _ = transport.send([frame()], from: 1) }
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.frame.bytes.count) == [4, 4, 4, 4])
    }

    @Test func `two faults of one send both happen`() {
        var transport = InProcessTransport(
            faults: FaultSchedule([.duplicate(1, send: 0), .delay(1, send: 0, ticks: 5), .trailingByte(1, send: 0)])
        )
        _ = transport.send([frame([1])], from: 1)
        let arrived = arrivals(&transport)
        #expect(arrived.map(\.frame.bytes) == [[1, 0], [1, 0]] && arrived.map(\.tick) == [5, 5])
    }

    @Test func `reordering keeps all frames, depends on the seed and stays far from the deadline`() {
        func order(_ seed: UInt64) -> [[UInt8]] {
            var transport = InProcessTransport(faults: FaultSchedule([.reordering(seed: seed)]))
            for index in 0..<UInt8(20) { _ = transport.send([frame([index])], from: 1) }
            let arrived = arrivals(&transport)
            #expect(arrived.allSatisfy { $0.tick < deadline / 8 })
            return arrived.map(\.frame.bytes)
        }
        let sent = (0..<UInt8(20)).map { [$0] }
        #expect(order(1) == order(1))
        #expect(order(1) != order(2) && order(1) != sent)
        #expect(order(1).sorted { $0[0] < $1[0] } == sent)
    }

    @Test func `time does not run backwards`() {
        var transport = InProcessTransport()
        _ = transport.advance(to: 30)
        _ = transport.advance(to: 10)
        #expect(transport.now == 30)
    }
}
