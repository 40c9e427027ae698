// SPDX-License-Identifier: Apache-2.0

internal import BigIntegers
public import SecureRandomness

extension PaillierPrivateKey {
    /// The key in bytes, for a file that only its holder can read: p and q, the smaller one first.
    public var serialized: SecretBytes {
        let width = (publicKey.size.bits + 15) / 16
        let header = [1, ObjectType.privateKey.rawValue] + bigEndianBytes(UInt64(publicKey.size.bits), count: 2)
        return SecretBytes(count: 4 + 2 * width) { (span) in
            for (index, byte) in header.enumerated() { span[index] = byte }
            for (place, factor) in [p, q].enumerated() {
                factor.prime.bigEndian(count: width).withSpan { bytes in
                    for index in 0..<width { span[4 + place * width + index] = bytes[index] }
                }
            }
        }
    }

    /// Reads a key and checks it. About a second at 3,072 bits, most of it primality tests.
    /// - Throws: a decoding error, `.notCanonical` if p is not below q, or what making a key of two factors throws.
    public init(
        serialized bytes: SecretBytes, allowing allowed: Set<PaillierKeySize> = PaillierKeySize.secure,
        using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) {
        let (size, p, q) = try bytes.withSpan {
            (span) throws(PaillierError) -> (PaillierKeySize, SecretNatural, SecretNatural) in
            // The header is not secret.
            var header: [UInt8] = []
            for index in 0..<min(4, span.count) { header.append(span[index]) }
            var reader = ObjectReader(header)
            let size = try reader.readKeyHeader(.privateKey, allowing: allowed)
            let width = (size.bits + 15) / 16
            guard span.count >= 4 + 2 * width else { throw .truncated }
            guard span.count == 4 + 2 * width else { throw .trailingBytes }
            return (
                size, SecretNatural(bigEndian: span.extracting(4..<4 + width)),
                SecretNatural(bigEndian: span.extracting(4 + width..<4 + 2 * width))
            )
        }
        guard p.minus(q).borrow == 1 else { throw .notCanonical }
        try self.init(p: p, q: q, size: size, using: &generator)
    }
}
