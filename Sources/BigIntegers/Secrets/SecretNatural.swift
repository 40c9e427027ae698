// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP
public import SecureRandomness

/// A number of a fixed, public width that must not be learned by anybody: kept in memory of our own, wiped when the last
/// copy goes, never printed.
///
/// Everything here takes time that depends on widths only. Copies share one buffer. There is no `==` and no `Codable`.
public struct SecretNatural: Sendable {
    let limbs: LimbBuffer
    /// The width in 64-bit limbs.
    package var limbCount: Int { limbs.count }
    /// The width in bits, a multiple of 64.
    public var bitCapacity: Int { 64 * limbs.count }

    init(_ limbs: LimbBuffer) { self.limbs = limbs }

    /// A copy of a public number in `bitCapacity` bits, rounded up to limbs; a precondition fails if it does not fit.
    public init(_ value: Natural, bitCapacity: Int) {
        limbs = LimbBuffer(value.limbs, count: (bitCapacity + 63) / 64)
    }

    /// The number of these bytes, most significant first. The caller's bytes are not wiped.
    public init(bigEndian bytes: borrowing Span<UInt8>) {
        limbs = LimbBuffer(count: max(1, (bytes.count + 7) / 8))
        limbs.read(bytes, at: 0, width: bytes.count, into: 0, count: limbs.count)
    }

    /// The number of these bytes, most significant first.
    public init(bigEndian bytes: SecretBytes) {
        self = bytes.withSpan { SecretNatural(bigEndian: $0) }
    }

    /// A uniform number of exactly `count` random bytes.
    /// - Throws: `.randomness` if the source fails.
    public init(
        randomBytes count: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(BigIntegerError) {
        do { self.init(bigEndian: try generator.secretBytes(count)) } catch { throw .randomness(error) }
    }

    /// The number in `count` bytes, most significant first; what does not fit is cut off.
    public func bigEndian(count: Int) -> SecretBytes {
        SecretBytes(count: count) { (span) in limbs.write(count: limbs.count, into: &span, at: 0, width: count) }
    }

    /// The number for everybody to see: the caller says that it is secret no longer.
    public var revealed: Natural { limbs.natural }

    /// Bit `index`, 0 or 1; a precondition fails beyond the capacity.
    func bit(_ index: Int) -> UInt64 { limbs[index / 64] >> UInt64(index % 64) & 1 }

    /// The same number in another width; what does not fit is cut off.
    package func resized(to limbCount: Int) -> SecretNatural { SecretNatural(limbs.copy(count: limbCount)) }
}

// Arithmetic. Moduli are given in exactly their width: the highest limb is not zero.
extension SecretNatural {
    /// The product, as wide as both together.
    package func times(_ other: SecretNatural) -> SecretNatural {
        let (long, short) = limbCount >= other.limbCount ? (limbs, other.limbs) : (other.limbs, limbs)
        let result = LimbBuffer(count: long.count + short.count)
        let scratch = secretScratch(long.count)
        // SAFETY: room for both together, and the scratch that the function asks for.
        unsafe fedsum_secret_multiply(result.base, long.base, long.count, short.base, short.count, scratch.base)
        return SecretNatural(result)
    }

    /// The sum in this number's width; a carry is lost. `other` is no wider.
    package func plus(_ other: SecretNatural) -> SecretNatural {
        let result = limbs.copy(count: limbCount)
        let padded = other.limbs.copy(count: limbCount)
        // SAFETY: both have limbCount limbs.
        _ = unsafe fedsum_secret_add(result.base, padded.base, limbCount)
        return SecretNatural(result)
    }

    /// The difference in this number's width mod 2^capacity, and 1 if it was negative. `other` is no wider.
    package func minus(_ other: SecretNatural) -> (difference: SecretNatural, borrow: UInt64) {
        let result = limbs.copy(count: limbCount)
        let padded = other.limbs.copy(count: limbCount)
        // SAFETY: both have limbCount limbs.
        let borrow = unsafe fedsum_secret_subtract(result.base, padded.base, limbCount)
        return (SecretNatural(result), borrow)
    }

    /// This number plus `other`, of the same width, if `condition` is 1; unchanged if it is 0.
    package func plus(_ other: SecretNatural, if condition: UInt64) -> SecretNatural {
        precondition(other.limbCount == limbCount, "Both have one width.")
        let result = limbs.copy(count: limbCount)
        // SAFETY: both have limbCount limbs.
        _ = unsafe fedsum_secret_add_if(condition, result.base, other.limbs.base, limbCount)
        return SecretNatural(result)
    }

