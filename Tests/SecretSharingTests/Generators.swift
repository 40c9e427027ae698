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

extension SecretBytes {
    /// The bytes, for comparison in tests.
    var exposed: [UInt8] {
        withSpan { span in
            var bytes: [UInt8] = []
            for index in span.indices { bytes.append(span[index]) }
            return bytes
        }
    }
}

/// Gives the bytes that it was given, then fails.
struct ScriptedGenerator: SecureRandomNumberGenerator {
    var bytes: [UInt8]

    mutating func fill(_ target: inout MutableSpan<UInt8>) throws(RandomnessError) {
        guard target.count <= bytes.count else { throw .exhausted(limit: 0) }
        for index in target.indices { target[index] = bytes[index] }
        bytes.removeFirst(target.count)
    }
}
