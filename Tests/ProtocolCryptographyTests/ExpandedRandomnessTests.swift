// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import ProtocolCryptography
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct ExpandedRandomnessTests {
    /// Gives one key and then nothing.
    private struct OneKey: SecureRandomNumberGenerator {
        var key: [UInt8]

        mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
            guard bytes.count <= key.count else { throw .systemSourceUnavailable(code: 5) }
            for index in 0..<bytes.count { bytes[index] = key[index] }
            key = []
        }
    }

    /// AES-128 in counter mode of zeros under the example of SP 800-38A, F.5.1: key, first counter, and the plaintext of
    /// that example added to its ciphertext.
    @Test func `the stream is the cipher's, after 32 bytes that become the next key`() throws {
        let example = bytes("2b7e151628aed2a6abf7158809cf4f3cf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
        let plaintext = bytes(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
        let ciphertext = bytes(
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                + "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee")
        let keystream = zip(plaintext, ciphertext).map { $0 ^ $1 }
        var source = OneKey(key: example)
        var randomness = try ExpandedRandomness(from: &source)
        #expect(try randomness.bytes(32) == Array(keystream[32...]))
        var next = OneKey(key: Array(keystream[..<32]))
        var rekeyed = try ExpandedRandomness(from: &next)
        #expect(try randomness.bytes(1000) == rekeyed.bytes(1000))
    }

    @Test func `nothing repeats over the blocks of a long call, and calls differ`() throws {
        var randomness = try ExpandedRandomness()
        let long = try randomness.bytes(200_001)
        let words = stride(from: 0, to: 200_000, by: 16).map { Array(long[$0..<$0 + 16]) }
        #expect(Set(words).count == words.count)
        #expect(try randomness.bytes(32) != randomness.bytes(32))
        #expect(try randomness.bytes(0).isEmpty)
    }

    @Test func `a source that fails gives no generator`() {
        var source = OneKey(key: [])
        #expect(throws: RandomnessError.systemSourceUnavailable(code: 5)) { try ExpandedRandomness(from: &source) }
    }
}
