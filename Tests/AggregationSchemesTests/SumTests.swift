// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import RingArithmetic
import SecureAggregation
import Testing

@Suite struct SumTests {
    @Test(arguments: SchemeUnderTest.allCases, [1, 7, 16, 23, 32])
    func `sums 32-bit words exactly`(scheme: SchemeUnderTest, width: Int) throws {
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 5, dimension: 9, width: width, seed: 3)
        guard scheme.holds(5, ofWidth: width, inWordsOf: 32) else {
            #expect(throws: AggregationError.self) { try scheme.run(inputs: inputs, width: width) }
            return
        }
        let outcome = try scheme.run(inputs: inputs, width: width)
        let aggregate = try #require(outcome.aggregate)
        #expect(aggregate.contributors == inputs.keys.sorted())
        #expect(aggregate.sum == expectedSum(inputs, of: inputs.keys, width: width))
        #expect(outcome.aborted.isEmpty && outcome.rejections.isEmpty)
    }

    @Test(arguments: SchemeUnderTest.allCases, [1, 20, 33, 48, 63, 64])
    func `sums 64-bit words exactly`(scheme: SchemeUnderTest, width: Int) throws {
        let inputs: [PartyID: [UInt64]] = randomInputs(count: 4, dimension: 11, width: width, seed: 4)
        guard scheme.holds(4, ofWidth: width, inWordsOf: 64) else {
            let reason: RingError =
                scheme.isEncrypted
                ? .capacityExceeded(
                    terms: 4, maximumWeight: 1, inputBits: width, neededBits: width + 2, availableBits: 64)
                : .fieldTooSmall(terms: 4, bits: width)
            #expect(throws: AggregationError.ring(reason)) {
                try scheme.run(inputs: inputs, width: width)
            }
            return
        }
        let outcome = try scheme.run(inputs: inputs, width: width)
        #expect(outcome.aggregate?.sum == expectedSum(inputs, of: inputs.keys, width: width))
    }

    @Test(arguments: SchemeUnderTest.tolerant, [3, 4, 5, 10, 23, 50])
    func `sums over the survivors whatever stage clients are lost at`(scheme: SchemeUnderTest, count: Int) throws {
        let inputs: [PartyID: [UInt32]] = randomInputs(count: count, dimension: 3, width: 24, seed: 5)
        let threshold = count / 2 + 1
        // Threshold edge: exactly as many are left as the scheme needs.
        let edge = scheme.isSecAgg ? scheme.tolerableLosses(of: count) : count - max(threshold, 3)
        for send in 0..<scheme.sends {
            for lostCount in Set([1, edge]) where lostCount > 0 && lostCount <= edge {
                let lost = inputs.keys.sorted().suffix(lostCount)
                let outcome = try scheme.run(
                    inputs: inputs, width: 24, threshold: threshold, faults: .losing(lost, beforeSend: send))
                let survivors = inputs.keys.sorted().filter { send > scheme.vectorSend || !lost.contains($0) }
                #expect(outcome.aggregate?.contributors == survivors, "send \(send), lost \(lostCount)")
                #expect(outcome.aggregate?.sum == expectedSum(inputs, of: survivors, width: 24))
            }
        }
    }

    @Test(arguments: SchemeUnderTest.withServer, [3, 5, 10])
    func `aborts for everybody when one client fewer is left than needed`(scheme: SchemeUnderTest, count: Int) throws {
        let inputs: [PartyID: [UInt32]] = randomInputs(count: count, dimension: 3, width: 24, seed: 6)
        let need = scheme.quorum(of: count)
        for send in 0...scheme.vectorSend {
            let outcome = try scheme.run(
                inputs: inputs, width: 24, threshold: count / 2 + 1,
                faults: .losing(inputs.keys.sorted().suffix(count - need + 1), beforeSend: send))
            #expect(outcome.learned.isEmpty)
            let server = try #require(outcome.aborted[1000])
            guard case .tooFewParties(_, have: need - 1, need: need) = server else {
                Issue.record("\(server)")
                continue
            }
            let alive = inputs.keys.filter { !outcome.lost.contains($0) && !outcome.finished.contains($0) }
            #expect(alive.allSatisfy { outcome.aborted[$0] != nil })
        }
    }

    @Test(arguments: SchemeUnderTest.sparseGraphs)
    func `on a sparse graph the edge is that of one client's neighbors`(scheme: SchemeUnderTest) throws {
        let count = 23
        let inputs: [PartyID: [UInt32]] = randomInputs(count: count, dimension: 3, width: 24, seed: 7)
        let log = MessageLog()
        #expect(try scheme.run(inputs: inputs, width: 24, threshold: 12, messages: log).aggregate != nil)
        // The boxes for client 1 say who its neighbors are; losses from then on do not change the graph.
        let boxes = try #require(log.entries.first { $0.type == 0x33 && $0.to == 1 }).bytes
            .dropFirst(34 + 2 + 3 + 3)  // a header, the bitmap of 23 clients after its length, the length of the list
        let neighbors = stride(from: 0, to: boxes.count, by: 92).map { start in
            PartyID(boxes.dropFirst(start).prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
        }
        #expect(neighbors.count == 12)
        let threshold = scheme.leastThreshold(of: count)
        for send in scheme.vectorSend..<scheme.sends {
            let lost = neighbors.prefix(12 - threshold)
            let outcome = try scheme.run(
                inputs: inputs, width: 24, threshold: 12, faults: .losing(lost, beforeSend: send))
            let survivors = inputs.keys.sorted().filter { send > scheme.vectorSend || !lost.contains($0) }
            #expect(outcome.aggregate?.sum == expectedSum(inputs, of: survivors, width: 24))
            let tooFew = try scheme.run(
                inputs: inputs, width: 24, threshold: 12,
                faults: .losing(neighbors.prefix(13 - threshold), beforeSend: send))
            #expect(tooFew.learned.isEmpty)
            switch try #require(tooFew.aborted[1000]) {
            case .tooFewParties(stage: "masked-input", have: threshold - 1, need: threshold):
                #expect(send == scheme.vectorSend)
            // Among all clients' answers enough, and of one client's neighbors one too few.
            case .tooFewParties(stage: "consistency", have: threshold - 1, need: threshold):
                #expect(scheme.clientOrdinals[send] == 7)
            case .tooFewParties(stage: "unmask", have: threshold - 1, need: threshold):
                #expect(scheme.clientOrdinals[send] == 10)
            case let error: Issue.record("\(error)")
            }
        }
    }
}
