// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import ProtocolCryptography
import SecureRandomness
import Testing

@Suite struct KeyScheduleTests {
    // MARK: HKDF

    /// RFC 5869 appendix A, test cases 1 to 3.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 22), bytes("000102030405060708090a0b0c"), bytes("f0f1f2f3f4f5f6f7f8f9"),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        (
            [UInt8](0x00...0x4f), [UInt8](0x60...0xaf), [UInt8](0xb0...0xff),
            """
            b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8
            367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87
            """
        ),
        (
            [UInt8](repeating: 0x0b, count: 22), [], [],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ),
    ])
    func `derives the published output`(secret: [UInt8], salt: [UInt8], info: [UInt8], output: String) {
        let expected = bytes(output)
        let secret = SecretBytes(copying: secret)
        let found = hkdfSHA256(secret, salt: salt, info: info, byteCount: expected.count)
        #expect(found.exposed == expected)
        #expect(hkdfSHA256(secret, salt: salt, info: info, byteCount: 7).exposed == Array(expected.prefix(7)))
        #expect(!hkdfSHA256(secret, salt: salt, info: info + [0], byteCount: expected.count).isEqual(to: found))
        #expect(!hkdfSHA256(secret, salt: salt + [1], info: info, byteCount: expected.count).isEqual(to: found))
    }

    // MARK: Model

    @Test func `derives the model's keys`() throws {
        struct Case: Decodable {
            let id, kind: String
            let session, round, purpose, ikm, publicKeys, key: String?
            let from, to: UInt32?
            let bits, length: Int?
        }
        var purposes: Set<String> = []
        for vector in try modelCases("key_schedule_v1", as: Case.self) where vector.kind == "derive" {
            purposes.insert(vector.purpose!)
            let schedule = try KeySchedule(
                session: HashDigest(bytes(vector.session!)),
                round: #require(UInt64(vector.round!))
            )
            let both = bytes(vector.publicKeys!)
            let keys = try stride(from: 0, to: both.count, by: 32).map {
                try KeyAgreementPublicKey(Array(both[$0..<$0 + 32]))
            }
            let found = schedule.key(
                from: SecretBytes(copying: bytes(vector.ikm!)),
                for: try #require(.init(rawValue: vector.purpose!)),
                from: vector.from!,
                to: vector.to!,
                bits: vector.bits!,
                publicKeys: keys,
                byteCount: vector.length!
            )
            #expect(found.exposed == bytes(vector.key!), "\(vector.id)")
        }
        #expect(purposes == Set(KeySchedule.Purpose.allCases.map(\.rawValue)))
    }

    @Test func `commits as the model does`() throws {
        struct Case: Decodable {
            let id, kind: String
            let session, seed, commitment: String?
            let party: UInt32?
        }
        var count = 0
        for vector in try modelCases("key_schedule_v1", as: Case.self) where vector.kind == "self-mask-commitment" {
            count += 1
            let session = try HashDigest(bytes(vector.session!))
            let seed = bytes(vector.seed!)
            let schedule = KeySchedule(session: session, round: 1)
            let found = schedule.commitment(toSelfMaskSeed: SecretBytes(copying: seed), of: vector.party!)
            #expect(found.bytes == bytes(vector.commitment!), "\(vector.id)")
            // Bound to the seed, the party and the session; the round is in the session.
            var otherSeed = seed
            otherSeed[31] ^= 1
            #expect(schedule.commitment(toSelfMaskSeed: SecretBytes(copying: otherSeed), of: vector.party!) != found)
            #expect(schedule.commitment(toSelfMaskSeed: SecretBytes(copying: seed), of: vector.party! ^ 1) != found)
            let elsewhere = KeySchedule(session: .init(of: session.bytes), round: 1)
            #expect(elsewhere.commitment(toSelfMaskSeed: SecretBytes(copying: seed), of: vector.party!) != found)
        }
        #expect(count >= 1)
    }

    // MARK: Separation

    /// One use of a key. Two that differ in any one property must not share a key.
    struct Use: Hashable {
        var secret = [UInt8](repeating: 1, count: 32)
        var session = HashDigest.zero
        var round: UInt64 = 5
        var purpose = KeySchedule.Purpose.pairwiseMask
        var from: UInt32 = 3
        var to: UInt32 = 4
        var bits = 23
        var publicKeys: [UInt8] = [1, 2]

        func key(byteCount: Int = 32) throws -> [UInt8] {
            try KeySchedule(session: session, round: round).key(
                from: SecretBytes(copying: secret),
                for: purpose,
                from: from,
                to: to,
                bits: bits,
                publicKeys: publicKeys.map { try .init([UInt8](repeating: $0, count: 32)) },
                byteCount: byteCount
            ).exposed
        }

        init(_ change: (inout Use) -> Void = { _ in }) { change(&self) }
    }

    @Test func `every property of a use changes the key`() throws {
        var uses: Set<Use> = [
            Use(),
            Use { $0.secret[31] ^= 1 }, Use { $0.secret.removeLast() },
            Use { $0.session = HashDigest(of: []) },
            Use { $0.round = 6 }, Use { $0.round = 5 << 32 }, Use { $0.round = .max },
            Use { $0.from = 2 }, Use { $0.from = 3 << 24 }, Use { $0.to = 5 }, Use { $0.to = .max },
            Use { ($0.from, $0.to) = ($0.to, $0.from) }, Use { $0.to = 3 },
            Use { $0.bits = 24 }, Use { $0.bits = 0 }, Use { $0.bits = 64 },
            Use { $0.publicKeys = [] }, Use { $0.publicKeys = [1] }, Use { $0.publicKeys = [2, 1] },
            Use { $0.publicKeys = [1, 3] }, Use { $0.publicKeys = [1, 2, 2] },
        ]
        for purpose in KeySchedule.Purpose.allCases { uses.insert(Use { $0.purpose = purpose }) }
        let keys = try uses.map { try $0.key() }
        #expect(uses.count >= 25 && Set(keys).count == uses.count)
        #expect(try Use().key() == Use().key())
    }

    /// A shorter key is the beginning of a longer one (RFC 5869): every purpose has one length, so nobody sees both.
    @Test(arguments: [1, 16, 31, 33, 64, 255])
    func `the length is the length of the key`(byteCount: Int) throws {
        let key = try Use().key(byteCount: byteCount)
        #expect(key.count == byteCount)
        #expect(try key != Use().key())
        let common = min(byteCount, 32)
        #expect(try key.prefix(common) == Use().key().prefix(common))
    }

    /// Written from Documentation/WireFormat.md, byte for byte.
    @Test func `the info is what the wire format says`() throws {
        let use = Use { ($0.from, $0.to, $0.round, $0.bits) = (0x0102_0304, 0x0506_0708, 0x090a_0b0c_0d0e_0f10, 23) }
        let label = Array("fedsum/1 pairwise mask".utf8)
        let info =
            [UInt8(label.count)] + label + bytes("01020304 05060708 17 090a0b0c0d0e0f10 40")
            + [UInt8](repeating: 1, count: 32) + [UInt8](repeating: 2, count: 32)
        let expected = hkdfSHA256(
            SecretBytes(copying: use.secret),
            salt: HashDigest.zero.bytes,
            info: info,
            byteCount: 32
        )
        #expect(try use.key() == expected.exposed)
    }

    @Test func `integers are big-endian in as many bytes as they have`() {
        #expect(bigEndianBytes(0x01 as UInt8) == [1])
        #expect(bigEndianBytes(0x0102 as UInt16) == [1, 2])
        #expect(bigEndianBytes(0x0102_0304 as UInt32) == [1, 2, 3, 4])
        #expect(bigEndianBytes(UInt64.max - 1) == [255, 255, 255, 255, 255, 255, 255, 254])
        #expect(bigEndianBytes(UInt128(1)) == [UInt8](repeating: 0, count: 15) + [1])
    }
}
