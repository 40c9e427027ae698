// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// Expands a mask key into a vector over Z/2^b: AES-128 in counter mode [SP800-38A] §6.5.
///
/// The key's first 16 bytes are the AES key, the others the initial counter block, a big-endian number that counts up
/// mod 2^128. The keystream is read as little-endian words of 4 bytes if b ≤ 32, else of 8; an element is a word mod
/// 2^b, so it is uniform as far as AES is a pseudo-random permutation. Over a prime field, words mod 2^k that are not
/// below p are skipped, and the others are the elements.
public struct MaskGenerator: Sendable {
    private let key: SecretBytes

    /// The length of a mask key, in bytes.
    public static let keyByteCount = 32
    /// How much keystream is made at a time: it stays in the second-level cache, and the cost of a call does not count.
    private static let blockByteCount = 64 * 1024

    /// The generator of this mask key.
    /// - Throws: `.wrongLength` unless there are 32 bytes.
    public init(key: SecretBytes) throws(CryptographyError) {
        guard key.count == Self.keyByteCount else {
            throw .wrongLength(expected: Self.keyByteCount, actual: key.count)
        }
        self.key = key
    }

    /// How many bytes of keystream one element of a ring takes.
    public static func wordByteCount(for width: RingWidth) -> Int { width.bits <= 32 ? 4 : 8 }

    /// The bytes that the mask is made of.
    var keystream: Keystream { Keystream(maskKey: key) }

    /// Calls `body` with consecutive blocks of keystream for as long as it asks for more.
    ///
    /// `first` and what `body` returns say how many bytes are wanted; 0 is the end. The next block has as many as
    /// that, or 64 KiB. A block that is not the last one must have had a multiple of 16 bytes.
    func forEachBlock(
        first: Int, _ body: (_ keystream: UnsafeRawBufferPointer) -> Int
    ) throws(CryptographyError) {
        let keystream = self.keystream
        var cipherBlock = 0
        var zeros: [UInt8] = []
        var wanted = first
        while wanted > 0 {
            precondition(
                zeros.count % Keystream.cipherBlockByteCount == 0,
                "Keystream cannot go on inside a block of the cipher.")
            let byteCount = min(wanted, Self.blockByteCount)
            if zeros.count != byteCount { zeros = [UInt8](repeating: 0, count: byteCount) }
            // SAFETY: `body` gets the bytes for the time of the call.
            wanted = try unsafe keystream.withBytes(fromCipherBlock: cipherBlock, replacing: zeros, body)
            cipherBlock += byteCount / Keystream.cipherBlockByteCount
        }
    }
}

/// An element to which pseudo-random masks can be added.
public protocol MaskableElement: PrimeFieldElement {
    /// Adds each of `masks` to `vector`, or subtracts it; the result is right mod 2^b and not reduced.
    ///
    /// It is the same for every number of threads.
    /// - Parameters:
    ///   - masks: each goes over the whole vector.
    ///   - vector: what is masked in place. After an error it is to be thrown away.
    ///   - width: the ring.
    ///   - threads: at most so many threads work at once; 1 or more.
    /// - Throws: `.libraryFailure`, which does not happen.
    static func apply(
        _ masks: [SignedMask], to vector: inout [Self], width: RingWidth, threads: Int
    ) throws(CryptographyError)

    /// Adds the mask of `generator` to `vector`; the sum is right mod 2^b and not reduced.
    static func add(_ generator: MaskGenerator, to vector: inout [Self], width: RingWidth) throws(CryptographyError)

    /// Subtracts the mask of `generator` from `vector`; the difference is right mod 2^b and not reduced.
    static func subtract(
        _ generator: MaskGenerator, from vector: inout [Self], width: RingWidth
    ) throws(CryptographyError)

    /// Adds the mask of `generator` over a prime field to `vector`, whose words are elements.
    static func add(_ generator: MaskGenerator, to vector: inout [Self], in field: PrimeField) throws(CryptographyError)

    /// Subtracts the mask of `generator` over a prime field from `vector`, whose words are elements.
    static func subtract(
        _ generator: MaskGenerator, from vector: inout [Self], in field: PrimeField
    ) throws(CryptographyError)
}

extension MaskableElement {
    /// Adds each of `masks` to `vector`, or subtracts it, on the calling thread.
    public static func apply(
        _ masks: [SignedMask], to vector: inout [Self], width: RingWidth
    ) throws(CryptographyError) {
        try apply(masks, to: &vector, width: width, threads: 1)
    }

    /// Applies one mask after the other, on the calling thread: for elements that are no words.
    public static func apply(
        _ masks: [SignedMask], to vector: inout [Self], width: RingWidth, threads: Int
    ) throws(CryptographyError) {
        for mask in masks {
            if mask.isAdded {
                try add(mask.generator, to: &vector, width: width)
            } else {
                try subtract(mask.generator, from: &vector, width: width)
            }
        }
    }
}

