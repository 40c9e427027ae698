// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct MaskingCircleTests {
    /// Numbers of clients and even numbers of neighbors, at the edges and between.
    static let sizes: [(count: Int, neighbors: Int)] =
        [(4, 2), (5, 2), (6, 4), (7, 4), (8, 2), (8, 6), (9, 6), (12, 10), (13, 4), (23, 12), (30, 28), (41, 20)]

    private func circle(_ count: Int, _ neighbors: Int, seed: UInt8 = 1) -> MaskingCircle {
        MaskingCircle(count: count, neighbors: neighbors, binding: HashDigest(of: [seed]))
    }

    @Test(arguments: sizes) func `everybody has k neighbors, and neighborhood is mutual`(
        size: (count: Int, neighbors: Int)
    ) {
        for seed in 0..<10 as Range<UInt8> {
            let circle = circle(size.count, size.neighbors, seed: seed)
            #expect(circle.places.sorted() == (0..<Int32(size.count)).map { $0 })
            let neighbors = (0..<size.count).map { circle.neighbors(of: $0) }
            for position in 0..<size.count {
                let own = neighbors[position]
                #expect(own.count == size.neighbors && own == Set(own).sorted() && !own.contains(position))
                #expect(own.allSatisfy { neighbors[$0].contains(position) })
                let place = Int(circle.placesByPosition[position])
                #expect(Int(circle.places[place]) == position && circle.neighbors(ofPlace: place) == own)
                // Who they are: those at most k/2 places away, either way around.
                let near = (0..<size.count).filter { other in
                    let apart = abs(Int(circle.placesByPosition[other]) - place)
                    return other != position && min(apart, size.count - apart) <= size.neighbors / 2
                }
                #expect(own == near)
            }
        }
    }

    @Test func `nobody is the neighbor of a position that there is not`() {
        #expect(circle(8, 4).neighbors(of: 8) == [])
    }

    @Test func `bindings draw the circle, and all places are as likely`() {
        // 2,000 circles of ten: each client is at each place 200 times expected. Σ (O − E)²/E over one client's places is
        // χ² with nine degrees of freedom, whose quantile at 1 − 10⁻⁶ is 45.1; over ten clients one in 10⁵ seeds fails.
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 10), count: 10)
        var circles: Set<[Int32]> = []
        for seed in 0..<2_000 as Range<UInt16> {
            let circle = MaskingCircle(count: 10, neighbors: 4, binding: HashDigest(of: bigEndianBytes(seed)))
            circles.insert(circle.places)
            for (place, position) in circle.places.enumerated() { counts[Int(position)][place] += 1 }
        }
        // Of 2,000 out of 3,628,800 permutations about 0.55 pairs are alike.
        #expect(circles.count > 1_990)
        for places in counts {
            #expect(places.reduce(0.0) { $0 + Double(($1 - 200) * ($1 - 200)) / 200 } < 45.1)
        }
    }

    /// The fewest survivors in two disjoint runs, over all pairs of runs.
    private func weakestCut(_ circle: MaskingCircle, _ survivors: Set<Int>) -> Int {
        let (count, run) = (circle.places.count, circle.neighbors / 2)
        let runs = (0..<count).map { start in Set((0..<run).map { (start + $0) % count }) }
        var fewest = Int.max
        for first in runs {
            for second in runs where first.isDisjoint(with: second) {
                fewest = min(fewest, first.union(second).count { survivors.contains(Int(circle.places[$0])) })
            }
        }
        return fewest
    }

    @Test(arguments: sizes) func `the weakest cut is that of all pairs of disjoint runs`(
        size: (count: Int, neighbors: Int)
    ) {
        var generator = SimulationRandomness(seed: 3).generator(purpose: "cuts")
        var found: Set<Int> = []
        for turn in 0..<60 {
            let circle = circle(size.count, size.neighbors, seed: UInt8(turn))
            // From nobody to everybody.
            let percent = UInt64(turn * 100 / 59)
            let survivors = Set((0..<size.count).filter { _ in generator.next() % 100 < percent })
            let cut = circle.weakestCut(ClientSet(positions: survivors, of: size.count))
            #expect(cut == weakestCut(circle, survivors), "turn \(turn)")
            found.insert(cut)
        }
        #expect(found.contains(0) && found.contains(size.neighbors))
    }

    /// With as many survivors in every two runs as can collude, plus one, the survivors who do not are connected: what the
    /// floor is for, by trying every set of colluders on small circles.
    @Test(arguments: [(7, 4, 3), (8, 4, 4), (8, 6, 4), (9, 4, 3)] as [(Int, Int, Int)])
    func `above the floor no few colluders cut the survivors in two`(count: Int, neighbors: Int, threshold: Int) {
        let circle = MaskingCircle(places: (0..<Int32(count)).map { $0 }, neighbors: neighbors)
        let floor = MaskingPlan.cutFloor(neighbors: neighbors, threshold: threshold)
        var (checked, cuts) = (0, 0)
        for survivors in 0..<(1 << count) {
            let alive = (0..<count).filter { survivors >> $0 & 1 == 1 }
            let isAllowed = circle.weakestCut(ClientSet(positions: alive, of: count)) >= floor
            for colluders in 0..<(1 << count)
            where colluders & ~survivors == 0 && colluders.nonzeroBitCount < floor {
                let honest = survivors & ~colluders
                guard honest != 0 else { continue }
                if isAllowed {
                    checked += 1
                    #expect(isConnected(honest, circle))
                } else if !isConnected(honest, circle) {
                    cuts += 1
                }
            }
        }
        // Below the floor there are such sets: the bound says something.
        #expect(checked > 0 && cuts > 0)
    }

    private func isConnected(_ members: Int, _ circle: MaskingCircle) -> Bool {
        var reached = members & -members
        var frontier = reached
        while frontier != 0 {
            var next = 0
            for position in circle.places.indices where frontier >> position & 1 == 1 {
                for neighbor in circle.neighbors(of: position) { next |= 1 << neighbor }
            }
            frontier = next & members & ~reached
            reached |= frontier
        }
        return reached == members
    }
}

