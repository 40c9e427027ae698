// SPDX-License-Identifier: Apache-2.0

/// Where a rejection sampler has its random words from: a keystream, or in tests a script.
package protocol AttemptSource: ~Copyable {
    /// Overwrites all vectors, 16 or a multiple of it, with fresh words.
    mutating func fill(_ vectors: inout [SIMD4<UInt32>])
    /// A fresh word, for an attempt that the first ones do not decide.
    mutating func refinementWord() -> UInt64
}
