// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecureAggregation

/// The vectors that a benchmark sums, and their sum.
///
/// Making them is not what is measured, so it is cheap: client i owns the window from i of one sequence of words that
/// look random. All values of the range occur, and no two clients own the same vector.
struct BenchmarkInputs<Element: RingWord> {
    private let words: [Element]
    private let dimension: Int

    init(seed: UInt64, clients: Int, dimension: Int, bits: Int) {
        let mask = Element.max >> Element(Element.bitWidth - bits)
        var words = [Element](repeating: 0, count: dimension + clients)
        for index in words.indices {
            // The finalizer of SplitMix64: no better randomness is needed here.
            var word = seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            words[index] = Element(truncatingIfNeeded: word ^ (word >> 31)) & mask
        }
        self.words = words
        self.dimension = dimension
    }

    /// The vector of client 1, 2, ….
    func vector(of id: PartyID) -> [Element] {
        let start = Int(id.rawValue) - 1
        return Array(words[start..<start + dimension])
    }

    /// The sum of some clients' vectors: the oracle, in integer arithmetic and with none of the code under test. The
    /// ring is wide enough for the sum, so the words hold it.
    ///
    /// Where few are missing, a running sum over all windows is corrected, which costs a tenth of adding them up.
    func sum(of ids: Set<PartyID>, among clients: Int) -> [Element] {
        var sum = [Element](repeating: 0, count: dimension)
        let missing = (1...UInt32(clients)).map { PartyID($0) }.filter { !ids.contains($0) }
        guard missing.count < ids.count else {
            for id in ids.sorted() { accumulate(id, into: &sum, negated: false) }
            return sum
        }
        var window: Element = 0
        for index in 0..<clients { window &+= words[index] }
        for index in sum.indices {
            sum[index] = window
            window = window &- words[index] &+ words[index + clients]
        }
        for id in missing { accumulate(id, into: &sum, negated: true) }
        return sum
    }

    private func accumulate(_ id: PartyID, into sum: inout [Element], negated: Bool) {
        let vector = vector(of: id)
        precondition(vector.count == sum.count, "Vectors of different lengths cannot be added.")
        if negated {
            for index in sum.indices { sum[index] &-= vector[index] }
        } else {
            for index in sum.indices { sum[index] &+= vector[index] }
        }
    }
}
