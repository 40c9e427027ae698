// SPDX-License-Identifier: Apache-2.0

/// Bytes that must not be learned by anybody: fixed in length, wiped when the last copy goes, never printed.
///
/// There is no `==`, no `Codable` and no conversion to text; `isEqual(to:)` compares in constant time. Copies share one
/// buffer. Bytes that a caller reads out (with `withSpan`) are the caller's to wipe.
public struct SecretBytes: Sendable {
    private let storage: Storage

    /// A copy of `bytes`. The caller's bytes are not wiped.
    public init(copying bytes: borrowing Span<UInt8>) {
        var copy = [UInt8](repeating: 0, count: bytes.count)
        for index in bytes.indices { copy[index] = bytes[index] }
        storage = Storage(copy)
    }

    /// A copy of `bytes`. The caller's array is not wiped.
    public init(copying bytes: [UInt8]) {
        self.init(copying: bytes.span)
    }

    /// `count` bytes that `initialize` writes into a zeroed buffer, so that they never exist elsewhere.
    public init<Failure: Error>(
        count: Int, initializingWith initialize: (inout MutableSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var bytes = [UInt8](repeating: 0, count: count)
        do {
            var span = bytes.mutableSpan
            try initialize(&span)
        } catch {
            wipe(&bytes)
            throw error
        }
        storage = Storage(bytes)
    }

    /// How many bytes there are. Not secret.
    public var count: Int { storage.bytes.count }

    /// Lends the bytes to `body`, which must not keep a copy.
    public func withSpan<Result, Failure: Error>(
        _ body: (borrowing Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The storage outlives the loan, so that it wipes the one buffer there is and not a copy.
        let (storage, bytes) = (self.storage, self.storage.bytes)
        defer { withExtendedLifetime(storage) {} }
        return try body(bytes.span)
    }

    /// Whether both secrets are the same, in time that depends on the lengths only.
    public func isEqual(to other: SecretBytes) -> Bool {
        withSpan { mine in other.withSpan { theirs in constantTimeEqual(mine, theirs) } }
    }

    /// The one copy of the bytes, wiped before it is freed.
    private final class Storage: @unchecked Sendable {
        // NB: unchecked because of `var`, which wiping needs; written in `init` only, before the value is shared.
        var bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        deinit { wipe(&bytes) }
    }
}

/// Overwrites `bytes` with zeros in a way that the optimizer may not remove.
///
/// Wipes the buffer that the array has now: a copy that shares it, made before, is left alone.
public func wipe(_ bytes: inout [UInt8]) {
    // SAFETY: the pointer is used only inside the closure.
    unsafe bytes.withUnsafeMutableBytes { (buffer) in unsafe Platform.wipe(buffer) }
}

/// Overwrites numbers with zeros, as `wipe` does bytes.
package func wipe<Element: BitwiseCopyable>(_ elements: inout [Element]) {
    // SAFETY: the pointer is used only inside the closure.
    unsafe elements.withUnsafeMutableBytes { (buffer) in unsafe Platform.wipe(buffer) }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says the length and nothing else.
    public var description: String { "SecretBytes(\(count) bytes)" }
    /// Says the length and nothing else.
    public var debugDescription: String { description }
    /// Empty: `dump` shows nothing of a secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
public func constantTimeEqual(_ a: borrowing Span<UInt8>, _ b: borrowing Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for index in a.indices { difference |= a[index] ^ b[index] }
    return difference == 0
}
