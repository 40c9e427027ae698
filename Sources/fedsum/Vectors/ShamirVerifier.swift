// SPDX-License-Identifier: Apache-2.0

import SecretSharing
@_spi(Simulation) import SecureRandomness

/// `fedsum_shamir_gf2_128_v1`: dealing from a known stream, and putting together.
enum ShamirVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        switch try fields.string("kind") {
        case "share": try checkShares(fields)
        case "reconstruct": try checkReconstruction(fields)
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    private static func shares(_ fields: VectorFields) throws -> [(index: UInt64, bytes: [UInt8])] {
        try fields.objects("shares").map { (UInt64(try $0.integer("index")), try $0.bytes("share", count: 32)) }
    }

    private static func checkShares(_ fields: VectorFields) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let threshold = try fields.integer("threshold")
        let secret = try fields.bytes("secret", count: 32)
        let expected = try shares(fields)
        let sharing = try ShamirSharing(threshold: threshold, of: expected.count)
        let generator = SeededGenerator(key: try fields.bytes("key", count: 32))

        var dealer = generator
        let ours = try sharing.split(SecretBytes(copying: secret), for: expected.map(\.index), using: &dealer)
        for (share, (index, bytes)) in zip(ours, expected) {
            try requireEqual(contents(share.bytes), bytes, "share \(index)")
        }
        try checkCoefficients(fields, threshold: threshold, drawnFrom: generator)

        for subset in [ours, Array(ours.prefix(threshold)), Array(ours.suffix(threshold)), ours.reversed()] {
            try requireEqual(contents(sharing.combine(subset)), secret, "secret")
        }
    }

    /// The coefficients of the first element are drawn before those of the second.
    private static func checkCoefficients(
        _ fields: VectorFields,
        threshold: Int,
        drawnFrom generator: SeededGenerator
    ) throws {
        var generator = generator
        let elements = try fields.array("coefficients")
        try require(elements.count == 2, "'coefficients' has not one list for each of two elements")
        for (position, element) in elements.enumerated() {
            let coefficients = try VectorFields(["list": element]).byteStrings("list")
            try requireEqual(coefficients.count, threshold - 1, "coefficients[\(position)].count")
            for coefficient in coefficients {
                try requireEqual(try generator.bytes(16), coefficient, "coefficients[\(position)]")
            }
        }
    }

    private static func checkReconstruction(_ fields: VectorFields) throws {
        let threshold = try fields.integer("threshold")
        let shares = try shares(fields).map { ShamirShare(index: $0.index, bytes: SecretBytes(copying: $0.bytes)) }
        let sharing = try ShamirSharing(threshold: threshold, of: max(threshold, shares.count))
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: names) { () throws(SharingError) in try sharing.combine(shares) }
        }
        try requireEqual(contents(sharing.combine(shares)), fields.bytes("secret"), "secret")
    }

    private static func names(_ error: SharingError) -> Set<String> {
        switch error {
        case .zeroIndex: ["zero-index"]
        case .duplicateIndex: ["duplicate-index"]
        case .tooFewShares: ["too-few-shares"]
        case .inconsistentShares: ["inconsistent-share"]
        default: []
        }
    }
}

/// The bytes of a secret of a test vector, which is none.
func contents(_ secret: SecretBytes) -> [UInt8] {
    secret.withSpan { span in span.indices.map { span[$0] } }
}
