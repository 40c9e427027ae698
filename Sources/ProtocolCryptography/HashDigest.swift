// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A SHA-256 value: 32 public bytes.
public struct HashDigest: Hashable, Sendable {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// The length in bytes.
    public static let byteCount = 32

    /// Thirty-two zero bytes: the digest of nothing that exists, where there is nothing to bind to.
    public static let zero = HashDigest(unchecked: [UInt8](repeating: 0, count: byteCount))

    /// A digest that came from elsewhere.
    /// - Throws: `.wrongLength` unless there are 32 bytes.
    public init(_ bytes: [UInt8]) throws(CryptographyError) {
        guard bytes.count == Self.byteCount else {
            throw .wrongLength(expected: Self.byteCount, actual: bytes.count)
        }
        self.bytes = bytes
    }

    /// SHA-256 of `message`. About 0.6 ns a byte.
    public init(of message: [UInt8]) {
        bytes = Array(SHA256.hash(data: message))
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}

extension HashDigest: CustomStringConvertible {
    /// Lowercase hexadecimal.
    public var description: String { hexadecimal(bytes) }
}

/// `bytes` as lowercase hexadecimal digits.
package func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    var text = ""
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return text
}