extension UInt32: MaskableElement {
    /// Adds a mask, in place.
    public static func add(
        _ generator: MaskGenerator, to vector: inout [UInt32], width: RingWidth
    ) throws(CryptographyError) {
        try apply([SignedMask(generator: generator, isAdded: true)], to: &vector, width: width, threads: 1)
    }

    /// Subtracts a mask, in place.
    public static func subtract(
        _ generator: MaskGenerator, from vector: inout [UInt32], width: RingWidth
    ) throws(CryptographyError) {
        try apply([SignedMask(generator: generator, isAdded: false)], to: &vector, width: width, threads: 1)
    }

    /// Adds a mask over a prime field of at most 32 bits, in place.
    public static func add(
        _ generator: MaskGenerator, to vector: inout [UInt32], in field: PrimeField
    ) throws(CryptographyError) {
        precondition(field.bits <= 32, "The element type is narrower than the field.")
        try expand(generator, UInt32.self, over: &vector, in: field, subtracting: false)
    }

    /// Subtracts a mask over a prime field of at most 32 bits, in place.
    public static func subtract(
        _ generator: MaskGenerator, from vector: inout [UInt32], in field: PrimeField
    ) throws(CryptographyError) {
        precondition(field.bits <= 32, "The element type is narrower than the field.")
        try expand(generator, UInt32.self, over: &vector, in: field, subtracting: true)
    }
}

extension UInt64: MaskableElement {
    /// Adds a mask, in place.
    public static func add(
        _ generator: MaskGenerator, to vector: inout [UInt64], width: RingWidth
    ) throws(CryptographyError) {
        try apply([SignedMask(generator: generator, isAdded: true)], to: &vector, width: width, threads: 1)
    }

    /// Subtracts a mask, in place.
    public static func subtract(
        _ generator: MaskGenerator, from vector: inout [UInt64], width: RingWidth
    ) throws(CryptographyError) {
        try apply([SignedMask(generator: generator, isAdded: false)], to: &vector, width: width, threads: 1)
    }

    /// Adds a mask over a prime field, in place.
    public static func add(
        _ generator: MaskGenerator, to vector: inout [UInt64], in field: PrimeField
    ) throws(CryptographyError) {
        if field.bits <= 32 {
            try expand(generator, UInt32.self, over: &vector, in: field, subtracting: false)
        } else {
            try expand(generator, UInt64.self, over: &vector, in: field, subtracting: false)
        }
    }

    /// Subtracts a mask over a prime field, in place.
    public static func subtract(
        _ generator: MaskGenerator, from vector: inout [UInt64], in field: PrimeField
    ) throws(CryptographyError) {
        if field.bits <= 32 {
            try expand(generator, UInt32.self, over: &vector, in: field, subtracting: true)
        } else {
            try expand(generator, UInt64.self, over: &vector, in: field, subtracting: true)
        }
    }
}

/// Adds or subtracts the mask over a prime field: words mod 2^k, without those that are not below p. Inlined, so that
/// both types are known in the loop.
///
/// Which words are skipped shows in the time, and says nothing of the others.
@inline(__always)
private func expand<Element: FixedWidthInteger, Word: FixedWidthInteger & BitwiseCopyable>(
    _ generator: MaskGenerator, _: Word.Type, over vector: inout [Element], in field: PrimeField, subtracting: Bool
) throws(CryptographyError) {
    let size = MemoryLayout<Word>.size
    let p = field.modulus
    let mask = field.elementWidth.mask
    /// Words are skipped, so whole blocks of the cipher are asked for until there are enough elements.
    func byteCount(for elements: Int) -> Int { (elements * size + 15) / 16 * 16 }
    let failure: CryptographyError? = unsafe vector.withUnsafeMutableBufferPointer { (target) in
        let count = target.count
        var position = 0
        do throws(CryptographyError) {
            unsafe try generator.forEachBlock(first: byteCount(for: count)) { (keystream) in
                let words = keystream.count / size
                guard let source = keystream.baseAddress, let elements = target.baseAddress else { return 0 }
                var next = position
                var index = 0
                while index < words, next < count {
                    // SAFETY: index · size + size ≤ keystream.count by the choice of `words`, and 0 ≤ next < count.
                    let word = unsafe source.loadUnaligned(fromByteOffset: index &* size, as: Word.self)
                    let candidate = UInt64(truncatingIfNeeded: Word(littleEndian: word)) & mask
                    // 1 if the candidate is an element. If it is not, 0 is added, and the position stays.
                    let isElement = (candidate &- p) &>> 63
                    let term = candidate & (0 &- isElement)
                    // Both are at least −p and below p, which has at most 61 bits: the sign bit tells what is missing.
                    let element = UInt64(truncatingIfNeeded: unsafe elements[next])
                    let sum = subtracting ? element &- term : element &+ term &- p
                    unsafe elements[next] = Element(truncatingIfNeeded: sum &+ (0 &- sum &>> 63) & p)
                    next &+= Int(truncatingIfNeeded: isElement)
                    index &+= 1
                }
                position = next
                return byteCount(for: count - next)
            }
            return nil
        } catch {
            return error
        }
    }
    if let failure { throw failure }
}
