// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness
import Synchronization

/// What the families `fedsum_paillier_*` have in common: the keys that cases name, and the way in which cases are checked.
struct PaillierModel {
    /// The fields of a kind of case: those of every case, and those that only valid ones have.
    typealias Members = (given: Set<String>, made: Set<String>)

    private let document: VectorFields
    private let keys: [String: StatedKey]

    /// A key of the document. It is made when a case asks for it, since its primality tests take up to a second.
    private struct StatedKey {
        let size: PaillierKeySize
        let n: Natural
        let p: Natural
        let q: Natural
    }

    init(_ document: VectorFields) throws {
        self.document = document
        var keys: [String: StatedKey] = [:]
        for fields in document.has("keys") ? try document.objects("keys") : [] {
            try fields.requireMembers(["id", "bits", "n", "p", "q"])
            let bits = try fields.integer("bits")
            let (size, id) = try (Self.size(bits), fields.string("id"))
            try requireEqual(id, String(bits), "id of a key")
            let key = StatedKey(
                size: size, n: try fields.number("n", count: bits / 8), p: try fields.number("p", count: bits / 16),
                q: try fields.number("q", count: bits / 16))
            try requireEqual(key.p * key.q, key.n, "p·q of a key")
            try require(keys.updateValue(key, forKey: id) == nil, "the key '\(id)' is there twice")
        }
        self.keys = keys
    }

    /// The entry of a list of the document with this `id`.
    func entry(_ list: String, _ id: String) throws -> VectorFields {
        guard let entry = try document.objects(list).first(where: { try $0.string("id") == id }) else {
            throw CaseFailure("'\(list)' has no '\(id)'")
        }
        return entry
    }

    // MARK: Keys

    /// The key that a case names.
    func key(_ fields: VectorFields) throws -> PaillierPrivateKey { try key(id: fields.string("key")) }

    func key(id: String) throws -> PaillierPrivateKey {
        guard let stated = keys[id] else { throw CaseFailure("there is no key '\(id)'") }
        let factors = [stated.p, stated.q]
        if let key = Self.made.withLock({ $0[factors] }) { return key }
        let key = try Self.key(p: stated.p, q: stated.q, n: stated.n, size: stated.size, requiringBlum: true)
        Self.made.withLock { $0[factors] = key }
        return key
    }

    /// Keys that were made of their factors, for the next file with the same ones.
    private static let made = Mutex<[[Natural]: PaillierPrivateKey]>([:])

    /// The key of two factors, checked. The bases of the primality tests are the same each time, so that a report can be
    /// repeated.
    static func key(
        p: Natural, q: Natural, n: Natural, size: PaillierKeySize, requiringBlum: Bool
    ) throws(PaillierError) -> PaillierPrivateKey {
        var generator = generator()
        return try PaillierPrivateKey(
            p: SecretNatural(p, bitCapacity: max(64, p.bitWidth)),
            q: SecretNatural(q, bitCapacity: max(64, q.bitWidth)),
            size: size, expecting: n, requiringBlum: requiringBlum, using: &generator)
    }

    static func size(_ bits: Int) throws(PaillierError) -> PaillierKeySize { try PaillierKeySize.Insecure.bits(bits) }

    /// Every length that there may be in tests.
    static let allowed = Set(
        stride(from: 512, through: 4096, by: 64).compactMap { try? PaillierKeySize.Insecure.bits($0) })

    static func generator() -> SeededGenerator { SeededGenerator(key: [UInt8](repeating: 3, count: 32)) }

    // MARK: Cases

    /// The kind of a case, which has the fields of its kind and no others.
    static func kind(of fields: VectorFields, _ kinds: [String: Members]) throws -> String {
        let kind = try fields.string("kind")
        guard let members = kinds[kind] else { throw CaseFailure("there is no kind '\(kind)'") }
        let outcome = try fields.isValid() ? members.made : ["error"]
        try fields.requireMembers(members.given.union(outcome).union(["id", "kind", "result"]))
        return kind
    }

    /// Runs a case: what is valid must give what `compare` finds in the file, and the rest must be refused for the reason
    /// that the case names. What is given was read before, so that a malformed field is never taken for a refusal.
    static func check<Result>(
        _ fields: VectorFields, _ run: () throws(PaillierError) -> Result, giving compare: (Result) throws -> Void
    ) throws {
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: { (error: PaillierError) in error.vectorNames }, run)
        }
        try compare(run())
    }
}

/// Gives the randomness of a file, and nothing after its last byte.
struct StatedNumbers: SecureRandomNumberGenerator {
    private var bytes: ArraySlice<UInt8>

    /// The numbers in `count` bytes each, as encryption draws them.
    init(_ numbers: [Natural], count: Int) throws {
        bytes = []
        for number in numbers {
            guard let next = number.bigEndian(count: count) else { throw CaseFailure("the randomness is too long") }
            bytes += next
        }
    }

    mutating func fill(_ target: inout MutableSpan<UInt8>) throws(RandomnessError) {
        guard bytes.count >= target.count else { throw .exhausted(limit: UInt64(bytes.endIndex)) }
        for index in 0..<target.count { target[index] = bytes.removeFirst() }
    }

    func requireUsedUp() throws { try require(bytes.isEmpty, "randomness is left over") }
}

extension VectorFields {
    func requireMembers(_ names: Set<String>) throws {
        let stated = Set(members.keys)
        guard stated != names else { return }
        let (missing, more) = (names.subtracting(stated).sorted(), stated.subtracting(names).sorted())
        throw CaseFailure("fields that are missing: \(missing), that are not known: \(more)")
    }

    /// A number in exactly `count` big-endian bytes.
    func number(_ name: String, count: Int) throws -> Natural { Natural(bigEndian: try bytes(name, count: count)) }

    func numbers(_ name: String, count: Int) throws -> [Natural] {
        try byteStrings(name).map { bytes in
            guard bytes.count == count else { throw CaseFailure("'\(name)' is not of \(count) bytes each") }
            return Natural(bigEndian: bytes)
        }
    }

    /// A number in as few bytes as it takes, and one for 0.
    func shortNumber(_ name: String) throws -> Natural { try Self.shortNumber(bytes(name), name) }

    func shortNumbers(_ name: String) throws -> [Natural] {
        try byteStrings(name).map { try Self.shortNumber($0, name) }
    }

    private static func shortNumber(_ bytes: [UInt8], _ name: String) throws -> Natural {
        try require(!bytes.isEmpty && (bytes.count == 1 || bytes[0] != 0), "'\(name)' is not as short as it can be")
        return Natural(bigEndian: bytes)
    }

    /// 0 or 1.
    func flag(_ name: String) throws -> Bool { try integer(name, in: 0...1) == 1 }

    /// An integer as a decimal string.
    func decimal(_ name: String) throws -> Int {
        let text = try string(name)
        guard let value = Int(text), String(value) == text else { throw CaseFailure("'\(name)' is not an integer") }
        return value
    }
}
