// SPDX-License-Identifier: Apache-2.0

import SecureRandomness

/// Gives `remaining` bytes of 0xA5, then fails as a kernel would.
struct FailingGenerator: SecureRandomNumberGenerator {
    var remaining: Int
    static let failure = RandomnessError.systemSourceUnavailable(code: 5)

    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        guard bytes.count <= remaining else { throw Self.failure }
        remaining -= bytes.count
        for index in bytes.indices { bytes[index] = 0xA5 }
    }
}

/// Gives one byte for ever.
struct ConstantGenerator: SecureRandomNumberGenerator {
    let byte: UInt8

    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        for index in bytes.indices { bytes[index] = byte }
    }
}
