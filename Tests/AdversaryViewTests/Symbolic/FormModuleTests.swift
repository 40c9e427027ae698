// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// The elimination against counting: every value of every input and mask, in rings small enough for that.
@Suite struct FormModuleTests {
    static let rings: [CoefficientRing] = [
        .words(bits: 1), .words(bits: 2), .words(bits: 3), .field(prime: 2), .field(prime: 3), .field(prime: 5),
    ]

    private func modulus(_ ring: CoefficientRing) -> Int {
        switch ring {
        case .words(let bits): 1 << bits
        case .field(let prime): Int(prime)
        }
    }

    /// All vectors of `count` numbers below `modulus`.
    private func vectors(count: Int, modulus: Int) -> [[Int]] {
        (0..<count).reduce([[]]) { partial, _ in partial.flatMap { head in (0..<modulus).map { head + [$0] } } }
    }

    private func logarithm(_ count: Int, _ ring: CoefficientRing) -> Int {
        let base = if case .field(let prime) = ring { Int(prime) } else { 2 }
        var power = 1
        var exponent = 0
        while power < count {
            power *= base
            exponent += 1
        }
        #expect(power == count)
        return exponent
    }

    /// A view's entries for given inputs and masks.
    private func image(_ matrix: [[UInt64]], _ values: [Int], _ modulus: Int) -> [Int] {
        matrix.map { row in zip(row, values).reduce(0) { $0 + Int($1.0) * $1.1 } % modulus }
    }

    /// Random views of two inputs and two masks. Two inputs give the same distribution of views (over uniform masks)
    /// exactly if what the module says is learned of them is the same, so it has as many elements as there are different
    /// distributions.
    @Test(arguments: rings) func `what is learned is what tells distributions of views apart`(ring: CoefficientRing) {
        let modulus = modulus(ring)
        var generator = SimulationRandomness(seed: 5).generator(purpose: "form module")
        let words = (try? generator.bytes(4000)) ?? []
        var position = 0
        for trial in 0..<40 {
            let rowCount = 1 + trial % 3
            let matrix = (0..<rowCount).map { _ in
                (0..<4).map { _ in
                    position += 1
                    return UInt64(words[position]) % UInt64(modulus)
                }
            }
            var distributions: [[[Int]: Int]: Int] = [:]
            for inputs in vectors(count: 2, modulus: modulus) {
                var histogram: [[Int]: Int] = [:]
                for masks in vectors(count: 2, modulus: modulus) {
                    histogram[image(matrix, inputs + masks, modulus), default: 0] += 1
                }
                distributions[histogram, default: 0] += 1
            }
            let learned = FormModule(matrix, over: ring).restricted(toZeroIn: 2..<4)
            #expect(learned.size == logarithm(distributions.count, ring))
            // Every combination that the elimination gives is free of masks.
            #expect(learned.rows.allSatisfy { $0[2] == 0 && $0[3] == 0 })
        }
    }

    @Test(arguments: rings) func `the size is the logarithm of the number of combinations`(ring: CoefficientRing) {
        let modulus = modulus(ring)
        var generator = SimulationRandomness(seed: 6).generator(purpose: "form module")
        let words = (try? generator.bytes(4000)) ?? []
        var position = 0
        for _ in 0..<40 {
            let matrix = (0..<3).map { _ in
                (0..<3).map { _ in
                    position += 1
                    return UInt64(words[position]) % UInt64(modulus)
                }
            }
            let transposed = (0..<3).map { column in matrix.map { $0[column] } }
            let combinations = Set(vectors(count: 3, modulus: modulus).map { image(transposed, $0, modulus) })
            #expect(FormModule(matrix, over: ring).size == logarithm(combinations.count, ring))
        }
    }

    @Test func `large rings divide as they should`() {
        let ring = CoefficientRing.words(bits: 64)
        for (a, b) in [(1, 3), (12, 4), (40, 24), (.max, 7), (1 << 63, 1 << 62)] as [(UInt64, UInt64)] {
            #expect(ring.quotient(a, b) &* b == a)
        }
        let prime: UInt64 = 2_305_843_009_213_693_951
        let field = CoefficientRing.field(prime: prime)
        for (a, b) in [(1, 3), (12, 5), (prime - 1, prime - 2)] as [(UInt64, UInt64)] {
            let quotient = field.quotient(a, b)
            #expect(field.subtract(quotient, times: b, from: a) == 0)
        }
        #expect(field.subtract(1, times: 2, from: 1) == prime - 1)
    }

    @Test func `a mask added twice leaves the lowest bit`() {
        // x + 2m over Z/2^64: 2^63 times it is 2^63 x.
        let learned = FormModule([[1, 2]], over: .words(bits: 64)).restricted(toZeroIn: [1])
        #expect(learned.size == 1)
        #expect(FormModule([[1, 1]], over: .words(bits: 64)).restricted(toZeroIn: [1]).size == 0)
        #expect(FormModule([[1, 2]], over: .field(prime: 61)).restricted(toZeroIn: [1]).size == 0)
    }
}
