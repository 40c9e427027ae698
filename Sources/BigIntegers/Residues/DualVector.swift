// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP
internal import SecureRandomness

/// Public numbers mod n², as pairs that are all behind by the same power of R: the i-th number is
/// (a_i + b_i · n) · R^scale.
///
/// Multiplying pairs divides by R; that is only counted, and made good once when the numbers are written. So a product of
/// many factors costs one multiplication each, whether they come from the wire or not.
package struct DualVector: Sendable {
    package let modulus: DualModulus
    package let count: Int
    private(set) var scale: Int
    private var storage: LimbBuffer

    /// Numbers that the caller has just computed in Montgomery's form, x · R.
    init(montgomery storage: LimbBuffer, count: Int, modulus: DualModulus) {
        precondition(storage.count == 2 * modulus.limbs * count, "A number has two halves.")
        (self.modulus, self.count, self.storage, scale) = (modulus, count, storage, -1)
    }

    /// Reads numbers of ⌈2|n|/8⌉ bytes each, most significant first, and checks all of them: first that each is from 1 to
    /// n² − 1, then that none has a factor in common with n, by one greatest common divisor for all.
    ///
    /// Costs half of a multiplication each.
    /// - Throws: `.wrongLength`, `.residueOutOfRange` or `.residueNotAUnit`.
    package init(
        bigEndian bytes: borrowing Span<UInt8>, count: Int, modulus: DualModulus
    ) throws(BigIntegerError) {
        let width = modulus.squareByteCount
        let (expected, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, count > 0, bytes.count == expected else {
            throw .wrongLength(expected: expected, actual: bytes.count)
        }
        let limbs = modulus.limbs
        let square = (modulus.natural * modulus.natural).padded(to: 2 * limbs)
        storage = LimbBuffer(count: 2 * limbs * count)
        for index in 0..<count {
            storage.read(bytes, at: index * width, width: width, into: 2 * limbs * index, count: 2 * limbs)
            guard storage.isBetweenZero(and: square, at: 2 * limbs * index) else { throw .residueOutOfRange }
        }
        (self.modulus, self.count, scale) = (modulus, count, 1)
        let scratch = modulus.scratch
        let product = modulus.one.copy(count: limbs)
        for index in 0..<count {
            // SAFETY: number `index` has 2 · limbs limbs, its first half `limbs`, and scratch what is asked for.
            let number = unsafe storage.base + 2 * limbs * index
            unsafe fedsum_dual_from_number(
                number, number, modulus.modulus.base, modulus.inverse, limbs, scratch.base)
            unsafe fedsum_half_multiply(
                product.base, product.base, number, modulus.modulus.base, modulus.inverse, limbs, 0, scratch.base)
        }
        guard Natural.greatestCommonDivisor(product.natural, modulus.natural) == 1 else { throw .residueNotAUnit }
    }

    /// The same for an array.
    package init(bigEndian bytes: [UInt8], count: Int, modulus: DualModulus) throws(BigIntegerError) {
        try self.init(bigEndian: bytes.span, count: count, modulus: modulus)
    }

    /// One number.
    /// - Throws: `.residueOutOfRange` or `.residueNotAUnit`.
    package init(_ number: Natural, modulus: DualModulus) throws(BigIntegerError) {
        guard let bytes = number.bigEndian(count: modulus.squareByteCount) else { throw .residueOutOfRange }
        try self.init(bigEndian: bytes, count: 1, modulus: modulus)
    }

    /// `count` ones, with which products begin.
    package init(onesOf modulus: DualModulus, count: Int) {
        let limbs = modulus.limbs
        let storage = LimbBuffer(count: 2 * limbs * count)
        // SAFETY: one has 2 · limbs limbs.
        for index in 0..<count {
            unsafe (storage.base + 2 * limbs * index).update(from: modulus.one.base, count: 2 * limbs)
        }
        self.init(montgomery: storage, count: count, modulus: modulus)
    }

    /// The numbers of all parts, in order; they are brought to one power of R.
    package init(joining parts: [DualVector], modulus: DualModulus) {
        let size = 2 * modulus.limbs
        let storage = LimbBuffer(count: size * parts.reduce(0) { $0 + $1.count })
        var filled = 0
        for var part in parts {
            precondition(part.modulus.natural == modulus.natural, "Parts have one modulus.")
            if part.scale != -1 { part.raise(to: .one) }
            // SAFETY: the storage has room for the numbers of all parts.
            unsafe (storage.base + size * filled).update(from: part.storage.base, count: size * part.count)
            filled += part.count
        }
        self.init(montgomery: storage, count: filled, modulus: modulus)
    }

    /// The same numbers with another object for the same modulus.
    package func sharing(_ other: DualModulus) -> DualVector {
        if other === modulus { return self }
        precondition(other.natural == modulus.natural, "The moduli are the same.")
        var result = DualVector(montgomery: storage, count: count, modulus: other)
        result.scale = scale
        return result
    }

    /// Number `index` alone, or a part of the numbers.
    package subscript(range: Range<Int>) -> DualVector {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "The vector ends here.")
        let size = 2 * modulus.limbs
        var part = DualVector(
            montgomery: storage.copy(from: size * range.lowerBound, count: size * range.count), count: range.count,
            modulus: modulus)
        part.scale = scale
        return part
    }

    /// Multiplies each number by its partner.
    package mutating func multiply(by other: DualVector) {
        precondition(other.modulus === modulus && other.count == count, "Both are vectors of one kind.")
        makeUnique()
        let (size, limbs, scratch) = (2 * modulus.limbs, modulus.limbs, modulus.scratch)
        for index in 0..<count {
            // SAFETY: pairs of `size` limbs inside both buffers; the one written is ours alone.
            unsafe fedsum_dual_multiply(
                storage.base + size * index, storage.base + size * index, other.storage.base + size * index,
                modulus.modulus.base, modulus.inverse, limbs, 0, scratch.base)
        }
        scale += other.scale + 1
    }

    /// Raises each number to a public power, in time that depends on it.
    package mutating func raise(to exponent: Natural) {
        // To Montgomery's form: scale −1.
        multiplyAll(by: modulus.powerOfR(scale + 2), scaleChange: -scale - 1)
        let (size, limbs, scratch) = (2 * modulus.limbs, modulus.limbs, modulus.scratch)
        let base = LimbBuffer(count: size)
        for index in 0..<count {
            // SAFETY: pairs of `size` limbs inside buffers that are ours alone.
            let number = unsafe storage.base + size * index
            unsafe base.base.update(from: number, count: size)
            unsafe number.update(from: modulus.one.base, count: size)
            for bit in (0..<exponent.bitWidth).reversed() {
                unsafe fedsum_dual_square(
                    number, number, modulus.modulus.base, modulus.inverse, limbs, 0, scratch.base)
                guard exponent.bit(bit) else { continue }
                unsafe fedsum_dual_multiply(
                    number, number, base.base, modulus.modulus.base, modulus.inverse, limbs, 0, scratch.base)
            }
        }
    }

    /// Multiplies number `index` by 1 + m · n, for a secret m < n.
    package mutating func addMessage(_ message: SecretNatural, to index: Int) {
        precondition(index >= 0 && index < count, "The vector ends here.")
        makeUnique()
        let (limbs, scratch) = (modulus.limbs, modulus.scratch)
        let factor = modulus.messageForm(message)
        // SAFETY: the pair is inside the buffer, which is ours alone; halves have `limbs` limbs.
        let number = unsafe storage.base + 2 * limbs * index
        unsafe fedsum_half_multiply(
            factor.base, factor.base, number, modulus.modulus.base, modulus.inverse, limbs, 1, scratch.base)
        unsafe fedsum_half_add(number + limbs, number + limbs, factor.base, modulus.modulus.base, limbs, scratch.base)
    }

    /// The numbers in ⌈2|n|/8⌉ bytes each, most significant first.
    package func bigEndian() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count * modulus.squareByteCount)
        var span = bytes.mutableSpan
        write(into: &span, at: 0)
        return bytes
    }

    /// Writes the numbers from `offset` on.
    package func write(into bytes: inout MutableSpan<UInt8>, at offset: Int) {
        let number = LimbBuffer(count: 2 * modulus.limbs)
        forEachNumber { index, pair, scratch in
            // SAFETY: the pair is normalized; both have 2 · limbs limbs.
            unsafe fedsum_dual_to_number(number.base, pair.base, modulus.modulus.base, modulus.limbs, scratch.base)
            number.write(
                count: number.count, into: &bytes, at: offset + index * modulus.squareByteCount,
                width: modulus.squareByteCount)
        }
    }

    /// The numbers.
    package var naturals: [Natural] {
        var result: [Natural] = []
        forEachNumber { _, pair, scratch in
            let number = LimbBuffer(count: 2 * modulus.limbs)
            // SAFETY: as above.
            unsafe fedsum_dual_to_number(number.base, pair.base, modulus.modulus.base, modulus.limbs, scratch.base)
            result.append(number.natural)
        }
        return result
    }

    /// Calls `body` with each number as a normalized pair of scale 0, and scratch.
    private func forEachNumber(_ body: (Int, LimbBuffer, LimbBuffer) -> Void) {
        let (size, limbs, scratch) = (2 * modulus.limbs, modulus.limbs, modulus.scratch)
        let pair = LimbBuffer(count: size)
        let factor: LimbBuffer? = scale == -1 ? nil : modulus.powerOfR(scale + 1)
        for index in 0..<count {
            // SAFETY: pairs of `size` limbs inside their buffers; scratch has what is asked for.
            let number = unsafe storage.base + size * index
            if let factor {
                unsafe fedsum_dual_multiply(
                    pair.base, number, factor.base, modulus.modulus.base, modulus.inverse, limbs, 0, scratch.base)
            } else {
                unsafe fedsum_dual_reduce(
                    pair.base, number, modulus.modulus.base, modulus.inverse, limbs, scratch.base)
            }
            unsafe fedsum_dual_normalize(pair.base, modulus.modulus.base, limbs, scratch.base)
            body(index, pair, scratch)
        }
    }

    /// The pairs in Montgomery's form, x · R; only after `raise(to:)`, or for numbers that were just computed.
    var copyOfMontgomeryForm: LimbBuffer {
        precondition(scale == -1, "The numbers are in another form.")
        return storage.copy(count: storage.count)
    }

    private mutating func multiplyAll(by factor: LimbBuffer, scaleChange: Int) {
        makeUnique()
        let (size, limbs, scratch) = (2 * modulus.limbs, modulus.limbs, modulus.scratch)
        for index in 0..<count {
            // SAFETY: as in `multiply(by:)`.
            unsafe fedsum_dual_multiply(
                storage.base + size * index, storage.base + size * index, factor.base, modulus.modulus.base,
                modulus.inverse, limbs, 0, scratch.base)
        }
        scale += scaleChange
    }

    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = storage.copy(count: storage.count) }
    }
}

extension LimbBuffer {
    /// Whether the number at `offset` is above zero and below `bound`. Public numbers.
    fileprivate func isBetweenZero(and bound: [UInt64], at offset: Int) -> Bool {
        var isZero = true
        for index in bound.indices.reversed() {
            let limb = self[offset + index]
            if limb != 0 { isZero = false }
            if limb != bound[index] {
                guard limb < bound[index] else { return false }
                return !isZero || (0..<index).contains { self[offset + $0] != 0 }
            }
        }
        return false
    }
}

extension DualModulus {
    /// m · R mod n, for a secret m < n.
    func messageForm(_ message: SecretNatural) -> LimbBuffer {
        let scratch = self.scratch
        let result = message.limbs.copy(count: limbs)
        // SAFETY: all have `limbs` limbs, and scratch what is asked for.
        unsafe fedsum_half_multiply(
            result.base, result.base, square.base, modulus.base, inverse, limbs, 1, scratch.base)
        return result
    }
}