@Suite struct PublicDrawsTests {
    /// The same draws read off the keystream directly, as the wire format says.
    private func draws(_ key: HashDigest, below bounds: [Int]) throws -> (drawn: [Int], skipped: Int) {
        var stream = SeededGenerator(key: key.bytes)
        var skipped = 0
        var drawn: [Int] = []
        for bound in bounds {
            while true {
                let bytes = try stream.bytes(4)
                let word = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                if word >= (1 << 32) - (1 << 32) % UInt64(bound) {
                    skipped += 1
                    continue
                }
                drawn.append(Int(word % UInt64(bound)))
                break
            }
        }
        return (drawn, skipped)
    }

    @Test(arguments: 0..<8 as Range<UInt8>) func `numbers are those of the keystream, word by word`(seed: UInt8) throws
    {
        let key = HashDigest(of: [seed])
        // Past the end of several blocks, and with a bound that skips a third of the words.
        let bounds = (0..<500).map { [1, 2, 3, 7, 100, 65_536, 99_999, 2_863_311_531][$0 % 8] }
        var draws = PublicDraws(key: key)
        let expected = try self.draws(key, below: bounds)
        #expect(bounds.map { draws.uniform(below: $0) } == expected.drawn)
        #expect(expected.skipped > 10)
    }

    @Test(arguments: [1, 2, 5, 7, 12]) func `each number below the bound is as likely`(bound: Int) {
        var draws = PublicDraws(key: HashDigest(of: [9]))
        var counts = [Int](repeating: 0, count: bound)
        let turns = 12_000
        for _ in 0..<turns { counts[draws.uniform(below: bound)] += 1 }
        // χ² with at most 11 degrees of freedom: 48.9 at 1 − 10⁻⁶.
        let expected = Double(turns) / Double(bound)
        #expect(counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected } < 48.9)
    }
}

@Suite struct ClientSetTests {
    @Test(arguments: 1...40) func `it has the clients that were put in, and travels as ⌈N/8⌉ bytes`(count: Int) {
        var generator = SimulationRandomness(seed: 4).generator(purpose: "sets")
        for _ in 0..<20 {
            let members = (0..<count).filter { _ in generator.next() % 2 == 0 }
            let set = ClientSet(positions: members, of: count)
            #expect(set.bytes.count == (count + 7) / 8 && set.isValid(for: count))
            #expect(set.positions == members && set.count == members.count)
            for position in 0..<(count + 20) {
                #expect(set.contains(position) == members.contains(position))
                if position < count {
                    #expect((set.bytes[position / 8] >> UInt8(position % 8) & 1 == 1) == members.contains(position))
                }
            }
            #expect(ClientSet(bytes: set.bytes) == set)
        }
    }

    @Test(arguments: 1...40) func `bytes of another length, or with a bit beyond the last client, are no set`(
        count: Int
    ) {
        let all = ClientSet(positions: 0..<count, of: count)
        #expect(all.isValid(for: count))
        #expect(!ClientSet(bytes: all.bytes + [0]).isValid(for: count))
        #expect(!ClientSet(bytes: Array(all.bytes.dropLast())).isValid(for: count))
        #expect(!ClientSet(bytes: []).isValid(for: count))
        for bit in count..<((count + 7) / 8 * 8) {
            var bytes = all.bytes
            bytes[bit / 8] |= 1 << UInt8(bit % 8)
            #expect(!ClientSet(bytes: bytes).isValid(for: count))
        }
    }

    @Test func `the first of one set that is not in another`() {
        let set = ClientSet(positions: [0, 3, 9, 17], of: 20)
        #expect(set.firstPosition(outside: set) == nil)
        #expect(set.firstPosition(outside: ClientSet(positions: [0, 3, 17], of: 20)) == 9)
        #expect(set.firstPosition(outside: ClientSet(positions: [], of: 20)) == 0)
        // Shorter bytes hold nobody beyond their end.
        #expect(set.firstPosition(outside: ClientSet(positions: [0, 3], of: 8)) == 9)
        #expect(ClientSet(positions: [], of: 20).firstPosition(outside: set) == nil)
    }
}
