// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
@_spi(Simulation) import SecureRandomness

/// `fedsum_chacha20_v1`: the stream of the seeded generator, read in pieces.
enum ChaCha20Verifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        try require(fields.isValid(), "no case of this file is invalid")
        let reads = try fields.integers("reads")
        try require(reads.reduce(0, +) <= VectorFields.largestCount, "'reads' asks for too much")
        var generator = SeededGenerator(key: try fields.bytes("key", count: 32))
        let outputs = try reads.map { try generator.bytes($0) }
        if fields.has("outputs") {
            let expected = try fields.byteStrings("outputs")
            try require(expected.count == outputs.count, "'outputs' has not one entry for each read")
            for (position, output) in outputs.enumerated() {
                try requireEqual(output, expected[position], "outputs[\(position)]")
            }
        } else {
            let stream = outputs.flatMap { $0 }
            try requireEqual(HashDigest(of: stream).bytes, fields.bytes("outputsSHA256"), "outputsSHA256")
            try requireEqual(stream.suffix(16), fields.bytes("last16"), "last16")
        }
    }
}
