// SPDX-License-Identifier: Apache-2.0

public import BigIntegers
internal import Crypto

/// A modulus n that somebody published, after the checks that anybody can do [Pai99].
///
/// It is enough to encrypt in the textbook way and to compute with ciphertexts. That n is a product of two large primes is
/// not known: fast encryption asks for a ``VerifiedPaillierKey``.
public struct PaillierPublicKey: Sendable {
    /// n.
    public let modulus: Natural
    /// Its length.
    public let size: PaillierKeySize
    /// SHA-256 of the key, which every serialized object carries.
    public let fingerprint: [UInt8]
    package let ring: DualModulus

    /// A modulus of exactly the given length. Milliseconds.
    /// - Throws: the first that applies of `.wrongSize`, `.even`, `.smallFactor` (below 2^20), `.prime`, `.perfectPower`.
    public init(modulus n: Natural, size: PaillierKeySize) throws(PaillierError) {
        guard n.bitWidth == size.bits else { throw .wrongSize(bits: n.bitWidth) }
        guard n.isOdd else { throw .even }
        if let factor = n.smallFactor { throw .smallFactor(factor) }
        guard !n.isProbablyPrime else { throw .prime }
        guard !n.isPerfectPower else { throw .perfectPower }
        try self.init(checked: n, size: size)
    }

    /// A modulus that is known to be right, because it was made here.
    init(checked n: Natural, size: PaillierKeySize) throws(PaillierError) {
        (modulus, self.size) = (n, size)
        do { ring = try DualModulus(n) } catch { throw .even }
        fingerprint = Array(SHA256.hash(data: Self.labeled("fedsum/1 paillier key", n, size)))
    }

    /// `opaque label<0..255>` ‖ `uint16 bits` ‖ n: what fingerprints and signatures are over.
    static func labeled(_ label: String, _ n: Natural, _ size: PaillierKeySize) -> [UInt8] {
        let label = Array(label.utf8)
        return [UInt8(label.count)] + label + describe(n, size)
    }

    /// `uint16 bits` ‖ n.
    static func describe(_ n: Natural, _ size: PaillierKeySize) -> [UInt8] {
        [UInt8(size.bits >> 8), UInt8(size.bits & 255)] + (n.bigEndian(count: size.byteCount) ?? [])
    }
}

extension PaillierPublicKey: Hashable {
    /// Whether both have one modulus.
    public static func == (a: PaillierPublicKey, b: PaillierPublicKey) -> Bool { a.modulus == b.modulus }
    /// Hashes the modulus.
    public func hash(into hasher: inout Hasher) { hasher.combine(modulus) }
}

extension PaillierPublicKey {
    /// The key in bytes.
    public var serialized: [UInt8] { [1, ObjectType.publicKey.rawValue] + Self.describe(modulus, size) }

    /// Reads a key of one of the allowed lengths and checks its modulus.
    /// - Throws: a decoding error, or what `init(modulus:size:)` throws.
    public init(
        serialized bytes: [UInt8], allowing allowed: Set<PaillierKeySize> = PaillierKeySize.secure
    ) throws(PaillierError) {
        var reader = ObjectReader(bytes)
        let size = try reader.readKeyHeader(.publicKey, allowing: allowed)
        try reader.expectRemaining(size.byteCount)
        try self.init(modulus: reader.readNumber(size.byteCount), size: size)
    }
}
