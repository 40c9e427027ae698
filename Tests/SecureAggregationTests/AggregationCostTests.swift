// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

@Suite struct AggregationCostTests {
    @Test func `a message counts at its sender's role and at its receiver's`() {
        var cost = AggregationCost()
        cost.addMessage(bytes: 10, from: .client, to: .server, stage: Stage(0, "input"))
        cost.addMessage(bytes: 3, from: .client, to: .server, stage: Stage(0, "input"))
        cost.addMessage(bytes: 5, from: .server, to: .client, stage: Stage(1, "sum"))
        cost.addMessage(bytes: 1, from: .server, to: .server, stage: nil)
        #expect(cost.bytesSent == [.client: 13, .server: 6])
        #expect(cost.bytesReceived == [.server: 14, .client: 5])
        #expect(cost.messagesSent == [.client: 2, .server: 2])
        #expect(cost.stages == [Stage(0, "input"), Stage(1, "sum")])
    }

    @Test func `processor time adds up over the stages of one name`() {
        var cost = AggregationCost()
        cost.addCPU(.milliseconds(2), of: .client, in: "share")
        cost.addCPU(.milliseconds(3), of: .client, in: "share")
        cost.addCPU(.milliseconds(4), of: .client, in: "mask")
        #expect(cost.cpu == [.client: ["share": .milliseconds(5), "mask": .milliseconds(4)]])
        #expect(cost.totalCPU(of: .client) == .milliseconds(9))
        #expect(cost.totalCPU(of: .server) == .zero)
    }

    @Test func `costs of two aggregations add up field by field`() {
        var first = AggregationCost()
        first.addCPU(.milliseconds(1), of: .server, in: "a")
        first.addMessage(bytes: 7, from: .client, to: .server, stage: Stage(0, "a"))
        var second = first
        second.addMessage(bytes: 2, from: .server, to: .client, stage: Stage(1, "b"))
        first.add(second)
        #expect(first.cpu == [.server: ["a": .milliseconds(2)]])
        #expect(first.bytesSent == [.client: 14, .server: 2])
        #expect(first.bytesReceived == [.server: 14, .client: 2])
        #expect(first.messagesSent == [.client: 2, .server: 1])
        #expect(first.stages.count == 2)
        var unchanged = second
        unchanged.add(AggregationCost())
        #expect(unchanged == second)
    }
}
