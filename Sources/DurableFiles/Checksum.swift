// SPDX-License-Identifier: Apache-2.0

/// CRC-32C [RFC3720] appendix B.4: finds what disks and power cuts do to bytes, and nothing that is done on purpose.
///
/// It finds every change within 32 consecutive bits, and others but for one in 2^32. About 5 ns a byte.
package func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var register = UInt32.max
    for byte in bytes {
        register ^= UInt32(byte)
        // The polynomial 0x1EDC6F41, its bits reversed, as the bits of each byte come lowest first.
        for _ in 0..<8 { register = register >> 1 ^ (register & 1) * 0x82F6_3B78 }
    }
    return ~register
}
