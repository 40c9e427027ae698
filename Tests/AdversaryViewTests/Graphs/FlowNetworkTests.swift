// SPDX-License-Identifier: Apache-2.0

import Testing

struct FlowNetworkTests {
    @Test func `The greatest flow is the least cut, counted over all cuts of small networks`() {
        var draws = TestDraws(seed: 1)
        for _ in 0..<300 {
            let nodes = 2 + draws.below(6)
            var network = FlowNetwork(nodes: nodes)
            var capacities = [[Int]](repeating: [Int](repeating: 0, count: nodes), count: nodes)
            for tail in 0..<nodes {
                for head in 0..<nodes where head != tail && draws.below(2) == 0 {
                    let capacity = draws.below(5)
                    capacities[tail][head] += capacity
                    network.addArc(from: tail, to: head, capacity: capacity)
                }
            }
            var least = Int.max
            for side in 0..<(1 << nodes) where side & 1 == 1 && side >> (nodes - 1) & 1 == 0 {
                var cut = 0
                for tail in 0..<nodes where side >> tail & 1 == 1 {
                    for head in 0..<nodes where side >> head & 1 == 0 { cut += capacities[tail][head] }
                }
                least = min(least, cut)
            }
            #expect(network.maximumFlow(from: 0, to: nodes - 1) == least)
            let side = network.reachable(from: 0)
            var cut = 0
            for tail in 0..<nodes where side[tail] {
                for head in 0..<nodes where !side[head] { cut += capacities[tail][head] }
            }
            #expect(cut == least)
        }
    }
}

/// Numbers for searches that must be the same every time.
struct TestDraws {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A number from 0 to `bound` − 1.
    mutating func below(_ bound: Int) -> Int {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(bound))
    }

    /// Whether something of probability `percent` / 100 happens.
    mutating func happens(_ percent: Int) -> Bool { below(100) < percent }

    /// `count` of these values.
    mutating func sample(_ count: Int, of values: [Int]) -> [Int] {
        var values = values
        for index in 0..<min(count, values.count) { values.swapAt(index, index + below(values.count - index)) }
        return Array(values.prefix(count))
    }
}
