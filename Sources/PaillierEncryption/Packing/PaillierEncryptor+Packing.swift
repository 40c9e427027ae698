// SPDX-License-Identifier: Apache-2.0

package import BigIntegers
public import SecureRandomness

extension PaillierEncryptor {
    /// Encrypts unsigned values.
    /// - Throws: `.wrongLayout` if the layout is for signed ones; `.emptyVector`; `.valueOutOfRange` for the first value that
    ///   does not fit; `.randomness` if the source fails.
    public func encryptUnsigned(
        _ values: [UInt64], layout: SlotLayout, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PackedVector {
        guard !layout.isSigned else { throw .wrongLayout }
        return try encryptStored(layout, values.count, { values[$0] }, using: &generator)
    }

    /// Encrypts signed values.
    /// - Throws: `.wrongLayout` if the layout is for unsigned ones; else as above.
    public func encryptSigned(
        _ values: [Int64], layout: SlotLayout, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PackedVector {
        guard layout.isSigned else { throw .wrongLayout }
        // Wrapping: a value that does not fit becomes one above the largest, unless values have all 64 bits.
        return try encryptStored(
            layout, values.count, { UInt64(bitPattern: values[$0]) &+ layout.bias }, using: &generator)
    }

    private func encryptStored(
        _ layout: SlotLayout, _ count: Int, _ stored: (Int) -> UInt64,
        using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PackedVector {
        let messages = try layout.plaintexts(count, in: publicKey.size, stored)
        return PackedVector(
            residues: try encrypt(messages, using: &generator), key: publicKey, layout: layout, count: count, weight: 1)
    }

    /// The same sums under fresh randomness.
    /// - Throws: `.wrongKey` if it is under another key; `.randomness` if the source fails.
    public func rerandomize(
        _ vector: PackedVector, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PackedVector {
        guard vector.key == publicKey else { throw .wrongKey }
        return PackedVector(
            residues: try rerandomize(vector.residues, using: &generator), key: publicKey, layout: vector.layout,
            count: vector.count, weight: vector.weight)
    }
}

extension SlotLayout {
    /// The plaintexts of `count` values as they are stored; the time depends on how many there are only.
    package func plaintexts(
        _ count: Int, in size: PaillierKeySize, _ stored: (Int) -> UInt64
    ) throws(PaillierError) -> [SecretNatural] {
        guard count > 0, count <= Int(UInt32.max) else { throw .emptyVector }
        for index in 0..<count where stored(index) > largestStored { throw .valueOutOfRange(index: index) }
        let slots = self.slots(in: size)
        return stride(from: 0, to: count, by: slots).map { first in
            SecretNatural(
                packing: min(slots, count - first), of: slotBits, bitCapacity: size.bits, { stored(first + $0) })
        }
    }

    /// The stored sums of a plaintext.
    /// - Throws: `.decryptionFailed` for a slot above `weight` times the largest value, or a bit beyond the slots.
    package func storedSums(
        of plaintext: SecretNatural, count: Int, weight: UInt32, in size: PaillierKeySize
    ) throws(PaillierError) -> [UInt64] {
        let (largest, overflow) = largestStored.multipliedReportingOverflow(by: UInt64(weight))
        let slots = self.slots(in: size)
        guard !overflow, let all = plaintext.unpacked(slots, of: slotBits) else { throw .decryptionFailed }
        guard all[..<count].allSatisfy({ $0 <= largest }), all[count...].allSatisfy({ $0 == 0 }) else {
            throw .decryptionFailed
        }
        return Array(all[..<count])
    }
}

extension PaillierPrivateKey {
    /// The values of a vector for unsigned ones, or the sums of a sum.
    /// - Throws: `.wrongKey`; `.wrongLayout` if the layout is for signed ones; `.decryptionFailed` for whatever goes wrong
    ///   inside, values above what the weights allow included.
    public func decryptUnsigned(_ vector: PackedVector) throws(PaillierError) -> [UInt64] {
        guard !vector.layout.isSigned else { throw .wrongLayout }
        return try storedSums(vector)
    }

    /// The values of a vector for signed ones, or the sums of a sum.
    /// - Throws: as above, with signed and unsigned exchanged.
    public func decryptSigned(_ vector: PackedVector) throws(PaillierError) -> [Int64] {
        guard vector.layout.isSigned else { throw .wrongLayout }
        // weight · bias is below 2^64 and the difference fits into 64 bits, since the slot does.
        let bias = UInt64(vector.weight) &* vector.layout.bias
        return try storedSums(vector).map { Int64(bitPattern: $0 &- bias) }
    }

    private func storedSums(_ vector: PackedVector) throws(PaillierError) -> [UInt64] {
        guard vector.key == publicKey else { throw .wrongKey }
        let slots = vector.layout.slots(in: publicKey.size)
        var sums: [UInt64] = []
        sums.reserveCapacity(vector.count)
        for number in vector.residues.naturals {
            let plaintext = try decryptResidue(number)
            sums += try vector.layout.storedSums(
                of: plaintext, count: min(slots, vector.count - sums.count), weight: vector.weight, in: publicKey.size)
        }
        return sums
    }
}
