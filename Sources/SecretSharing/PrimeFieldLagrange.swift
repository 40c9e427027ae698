// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// The weights over a prime field that take shares at given indices to the value at one point, by default the secret at
/// 0.
public struct PrimeFieldLagrange: Sendable {
    /// The indices of the shares, in the order of the weights.
    public let indices: [UInt64]
    /// One weight for each index, elements of the field.
    public let weights: [UInt64]

    /// The weights for shares at `indices`, for the polynomial's value at `point`; all are taken mod p.
    /// - Throws: `.zeroIndex` if an index is 0 mod p, `.duplicateIndex` if two are equal mod p.
    /// - Complexity: O(t²) multiplications and one inversion.
    public init(indices: [UInt64], at point: UInt64 = 0, in field: PrimeField) throws(SharingError) {
        let abscissas = indices.map { $0 % field.modulus }
        var seen = Set<UInt64>()
        for (index, abscissa) in zip(indices, abscissas) {
            guard abscissa != 0 else { throw .zeroIndex }
            guard seen.insert(abscissa).inserted else { throw .duplicateIndex(index) }
        }
        let target = point % field.modulus
        var numerators: [UInt64] = []
        var denominators: [UInt64] = []
        for (i, x) in abscissas.enumerated() {
            var numerator: UInt64 = 1
            var denominator: UInt64 = 1
            for (j, other) in abscissas.enumerated() where j != i {
                numerator = field.multiply(numerator, field.subtract(target, other))
                denominator = field.multiply(denominator, field.subtract(x, other))
            }
            numerators.append(numerator)
            denominators.append(denominator)
        }
        // All inverses for the price of one (Montgomery's trick); no denominator is zero.
        var prefix: [UInt64] = []
        var product: UInt64 = 1
        for denominator in denominators {
            prefix.append(product)
            product = field.multiply(product, denominator)
        }
        var inverse = field.inverse(of: product)
        var weights = numerators
        for position in denominators.indices.reversed() {
            weights[position] = field.multiply(numerators[position], field.multiply(inverse, prefix[position]))
            inverse = field.multiply(inverse, denominators[position])
        }
        self.indices = indices
        self.weights = weights
    }
}
