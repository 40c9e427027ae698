// SPDX-License-Identifier: Apache-2.0

// A 64-bit accumulator takes elements at its upper end and gives words at its lower end, so both directions touch eight
// bytes at a time. Invariant: `fill` < 64 bits of the accumulator are in use.

func packWords<Word: RingWord>(_ vector: [Word], width: RingWidth) -> [UInt8] {
    guard let byteCount = width.packedByteCount(of: vector.count) else {
        preconditionFailure("A vector in memory has a packed length that fits in Int.")
    }
    // Whole words are stored, so the buffer is rounded up and cut afterwards.
    var bytes = [UInt8](repeating: 0, count: (byteCount + 7) / 8 * 8)
    let bits = UInt64(width.bits)
    let mask = width.mask
    var accumulator: UInt64 = 0
    var fill: UInt64 = 0
    var offset = 0
    var span = bytes.mutableSpan
    // SAFETY: any byte pattern is a valid UInt8.
    var raw = unsafe span.mutableBytes
    for word in vector {
        let element = UInt64(truncatingIfNeeded: word) & mask
        accumulator |= element &<< fill
        fill += bits
        if fill >= 64 {
            raw.storeBytes(of: accumulator.littleEndian, toByteOffset: offset, as: UInt64.self)
            offset += 8
            fill -= 64
            accumulator = fill == 0 ? 0 : element &>> (bits - fill)
        }
    }
    if fill > 0 { raw.storeBytes(of: accumulator.littleEndian, toByteOffset: offset, as: UInt64.self) }
    bytes.removeLast(bytes.count - byteCount)
    return bytes
}

func unpackWords<Word: RingWord>(
    _ bytes: borrowing Span<UInt8>, count: Int, width: RingWidth
) throws(RingError) -> [Word] {
    guard width.bits <= Word.bitWidth else {
        throw .elementTooNarrow(needed: width.bits, available: Word.bitWidth)
    }
    guard count >= 0, let expected = width.packedByteCount(of: count), bytes.count == expected else {
        throw .packedLengthMismatch(expected: width.packedByteCount(of: max(0, count)) ?? .max, actual: bytes.count)
    }
    let usedBitsOfLastByte = count * width.bits % 8
    if usedBitsOfLastByte != 0, bytes[bytes.count - 1] >> UInt8(usedBitsOfLastByte) != 0 { throw .nonZeroPadding }

    let bits = UInt64(width.bits)
    let mask = width.mask
    var vector = [Word](repeating: 0, count: count)
    var accumulator: UInt64 = 0
    var fill: UInt64 = 0
    var offset = 0
    for index in vector.indices {
        if fill >= bits {
            vector[index] = Word(truncatingIfNeeded: accumulator & mask)
            accumulator = bits == 64 ? 0 : accumulator &>> bits
            fill -= bits
            continue
        }
        let next = littleEndianWord(of: bytes, at: offset)
        offset += 8
        vector[index] = Word(truncatingIfNeeded: (accumulator | next &<< fill) & mask)
        let taken = bits - fill
        accumulator = taken == 64 ? 0 : next &>> taken
        fill = 64 - taken
    }
    return vector
}

/// Eight bytes from `offset` as a little-endian word; bytes past the end count as zero.
@inline(__always)
private func littleEndianWord(of bytes: borrowing Span<UInt8>, at offset: Int) -> UInt64 {
    if offset + 8 <= bytes.count {
        // SAFETY: offset ≥ 0 and offset + 8 ≤ count, so the eight bytes are inside the span.
        return unsafe UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var word: UInt64 = 0
    var shift: UInt64 = 0
    var index = offset
    while index < bytes.count {
        word |= UInt64(bytes[index]) &<< shift
        shift += 8
        index += 1
    }
    return word
}
