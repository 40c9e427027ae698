// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness
import Testing

struct InterchangeTests {
    private let key = TestKeys.one

    @Test func `integers and doubles come back exactly`() throws {
        for value in [0, 1, -1, 42, Int.max, Int.min + 1] {
            let encoded = try EncodedNumber(value, under: key.publicKey)
            #expect(try encoded.exponent == 0 && encoded.integer() == value)
        }
        var generator = TestKeys.generator(50)
        var values: [Double] = [
            0, -0.0, 0.5, -0.25, .pi, 1e12, 65504, 1e-9, .leastNormalMagnitude, .leastNonzeroMagnitude, -1e50,
        ]
        for _ in 0..<500 {
            // Large ones too: it is the exponent that grows.
            let value = Double(bitPattern: generator.next())
            if value.isFinite { values.append(value) }
        }
        for value in values {
            let encoded = try EncodedNumber(value, under: key.publicKey)
            #expect(try encoded.double() == value, "\(value)")
        }
        for value in [Double.infinity, -.infinity, .nan] {
            #expect(throws: PaillierError.notFinite) { try EncodedNumber(value, under: key.publicKey) }
        }
        let n = key.publicKey.modulus
        #expect(throws: PaillierError.encodingOverflow) {
            try EncodedNumber(magnitude: n / 3, isNegative: true, under: key.publicKey)
        }
        #expect(
            try EncodedNumber(magnitude: n / 3 - 1, isNegative: true, under: key.publicKey).encoding == n - n / 3 + 1)
    }

    @Test func `the middle third is overflow, and the rest is signed`() throws {
        let n = key.publicKey.modulus
        let largest = n / 3 - 1
        func integer(_ encoding: Natural) throws -> Double {
            try EncodedNumber(encoding: encoding, exponent: 0, under: key.publicKey).double()
        }
        #expect(try integer(largest) > 0 && integer(n - largest) < 0 && integer(n - 1) == -1)
        for encoding in [largest + 1, n / 2, n - largest - 1] {
            #expect(throws: PaillierError.decryptionFailed) { try integer(encoding) }
        }
        #expect(throws: PaillierError.plaintextOutOfRange) { try integer(n) }
        for exponent in [1025, -1025, .max, .min] {
            #expect(throws: PaillierError.scaleOutOfRange) {
                try EncodedNumber(encoding: 1, exponent: exponent, under: key.publicKey)
            }
        }
        // Halves go to the even neighbor.
        let half = Natural.powerOfTwo(100) + .powerOfTwo(47)
        #expect(try integer(half) == 0x1p100 && integer(half + 1) == 0x1p100 + 0x1p48)
        #expect(try integer(half + .powerOfTwo(48)) == 0x1p100 + 0x1p49)
    }

    @Test func `numbers of different exponents are added`() throws {
        var generator = TestKeys.generator(51)
        let (x, y) = (try EncodedNumber(1.5, under: key.publicKey), try EncodedNumber(1e6, under: key.publicKey))
        #expect(x.exponent != y.exponent)
        let (a, b) = (try TestKeys.fast.encrypt(x, using: &generator), try TestKeys.fast.encrypt(y, using: &generator))
        #expect(try key.decrypt(a.adding(b)).double() == 1_000_001.5)
        #expect(try key.decrypt(b.adding(a)).double() == 1_000_001.5)
        let foreign = try EncodedNumber(1, under: TestKeys.other.publicKey)
        #expect(throws: PaillierError.wrongKey) { try TestKeys.fast.encrypt(foreign, using: &generator) }
    }

    @Test func `JSON of keys and numbers is read and written`() throws {
        var generator = TestKeys.generator(52)
        let allowed: Set = [TestKeys.size]
        let text = key.publicKey.pythonPaillierJSON(keyID: "a \"note\"")
        #expect(try PaillierPublicKey(pythonPaillierJSON: text, allowing: allowed) == key.publicKey)
        #expect(throws: PaillierError.wrongSize(bits: 512)) { try PaillierPublicKey(pythonPaillierJSON: text) }
        let secret = key.pythonPaillierJSON().withSpan { span in
            String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
        }
        let copy = try PaillierPrivateKey(pythonPaillierJSON: secret, allowing: allowed, using: &generator)
        #expect(copy.publicKey == key.publicKey)
        let number = try TestKeys.fast.encrypt(EncodedNumber(-2.75, under: key.publicKey), using: &generator)
        #expect(try key.decrypt(EncryptedNumber(json: number.json, under: key.publicKey)).double() == -2.75)
        let list = try EncryptedNumberList([number, number], under: key.publicKey)
        let read = try EncryptedNumberList(json: list.json, under: key.publicKey)
        #expect(try read.numbers.map { try key.decrypt($0).double() } == [-2.75, -2.75])
        #expect(throws: PaillierError.wrongKey) {
            try EncryptedNumberList(json: list.json, under: TestKeys.other.publicKey)
        }
    }

    @Test(arguments: [
        "", "{", "[]", "{}", "{\"v\": 12, \"e\": 0}", "{\"v\": \"12\"}", "{\"v\": \"12\", \"e\": \"0\"}",
        "{\"v\": \"-12\", \"e\": 0}",
        "{\"v\": \"12\", \"e\": 0} x", "{\"v\": \"12\", \"e\": 0, \"v\": \"13\"}", "{\"v\": \"1e3\", \"e\": 0}",
        "{\"v\": \"\", \"e\": 0}",
        "{\"v\": \"12\", \"e\": 1.5}", "{\"v\": \"12\", \"e\": 99999999999999999999}", "{\"v\" \"12\", \"e\": 0}",
    ])
    func `malformed JSON is refused`(text: String) throws {
        #expect(throws: PaillierError.self) { try EncryptedNumber(json: text, under: key.publicKey) }
        #expect(throws: PaillierError.self) {
            try PaillierPublicKey(pythonPaillierJSON: text, allowing: [TestKeys.size])
        }
    }

    @Test func `nesting and length of JSON are limited`() throws {
        for text in [String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000)] {
            #expect(throws: PaillierError.malformedJSON(member: "")) {
                try EncryptedNumber(json: text, under: key.publicKey)
            }
        }
        let digits = String(repeating: "9", count: 1_000_000)
        #expect(throws: PaillierError.malformedJSON(member: "v")) {
            try EncryptedNumber(json: "{\"v\": \"\(digits)\", \"e\": 0}", under: key.publicKey)
        }
    }
}
