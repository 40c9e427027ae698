// SPDX-License-Identifier: Apache-2.0

package import ProtocolCryptography
internal import SecureAggregation
@_spi(Simulation) internal import SecureRandomness

/// Who shares masks and secrets with whom.
public enum MaskingGraph: Sendable {
    /// Everybody with everybody [BIK+17]: `secagg`.
    case complete
    /// Each client with `neighbors` others, drawn anew for each round [BBG+20]: `secagg+`. Against a server that lies
    /// the draw needs a public beacon; without one the server draws it, which only `.curious` allows.
    case sparse(neighbors: Int, beacon: (any PublicBeacon)? = nil)

    /// The most neighbors that the lengths on the wire allow.
    static let maximumNeighbors = 20_000
}

/// The circulant graph of one round: the clients stand on a circle in random order, and each is the neighbor of those at
/// most k/2 places away (the Harary graph of even degree [BBG+20] §3).
package struct MaskingCircle: Sendable {
    /// Which client, by its position among the contributors, stands at each place.
    package let places: [Int32]
    /// The even number k of neighbors of each client.
    package let neighbors: Int

    /// The circle that public randomness draws.
    /// - Complexity: O(`count`).
    package init(count: Int, neighbors: Int, binding: HashDigest) {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 graph".utf8), lengthBytes: 1)
        encoder.write(bytes: binding.bytes)
        var draws = PublicDraws(key: HashDigest(of: encoder.bytes))
        var places = (0..<Int32(count)).map { $0 }
        for place in stride(from: count - 1, to: 0, by: -1) {
            places.swapAt(place, draws.uniform(below: place + 1))
        }
        self.init(places: places, neighbors: neighbors)
    }

    /// A given circle: `places` is a permutation of 0 … N − 1.
    package init(places: [Int32], neighbors: Int) {
        self.places = places
        self.neighbors = neighbors
    }

    /// The places of all clients, by position.
    package var placesByPosition: [Int32] {
        var inverse = [Int32](repeating: 0, count: places.count)
        for (place, position) in places.enumerated() { inverse[Int(position)] = Int32(place) }
        return inverse
    }

    /// The positions of the neighbors of the client at `place`, ascending.
    package func neighbors(ofPlace place: Int) -> [Int] {
        let reach = neighbors / 2
        var found: [Int] = []
        found.reserveCapacity(neighbors)
        for distance in 1...reach {
            found.append(Int(places[(place + distance) % places.count]))
            found.append(Int(places[(place + places.count - distance) % places.count]))
        }
        return found.sorted()
    }

    /// The positions of the neighbors of the client at `position`, ascending.
    package func neighbors(of position: Int) -> [Int] {
        places.firstIndex(of: Int32(position)).map(neighbors(ofPlace:)) ?? []
    }

    /// The fewest survivors that two disjoint runs of k/2 places hold together.
    ///
    /// Two parts of the circle have no edge between them only if two such runs separate them; so as long as any two runs
    /// hold more survivors than there can be clients in them that collude with the server, the others' vectors are in
    /// one sum (Documentation/SparseGraphs.md).
    /// - Complexity: O(N).
    package func weakestCut(_ survivors: ClientSet) -> Int {
        let (count, run) = (places.count, neighbors / 2)
        let isThere = places.map { survivors.contains(Int($0)) ? 1 : 0 }
        var runs = [Int](repeating: 0, count: count)
        runs[0] = isThere[0..<run].reduce(0, +)
        for start in 1..<count { runs[start] = runs[start - 1] - isThere[start - 1] + isThere[(start - 1 + run) % count] }
        // The least run among those from `run` to N − `run` places on, for each start: a sliding minimum. `candidates`
        // holds the starts that can still be a minimum, ascending, with ascending values.
        var fewest = Int.max
        var candidates: [Int] = []
        var first = 0
        var next = run
        for start in 0..<count {
            while next <= start + count - run {
                while candidates.count > first, let last = candidates.last, runs[last % count] >= runs[next % count] {
                    candidates.removeLast()
                }
                candidates.append(next)
                next += 1
            }
            while candidates[first] < start + run { first += 1 }
            fewest = min(fewest, runs[start] + runs[candidates[first] % count])
        }
        return fewest
    }
}

/// Public coins: the ChaCha20 stream of a public key, for draws that everybody must be able to repeat
/// (Documentation/WireFormat.md, `uniform`).
package struct PublicDraws {
    // NB: the seeded generator is meant for simulations; here its stream is public on purpose.
    private var generator: SeededGenerator
    private var buffer = [UInt8](repeating: 0, count: 256)
    private var used = 256

    package init(key: HashDigest) { generator = SeededGenerator(key: key.bytes) }

    /// A number from 0 to `bound` − 1, each as likely.
    package mutating func uniform(below bound: Int) -> Int {
        let limit = (1 << 32) - (1 << 32) % bound
        while true {
            let word = nextWord()
            if word < limit { return word % bound }
        }
    }

    private mutating func nextWord() -> Int {
        if used == buffer.count { refill() }
        defer { used += 4 }
        return Int(buffer[used]) | Int(buffer[used + 1]) << 8 | Int(buffer[used + 2]) << 16
            | Int(buffer[used + 3]) << 24
    }

    private mutating func refill() {
        var next = [UInt8](repeating: 0, count: buffer.count)
        var span = next.mutableSpan
        do { try generator.fill(&span) } catch { preconditionFailure("The stream of public draws has ended.") }
        buffer = next
        used = 0
    }
}
