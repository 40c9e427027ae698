// SPDX-License-Identifier: Apache-2.0

/// A reproducible generator for simulations, benchmarks and test vectors: the ChaCha20 keystream [RFC8439] of a known
/// key.
///
/// Whoever knows the seed knows every key and mask, so nothing that must stay private may use it. It is visible only to
/// files that say `@_spi(Simulation) import SecureRandomness`: production code cannot reach it by accident.
///
/// The stream is that of RFC 8439 §2.4 with the all-zero nonce and block counter 0, read in order; 256 GiB of it.
@_spi(Simulation)
public struct SeededGenerator: SecureRandomNumberGenerator {
    private let key: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)
    private var counter: UInt64 = 0
    private var block = InlineArray<64, UInt8>(repeating: 0)
    private var used = 64

    /// How many bytes one key gives: 2^32 blocks of 64 bytes.
    public static let limitInBytes: UInt64 = 1 << 38

    /// The generator of this key.
    /// - Parameter key: exactly 32 bytes.
    public init(key: borrowing Span<UInt8>) {
        precondition(key.count == 32, "A ChaCha20 key has 32 bytes.")
        let word = { (index: Int, key: borrowing Span<UInt8>) -> UInt32 in
            UInt32(key[4 * index]) | UInt32(key[4 * index + 1]) << 8 | UInt32(key[4 * index + 2]) << 16
                | UInt32(key[4 * index + 3]) << 24
        }
        self.key = (
            word(0, key), word(1, key), word(2, key), word(3, key), word(4, key), word(5, key), word(6, key),
            word(7, key)
        )
    }

    /// The generator of this key, which has 32 bytes.
    public init(key: [UInt8]) {
        self.init(key: key.span)
    }

    /// Overwrites every byte with the next ones of the source.
    public mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        var index = 0
        while index < bytes.count {
            if used == 64 { try refill() }
            let count = min(64 - used, bytes.count - index)
            for offset in 0..<count { bytes[index + offset] = block[used + offset] }
            used += count
            index += count
        }
    }

    private mutating func refill() throws(RandomnessError) {
        guard counter < 1 << 32 else { throw .exhausted(limit: Self.limitInBytes) }
        block = Self.chaCha20Block(key: key, counter: UInt32(counter))
        counter += 1
        used = 0
    }

    /// One block of ChaCha20 [RFC8439] §2.3: rows of the state are SIMD vectors.
    private static func chaCha20Block(
        key: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32), counter: UInt32,
        nonce: (UInt32, UInt32, UInt32) = (0, 0, 0)
    ) -> InlineArray<64, UInt8> {
        let initial = (
            SIMD4<UInt32>(0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574),
            SIMD4<UInt32>(key.0, key.1, key.2, key.3), SIMD4<UInt32>(key.4, key.5, key.6, key.7),
            SIMD4<UInt32>(counter, nonce.0, nonce.1, nonce.2)
        )
        var (a, b, c, d) = initial
        for _ in 0..<10 {
            quarterRounds(&a, &b, &c, &d)
            b = SIMD4(b[1], b[2], b[3], b[0])
            c = SIMD4(c[2], c[3], c[0], c[1])
            d = SIMD4(d[3], d[0], d[1], d[2])
            quarterRounds(&a, &b, &c, &d)
            b = SIMD4(b[3], b[0], b[1], b[2])
            c = SIMD4(c[2], c[3], c[0], c[1])
            d = SIMD4(d[1], d[2], d[3], d[0])
        }
        var block = InlineArray<64, UInt8>(repeating: 0)
        let rows = (a &+ initial.0, b &+ initial.1, c &+ initial.2, d &+ initial.3)
        for lane in 0..<4 {
            store(rows.0[lane], at: lane * 4, in: &block)
            store(rows.1[lane], at: 16 + lane * 4, in: &block)
            store(rows.2[lane], at: 32 + lane * 4, in: &block)
            store(rows.3[lane], at: 48 + lane * 4, in: &block)
        }
        return block
    }

    /// The block of a key of 32 bytes under another nonce than zero, given as its three little-endian words: for the
    /// standard's own examples, which have one.
    package static func block(key: [UInt8], counter: UInt32, nonce: (UInt32, UInt32, UInt32)) -> [UInt8] {
        let block = chaCha20Block(key: SeededGenerator(key: key).key, counter: counter, nonce: nonce)
        return block.indices.map { block[$0] }
    }

    @inline(__always)
    private static func quarterRounds(
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

    @inline(__always)
    private static func rotate(_ x: SIMD4<UInt32>, by count: UInt32) -> SIMD4<UInt32> {
        (x &<< SIMD4(repeating: count)) | (x &>> SIMD4(repeating: 32 - count))
    }

    @inline(__always)
    private static func store(_ word: UInt32, at index: Int, in block: inout InlineArray<64, UInt8>) {
        for byte in 0..<4 { block[index + byte] = UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte))) }
    }
}

@_spi(Simulation)
extension SeededGenerator: RandomNumberGenerator {
    /// The next eight bytes of the stream as a little-endian word; for shuffles and splits of simulations.
    ///
    /// A precondition fails after 256 GiB.
    public mutating func next() -> UInt64 {
        var word: UInt64 = 0
        for byte in 0..<8 {
            if used == 64 {
                do { try refill() } catch { preconditionFailure("The seeded stream has ended.") }
            }
            word |= UInt64(block[used]) << (8 * UInt64(byte))
            used += 1
        }
        return word
    }
}
