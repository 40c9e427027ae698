// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import Foundation
@_spi(Simulation) import SecureRandomness
import Testing

// Other test files of this package, and every source file, see `SeededGenerator` only if they say `@_spi(Simulation)`:
// without it the compiler finds no such type. That a file can say so by accident is what the last test here and
// reviewers look at.

@Suite struct SeededGeneratorTests {
    /// RFC 8439 appendix A.1, test vectors 1 to 4: those with the all-zero nonce. (§2.3.2 and §2.4.2 have another
    /// nonce, which this generator cannot be given.)
    static let published: [(key: String, block: Int, keystream: String)] = [
        (
            "0000000000000000000000000000000000000000000000000000000000000000", 0,
            """
            76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7
            da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586
            """
        ),
        (
            "0000000000000000000000000000000000000000000000000000000000000000", 1,
            """
            9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed
            29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f
            """
        ),
        (
            "0000000000000000000000000000000000000000000000000000000000000001", 1,
            """
            3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a
            8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0
            """
        ),
        (
            "00ff000000000000000000000000000000000000000000000000000000000000", 2,
            """
            72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca
            13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096
            """
        ),
    ]

    @Test(arguments: 0..<4)
    func `gives the published keystream`(number: Int) throws {
        let vector = Self.published[number]
        var generator = SeededGenerator(key: bytes(vector.key))
        let stream = try generator.bytes(64 * (vector.block + 1))
        #expect(Array(stream.suffix(64)) == bytes(vector.keystream))
        var other = SeededGenerator(key: bytes(vector.key).map { $0 ^ 0x80 })
        #expect(try other.bytes(stream.count) != stream)
    }

    @Test func `gives the model's stream in the model's reads`() throws {
        struct Case: Decodable {
            let id, key: String
            let reads: [Int]
            let outputs: [String]?
            let last16: String?
        }
        for vector in try modelCases("chacha20_v1", as: Case.self) {
            var generator = SeededGenerator(key: bytes(vector.key))
            let read = try vector.reads.map { try generator.bytes($0) }
            if let outputs = vector.outputs { #expect(read == outputs.map { bytes($0) }, "\(vector.id)") }
            if let last16 = vector.last16 { #expect(Array(read[0].suffix(16)) == bytes(last16), "\(vector.id)") }
            #expect(vector.outputs != nil || vector.last16 != nil)
        }
    }

    @Test func `the stream does not depend on how it is read`() throws {
        var whole = SeededGenerator(key: [UInt8](0..<32))
        let stream = try whole.bytes(3000)
        for sizes in [[1], [2, 3], [63], [64], [65], [62, 2, 64, 0, 1, 127], [128, 1, 63], [0, 1], [1000]] {
            var generator = SeededGenerator(key: [UInt8](0..<32))
            var read: [UInt8] = []
            var turn = 0
            while read.count < 2900 {
                read += try generator.bytes(min(sizes[turn % sizes.count], 2900 - read.count))
                turn += 1
            }
            #expect(read == Array(stream.prefix(2900)), "\(sizes)")
        }
    }

    @Test(arguments: [0, 1, 7, 56, 57, 60, 63, 64])
    func `words are eight bytes of the stream, least significant first`(skipped: Int) throws {
        var words = SeededGenerator(key: [UInt8](repeating: 7, count: 32))
        var stream = words
        #expect(try words.bytes(skipped) == stream.bytes(skipped))
        for _ in 0..<20 {
            let expected = try stream.bytes(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            #expect(words.next() == expected)
        }
        #expect(try words.bytes(70) == stream.bytes(70))
    }

    @Test func `a copy goes on on its own`() throws {
        var first = SeededGenerator(key: [UInt8](repeating: 9, count: 32))
        _ = try first.bytes(100)
        var second = first
        let expected = try first.bytes(100)
        #expect(try second.bytes(100) == expected)
    }

    @Test func `fills the span that it is given and nothing beside it`() throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 9, count: 32))
        var expected = generator
        var buffer = [UInt8](repeating: 0xEE, count: 300)
        try fill(&generator, 10..<290, of: &buffer)
        #expect(try Array(buffer[10..<290]) == expected.bytes(280))
        #expect(buffer[..<10].allSatisfy { $0 == 0xEE } && buffer[290...].allSatisfy { $0 == 0xEE })
    }

    @Test func `gives as many bytes as the 32-bit block counter counts`() {
        // That the stream then ends with `.exhausted` takes 256 GiB to see.
        #expect(SeededGenerator.limitInBytes == 64 << 32)
    }

    @Test func `every declaration of the file is behind the simulation interface`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/SecureRandomness/SeededGenerator.swift")
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        let declarations = lines.indices.filter { lines[$0].hasPrefix("public ") || lines[$0].hasPrefix("extension ") }
        #expect(declarations.count == 2)
        for index in declarations { #expect(lines[index - 1] == "@_spi(Simulation)") }
    }
}
