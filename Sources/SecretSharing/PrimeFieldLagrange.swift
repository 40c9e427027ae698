// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// The weights that take vectors of shares over a prime field to the value of their polynomial at one point, by default
/// the secret at 0.
///
/// They depend on who holds shares and not on what, so they serve every vector of the same holders.
public struct PrimeFieldLagrange: Hashable, Sendable {
    /// The field.
    public let field: PrimeField
    /// The abscissas mod p, in the order in which `interpolate` takes the shares.
    public let abscissas: [UInt64]
    /// The weight of each share in the value at the point, in the order of `abscissas`.
    public let weights: [UInt64]
    /// 1 / Π (x_i − x_j) over j ≠ i: the part of each weight that does not depend on the point.
    private let inverseDenominators: [UInt64]

    /// The weights for shares at `indices`, for the polynomial's value at `point`; both count mod p.
    /// - Throws: `.zeroIndex` if an index is 0 mod p, `.duplicateIndex` with the later one if two are equal mod p.
    /// - Complexity: O(t²) multiplications and one inversion.
    public init(indices: [UInt64], at point: UInt64 = 0, in field: PrimeField) throws(SharingError) {
        try Self.validate(indices, in: field)
        self.init(distinct: indices.map { $0 % field.modulus }, at: point, in: field)
    }

    /// The weights for the secret, which comes first, and shares at `indices`: what a dealer needs who fixes the
    /// polynomial by its shares.
    /// - Throws: `.zeroIndex` if an index is 0 mod p, `.duplicateIndex` with the later one if two are equal mod p.
    /// - Complexity: O(t²) multiplications and one inversion.
    public init(secretAnd indices: [UInt64], at point: UInt64, in field: PrimeField) throws(SharingError) {
        try Self.validate(indices, in: field)
        self.init(distinct: [0] + indices.map { $0 % field.modulus }, at: point, in: field)
    }

    private init(distinct abscissas: [UInt64], at point: UInt64, in field: PrimeField) {
        var denominators: [UInt64] = []
        for (i, x) in abscissas.enumerated() {
            var denominator: UInt64 = 1
            for (j, other) in abscissas.enumerated() where j != i {
                denominator = field.multiply(denominator, field.subtract(x, other))
            }
            denominators.append(denominator)
        }
        let inverses = Self.invert(denominators, in: field)
        self.init(field: field, abscissas: abscissas, inverseDenominators: inverses, point: point)
    }

    private init(field: PrimeField, abscissas: [UInt64], inverseDenominators: [UInt64], point: UInt64) {
        self.field = field
        self.abscissas = abscissas
        self.inverseDenominators = inverseDenominators
        // Each numerator is the product of all the other differences: those before it times those after it.
        let differences = abscissas.map { field.subtract(point % field.modulus, $0) }
        var weights = inverseDenominators
        var before: UInt64 = 1
        for position in weights.indices {
            weights[position] = field.multiply(weights[position], before)
            before = field.multiply(before, differences[position])
        }
        var after: UInt64 = 1
        for position in weights.indices.reversed() {
            weights[position] = field.multiply(weights[position], after)
            after = field.multiply(after, differences[position])
        }
        self.weights = weights
    }

    /// The weights of the same shares for the value at another point, which counts mod p.
    /// - Complexity: O(t) multiplications.
    public func moved(to point: UInt64) -> PrimeFieldLagrange {
        PrimeFieldLagrange(
            field: field, abscissas: abscissas, inverseDenominators: inverseDenominators, point: point)
    }

    /// The value at the point for vectors of elements in the order of `abscissas`.
    /// - Throws: `.tooFewShares` unless there is one for each abscissa, `.lengthMismatch` if one has another length than
    ///   the first.
    /// - Complexity: O(t · count); about 1.5 ns an element and share.
    public func interpolate<Element: PrimeFieldElement>(
        _ shares: [[Element]]
    ) throws(SharingError) -> [Element] {
        guard shares.count == weights.count else { throw .tooFewShares(have: shares.count, need: weights.count) }
        let length = shares.first?.count ?? 0
        var value = [Element](repeating: .zero, count: length)
        for (share, weight) in zip(shares, weights) {
            guard share.count == length else { throw .lengthMismatch(expected: length, actual: share.count) }
            Element.addProduct(of: share, by: weight, to: &value, in: field)
        }
        return value
    }

    static func validate(_ indices: [UInt64], in field: PrimeField) throws(SharingError) {
        var seen = Set<UInt64>()
        for index in indices {
            guard index % field.modulus != 0 else { throw .zeroIndex }
            guard seen.insert(index % field.modulus).inserted else { throw .duplicateIndex(index) }
        }
    }

    /// All inverses for the price of one and three multiplications each (Montgomery's trick). No element may be zero.
    private static func invert(_ elements: [UInt64], in field: PrimeField) -> [UInt64] {
        var prefix: [UInt64] = []
        var product: UInt64 = 1
        for element in elements {
            prefix.append(product)
            product = field.multiply(product, element)
        }
        var inverse = field.inverse(of: product)
        var inverses = elements
        for position in elements.indices.reversed() {
            inverses[position] = field.multiply(inverse, prefix[position])
            inverse = field.multiply(inverse, elements[position])
        }
        return inverses
    }
}
