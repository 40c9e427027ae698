// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import ProtocolCryptography
import SecureRandomness
import Testing

@Suite struct SingleUseKeyTests {
    /// Test cases 13 and 14 of McGrew and Viega, "The Galois/Counter Mode of Operation": AES-256 with zeros for key,
    /// nonce and message.
    @Test(arguments: [
        (0, "530f8afbc74536b9a963b4f1c4cb738b"),
        (16, "cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919"),
    ])
    func `seals as published`(byteCount: Int, box: String) throws {
        let zeros = SecretBytes(copying: [UInt8](repeating: 0, count: byteCount))
        #expect(try seal(zeros, key: zeroKey) == bytes(box))
        #expect(try open(bytes(box), key: zeroKey) == zeros.exposed)
        #expect(try seal(zeros, key: zeroKey, context: [0]) != bytes(box))
        #expect(refusal(bytes(box), key: zeroKey, context: [0]) == .authenticationFailed)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 32, 72, 1000])
    func `opens what was sealed with the same key and context`(byteCount: Int) throws {
        let message = (0..<byteCount).map { UInt8(truncatingIfNeeded: 3 * $0) }
        for context in [[], [1], [UInt8](repeating: 7, count: 41)] as [[UInt8]] {
            let box = try seal(SecretBytes(copying: message), key: key, context: context)
            #expect(box.count == byteCount + SealingKey.overhead)
            #expect(try open(box, key: key, context: context) == message)
        }
    }

    @Test func `refuses another key, another context and a flipped bit in any byte`() throws {
        let message = SecretBytes(copying: [UInt8](0..<72))
        let context = [UInt8](0..<41)
        let box = try seal(message, key: key, context: context)
        for index in box.indices {
            for bit in 0..<UInt8(8) {
                var changed = box
                changed[index] ^= 1 << bit
                #expect(refusal(changed, key: key, context: context) == .authenticationFailed)
            }
        }
        for index in key.indices {
            var other = key
            other[index] ^= 1
            #expect(refusal(box, key: other, context: context) == .authenticationFailed)
        }
        for index in context.indices {
            var other = context
            other[index] ^= 0x80
            #expect(refusal(box, key: key, context: other) == .authenticationFailed)
        }
        for other in [[], context.dropLast(), context + [0], [0] + context] as [[UInt8]] {
            #expect(refusal(box, key: key, context: other) == .authenticationFailed)
        }
        #expect(refusal(box, key: key, context: context) == nil)
    }

    @Test func `refuses boxes of another length, also shorter than a tag`() throws {
        let box = try seal(SecretBytes(copying: [UInt8](0..<32)), key: key)
        for count in 0..<box.count {
            #expect(refusal(Array(box.prefix(count)), key: key) == .authenticationFailed)
            #expect(refusal(Array(box.suffix(count)), key: key) == .authenticationFailed)
        }
        #expect(refusal(box + [0], key: key) == .authenticationFailed)
        #expect(refusal([0] + box, key: key) == .authenticationFailed)
    }

    @Test func `keys have 32 bytes`() {
        for count in [0, 16, 24, 31, 33, 64] {
            let wrong = SecretBytes(copying: [UInt8](repeating: 1, count: count))
            let error = CryptographyError.wrongLength(expected: 32, actual: count)
            #expect(throws: error) {
                let key = try SealingKey(wrong)
                _ = try key.seal(wrong, authenticating: [])
            }
            #expect(throws: error) {
                let key = try OpeningKey(wrong)
                _ = try key.open([], authenticating: [])
            }
        }
    }

    /// Sealing consumes its key, and a key cannot be copied, so the compiler refuses a second message under the same
    /// key and nonce. Overload resolution says here what the compiler knows; a type that can be copied shows that it
    /// would say no.
    @Test func `a key cannot be copied`() {
        #expect(!isCopyable(SealingKey.self))
        #expect(!isCopyable(OpeningKey.self))
        #expect(isCopyable(SecretBytes.self))
    }

    private let zeroKey = [UInt8](repeating: 0, count: 32)
    private let key = [UInt8](100..<132)

    private func seal(_ message: SecretBytes, key: [UInt8], context: [UInt8] = []) throws -> [UInt8] {
        try SealingKey(SecretBytes(copying: key)).seal(message, authenticating: context)
    }

    private func open(_ box: [UInt8], key: [UInt8], context: [UInt8] = []) throws(CryptographyError) -> [UInt8] {
        try OpeningKey(SecretBytes(copying: key)).open(box, authenticating: context).exposed
    }

    private func refusal(_ box: [UInt8], key: [UInt8], context: [UInt8] = []) -> CryptographyError? {
        do throws(CryptographyError) {
            _ = try open(box, key: key, context: context)
            return nil
        } catch {
            return error
        }
    }
}

private func isCopyable<Value: ~Copyable>(_: Value.Type) -> Bool { false }
private func isCopyable<Value>(_: Value.Type) -> Bool { true }
