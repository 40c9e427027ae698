// SPDX-License-Identifier: Apache-2.0

/// Why randomness could not be had.
public enum RandomnessError: Error, Equatable, Sendable {
    /// The operating system's generator failed with this `errno`. Nothing weaker is used in its place.
    case systemSourceUnavailable(code: Int32)
    /// A seeded generator has no more bytes; `limit` is how many it gives.
    case exhausted(limit: UInt64)
    /// The cipher that was to make many bytes of few failed, which does not happen.
    case expansionFailed
}

/// A source of bytes that nobody else can predict; it fails closed.
///
/// Unlike Swift's `RandomNumberGenerator` it may fail, and a failure is an error and never a weaker byte.
public protocol SecureRandomNumberGenerator: Sendable {
    /// Overwrites every byte of `bytes` with fresh random bytes.
    /// - Throws: `RandomnessError` if the source fails; the contents of `bytes` must then not be used.
    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError)
}

extension SecureRandomNumberGenerator {
    /// `count` fresh random bytes.
    /// - Throws: `RandomnessError` if the source fails.
    public mutating func bytes(_ count: Int) throws(RandomnessError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var span = result.mutableSpan
        try fill(&span)
        return result
    }

    /// `count` fresh random bytes that are wiped when the last copy of the value goes.
    /// - Throws: `RandomnessError` if the source fails.
    public mutating func secretBytes(_ count: Int) throws(RandomnessError) -> SecretBytes {
        try SecretBytes(count: count) { (span) throws(RandomnessError) in try self.fill(&span) }
    }
}

/// The operating system's generator (`getrandom`, `getentropy`): what every deployment uses.
///
/// Stateless, so a fork needs no care. About 1.5 ns a byte where many are asked for at once.
public struct SystemRandomness: SecureRandomNumberGenerator {
    /// A handle on the operating system's generator.
    public init() {}

    /// Overwrites every byte with the next ones of the source.
    public mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        // SAFETY: the pointer is used only inside the closure and for the span's own length.
        let failure = unsafe bytes.withUnsafeMutableBytes { (buffer) -> RandomnessError? in
            do throws(RandomnessError) {
                unsafe try Platform.fillWithEntropy(buffer)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }
}
