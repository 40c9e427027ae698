// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import ProtocolCryptography
import SecureRandomness
import Testing

@Suite struct SigningTests {
    /// RFC 8032 §7.1: tests 1, 2, 3 and SHA(abc).
    static let published: [(seed: String, key: String, message: String, signature: String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            """
            e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
            5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
            """
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            """
            92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
            085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
            """
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            """
            6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
            18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
            """
        ),
        (
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            """
            ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
            2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
            """,
            """
            dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589
            09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704
            """
        ),
    ]

    @Test(arguments: 0..<4)
    func `checks the published signatures and makes them`(number: Int) throws {
        let vector = Self.published[number]
        let key = try SigningKey(seed: SecretBytes(copying: bytes(vector.seed)))
        #expect(key.verifyingKey.bytes == bytes(vector.key))
        let message = bytes(vector.message)
        #expect(key.verifyingKey.isValid(bytes(vector.signature), for: message))
        let made = try key.signature(of: message)
        #expect(key.verifyingKey.isValid(made, for: message))
        #if !canImport(Darwin)
        #expect(made == bytes(vector.signature))
        #endif
    }

    @Test func `refuses a flipped bit anywhere, another message and another key`() throws {
        let vector = Self.published[2]
        let (message, signature) = (bytes(vector.message), bytes(vector.signature))
        let key = try VerifyingKey(bytes(vector.key))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(!key.isValid(changed, for: message))
        }
        #expect(!key.isValid(signature, for: message + [0]))
        #expect(!key.isValid(signature, for: []))
        #expect(!(try VerifyingKey(bytes(Self.published[1].key)).isValid(signature, for: message)))
        for count in [0, 32, 63] { #expect(!key.isValid(Array(signature.prefix(count)), for: message)) }
        #expect(!key.isValid(signature + [0], for: message))
    }

    /// RFC 8032 §5.1.7: S must be below the group order L, or a second signature could be made from any first one.
    @Test func `refuses the same signature with the group order added to its scalar`() throws {
        let order = bytes("edd3f55c1a631258d69cf7a2def9de14 00000000000000000000000000000010")
        for vector in Self.published {
            var signature = bytes(vector.signature)
            var carry: UInt16 = 0
            for index in 0..<32 {
                carry += UInt16(signature[32 + index]) + UInt16(order[index])
                signature[32 + index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            #expect(!(try VerifyingKey(bytes(vector.key)).isValid(signature, for: bytes(vector.message))))
        }
    }

    @Test func `bytes that are no point check nothing and do not trap`() throws {
        for byte in [0x00, 0x02, 0x55, 0xff] as [UInt8] {
            let key = try VerifyingKey([UInt8](repeating: byte, count: 32))
            #expect(!key.isValid(bytes(Self.published[0].signature), for: []))
        }
    }

    @Test func `keys have 32 bytes`() {
        for count in [0, 31, 33, 64] {
            let wrong = [UInt8](repeating: 1, count: count)
            #expect(throws: CryptographyError.wrongLength(expected: 32, actual: count)) { try VerifyingKey(wrong) }
            #expect(throws: CryptographyError.wrongLength(expected: 32, actual: count)) {
                try SigningKey(seed: SecretBytes(copying: wrong))
            }
        }
    }
}
