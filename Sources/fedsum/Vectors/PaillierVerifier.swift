// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness

/// `paillier_test_schema_v1`, which python-paillier made: groups of tests, some of which must fail and some may.
///
/// What may fail and what must say why in their flags; here every refusal is an error that the package throws, and never a
/// wrong result.
enum PaillierVerifier {
    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let groups = try document.objects("testGroups")
        let stated = try document.integer("numberOfTests")
        let count = try groups.reduce(0) { $0 + (try $1.array("tests").count) }
        try require(count == stated && count > 0, "the file has \(count) cases and states \(stated)")
        let keys = try PaillierTestKeys(groups)
        var seen: Set<Int> = []
        for group in groups {
            let type = try group.string("type")
            for test in try group.objects("tests") {
                let id = try test.integer("tcId")
                report.check("\(id)") {
                    try require(seen.insert(id).inserted, "the id is used twice")
                    let kind = try test.string("result")
                    switch kind {
                    case "valid": try PaillierTest(test, keys).check(type)
                    case "invalid", "acceptable":
                        let isRefused = try refuses { try PaillierTest(test, keys).check(type) }
                        try require(isRefused || kind == "acceptable", "must be refused, was accepted")
                    default: throw CaseFailure("'result' is neither valid, nor invalid, nor acceptable")
                    }
                }
            }
        }
    }

    /// Whether the package refuses; a mistake in the file, or a wrong result, is no refusal.
    private static func refuses(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return false
        } catch is PaillierError {
            return true
        }
    }
}

/// The one key of a file, in the first group.
struct PaillierTestKeys {
    let privateKey: PaillierPrivateKey
    let size: PaillierKeySize

    var publicKey: PaillierPublicKey { privateKey.publicKey }

    init(_ groups: [VectorFields]) throws {
        guard let key = try groups.first?.object("key") else { throw CaseFailure("there is no group") }
        for group in groups.dropFirst() {
            try require(try group.object("key").integer("ref") == 0, "'key' is not that of the first group")
        }
        size = try PaillierKeySize.Insecure.bits(key.integer("bits"))
        let n = try key.number("n")
        privateKey = try Self.read(p: key.number("p"), q: key.number("q"), n: n, size: size)
        // What follows from p, q and n by the definitions.
        let (p, q) = try (key.number("p"), key.number("q"))
        let lambda = (p - 1) * (q - 1) / Natural.greatestCommonDivisor(p - 1, q - 1)
        try requireEqual(n + 1, key.number("g"), "g")
        try requireEqual(lambda, key.number("lambda"), "lambda")
        try requireEqual(lambda.inverse(modulo: n), key.number("mu"), "mu")
        try requireEqual((p - q % p).inverse(modulo: p), key.number("hp"), "hp")
        try requireEqual((q - p % q).inverse(modulo: q), key.number("hq"), "hq")
        try requireEqual(p.inverse(modulo: q), key.number("pInverseModQ"), "pInverseModQ")
    }

    static func read(p: Natural, q: Natural, n: Natural, size: PaillierKeySize) throws -> PaillierPrivateKey {
        // The bases of the primality tests; the same each time, so that a report can be repeated.
        var generator = SeededGenerator(key: [UInt8](repeating: 1, count: 32))
        return try PaillierPrivateKey(
            p: SecretNatural(p, bitCapacity: max(64, p.bitWidth)),
            q: SecretNatural(q, bitCapacity: max(64, q.bitWidth)),
            size: size, expecting: n, requiringBlum: false, using: &generator)
    }
}

/// One case.
private struct PaillierTest {
    let fields: VectorFields
    let keys: PaillierTestKeys
    var key: PaillierPublicKey { keys.publicKey }

    init(_ fields: VectorFields, _ keys: PaillierTestKeys) { (self.fields, self.keys) = (fields, keys) }

    func check(_ type: String) throws {
        switch type {
        case "PaillierEncrypt": try checkEncryption()
        case "PaillierHomomorphic": try checkOperation()
        case "PaillierPacked": try checkPacking()
        case "PheEncodedNumber": try checkEncodedNumber()
        case "PaillierInvalid": try checkRefusal()
        default: throw CaseFailure("there is no type '\(type)'")
        }
    }

    private func ciphertext(_ name: String) throws -> PaillierCiphertext {
        try PaillierCiphertext(fields.number(name), under: key)
    }

    private func checkEncryption() throws {
        let plaintext = try fields.number("m")
        let ours = try PaillierEncryptor.encrypt(plaintext, randomness: fields.number("r"), under: key)
        try requireEqual(ours.number, fields.number("c"), "c")
        try requireEqual(keys.privateKey.decrypt(ours), plaintext, "m")
    }

    private func checkOperation() throws {
        let result: PaillierCiphertext
        switch try fields.string("op") {
        case "add": result = try ciphertext("c1").adding(ciphertext("c2"))
        case "rerandomise":
            let zero = try PaillierEncryptor.encrypt(.zero, randomness: fields.number("r"), under: key)
            result = try ciphertext("c1").adding(zero)
        case "scale":
            // k = 0 is 1 here; the public function refuses it.
            result = try ciphertext("c1").power(fields.number("k"))
        case "sum":
            let inputs = try fields.numbers("inputs").map { try PaillierCiphertext($0, under: key) }
            try require(!inputs.isEmpty, "'inputs' is empty")
            result = try inputs.dropFirst().reduce(inputs[0]) { try $0.adding($1) }
        case let operation: throw CaseFailure("there is no operation '\(operation)'")
        }
        try requireEqual(result.number, fields.number("c"), "c")
        try requireEqual(keys.privateKey.decrypt(result), fields.number("m"), "m")
    }

