// SPDX-License-Identifier: Apache-2.0

/// The proof that a sum of quantized values cannot wrap around its ring.
///
/// N parties each contribute w·X with integers 0 ≤ w ≤ W and 0 ≤ X ≤ 2^q − 1 (W = 1 and w = 1 where the sum is
/// unweighted). Every coordinate of the true sum S then satisfies 0 ≤ S ≤ N·W·(2^q − 1), whoever drops out, since
/// dropping a term of a sum of non-negative terms cannot raise it. Reduction mod 2^b is the identity on 0 … 2^b − 1, so
/// the sum that the scheme gives, S mod 2^b, is S exactly when
///
///     N · W · (2^q − 1) + 1 ≤ 2^b,
///
/// and a party that contributes the extreme value everywhere shows that no smaller ring would do. The same bound holds
/// for the weights themselves, which are summed beside the values: Σw ≤ N·W ≤ N·W·(2^q − 1), since q ≥ 1. A value of
/// this type exists only if the inequality holds.
public struct SumCapacity: Hashable, Sendable {
    /// The number N of parties that may contribute.
    public let terms: Int
    /// The largest integer weight W; 1 for an unweighted sum.
    public let maximumWeight: Int
    /// The bits q of an input value.
    public let inputBits: Int
    /// The ring, Z/2^b.
    public let width: RingWidth

    /// The narrowest ring in which the sum cannot wrap, or the ring given, if it is wide enough.
    /// - Throws: `.capacityExceeded` if the inequality fails in `width` (or in 64 bits when `width` is nil),
    ///   `.capacityNotPositive` if `terms` or `maximumWeight` is below 1, `.inputBitsOutOfRange` unless 1 ≤ q ≤ 32.
    public init(terms: Int, maximumWeight: Int = 1, inputBits: Int, width: RingWidth? = nil) throws(RingError) {
        guard terms >= 1, maximumWeight >= 1 else { throw .capacityNotPositive }
        guard (1...32).contains(inputBits) else { throw .inputBitsOutOfRange(inputBits) }
        // The first product is below 2^126, the second one below 2^158.
        let largest = (UInt128(terms) * UInt128(maximumWeight))
            .multipliedFullWidth(by: (UInt128(1) << UInt128(inputBits)) - 1)
        let neededBits = largest.high == 0 ? RingWidth.holding(largest.low) : 128 + RingWidth.holding(largest.high)
        let availableBits = width?.bits ?? 64
        guard neededBits <= availableBits else {
            throw .capacityExceeded(
                terms: terms, maximumWeight: maximumWeight, inputBits: inputBits, neededBits: neededBits,
                availableBits: availableBits)
        }
        self.terms = terms
        self.maximumWeight = maximumWeight
        self.inputBits = inputBits
        if let width { self.width = width } else { self.width = try RingWidth(bits: neededBits) }
    }
}
