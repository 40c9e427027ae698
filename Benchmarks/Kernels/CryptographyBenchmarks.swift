// SPDX-License-Identifier: Apache-2.0

import Benchmark
import ProtocolCryptography
@_spi(Simulation) import SecureRandomness

/// Key agreement, key derivation, sealing of a pair of shares, signatures.
func cryptographyBenchmarks() throws {
    let mine = try KeyAgreementPrivateKey(seed: inputs(20).oneSecret(32))
    let peer = try KeyAgreementPrivateKey(seed: inputs(21).oneSecret(32))
    let shared = try mine.sharedSecret(with: peer.publicKey)
    check(shared.isEqual(to: try peer.sharedSecret(with: mine.publicKey)), "X25519")
    Benchmark("X25519 agreement") { _ in blackHole(mustSucceed { try mine.sharedSecret(with: peer.publicKey) }) }
    let seed = try inputs(20).oneSecret(32)
    Benchmark("X25519 key from seed") { _ in blackHole(mustSucceed { try KeyAgreementPrivateKey(seed: seed) }) }

    let schedule = KeySchedule(session: HashDigest(of: [1]), round: 1)
    Benchmark("HKDF-SHA256, 32 bytes") { _ in
        blackHole(schedule.key(from: shared, for: .additiveShare, from: 1, to: 2, bits: 32))
    }

    // The length of a SecAgg box: two ids and two shares of 32 bytes.
    let message = try inputs(22).oneSecret(72)
    let context = [UInt8](repeating: 7, count: 45)
    let box = try SealingKey(seed).seal(message, authenticating: context)
    check(try OpeningKey(seed).open(box, authenticating: context).isEqual(to: message), "AES-GCM")
    Benchmark("AES-256-GCM seal, 72 bytes") { _ in
        blackHole(mustSucceed { try SealingKey(seed).seal(message, authenticating: context) })
    }
    Benchmark("AES-256-GCM open, 72 bytes") { _ in
        blackHole(mustSucceed { try OpeningKey(seed).open(box, authenticating: context) })
    }

    let signer = try SigningKey(seed: inputs(23).oneSecret(32))
    let text = [UInt8](repeating: 3, count: 100)
    let signature = try signer.signature(of: text)
    check(signer.verifyingKey.isValid(signature, for: text), "Ed25519")
    check(!signer.verifyingKey.isValid(signature, for: text + [0]), "Ed25519")
    Benchmark("Ed25519 sign, 100 bytes") { _ in blackHole(mustSucceed { try signer.signature(of: text) }) }
    let verifier = signer.verifyingKey
    Benchmark("Ed25519 verify, 100 bytes") { _ in blackHole(verifier.isValid(signature, for: text)) }

    let content = [UInt8](repeating: 5, count: elementCount)
    Benchmark("SHA-256, 2^20 bytes") { _ in blackHole(HashDigest(of: content)) }
}
