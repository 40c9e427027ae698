// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecretSharing
import Testing

@Suite struct PrimeFieldLagrangeTests {
    /// A polynomial of degree 3 at abscissas of every size; indices and points count mod p.
    @Test(arguments: [5, 8, 17, 31, 32, 33, 60, 61])
    func `weights give the polynomial's value at any point`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let p = field.modulus
        let polynomial = [p - 1, 5, p / 2, 1]
        let indices = [1, p - 1, p + 2, 7]
        let values = indices.map { value(of: polynomial, at: $0, field) }
        let first = try PrimeFieldLagrange(indices: indices, in: field)
        #expect(first.abscissas == [1, p - 1, 2, 7])
        #expect(first.field == field)
        for point in [0, 1, 2, 3, 7, p / 2, p - 1, p, p + 1, .max] {
            let expected = value(of: polynomial, at: point, field)
            let lagrange = try PrimeFieldLagrange(indices: indices, at: point, in: field)
            #expect(combination(values, lagrange.weights, field) == expected)
            #expect(try lagrange.interpolate(values.map { [0, $0] }) == [0, expected])
            #expect(first.moved(to: point) == lagrange)
            #expect(lagrange.moved(to: 0) == first)
        }
        #expect(combination(values, first.weights, field) == polynomial[0])
    }

    @Test(arguments: [5, 31, 61])
    func `weights for the secret and shares fix the polynomial by both`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let p = field.modulus
        let polynomial = [p - 2, 3, p / 3]
        let indices = [4, p - 3]
        let values = ([0] + indices).map { value(of: polynomial, at: $0, field) }
        for point in [0, 1, 4, p - 3, .max] {
            let lagrange = try PrimeFieldLagrange(secretAnd: indices, at: point, in: field)
            #expect(lagrange.abscissas == [0] + indices)
            #expect(combination(values, lagrange.weights, field) == value(of: polynomial, at: point, field))
        }
        // The secret alone is a constant.
        #expect(try PrimeFieldLagrange(secretAnd: [], at: 9, in: field).weights == [1])
        #expect(throws: SharingError.zeroIndex) { try PrimeFieldLagrange(secretAnd: [1, p], at: 9, in: field) }
    }

    @Test func `weights at one's own index are a unit vector`() throws {
        let field = try PrimeField(bits: 6)
        for (position, index) in ([3, 5, 60] as [UInt64]).enumerated() {
            let weights = try PrimeFieldLagrange(indices: [3, 5, 60], at: index + field.modulus, in: field).weights
            #expect(weights == (0..<3).map { $0 == position ? 1 : 0 })
        }
        #expect(try PrimeFieldLagrange(indices: [], in: field).weights == [])
        #expect(try PrimeFieldLagrange(indices: [5], at: 3, in: field).weights == [1])
    }

    /// All indices that the field has, at once.
    @Test func `every element but zero may be an index`() throws {
        let field = try PrimeField(bits: 8)
        let indices = (1..<field.modulus).reversed().map { $0 }
        let polynomial = (0..<field.modulus - 1).map { ($0 * $0 + 3) % field.modulus }
        let values = indices.map { value(of: polynomial, at: $0, field) }
        let lagrange = try PrimeFieldLagrange(indices: indices, in: field)
        #expect(combination(values, lagrange.weights, field) == polynomial[0])
    }

    @Test(arguments: [3, 31, 61])
    func `refuses indices that are 0 or equal mod p`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let p = field.modulus
        for (indices, error) in [
            ([0], SharingError.zeroIndex), ([1, 0], .zeroIndex), ([1, p], .zeroIndex), ([2 * p, 1], .zeroIndex),
            ([1, 1], .duplicateIndex(1)), ([1, p + 1], .duplicateIndex(p + 1)),
            ([p + 1, 2, 1], .duplicateIndex(1)), ([3, 2 * p + 2, 2], .duplicateIndex(2)),
        ] as [([UInt64], SharingError)] {
            #expect(throws: error) { try PrimeFieldLagrange(indices: indices, in: field) }
            #expect(throws: error) { try PrimeFieldLagrange(secretAnd: indices, at: 1, in: field) }
        }
    }

    @Test func `interpolates vectors of one length, one for each index`() throws {
        let field = try PrimeField(bits: 31)
        let lagrange = try PrimeFieldLagrange(indices: [1, 2], in: field)
        #expect(throws: SharingError.tooFewShares(have: 1, need: 2)) { try lagrange.interpolate([[1 as UInt32]]) }
        #expect(throws: SharingError.tooFewShares(have: 3, need: 2)) {
            try lagrange.interpolate([[1 as UInt32], [2], [3]])
        }
        #expect(throws: SharingError.lengthMismatch(expected: 1, actual: 2)) {
            try lagrange.interpolate([[1 as UInt32], [2, 3]])
        }
        // 2·5 − 9
        #expect(try lagrange.interpolate([[5 as UInt32], [9]]) == [1])
        #expect(try lagrange.interpolate([[], []] as [[UInt32]]) == [])
    }

    private func combination(_ values: [UInt64], _ weights: [UInt64], _ field: PrimeField) -> UInt64 {
        let p = UInt128(field.modulus)
        #expect(values.count == weights.count && weights.allSatisfy { UInt128($0) < p })
        return UInt64(zip(values, weights).reduce(UInt128(0)) { ($0 + UInt128($1.0) * UInt128($1.1)) % p })
    }
}

/// Term by term, in integers that do not wrap.
func value(of polynomial: [UInt64], at point: UInt64, _ field: PrimeField) -> UInt64 {
    let p = UInt128(field.modulus)
    var (sum, power) = (UInt128(0), UInt128(1))
    for coefficient in polynomial {
        sum = (sum + UInt128(coefficient) * power) % p
        power = power * (UInt128(point) % p) % p
    }
    return UInt64(sum)
}
