// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// What follows from the first messages of SecAgg and SecAgg+, by Documentation/WireFormat.md alone and apart from the code
/// under test.
enum SecAggDerivation {
    /// The root over the first messages, each as the body of its frame: the threat model, then the advertisement.
    static func root(over bodies: [PartyID: [UInt8]], contributors: [PartyID]) -> HashDigest {
        tree(over: bodies, contributors: contributors).last?.first ?? .zero
    }

    static func binding(session: HashDigest, root: HashDigest, entropy: HashDigest) -> HashDigest {
        digest("fedsum/1 roster", session.bytes + root.bytes + entropy.bytes)
    }

    /// The positions around the circle.
    static func circle(count: Int, binding: HashDigest) -> [Int] {
        var generator = SeededGenerator(key: digest("fedsum/1 graph", binding.bytes).bytes)
        var places = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) {
            places.swapAt(index, uniform(index + 1, &generator))
        }
        return places
    }

    /// The positions of the neighbors of each position.
    static func neighbors(count: Int, degree: Int, binding: HashDigest) -> [Set<Int>] {
        guard degree < count - 1 else { return (0..<count).map { Set(0..<count).subtracting([$0]) } }
        let places = circle(count: count, binding: binding)
        var neighbors = [Set<Int>](repeating: [], count: count)
        for place in 0..<count {
            for distance in 1...degree / 2 {
                let other = places[(place + distance) % count]
                neighbors[places[place]].insert(other)
                neighbors[other].insert(places[place])
            }
        }
        return neighbors
    }

    private static func uniform(_ bound: Int, _ generator: inout SeededGenerator) -> Int {
        while true {
            var bytes = [UInt8](repeating: 0, count: 4)
            var span = bytes.mutableSpan
            guard (try? generator.fill(&span)) != nil else { return 0 }
            let word = bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
            if word < 1 << 32 - (1 << 32) % bound { return word % bound }
        }
    }

    private static func digest(_ label: String, _ content: [UInt8]) -> HashDigest {
        HashDigest(of: labeled(label, content))
    }

    private static func labeled(_ label: String, _ content: [UInt8]) -> [UInt8] {
        [UInt8(label.utf8.count)] + Array(label.utf8) + content
    }
}

extension SecAggDerivation {
    /// The levels of the tree over the first messages, the leaves first.
    static func tree(over bodies: [PartyID: [UInt8]], contributors: [PartyID]) -> [[HashDigest]] {
        var level = contributors.map { id in
            bodies[id].map { HashDigest(of: [0] + bigEndianBytes(id.rawValue) + $0) } ?? HashDigest(of: [0])
        }
        while level.count.nonzeroBitCount != 1 { level.append(HashDigest(of: [0])) }
        var levels = [level]
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: 2).map {
                HashDigest(of: [1] + level[$0].bytes + level[$0 + 1].bytes)
            }
            levels.append(level)
        }
        return levels
    }

    static func path(of position: Int, in tree: [[HashDigest]]) -> [UInt8] {
        (0..<tree.count - 1).flatMap { tree[$0][(position >> $0) ^ 1].bytes }
    }

    /// What masks are bound to, from the bytes of the bitmap of U2.
    static func maskBinding(_ binding: HashDigest, sharers: [UInt8]) -> HashDigest {
        digest("fedsum/1 sharers", binding.bytes + bigEndianBytes(UInt16(sharers.count)) + sharers)
    }

    /// The statement that survivors sign, from the bytes of the bitmap of U3.
    static func statement(maskBinding: HashDigest, survivors: [UInt8]) -> HashDigest {
        digest("fedsum/1 survivors", maskBinding.bytes + bigEndianBytes(UInt16(survivors.count)) + survivors)
    }

    static func signedBytes(maskBinding: HashDigest, client: PartyID, statement: HashDigest) -> [UInt8] {
        labeled("fedsum/1 consistency", maskBinding.bytes + bigEndianBytes(client.rawValue) + statement.bytes)
    }

    /// The levels of the tree over signatures, the leaves first.
    static func signatureTree(over signatures: [PartyID: [UInt8]], contributors: [PartyID]) -> [[HashDigest]] {
        tree(over: signatures, contributors: contributors)
    }

    static func signedAdvertisement(
        session: HashDigest, client: PartyID, _ channel: KeyAgreementPublicKey, _ mask: KeyAgreementPublicKey,
        _ commitment: HashDigest
    ) -> [UInt8] {
        labeled(
            "fedsum/1 advertisement",
            session.bytes + bigEndianBytes(client.rawValue) + channel.bytes + mask.bytes + commitment.bytes)
    }

    static func witnesses(
        of client: PartyID, at position: Int, statement: HashDigest, signatureRoot: HashDigest, entropy: HashDigest,
        neighbors: Int, count: Int
    ) -> Set<Int> {
        let key = digest(
            "fedsum/1 witnesses",
            statement.bytes + signatureRoot.bytes + entropy.bytes + bigEndianBytes(client.rawValue))
        var generator = SeededGenerator(key: key.bytes)
        var witnesses: Set<Int> = []
        while witnesses.count < neighbors {
            let drawn = uniform(count, &generator)
            if drawn != position { witnesses.insert(drawn) }
        }
        return witnesses
    }

    /// The fewest of these positions that two disjoint runs of k/2 places hold, by trying all of them.
    static func weakestCut(_ positions: Set<Int>, circle: [Int], degree: Int) -> Int {
        let (count, run) = (circle.count, degree / 2)
        let runs = (0..<count).map { start in
            (0..<run).count { positions.contains(circle[(start + $0) % count]) }
        }
        var fewest = Int.max
        for first in 0..<count {
            for distance in run...count - run { fewest = min(fewest, runs[first] + runs[(first + distance) % count]) }
        }
        return fewest
    }
}
