// SPDX-License-Identifier: Apache-2.0

internal import PaillierEncryption
internal import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation
internal import SecureRandomness

/// What the parties of `paillier` know of their aggregation: who is who, by which keys, in which layout.
struct PaillierPlan: Sendable {
    let contributors: [PartyID]
    let server: PartyID
    let keyHolder: PartyID
    let enrollment: PaillierEnrollment
    let audit: KeyHolderAudit
    let dimension: Int
    let width: RingWidth
    let minimumContributors: Int
    let journal: ShareReleaseJournal
    let layout: SlotLayout
    /// Zeros where nobody signs.
    let identitiesDigest: HashDigest
    var threads = 1

    init(
        contributors: [PartyID], server: PartyID, keyHolder: PartyID, enrollment: PaillierEnrollment,
        audit: KeyHolderAudit, dimension: Int, width: RingWidth, elementBits: Int, minimumContributors: Int,
        journal: ShareReleaseJournal
    ) throws(AggregationError) {
        if let privateKey = enrollment.privateKey, privateKey.publicKey != enrollment.encryptor.publicKey {
            throw .unusableKey(.ownKeysChanged)
        }
        do {
            layout = try SlotLayout(
                valueBits: elementBits, isSigned: false, maximumWeight: UInt32(contributors.count))
        } catch {
            var neededBits = 65
            if case .slotTooWide(let bits) = error { neededBits = bits }
            throw .ring(
                .capacityExceeded(
                    terms: contributors.count, maximumWeight: 1, inputBits: elementBits, neededBits: neededBits,
                    availableBits: 64))
        }
        // The wire has four bytes for the length of a vector.
        let size = enrollment.encryptor.publicKey.size
        guard PackedVector.serializedByteCount(of: dimension, layout: layout, size: size) <= Int(UInt32.max) else {
            throw .dimensionOutOfRange(dimension)
        }
        identitiesDigest = audit == .recomputesProduct ? try enrollment.digest(of: contributors) : .zero
        (self.contributors, self.server, self.keyHolder) = (contributors, server, keyHolder)
        (self.enrollment, self.audit, self.dimension, self.width) = (enrollment, audit, dimension, width)
        (self.minimumContributors, self.journal) = (minimumContributors, journal)
    }

    /// The public key.
    var key: PaillierPublicKey { enrollment.encryptor.publicKey }
    var slots: Int { layout.slots(in: key.size) }
    var ciphertextCount: Int { layout.ciphertexts(for: dimension, in: key.size) }

    /// The ciphertexts that each thread has, in order.
    var parts: [Range<Int>] {
        let count = ciphertextCount
        let parts = max(1, min(threads, count))
        return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }

    /// The elements of some ciphertexts.
    func elements(of ciphertexts: Range<Int>) -> Range<Int> {
        ciphertexts.lowerBound * slots..<min(dimension, ciphertexts.upperBound * slots)
    }

    /// Does the work of each part, on as many threads as there are parts.
    func forEachPart<Value: Sendable>(
        _ body: @Sendable (Int, Range<Int>) throws(PaillierError) -> Value
    ) throws(PaillierError) -> [Value] {
        let parts = self.parts
        let results = concurrentMap(parts.count) { (index) -> Result<Value, PaillierError> in
            do throws(PaillierError) { return .success(try body(index, parts[index])) } catch { return .failure(error) }
        }
        var values: [Value] = []
        for result in results { values.append(try result.get()) }
        return values
    }
}

// What is done ciphertext by ciphertext.
extension PaillierPlan {
    /// A generator for each ciphertext, so that the outcome does not depend on who makes which: 32 bytes are drawn for
    /// each.
    func generators(
        from randomness: inout some SecureRandomNumberGenerator
    ) throws(AggregationError) -> [ExpandedRandomness] {
        var generators: [ExpandedRandomness] = []
        for _ in 0..<ciphertextCount {
            generators.append(
                try drawing { () throws(RandomnessError) in try ExpandedRandomness(from: &randomness) })
        }
        return generators
    }

