// SPDX-License-Identifier: Apache-2.0

/// A network with capacities on its arcs, and the greatest flow through it (Dinic: shortest augmenting paths, layer by layer).
struct FlowNetwork {
    private var arcs: [[Int]]
    private var heads: [Int] = []
    private var capacities: [Int] = []

    init(nodes: Int) { arcs = Array(repeating: [], count: nodes) }

    /// An arc that takes `capacity`, and nothing in the other direction.
    mutating func addArc(from tail: Int, to head: Int, capacity: Int) {
        arcs[tail].append(heads.count)
        heads.append(head)
        capacities.append(capacity)
        arcs[head].append(heads.count)
        heads.append(tail)
        capacities.append(0)
    }

    /// The greatest flow; what is left of the capacities stays, for `reachable(from:)`.
    /// - Complexity: O(V²·E), with unit capacities O(√V·E).
    mutating func maximumFlow(from source: Int, to sink: Int) -> Int {
        var flow = 0
        while true {
            let levels = levels(from: source)
            guard levels[sink] >= 0 else { return flow }
            var next = [Int](repeating: 0, count: arcs.count)
            while let path = path(from: source, to: sink, levels: levels, next: &next) {
                let least = path.map { capacities[$0] }.min() ?? 0
                for arc in path {
                    capacities[arc] -= least
                    capacities[arc ^ 1] += least
                }
                flow += least
            }
        }
    }

    /// The nodes to which something could still flow: after `maximumFlow` the source's side of a least cut.
    func reachable(from source: Int) -> [Bool] { levels(from: source).map { $0 >= 0 } }

    /// The heads of the arcs from a node that the flow has filled.
    func saturated(from node: Int) -> [Int] {
        arcs[node].filter { $0 & 1 == 0 && capacities[$0] == 0 && capacities[$0 ^ 1] > 0 }.map { heads[$0] }
    }

    /// The least number of arcs to each node; −1 where none leads.
    private func levels(from source: Int) -> [Int] {
        var levels = [Int](repeating: -1, count: arcs.count)
        levels[source] = 0
        var queue = [source]
        var first = 0
        while first < queue.count {
            let node = queue[first]
            first += 1
            for arc in arcs[node] where capacities[arc] > 0 && levels[heads[arc]] < 0 {
                levels[heads[arc]] = levels[node] + 1
                queue.append(heads[arc])
            }
        }
        return levels
    }

    /// A path through the layers, without recursion; arcs that lead nowhere are not tried twice.
    private func path(from source: Int, to sink: Int, levels: [Int], next: inout [Int]) -> [Int]? {
        var path: [Int] = []
        var node = source
        while node != sink {
            if next[node] < arcs[node].count {
                let arc = arcs[node][next[node]]
                if capacities[arc] > 0 && levels[heads[arc]] == levels[node] + 1 {
                    path.append(arc)
                    node = heads[arc]
                } else {
                    next[node] += 1
                }
            } else {
                guard let arc = path.popLast() else { return nil }
                node = heads[arc ^ 1]
                next[node] += 1
            }
        }
        return path
    }
}
