// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import CryptoExtras
internal import SecureRandomness

/// The keystream of one mask, from any block of the cipher on.
///
/// The library's key is counted by reference, so each thread makes keystreams of its own.
struct Keystream {
    private let key: SymmetricKey
    private let firstCounter: UInt128

    /// The size of a block of the cipher, in bytes.
    static let cipherBlockByteCount = 16

    /// The keystream of a mask key: 16 bytes of AES key, then the first counter block.
    init(maskKey: SecretBytes) {
        var counter: UInt128 = 0
        key = maskKey.withSpan { span in
            for index in 16..<32 { counter = counter << 8 | UInt128(span[index]) }
            return SecretBytes(count: 16) { (target) in for index in 0..<16 { target[index] = span[index] } }
                .symmetricKey
        }
        firstCounter = counter
    }

    /// Lends as many bytes of keystream as there are zeros, from a block of the cipher on. About 0.1 ns a byte, and
    /// 0.25 µs.
    @inline(__always)
    func withBytes<Result>(
        fromCipherBlock number: Int, replacing zeros: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CryptographyError) -> Result {
        // The counter goes on at 0 after 2^128 − 1.
        let counter = firstCounter &+ UInt128(number)
        do {
            // SAFETY: the nonce copies the bytes.
            let nonce = try unsafe withUnsafeBytes(of: counter.bigEndian) { (bytes) in
                try unsafe AES._CTR.Nonce(nonceBytes: bytes)
            }
            let keystream = try AES._CTR.encrypt(zeros, using: key, nonce: nonce)
            // SAFETY: the buffer does not outlive the closure.
            return unsafe withLibraryBytes(keystream) { (buffer) in unsafe body(buffer) }
        } catch {
            throw .libraryFailure
        }
    }
}
