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

/// Lets a generator fill a part of an array in place.
func fill(
    _ generator: inout some SecureRandomNumberGenerator,
    _ range: Range<Int>,
    of bytes: inout [UInt8]
) throws {
    // SAFETY: the span ends with the closure, and `extracting` checks the range.
    try unsafe bytes.withUnsafeMutableBufferPointer { (buffer) in
        let part = buffer.extracting(range)
        var span = unsafe part.mutableSpan
        try generator.fill(&span)
    }
}
