// SPDX-License-Identifier: Apache-2.0

/// The variance parameter σ² of discrete noise: a fraction between 0.1 and 10^12, known exactly.
///
/// A privacy guarantee is stated for this number, so it is a fraction and not a rounded double. For the discrete Gaussian
/// it is the σ² of exp(−y²/2σ²), and the variance itself is a little smaller ([CKS20]).
public struct NoiseVariance: Hashable, Sendable {
    /// The numerator, in lowest terms.
    public let numerator: UInt64
    /// The denominator, in lowest terms.
    public let denominator: UInt64

    /// The largest numerator and denominator, 2^62.
    private static let largestTerm = UInt64(1) << 62

    /// The fraction `numerator`/`denominator`.
    /// - Throws: `.varianceOutOfRange` unless the fraction is between 1/10 and 10^12 and both terms, after reduction, are
    ///   at most 2^62.
    public init(numerator: UInt64, denominator: UInt64 = 1) throws(DifferentialPrivacyError) {
        guard numerator > 0, denominator > 0 else { throw .varianceOutOfRange }
        let divisor = Self.greatestCommonDivisor(numerator, denominator)
        let (n, d) = (numerator / divisor, denominator / divisor)
        guard n <= Self.largestTerm, d <= Self.largestTerm, UInt128(n) * 10 >= UInt128(d),
            UInt128(n) <= UInt128(d) * 1_000_000_000_000
        else { throw .varianceOutOfRange }
        self.numerator = n
        self.denominator = d
    }

    /// Exactly the value of `variance`: every double is a fraction.
    /// - Throws: `.varianceOutOfRange` unless it is between 1/10 and 10^12.
    public init(_ variance: Double) throws(DifferentialPrivacyError) {
        // The double next to 0.1 is above it.
        guard variance >= 0.1, variance <= 1e12 else { throw .varianceOutOfRange }
        // variance = significand · 2^shift with a significand below 2^53; shift is −56 … −13.
        let shift = Int(variance.exponent) - 52
        let significand = UInt64(variance.significandBitPattern) | 1 << 52
        try self.init(numerator: significand, denominator: UInt64(1) << UInt64(-shift))
    }

    /// The variance of a standard deviation that is at least `standardDeviation`: its square, rounded up to a double.
    /// - Throws: `.varianceOutOfRange` unless the square is between 1/10 and 10^12.
    public init(standardDeviation: Double) throws(DifferentialPrivacyError) {
        guard standardDeviation > 0, standardDeviation <= 1e6 else { throw .varianceOutOfRange }
        // The residue of the square is exact with one rounding less, so it says whether the product was rounded down.
        let square = standardDeviation * standardDeviation
        let residue = (-square).addingProduct(standardDeviation, standardDeviation)
        try self.init(residue > 0 ? square.nextUp : square)
    }

    /// The nearest double, within two units of its last place.
    public var value: Double { Double(numerator) / Double(denominator) }

    /// The square root of `value`.
    public var standardDeviation: Double { value.squareRoot() }

    private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
