// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// How much keystream of one mask is made before that of the next one. With the zeros that it is made from and the
/// elements that it goes to it fits the second-level cache, the cost of a call to the library does not count, and it is
/// less than what allocators map anew for each call.
private let usualBlockByteCount = 96 * 1024

extension UInt32 {
    /// Adds and subtracts masks, in place; about 0.15 ns a byte of keystream.
    public static func apply(
        _ masks: [SignedMask], to vector: inout [UInt32], width: RingWidth, threads: Int
    ) throws(CryptographyError) {
        try apply(masks, to: &vector, width: width, threads: threads, blockByteCount: usualBlockByteCount)
    }

    /// The same with another size of blocks, a multiple of 16 bytes.
    package static func apply(
        _ masks: [SignedMask], to vector: inout [UInt32], width: RingWidth, threads: Int, blockByteCount: Int
    ) throws(CryptographyError) {
        precondition(width.bits <= 32, "The element type is narrower than the ring.")
        try applyInBlocks(masks, UInt32.self, to: &vector, threads: threads, blockByteCount: blockByteCount)
    }
}

extension UInt64 {
    /// Adds and subtracts masks, in place; about 0.15 ns a byte of keystream.
    public static func apply(
        _ masks: [SignedMask], to vector: inout [UInt64], width: RingWidth, threads: Int
    ) throws(CryptographyError) {
        try apply(masks, to: &vector, width: width, threads: threads, blockByteCount: usualBlockByteCount)
    }

    /// The same with another size of blocks, a multiple of 16 bytes.
    package static func apply(
        _ masks: [SignedMask], to vector: inout [UInt64], width: RingWidth, threads: Int, blockByteCount: Int
    ) throws(CryptographyError) {
        if width.bits <= 32 {
            try applyInBlocks(masks, UInt32.self, to: &vector, threads: threads, blockByteCount: blockByteCount)
        } else {
            try applyInBlocks(masks, UInt64.self, to: &vector, threads: threads, blockByteCount: blockByteCount)
        }
    }
}

/// Goes through the vector in blocks, and applies every mask to a block before the next one, so that the vector goes
/// through memory once whatever the number of masks. Inlined, so that both types are known in the loops.
///
/// Each thread has consecutive blocks, and a block of keystream and one of zeros besides. An element gets the same words
/// whatever the size of the blocks and the number of threads are.
@inline(__always)
private func applyInBlocks<Element: FixedWidthInteger, Word: FixedWidthInteger & BitwiseCopyable>(
    _ masks: [SignedMask], _: Word.Type, to vector: inout [Element], threads: Int, blockByteCount: Int
) throws(CryptographyError) {
    precondition(threads >= 1, "Nothing is done on no thread.")
    precondition(
        blockByteCount > 0 && blockByteCount % Keystream.cipherBlockByteCount == 0,
        "Blocks begin where a block of the cipher does.")
    let size = MemoryLayout<Word>.size
    let elementsPerBlock = blockByteCount / size
    let failure = unsafe vector.withUnsafeMutableBufferPointer { (target) -> CryptographyError? in
        let count = target.count
        guard let base = target.baseAddress, !masks.isEmpty else { return nil }
        let blockCount = (count + elementsPerBlock - 1) / elementsPerBlock
        let partCount = min(threads, blockCount)
        // SAFETY: each part writes to elements of its own, and all parts end before the pointer does.
        nonisolated(unsafe) let elements = unsafe base
        return concurrently(partCount) { (part) in
            let keystreams = masks.map(\.generator.keystream)
            var zeros: [UInt8] = []
            for block in blockCount * part / partCount..<blockCount * (part + 1) / partCount {
                let first = block * elementsPerBlock
                let elementCount = min(elementsPerBlock, count - first)
                if zeros.count != elementCount * size { zeros = [UInt8](repeating: 0, count: elementCount * size) }
                for number in masks.indices {
                    do throws(CryptographyError) {
                        // SAFETY: first + elementCount ≤ count, and no other part has elements of this block.
                        try unsafe keystreams[number].withBytes(
                            fromCipherBlock: block * (blockByteCount / Keystream.cipherBlockByteCount),
                            replacing: zeros
                        ) { (keystream) in
                            precondition(keystream.count == elementCount * size, "One word for each element.")
                            unsafe combine(
                                keystream, Word.self, with: elements + first, count: elementCount,
                                adding: masks[number].isAdded)
                        }
                    } catch {
                        return error
                    }
                }
            }
            return nil
        }
    }
    if let failure { throw failure }
}

/// Adds `count` words of keystream to elements, or subtracts them.
@inline(__always)
private func combine<Element: FixedWidthInteger, Word: FixedWidthInteger & BitwiseCopyable>(
    _ keystream: UnsafeRawBufferPointer, _: Word.Type, with elements: UnsafeMutablePointer<Element>, count: Int,
    adding: Bool
) {
    guard let source = keystream.baseAddress else { return }
    let size = MemoryLayout<Word>.size
    // Unchecked arithmetic on hoisted pointers, so that the loops become vector instructions.
    // SAFETY: the caller has `count` elements, and as many words of keystream.
    if adding {
        for index in 0..<count {
            let word = unsafe source.loadUnaligned(fromByteOffset: index &* size, as: Word.self)
            unsafe elements[index] = elements[index] &+ Element(truncatingIfNeeded: Word(littleEndian: word))
        }
    } else {
        for index in 0..<count {
            let word = unsafe source.loadUnaligned(fromByteOffset: index &* size, as: Word.self)
            unsafe elements[index] = elements[index] &- Element(truncatingIfNeeded: Word(littleEndian: word))
        }
    }
}
