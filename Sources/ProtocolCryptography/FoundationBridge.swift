// SPDX-License-Identifier: Apache-2.0
//
// swift-crypto speaks Foundation's `Data` and `ContiguousBytes`. This is the one file that knows them.

internal import Crypto
internal import SecureRandomness

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension SecretBytes {
    /// Lends the bytes as a raw buffer, for the cryptographic library.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // SAFETY: the buffer does not outlive the closure.
        withSpan { span in unsafe span.withUnsafeBytes { unsafe body($0) } }
    }

    /// A copy of what the library holds.
    init(copyingContentsOf contents: some ContiguousBytes) {
        self = unsafe contents.withUnsafeBytes { (buffer) in
            SecretBytes(count: buffer.count) { (span) in
                // SAFETY: both have buffer.count bytes.
                for index in 0..<buffer.count { span[index] = unsafe buffer[index] }
            }
        }
    }

    /// The library's own kind of key, which wipes itself too.
    var symmetricKey: SymmetricKey {
        // SAFETY: the key copies the bytes.
        unsafe withUnsafeBytes { unsafe SymmetricKey(data: $0) }
    }
}

/// Lends what the library returned, without a copy.
///
/// NB: not called `withUnsafeBytes(of:)`, since the standard library's function of that name would lend the sixteen bytes
/// of the `Data` value itself.
func withLibraryBytes<Result>(_ data: Data, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    // SAFETY: the buffer does not outlive the closure.
    unsafe data.withUnsafeBytes { (buffer) in unsafe body(buffer) }
}
