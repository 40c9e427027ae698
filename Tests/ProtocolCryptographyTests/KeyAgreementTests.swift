// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import ProtocolCryptography
import SecureRandomness
import Testing

@Suite struct KeyAgreementTests {
    /// RFC 7748 §5.2. The bit that the second u-coordinate has above 2^255 is to be ignored.
    @Test(arguments: [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
        ),
    ])
    func `computes the published function`(scalar: String, u: String, result: String) throws {
        let key = try KeyAgreementPrivateKey(seed: SecretBytes(copying: bytes(scalar)))
        let peer = try KeyAgreementPublicKey(bytes(u))
        #expect(try key.sharedSecret(with: peer).exposed == bytes(result))
        #expect(!peer.isOfLowOrder)
        var other = bytes(scalar)
        other[5] ^= 1
        #expect(
            try KeyAgreementPrivateKey(seed: SecretBytes(copying: other)).sharedSecret(with: peer).exposed
                != bytes(result)
        )
    }

    /// RFC 7748 §5.2: k and u start as 9; the next k is X25519(k, u), the next u is k.
    @Test func `computes the published iteration`() throws {
        var (k, u) = ([9] + [UInt8](repeating: 0, count: 31), [9] + [UInt8](repeating: 0, count: 31))
        for round in 1...1000 {
            let next = try KeyAgreementPrivateKey(seed: SecretBytes(copying: k)).sharedSecret(with: .init(u)).exposed
            (k, u) = (next, k)
            if round == 1 { #expect(k == bytes("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")) }
        }
        #expect(k == bytes("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"))
    }

    @Test func `the public key is the function at 9, and both sides agree`() throws {
        var generator = SystemRandomness()
        let nine = try KeyAgreementPublicKey([9] + [UInt8](repeating: 0, count: 31))
        for _ in 0..<10 {
            let (a, b) = try (
                KeyAgreementPrivateKey(seed: generator.secretBytes(32)),
                KeyAgreementPrivateKey(seed: generator.secretBytes(32))
            )
            #expect(try a.sharedSecret(with: nine).exposed == a.publicKey.bytes)
            #expect(try a.sharedSecret(with: b.publicKey).isEqual(to: b.sharedSecret(with: a.publicKey)))
            #expect(a.publicKey != b.publicKey)
            #expect(!a.publicKey.isOfLowOrder)
        }
    }

    /// The u-coordinates of order 1, 2, 4 and 8 below 2^255, their two forms above the prime included.
    static let lowOrderPoints = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]

    @Test(arguments: lowOrderPoints)
    func `refuses points of low order, with and without the ignored bit`(point: String) throws {
        var generator = SystemRandomness()
        for topBit in [0, 0x80] as [UInt8] {
            var encoded = bytes(point)
            encoded[31] |= topBit
            let peer = try KeyAgreementPublicKey(encoded)
            #expect(peer.isOfLowOrder)
            for seed in try [generator.secretBytes(32), SecretBytes(copying: [UInt8](repeating: 0xff, count: 32))] {
                let key = try KeyAgreementPrivateKey(seed: seed)
                #expect(throws: CryptographyError.lowOrderPublicKey) { try key.sharedSecret(with: peer) }
            }
            // Its neighbor is none.
            encoded[0] ^= 0x10
            #expect(try !KeyAgreementPublicKey(encoded).isOfLowOrder)
        }
    }

    @Test func `keys have 32 bytes`() throws {
        for count in [0, 1, 31, 33, 64] {
            let wrong = [UInt8](repeating: 9, count: count)
            #expect(throws: CryptographyError.wrongLength(expected: 32, actual: count)) {
                try KeyAgreementPublicKey(wrong)
            }
            #expect(throws: CryptographyError.wrongLength(expected: 32, actual: count)) {
                try KeyAgreementPrivateKey(seed: SecretBytes(copying: wrong))
            }
        }
        let seed = SecretBytes(copying: [UInt8](0..<32))
        #expect(try KeyAgreementPrivateKey(seed: seed).seed.isEqual(to: seed))
        #expect(KeyAgreementPublicKey.byteCount == 32)
    }

    @Test func `a private key prints none of its bytes`() throws {
        let key = try KeyAgreementPrivateKey(seed: SecretBytes(copying: [UInt8](repeating: 0xd7, count: 32)))
        var dumped = ""
        dump(key.seed, to: &dumped)
        #expect(!dumped.contains("215") && !dumped.lowercased().contains("d7d7"))
    }

    @Test func `agrees with the model's vectors`() throws {
        struct Case: Decodable {
            let id, kind: String
            let `private`, publicKey, peerPublicKey, peerPrivate, sharedSecret, error: String?
        }
        var count = 0
        for vector in try modelCases("key_schedule_v1", as: Case.self) where vector.kind == "x25519" {
            count += 1
            let mine = try KeyAgreementPrivateKey(seed: SecretBytes(copying: bytes(vector.private!)))
            let peer = try KeyAgreementPublicKey(bytes(vector.peerPublicKey!))
            guard vector.error == nil else {
                #expect(vector.error == "low-order-point")
                #expect(throws: CryptographyError.lowOrderPublicKey, "\(vector.id)") {
                    try mine.sharedSecret(with: peer)
                }
                continue
            }
            let other = try KeyAgreementPrivateKey(seed: SecretBytes(copying: bytes(vector.peerPrivate!)))
            #expect(mine.publicKey.bytes == bytes(vector.publicKey!) && other.publicKey == peer)
            #expect(try mine.sharedSecret(with: peer).exposed == bytes(vector.sharedSecret!))
            #expect(try other.sharedSecret(with: mine.publicKey).exposed == bytes(vector.sharedSecret!))
        }
        #expect(count >= 8)
    }
}

@Suite struct PrivateKeyPrintingTests {
    @Test func `printing, dumping or reflecting a private key shows nothing of it`() throws {
        let seed = SecretBytes(copying: (0..<32).map { 0x41 + UInt8($0) })
        let agreement = try KeyAgreementPrivateKey(seed: seed)
        let signing = try SigningKey(seed: seed)
        var dumped = ""
        dump(agreement, to: &dumped)
        dump(signing, to: &dumped)
        let text = dumped + "\(agreement) \(signing)" + String(reflecting: agreement) + String(reflecting: signing)
        #expect(Mirror(reflecting: agreement).children.isEmpty && Mirror(reflecting: signing).children.isEmpty)
        // 65, 66, 67 … in decimal, hexadecimal or as letters.
        for form in ["65", "0x41", "4142", "ABC"] { #expect(!text.contains(form), "\(text)") }
    }
}
