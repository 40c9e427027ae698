// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness
import Testing

struct ProofTests {
    private let allowed: Set<PaillierKeySize> = [TestKeys.size, TestKeys.odd.publicKey.size]
    private let session: [UInt8] = Array("round 7".utf8)

    @Test(arguments: [TestKeys.one, TestKeys.odd])
    func `a key proves its form, for this session and this key`(_ key: PaillierPrivateKey) throws {
        var generator = TestKeys.generator(40)
        let proof = try key.proveModulus(session: session, using: &generator)
        try proof.verify(key.publicKey, session: session)
        let read = try ModulusProof(serialized: proof.serialized, allowing: allowed)
        #expect(read.serialized == proof.serialized)
        try read.verify(key.publicKey, session: session)
        #expect(throws: PaillierError.wrongProof) { try proof.verify(key.publicKey, session: session + [0]) }
        #expect(throws: PaillierError.wrongProof) { try proof.verify(key.publicKey, session: []) }
        #expect(throws: PaillierError.wrongProof) { try proof.verify(TestKeys.other.publicKey, session: session) }
    }

    @Test func `a proof with any part changed is none`() throws {
        var generator = TestKeys.generator(41)
        let key = TestKeys.one
        let bytes = try key.proveModulus(session: session, using: &generator).serialized
        // w; in the first, a middle and the last round the signs, x and z.
        let rounds = [0, 60, 127].map { 4 + 64 + $0 * 129 }
        for place in [4, 67] + rounds.flatMap({ [$0, $0 + 1, $0 + 64, $0 + 65, $0 + 128] }) {
            for change: UInt8 in [1, 2, 4] {
                var copy = bytes
                copy[place] ^= change
                let proof = try ModulusProof(serialized: copy, allowing: allowed)
                #expect(throws: PaillierError.wrongProof, "byte \(place)") {
                    try proof.verify(key.publicKey, session: session)
                }
            }
        }
        for range in [4..<68, 69..<133, 133..<197] {
            for value: UInt8 in [0, 255] {
                var copy = bytes
                for place in range { copy[place] = value }
                let proof = try ModulusProof(serialized: copy, allowing: allowed)
                #expect(throws: PaillierError.wrongProof) { try proof.verify(key.publicKey, session: session) }
            }
        }
        #expect(throws: PaillierError.truncated) { try ModulusProof(serialized: bytes.dropLast(), allowing: allowed) }
        #expect(throws: PaillierError.trailingBytes) { try ModulusProof(serialized: bytes + [0], allowing: allowed) }
        #expect(throws: PaillierError.wrongSize(bits: 512)) { try ModulusProof(serialized: bytes) }
    }

    /// The parts of a proof are right for their own key, so that they cannot be what makes a foreign one fail.
    @Test func `whoever has no such key finds no roots`() throws {
        var generator = TestKeys.generator(42)
        // p ≡ 1 mod 4: half of all numbers have no fourth root with any signs, so that no proof is made.
        var p = Natural.powerOfTwo(255) + .powerOfTwo(254) + 1
        while !p.isProbablyPrime { p = p + 4 }
        let key = try PaillierPrivateKey(
            p: SecretNatural(p, bitCapacity: 256), q: SecretNatural(factors(of: TestKeys.one).1, bitCapacity: 256),
            size: TestKeys.size, requiringBlum: false, using: &generator)
        #expect(throws: PaillierError.notBlum) { try key.proveModulus(session: session, using: &generator) }
        #expect(throws: PaillierError.notBlum) { try key.verifiedKey() }
    }

    @Test func `a client accepts a key with proof and signature, and no other`() throws {
        var generator = TestKeys.generator(43)
        let seed = SecretBytes(copying: [UInt8](repeating: 9, count: 32))
        let key = TestKeys.one
        let proved = try key.provedPublicKey(session: session, signingSeed: seed, using: &generator)
        // RFC 8032 says what the public key of a seed is; taken from the library through a second key of the same seed.
        let enrolled = try enrolledKey(seed)
        let verified = try proved.verified(enrolledKey: enrolled, session: session)
        #expect(verified == TestKeys.verified && verified.generator == TestKeys.verified.generator)
        #expect(throws: PaillierError.wrongProof) { try proved.verified(enrolledKey: enrolled, session: [1]) }
        let stranger = try enrolledKey(SecretBytes(copying: [UInt8](repeating: 8, count: 32)))
        for other in [stranger, [], [UInt8](repeating: 0, count: 32)] {
            #expect(throws: PaillierError.wrongSignature) { try proved.verified(enrolledKey: other, session: session) }
        }
        let bytes = proved.serialized
        let read = try ProvedPublicKey(serialized: bytes, allowing: allowed)
        #expect(read.serialized == bytes)
        _ = try read.verified(enrolledKey: enrolled, session: session)
        // A modulus or a signature that was changed is not signed, whatever else is wrong with it.
        for place in [4, 67, 68, 131] {
            var copy = bytes
            copy[place] ^= 1
            let changed = try ProvedPublicKey(serialized: copy, allowing: allowed)
            #expect(throws: PaillierError.wrongSignature) {
                try changed.verified(enrolledKey: enrolled, session: session)
            }
        }
        #expect(throws: PaillierError.truncated) {
            try ProvedPublicKey(serialized: bytes.dropLast(), allowing: allowed)
        }
        #expect(throws: PaillierError.trailingBytes) { try ProvedPublicKey(serialized: bytes + [0], allowing: allowed) }
    }

    private func enrolledKey(_ seed: SecretBytes) throws -> [UInt8] {
        try Signer.publicKey(seed)
    }
}
