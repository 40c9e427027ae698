// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureRandomness

/// `primitives_v1`: examples of standards and of independent programs, where the primitive is one of ours.
enum PrimitivesVerifier {
    /// What this project does otherwise: masks are AES-128, Shamir's field is GF(2^128).
    private static let foreignGroups: Set<String> = [
        "aes256ctr_sp800_38a", "aes256ctr_mask_stream", "shamir_fcp_2p31p11", "gf256_vault", "additive_sharing",
    ]

    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        for (name, value) in document.members.sorted(by: { $0.key < $1.key }) where name != "schema" && name != "note" {
            switch name {
            case "x25519_rfc7748": checkX25519(value, into: &report)
            case "hkdf_sha256_rfc5869_1": report.check(name) { try checkHKDF(VectorFields(value, as: name)) }
            case "chacha20_rfc8439_2_3_2": report.check(name) { try checkChaCha20(VectorFields(value, as: name)) }
            case "shamir_gf2_128_ssss_monic":
                report.checkAll(name) {
                    try VectorFields([name: value]).objects(name).map { set in { try checkMonicSharing(set) } }
                }
            case _ where foreignGroups.contains(name):
                if case .array(let rows) = value {
                    report.skip(name, rows: rows.count)
                } else {
                    report.skip(name, rows: 1)
                }
            default: report.check(name) { throw CaseFailure("there is no group of this name") }
            }
        }
    }

    // MARK: X25519

    private static func checkX25519(_ value: VectorValue, into report: inout VectorFileReport) {
        let name = "x25519_rfc7748"
        func group() throws -> VectorFields { try VectorFields(value, as: name) }
        func agreement(_ scalar: [UInt8], _ u: [UInt8]) throws -> [UInt8] {
            let key = try KeyAgreementPrivateKey(seed: SecretBytes(copying: scalar))
            return try contents(key.sharedSecret(with: KeyAgreementPublicKey(u)))
        }
        report.checkAll("\(name).cases") {
            try group().objects("cases").map { fields in
                {
                    try requireEqual(
                        agreement(fields.bytes("scalar"), fields.bytes("u")),
                        fields.bytes("result"),
                        "result"
                    )
                }
            }
        }
        report.checkAll("\(name).iterated") {
            let iterated = try group().object("iterated")
            return iterated.members.keys.sorted().map { text in
                {
                    // The millionth iteration of the RFC takes a minute.
                    guard let count = Int(text), (1...10_000).contains(count) else {
                        throw CaseFailure("'\(text)' is not a number of iterations of 1 … 10000")
                    }
                    // RFC 7748 §5.2: k, u = X25519(k, u), k; both begin as 9.
                    var (k, u) = ([9] + [UInt8](repeating: 0, count: 31), [9] + [UInt8](repeating: 0, count: 31))
                    for _ in 0..<count { (k, u) = (try agreement(k, u), k) }
                    try requireEqual(k, iterated.bytes(text), "iterated \(text)")
                }
            }
        }
        report.checkAll("\(name).lowOrderPoints") {
            try group().byteStrings("lowOrderPoints").map { point in
                {
                    let key = try KeyAgreementPrivateKey(
                        seed: SecretBytes(copying: [UInt8](repeating: 0x5a, count: 32))
                    )
                    let peer = try KeyAgreementPublicKey(point)
                    try require(peer.isOfLowOrder, "the key is not recognized as one of low order")
                    do throws(CryptographyError) {
                        _ = try key.sharedSecret(with: peer)
                    } catch {
                        return try requireEqual(error, .lowOrderPublicKey, "error")
                    }
                    throw CaseFailure("must be refused, was accepted")
                }
            }
        }
    }

    // MARK: HKDF, ChaCha20

    private static func checkHKDF(_ fields: VectorFields) throws {
        let expected = try fields.bytes("okm")
        try require((1...255 * 32).contains(expected.count), "'okm' has no length that HKDF-SHA256 gives")
        let ours = hkdfSHA256(
            SecretBytes(copying: try fields.bytes("ikm")),
            salt: try fields.bytes("salt"),
            info: try fields.bytes("info"),
            byteCount: expected.count
        )
        try requireEqual(contents(ours), expected, "okm")
    }

    private static func checkChaCha20(_ fields: VectorFields) throws {
        let nonce = try fields.bytes("nonce", count: 12)
        func word(_ index: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(nonce[4 * index + $1]) << UInt32(8 * $1) } }
        let block = SeededGenerator.block(
            key: try fields.bytes("key", count: 32),
            counter: UInt32(try fields.integer("counter")),
            nonce: (word(0), word(1), word(2))
        )
        try requireEqual(block, fields.bytes("keystream"), "keystream")
    }

    // MARK: Shamir

    /// Shares of the program `ssss`, whose polynomials have a further term x^t; without it they are ours.
    private static func checkMonicSharing(_ fields: VectorFields) throws {
        let threshold = try fields.integer("threshold", in: 1...1000)
        let secret = try fields.bytes("secret", count: 16)
        let shares = try fields.objects("shares").map { try withoutLeadingTerm($0, threshold: threshold) }
        let sharing = try ShamirSharing(threshold: threshold, of: shares.count)
        // Every t neighbors give the secret; and with the others behind them, all others must agree.
        for start in shares.indices {
            let rotated = Array(shares[start...] + shares[..<start])
            try requireEqual(contents(sharing.combine(Array(rotated.prefix(threshold)))), secret, "secret")
            try requireEqual(contents(sharing.combine(rotated)), secret, "secret")
        }
    }

    private static func withoutLeadingTerm(_ fields: VectorFields, threshold: Int) throws -> ShamirShare {
        let x = UInt64(try fields.integer("x"))
        // NB: a span of a temporary array, in a closure, crashes the optimizer of Swift 6.3.1 (CopyPropagation).
        let bytes = try fields.bytes("y", count: 16)
        var y = BinaryField128(bigEndian: bytes.span, at: 0)
        y += (0..<threshold).reduce(BinaryField128.one) { product, _ in product * BinaryField128(x) }
        return ShamirShare(index: x, bytes: SecretBytes(count: 16) { y.store(bigEndianTo: &$0, at: 0) })
    }
}

extension VectorFileReport {
    /// Runs the rows of a group; a group that cannot be read, or has no row, is one failure.
    fileprivate mutating func checkAll(_ group: String, _ rows: () throws -> [() throws -> Void]) {
        do {
            let checks = try rows()
            try require(!checks.isEmpty, "there is no row")
            for (position, row) in checks.enumerated() { check("\(group)[\(position)]", row) }
        } catch {
            check(group) { throw error }
        }
    }
}