    /// The remainder modulo an odd number, in its width.
    package func remainder(modulo modulus: SecretNatural) -> SecretNatural {
        let result = LimbBuffer(count: modulus.limbCount)
        let scratch = secretScratch(modulus.limbCount)
        // SAFETY: result and modulus have as many limbs, the modulus' highest of which is not zero.
        unsafe fedsum_secret_remainder(
            result.base, limbs.base, limbCount, modulus.limbs.base, modulus.limbCount, scratch.base)
        return SecretNatural(result)
    }

    /// The difference mod `modulus` of two numbers below it, all of one width.
    package func minus(_ other: SecretNatural, modulo modulus: SecretNatural) -> SecretNatural {
        let (difference, borrow) = minus(other)
        return difference.plus(modulus, if: borrow)
    }

    /// This number to a power of at most `exponentBits` bits, modulo an odd number of the same width.
    package func power(_ exponent: SecretNatural, bits exponentBits: Int, modulo modulus: SecretNatural)
        -> SecretNatural
    {
        precondition(limbCount == modulus.limbCount && exponentBits <= exponent.bitCapacity && exponentBits > 0)
        let result = LimbBuffer(count: limbCount)
        let scratch = secretScratch(limbCount)
        let table = LimbBuffer(count: fedsum_table_size(32, limbCount))
        // SAFETY: base, modulus and result have limbCount limbs, the table holds 32 of them, the exponent has its bits.
        unsafe fedsum_secret_power(
            result.base, limbs.base, exponent.limbs.base, exponentBits, modulus.limbs.base, limbCount, table.base,
            scratch.base)
        return SecretNatural(result)
    }

    /// The inverse modulo an odd number of the same width.
    /// - Throws: `.notInvertible` if there is none.
    package func inverse(modulo modulus: SecretNatural) throws(BigIntegerError) -> SecretNatural {
        precondition(limbCount == modulus.limbCount, "Both have one width.")
        let result = LimbBuffer(count: limbCount)
        let operand = limbs.copy(count: limbCount)
        let scratch = secretScratch(limbCount)
        // SAFETY: all have limbCount limbs, and the operand is a copy that may be destroyed.
        let exists = unsafe fedsum_secret_inverse(
            result.base, operand.base, modulus.limbs.base, limbCount, scratch.base)
        guard exists == 1 else { throw .notInvertible }
        return SecretNatural(result)
    }

    /// Whether both are the same number; the narrower one counts as filled up with zeros.
    package func isEqual(to other: SecretNatural) -> Bool {
        let count = max(limbCount, other.limbCount)
        let (mine, theirs) = (limbs.copy(count: count), other.limbs.copy(count: count))
        // SAFETY: both have count limbs.
        return unsafe fedsum_secret_equal(mine.base, theirs.base, count) == 1
    }

    /// Whether the number is zero.
    package var isZero: Bool { isEqual(to: SecretNatural(.zero, bitCapacity: 64)) }

    /// How many bits it takes to write the number, which this gives away.
    package var bitLength: Int { revealedTopBit + 1 }

    private var revealedTopBit: Int {
        (0..<limbCount).reversed().first { limbs[$0] != 0 }.map { 64 * $0 + 63 - limbs[$0].leadingZeroBitCount } ?? -1
    }

    /// Whether the number is odd, which this gives away.
    package var isOdd: Bool { limbs[0] & 1 == 1 }
    /// Whether the number is 3 mod 4, which this gives away.
    package var isThreeModFour: Bool { limbs[0] & 3 == 3 }

    /// Whether there is no common factor with an odd number that is larger, of the same width.
    package func isCoprime(to modulus: SecretNatural) -> Bool { (try? inverse(modulo: modulus)) != nil }

    /// The lowest bit, 0 or 1.
    package var lowestBit: UInt64 { limbs[0] & 1 }
    /// The same number in as few limbs as it takes, which this gives away.
    package var narrow: SecretNatural { resized(to: max(1, (bitLength + 63) / 64)) }

    /// This number shifted right by one bit.
    package var halved: SecretNatural {
        let result = LimbBuffer(count: limbCount)
        for index in 0..<limbCount {
            let above = index + 1 < limbCount ? limbs[index + 1] << 63 : 0
            result[index] = limbs[index] >> 1 | above
        }
        return SecretNatural(result)
    }

    private func secretScratch(_ count: Int) -> LimbBuffer {
        LimbBuffer(count: fedsum_secret_scratch(count))
    }
}

extension SecretNatural: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says the width and nothing else.
    public var description: String { "SecretNatural(\(bitCapacity) bits)" }
    /// Says the width and nothing else.
    public var debugDescription: String { description }
    /// Empty: `dump` shows nothing of a secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