    /// A vector, encrypted.
    func encrypt<Element: RingWord>(
        _ vector: [Element], using generators: [ExpandedRandomness]
    ) throws(PaillierError) -> EncryptedVector {
        let encryptor = enrollment.encryptor
        let mask = width.mask
        let encrypted = try forEachPart { (_, ciphertexts) throws(PaillierError) -> [PackedVector] in
            var made: [PackedVector] = []
            for index in ciphertexts {
                var generator = generators[index]
                let values = vector[elements(of: index..<index + 1)].map { UInt64($0) & mask }
                made.append(try encryptor.encryptUnsigned(values, layout: layout, using: &generator))
            }
            return made
        }
        return EncryptedVector(PackedVector(joining: encrypted.flatMap { $0 }).serialized)
    }

    /// What a contributor sent, checked, and folded into the sums of the parts; there are none yet for the first one.
    func fold(_ vector: EncryptedVector, into sums: [PackedVector]) throws(PaillierError) -> [PackedVector] {
        try forEachPart { (part, ciphertexts) throws(PaillierError) -> PackedVector in
            let vector = try read(vector, ciphertexts, weight: 1)
            guard part < sums.count else { return vector }
            var sum = sums[part]
            try sum.add(vector)
            return sum
        }
    }

    /// Some of the ciphertexts of a vector that somebody sent, checked.
    /// - Throws: a `PaillierError` for any but ciphertexts under this key, in this layout, of this weight.
    func read(
        _ vector: EncryptedVector, _ ciphertexts: Range<Int>, weight: Int
    ) throws(PaillierError) -> PackedVector {
        let bytes = vector.bytes
        let total = PackedVector.serializedByteCount(of: dimension, layout: layout, size: key.size)
        guard bytes.count == total else { throw bytes.count < total ? .truncated : .trailingBytes }
        let packed: PackedVector
        if ciphertexts.count == ciphertextCount {
            packed = try PackedVector(serialized: bytes, under: key, layout: layout, count: dimension)
        } else {
            // The header ends with the number of values and the weight, of four bytes each (Documentation/Paillier.md): for
            // a part it says how many values the part has.
            let header = total - ciphertextCount * key.size.ciphertextByteCount
            guard Array(bytes[header - 8..<header - 4]) == Self.bigEndian(dimension) else { throw .wrongCount }
            let count = elements(of: ciphertexts).count
            let start = header + ciphertexts.lowerBound * key.size.ciphertextByteCount
            let part =
                bytes[..<(header - 8)] + Self.bigEndian(count) + bytes[header - 4..<header]
                + bytes[start..<start + ciphertexts.count * key.size.ciphertextByteCount]
            packed = try PackedVector(serialized: Array(part), under: key, layout: layout, count: count)
        }
        guard Int(packed.weight) == weight else { throw .weightOutOfRange }
        return packed
    }

    /// The sum under fresh randomness, as it leaves the server.
    func rerandomize(
        _ sums: [PackedVector], using generators: [ExpandedRandomness]
    ) throws(PaillierError) -> EncryptedVector {
        let encryptor = enrollment.encryptor
        let fresh = try forEachPart { (part, ciphertexts) throws(PaillierError) -> [PackedVector] in
            var made: [PackedVector] = []
            for (offset, index) in ciphertexts.enumerated() {
                var generator = generators[index]
                made.append(
                    try encryptor.rerandomize(sums[part].part(ciphertexts: offset..<offset + 1), using: &generator))
            }
            return made
        }
        return EncryptedVector(PackedVector(joining: fresh.flatMap { $0 }).serialized)
    }

    /// The sum in the clear, reduced.
    func decrypt<Element: RingWord>(
        _ sums: [PackedVector], with key: PaillierPrivateKey
    ) throws(PaillierError) -> [Element] {
        let mask = width.mask
        return try forEachPart { (part, _) throws(PaillierError) -> [Element] in
            try key.decryptUnsigned(sums[part]).map { Element(truncatingIfNeeded: $0 & mask) }
        }.flatMap { $0 }
    }

    private static func bigEndian(_ count: Int) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}
