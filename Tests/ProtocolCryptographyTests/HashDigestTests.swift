// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import ProtocolCryptography
import Testing

@Suite struct HashDigestTests {
    /// FIPS 180-4, SHA-256 examples: the empty message, one block, two blocks, a million letters.
    @Test(arguments: [
        ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func `is SHA-256`(text: String, repetitions: Int, digest: String) {
        let message = [UInt8](Array(repeating: Array(text.utf8), count: repetitions).joined())
        let found = HashDigest(of: message)
        #expect(found.bytes == bytes(digest))
        #expect(found.description == digest)
        #expect(HashDigest(of: message + [0]) != found)
    }

    @Test func `takes 32 bytes and no other number`() throws {
        #expect(try HashDigest([UInt8](0..<32)).bytes == [UInt8](0..<32))
        for count in [0, 1, 31, 33, 64] {
            #expect(throws: CryptographyError.wrongLength(expected: 32, actual: count)) {
                try HashDigest([UInt8](repeating: 0, count: count))
            }
        }
        #expect(HashDigest.zero.bytes == [UInt8](repeating: 0, count: 32))
        #expect(HashDigest.byteCount == 32)
    }

    @Test func `hexadecimal has two lowercase digits a byte`() {
        let all = hexadecimal([UInt8](0...255))
        #expect(all.count == 512 && bytes(all) == [UInt8](0...255))
        #expect(hexadecimal([0, 10, 171, 255]) == "000aabff")
        #expect(hexadecimal([]) == "")
    }
}
