// SPDX-License-Identifier: Apache-2.0

package import SecureRandomness

/// Random words for one vector of noise: the ChaCha20 keystream [RFC8439] of a key that is drawn for it and wiped after.
///
/// The system's generator costs 1.5 ns a byte, and a sample of noise takes 15 bytes; this costs a third of that. The key
/// has 256 bits from the generator of the caller, no two vectors share one, and nothing of it stays: so noise is as hard
/// to predict as the generator, up to the security of ChaCha20.
///
/// Two streams of the key, told apart by the nonce: words of attempts, four blocks at a time, and the words that
/// refinement asks for. Words come in the order in which vectors hold them: word j of block b is lane b mod 4 of vector
/// j of group b / 4. Any fixed order of independent uniform words is as good as another.
package struct NoiseStream: ~Copyable, AttemptSource {
    /// One element; an array, since that can be wiped.
    private var key: [SIMD8<UInt32>]
    private var group: UInt32 = 0
    private var refinementGroup: UInt32 = 0
    /// One group of the refinement stream, of which `spareIndex` words of 64 bits are used.
    private var spare = [SIMD4<UInt32>](repeating: SIMD4(repeating: 0), count: 16)
    private var spareIndex = 32

    /// How many groups of four blocks one key gives: 2^32 blocks, 256 GiB.
    private static let groupLimit: UInt32 = 1 << 30

    /// A stream with a fresh key.
    /// - Throws: `.randomness` if the generator fails.
    package init(from generator: inout some SecureRandomNumberGenerator) throws(DifferentialPrivacyError) {
        var seed = [UInt8](repeating: 0, count: 32)
        defer { wipe(&seed) }
        do {
            var span = seed.mutableSpan
            try generator.fill(&span)
        } catch {
            throw .randomness(error)
        }
        var words = SIMD8<UInt32>(repeating: 0)
        for index in 0..<32 { words[index / 4] |= UInt32(seed[index]) << UInt32(8 * (index % 4)) }
        key = [words]
    }

    package mutating func fill(_ vectors: inout [SIMD4<UInt32>]) {
        precondition(vectors.count % 16 == 0, "A group of blocks has 16 vectors.")
        var start = 0
        while start < vectors.count {
            precondition(group < Self.groupLimit, "The keystream of this vector has ended.")
            Self.blocks(key[0], counter: 4 &* group, nonce: 0, into: &vectors, at: start)
            group += 1
            start += 16
        }
    }

    package mutating func refinementWord() -> UInt64 {
        if spareIndex == 32 {
            precondition(refinementGroup < Self.groupLimit, "The keystream of this vector has ended.")
            Self.blocks(key[0], counter: 4 &* refinementGroup, nonce: 1, into: &spare, at: 0)
            refinementGroup += 1
            spareIndex = 0
        }
        let (vector, lane) = (2 * (spareIndex / 4), spareIndex % 4)
        spareIndex += 1
        return UInt64(spare[vector][lane]) << 32 | UInt64(spare[vector + 1][lane])
    }

    /// Overwrites all words with those of the refinement stream.
    package mutating func fill(_ words: inout [UInt64]) {
        for index in words.indices { words[index] = refinementWord() }
    }

    /// Wipes the key and the words that are left; whoever makes a stream calls it when done.
    package mutating func erase() {
        wipe(&spare)
        wipe(&key)
        group = Self.groupLimit
        refinementGroup = Self.groupLimit
        spareIndex = 32
    }

    /// Four blocks of ChaCha20 side by side: vector j holds word j of the blocks `counter` … `counter` + 3.
    package static func blocks(
        _ key: SIMD8<UInt32>, counter: UInt32, nonce: UInt32, into vectors: inout [SIMD4<UInt32>], at start: Int
    ) {
        let counters = SIMD4<UInt32>(counter, counter &+ 1, counter &+ 2, counter &+ 3)
        let zero = SIMD4<UInt32>(repeating: 0)
        var (x0, x1, x2, x3) = (
            SIMD4<UInt32>(repeating: 0x6170_7865), SIMD4<UInt32>(repeating: 0x3320_646e),
            SIMD4<UInt32>(repeating: 0x7962_2d32), SIMD4<UInt32>(repeating: 0x6b20_6574)
        )
        var (x4, x5, x6, x7) = (
            SIMD4(repeating: key[0]), SIMD4(repeating: key[1]), SIMD4(repeating: key[2]), SIMD4(repeating: key[3])
        )
        var (x8, x9, x10, x11) = (
            SIMD4(repeating: key[4]), SIMD4(repeating: key[5]), SIMD4(repeating: key[6]), SIMD4(repeating: key[7])
        )
        var (x12, x13, x14, x15) = (counters, SIMD4(repeating: nonce), zero, zero)
        for _ in 0..<10 {
            quarterRound(&x0, &x4, &x8, &x12)
            quarterRound(&x1, &x5, &x9, &x13)
            quarterRound(&x2, &x6, &x10, &x14)
            quarterRound(&x3, &x7, &x11, &x15)
            quarterRound(&x0, &x5, &x10, &x15)
            quarterRound(&x1, &x6, &x11, &x12)
            quarterRound(&x2, &x7, &x8, &x13)
            quarterRound(&x3, &x4, &x9, &x14)
        }
        precondition(start >= 0 && start + 16 <= vectors.count, "A group of blocks has 16 vectors.")
        vectors[start] = x0 &+ SIMD4(repeating: 0x6170_7865)
        vectors[start + 1] = x1 &+ SIMD4(repeating: 0x3320_646e)
        vectors[start + 2] = x2 &+ SIMD4(repeating: 0x7962_2d32)
        vectors[start + 3] = x3 &+ SIMD4(repeating: 0x6b20_6574)
        vectors[start + 4] = x4 &+ SIMD4(repeating: key[0])
        vectors[start + 5] = x5 &+ SIMD4(repeating: key[1])
        vectors[start + 6] = x6 &+ SIMD4(repeating: key[2])
        vectors[start + 7] = x7 &+ SIMD4(repeating: key[3])
        vectors[start + 8] = x8 &+ SIMD4(repeating: key[4])
        vectors[start + 9] = x9 &+ SIMD4(repeating: key[5])
        vectors[start + 10] = x10 &+ SIMD4(repeating: key[6])
        vectors[start + 11] = x11 &+ SIMD4(repeating: key[7])
        vectors[start + 12] = x12 &+ counters
        vectors[start + 13] = x13 &+ SIMD4(repeating: nonce)
        vectors[start + 14] = x14
        vectors[start + 15] = x15
    }

    @inline(__always)
    private static func quarterRound(
        _ a: inout SIMD4<UInt32>, _ b: inout SIMD4<UInt32>, _ c: inout SIMD4<UInt32>, _ d: inout SIMD4<UInt32>
    ) {
        a &+= b
        d = rotate(d ^ a, by: 16)
        c &+= d
        b = rotate(b ^ c, by: 12)
        a &+= b
        d = rotate(d ^ a, by: 8)
        c &+= d
        b = rotate(b ^ c, by: 7)
    }

    /// NB: the parts share no bit, so the sum is their union; written as `|`, the compiler (6.3) rotates lane by lane.
    @inline(__always)
    private static func rotate(_ x: SIMD4<UInt32>, by count: UInt32) -> SIMD4<UInt32> {
        (x &<< SIMD4(repeating: count)) &+ (x &>> SIMD4(repeating: 32 - count))
    }
}