    private func checkPacking() throws {
        let maximum = try fields.integer("maxAdditions", in: 1...Int(UInt32.max))
        let valueBits = try fields.integer("valueBits", in: 1...64)
        let layout = try SlotLayout(valueBits: valueBits, isSigned: false, maximumWeight: UInt32(maximum))
        try requireEqual(layout.slotBits, fields.integer("slotBits"), "slotBits")
        guard fields.has("clients") else {
            // Some sums of full slots, of which one is too many.
            let values = try fields.integers("values").map { UInt64($0) }
            var generator = SeededGenerator(key: [UInt8](repeating: 2, count: 32))
            let encryptor = PaillierEncryptor(textbook: key)
            let vector = try encryptor.encryptUnsigned(values, layout: layout, using: &generator)
            var accumulator = PackedAccumulator(key: key, layout: layout, count: values.count)
            for _ in 0..<(try fields.integer("additions", in: 1...1000)) { try accumulator.fold(vector) }
            return
        }
        var sum: PaillierCiphertext?
        var totals: [UInt64] = []
        let clients = try fields.objects("clients")
        for client in clients {
            let values = try client.integers("values").map { UInt64($0) }
            try requireEqual(values.count, fields.integer("slots"), "slots")
            try requireEqual(layout.slots(in: keys.size), values.count, "slots")
            let plaintext = try layout.plaintexts(values.count, in: keys.size) { values[$0] }[0].revealed
            try requireEqual(plaintext, client.number("m"), "m")
            let ours = try PaillierEncryptor.encrypt(plaintext, randomness: client.number("r"), under: key)
            try requireEqual(ours.number, client.number("c"), "c")
            sum = try sum?.adding(ours) ?? ours
            totals = totals.isEmpty ? values : zip(totals, values).map { $0 + $1 }
        }
        guard let sum else { throw CaseFailure("'clients' is empty") }
        try requireEqual(sum.number, fields.number("c"), "c")
        let plaintext = try keys.privateKey.decrypt(sum)
        try requireEqual(plaintext, fields.number("m"), "m")
        let unpacked = try layout.storedSums(
            of: SecretNatural(plaintext, bitCapacity: keys.size.bits), count: totals.count,
            weight: UInt32(clients.count), in: keys.size)
        try requireEqual(unpacked, totals, "totals")
        try requireEqual(unpacked, fields.words("totals"), "totals")
    }

    private func checkEncodedNumber() throws {
        let text = try fields.string("value")
        let ours: EncodedNumber
        if let integer = Int(text) {
            ours = try EncodedNumber(integer, under: key)
            try requireEqual(ours.integer(), integer, "value")
        } else if let double = Double(text) {
            ours = try EncodedNumber(double, under: key)
            try requireEqual(ours.double(), double, "value")
        } else {
            throw CaseFailure("'value' is no number")
        }
        try requireEqual(ours.encoding, fields.number("encoding"), "encoding")
        try requireEqual(ours.exponent, fields.signedInteger("exponent"), "exponent")
        let ciphertext = try PaillierEncryptor.encrypt(ours.encoding, randomness: fields.number("r"), under: key)
        try requireEqual(ciphertext.number, fields.number("c"), "c")
        let number = try EncryptedNumber(ciphertext, exponent: ours.exponent)
        try requireEqual(try keys.privateKey.decrypt(EncryptedNumber(json: number.json, under: key)), ours, "value")
    }

    /// Runs what must not succeed.
    private func checkRefusal() throws {
        switch try fields.string("op") {
        case "decrypt": _ = try keys.privateKey.decrypt(ciphertext("c"))
        case "encrypt":
            _ = try PaillierEncryptor.encrypt(fields.number("m"), randomness: fields.number("r"), under: key)
        case "importPublicKey": _ = try PaillierPublicKey(modulus: fields.number("n"), size: keys.size)
        case "importPrivateKey":
            let (p, q, n) = try (fields.number("p"), fields.number("q"), fields.number("n"))
            _ = try PaillierTestKeys.read(p: p, q: q, n: n, size: keys.size)
        case let operation: throw CaseFailure("there is no operation '\(operation)'")
        }
    }
}

extension VectorFields {
    /// A number in lowercase hexadecimal without zeros at the front.
    func number(_ name: String) throws -> Natural { try Self.number(string(name), name) }

    func numbers(_ name: String) throws -> [Natural] {
        try array(name).map { value in
            guard case .string(let text) = value else { throw CaseFailure("'\(name)' is not a list of strings") }
            return try Self.number(text, name)
        }
    }

    private static func number(_ text: String, _ name: String) throws -> Natural {
        guard let number = Natural(hexadecimal: text), number.hexadecimal == text else {
            throw CaseFailure("'\(name)' is not a number in lowercase hexadecimal")
        }
        return number
    }

    /// Non-negative integers of up to 63 bits.
    func words(_ name: String) throws -> [UInt64] {
        try array(name).map { value in
            guard case .integer(let integer) = value, integer >= 0 else {
                throw CaseFailure("'\(name)' is not a list of integers that are not negative")
            }
            return UInt64(integer)
        }
    }

    func signedInteger(_ name: String) throws -> Int {
        guard case .integer(let integer)? = members[name] else { throw CaseFailure("'\(name)' is not an integer") }
        return integer
    }
}
