// SPDX-License-Identifier: Apache-2.0

package import BigIntegers
internal import Crypto

/// Numbers that nobody chose, made by hashing; Documentation/Paillier.md has them byte for byte.
package enum HashedNumbers {
    /// The first `count` bytes of a stream of SHA-256 values over label, attempt, block and input.
    package static func expand(_ label: String, attempt: UInt32, _ input: [UInt8], count: Int) -> [UInt8] {
        let label = Array(label.utf8)
        var stream: [UInt8] = []
        var block: UInt64 = 0
        while stream.count < count {
            stream += SHA256.hash(
                data: [UInt8(label.count)] + label + bigEndianBytes(UInt64(attempt), count: 4)
                    + bigEndianBytes(block, count: 4) + bigEndianBytes(UInt64(input.count), count: 2) + input)
            block += 1
        }
        return Array(stream.prefix(count))
    }

    /// A unit mod n, within 2^−128 of uniform.
    /// - Throws: `.noUnit` after 256 attempts.
    static func unit(_ label: String, _ input: [UInt8], modulo n: Natural) throws(PaillierError) -> Natural {
        try unitAndAttempt(label, input, modulo: n).unit
    }

    /// The same with the attempt that gave it.
    package static func unitAndAttempt(
        _ label: String, _ input: [UInt8], modulo n: Natural
    ) throws(PaillierError) -> (unit: Natural, attempt: Int) {
        for attempt in 0..<256 {
            let bytes = expand(label, attempt: UInt32(attempt), input, count: (n.bitWidth + 128 + 7) / 8)
            let value = Natural(bigEndian: bytes) % n
            if Natural.greatestCommonDivisor(value, n) == 1 { return (value, attempt) }
        }
        throw .noUnit
    }
}
