// SPDX-License-Identifier: Apache-2.0

/// How long a modulus is: a length that is safe, unless it was made by ``Insecure``.
public struct PaillierKeySize: Hashable, Sendable {
    /// The length of n in bits.
    public let bits: Int

    private init(unchecked bits: Int) { self.bits = bits }

    /// 2,048 bits: about 112 bits of security.
    public static let bits2048 = PaillierKeySize(unchecked: 2048)
    /// 3,072 bits, the default: about 128 bits of security  [SP800-57] table 2.
    public static let bits3072 = PaillierKeySize(unchecked: 3072)
    /// 4,096 bits.
    public static let bits4096 = PaillierKeySize(unchecked: 4096)
    /// The length that keys have where nobody says otherwise.
    public static let standard = bits3072
    /// Every length that is safe.
    public static let secure: Set<PaillierKeySize> = [.bits2048, .bits3072, .bits4096]

    /// A safe length.
    /// - Throws: `.wrongSize` for anything but 2048, 3072 and 4096.
    public init(bits: Int) throws(PaillierError) {
        guard Self.secure.contains(PaillierKeySize(unchecked: bits)) else { throw .wrongSize(bits: bits) }
        self.bits = bits
    }

    /// Lengths that anybody can break with patience: for tests, and for reading old keys.
    public enum Insecure {
        /// A multiple of 64 from 512 to 4,096.
        /// - Throws: `.wrongSize` for any other.
        public static func bits(_ bits: Int) throws(PaillierError) -> PaillierKeySize {
            guard (512...4096).contains(bits), bits % 64 == 0 else { throw .wrongSize(bits: bits) }
            return PaillierKeySize(unchecked: bits)
        }
    }

    /// Bytes of a number below n.
    package var byteCount: Int { (bits + 7) / 8 }
    /// Bytes of a ciphertext.
    public var ciphertextByteCount: Int { (2 * bits + 7) / 8 }
}
