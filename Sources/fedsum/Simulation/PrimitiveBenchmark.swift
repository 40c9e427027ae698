// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProtocolCryptography
import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// One building block, timed on one thread: the least of several repeats, its result checked.
struct PrimitiveBenchmark {
    let name: String
    let parameters: [String: JSONValue]
    let seconds: Double
    /// How many bytes one operation handles, where that is how its speed is said.
    let bytes: Int?

    /// The building blocks that there are.
    static let names =
        [
            "mask-expand", "field-mask", "quantize", "pack", "shamir-share", "shamir-combine", "key-agreement",
        ] + paillierNames

    /// A result that is not what it should be.
    struct WrongResult: LocalizedError {
        let name: String
        var errorDescription: String? { "\(name) gave a wrong result." }
    }

    var json: JSONValue {
        [
            "name": .string(name), "parameters": .object(parameters), "seconds_per_operation": .number(seconds),
            "operations_per_second": .number(1 / seconds),
            "bytes_per_second": .optional(bytes.map { Double($0) / seconds }),
        ]
    }

    var cells: [String] {
        let text = parameters.sorted { $0.key < $1.key }.map { key, value in
            switch value {
            case .integer(let number): "\(key)=\(number)"
            case .string(let text): "\(key)=\(text)"
            case .bool(let flag): "\(key)=\(flag)"
            default: key
            }
        }
        return [
            name, text.joined(separator: " "), Format.seconds(seconds), String(format: "%.0f", 1 / seconds),
            bytes.map { String(format: "%.2f GB/s", Double($0) / seconds / 1e9) } ?? "",
        ]
    }

    /// Measures one building block, with the parameters that are usual for it.
    static func run(_ name: String) throws -> [PrimitiveBenchmark] {
        var generator = SimulationRandomness(seed: 1).generator(purpose: "benchmark")
        switch name {
        case "mask-expand":
            return [
                try maskExpand(UInt32.self, bits: 32, &generator), try maskExpand(UInt64.self, bits: 64, &generator),
            ]
        case "field-mask":
            return [
                try fieldMask(UInt32.self, fieldBits: 30, &generator),
                try fieldMask(UInt64.self, fieldBits: 61, &generator),
            ]
        case "quantize": return [try quantize(&generator)]
        case "pack": return [try pack(bits: 23, &generator)]
        case "shamir-share", "shamir-combine":
            // Seeds in the masking schemes, vectors in the sharing ones.
            return try [(14, 21), (34, 51), (67, 100)].map { try shamir(name, threshold: $0, shares: $1, &generator) }
                + [
                    fieldShamir(name, UInt32.self, fieldBits: 30, threshold: 2, shares: 3, &generator),
                    fieldShamir(name, UInt64.self, fieldBits: 61, threshold: 2, shares: 3, &generator),
                    fieldShamir(name, UInt32.self, fieldBits: 30, threshold: 51, shares: 100, &generator),
                ]
        case _ where paillierNames.contains(name): return try paillier(name, &generator)
        default: return [try keyAgreement(&generator)]
        }
    }

    private static func maskExpand<Element: MaskableElement & RingWord>(
        _: Element.Type, bits: Int, _ generator: inout SeededGenerator
    ) throws -> PrimitiveBenchmark {
        let count = 1 << 20
        let width = try RingWidth(bits: bits)
        let mask = try MaskGenerator(key: generator.secretBytes(32))
        var vector = [Element](repeating: 0, count: count)
        let seconds = try least { try Element.add(mask, to: &vector, width: width) }
        var check = [Element](repeating: 0, count: count)
        try Element.add(mask, to: &check, width: width)
        try Element.subtract(mask, from: &check, width: width)
        guard check.allSatisfy({ $0 == 0 }) else { throw WrongResult(name: "mask-expand") }
        return PrimitiveBenchmark(
            name: "mask-expand", parameters: ["elements": .integer(count), "bits": .integer(bits)], seconds: seconds,
            bytes: count * MaskGenerator.wordByteCount(for: width))
    }

    /// A vector of elements of a prime field.
    private static func elements<Element: PrimeFieldElement & RingWord>(
        _ count: Int, of field: PrimeField, _ generator: inout SeededGenerator
    ) -> [Element] {
        (0..<count).map { _ in Element(truncatingIfNeeded: generator.next() % field.modulus) }
    }

    private static func fieldMask<Element: MaskableElement & PrimeFieldElement & RingWord>(
        _: Element.Type, fieldBits: Int, _ generator: inout SeededGenerator
    ) throws -> PrimitiveBenchmark {
        let count = 1 << 20
        let field = try PrimeField(bits: fieldBits)
        let mask = try MaskGenerator(key: generator.secretBytes(32))
        let original: [Element] = elements(count, of: field, &generator)
        var vector = original
        let seconds = try least { try Element.add(mask, to: &vector, in: field) }
        vector = original
        try Element.add(mask, to: &vector, in: field)
        let isMasked = vector != original && vector.allSatisfy { field.contains(UInt64($0)) }
        try Element.subtract(mask, from: &vector, in: field)
        guard isMasked, vector == original else { throw WrongResult(name: "field-mask") }
        return PrimitiveBenchmark(
            name: "field-mask", parameters: ["elements": .integer(count), "field_bits": .integer(fieldBits)],
            seconds: seconds, bytes: count * field.wordByteCount)
    }

    private static func fieldShamir<Element: PrimeFieldElement & RingWord>(
        _ name: String, _: Element.Type, fieldBits: Int, threshold: Int, shares shareCount: Int,
        _ generator: inout SeededGenerator
    ) throws -> PrimitiveBenchmark {
        let count = 1 << 14
        let sharing = try PrimeFieldSharing(
            threshold: threshold, of: shareCount, in: PrimeField(bits: fieldBits))
        let secret: [Element] = elements(count, of: sharing.field, &generator)
        let indices = (1...UInt64(shareCount)).map { $0 }
        var shares = try sharing.split(secret, for: indices, using: &generator)
        let combined = Array(shares.prefix(threshold))
        let seconds =
            if name == "shamir-share" {
                try least { shares = try sharing.split(secret, for: indices, using: &generator) }
            } else {
                try least { _ = try sharing.combine(combined) }
            }
        guard try sharing.combine(Array(shares.suffix(threshold))) == secret else { throw WrongResult(name: name) }
        return PrimitiveBenchmark(
            name: name,
            parameters: [
                "threshold": .integer(threshold), "shares": .integer(shareCount), "elements": .integer(count),
                "field_bits": .integer(fieldBits),
            ],
            seconds: seconds, bytes: count * MemoryLayout<Element>.size)
    }

    private static func quantize(_ generator: inout SeededGenerator) throws -> PrimitiveBenchmark {
        let count = 1 << 20
        let quantizer = try FixedPointQuantizer(bits: 16, clip: 1)
        let values = (0..<count).map { _ in Float(Int64(bitPattern: generator.next())) / Float(Int64.max) }
        var randomness = try ExpandedRandomness()
        var result = try quantizer.quantize(values, using: &randomness)
        let seconds = try least { result = try quantizer.quantize(values, using: &randomness) }
        for (value, integer) in zip(values, result.integers)
        where abs(quantizer.decode(Double(integer)) - Double(value)) > quantizer.step {
            throw WrongResult(name: "quantize")
        }
        return PrimitiveBenchmark(
            name: "quantize", parameters: ["elements": .integer(count), "bits": 16], seconds: seconds, bytes: 4 * count)
    }

    private static func pack(bits: Int, _ generator: inout SeededGenerator) throws -> PrimitiveBenchmark {
        let count = 1 << 20
        let width = try RingWidth(bits: bits)
        let vector = (0..<count).map { _ in UInt32(truncatingIfNeeded: generator.next() & width.mask) }
        var packed = UInt32.pack(vector, width: width)
        let seconds = least { packed = UInt32.pack(vector, width: width) }
        guard try UInt32.unpack(packed.span, count: count, width: width) == vector else {
            throw WrongResult(name: "pack")
        }
        return PrimitiveBenchmark(
            name: "pack", parameters: ["elements": .integer(count), "bits": .integer(bits)], seconds: seconds,
            bytes: 4 * count)
    }

    private static func shamir(
        _ name: String, threshold: Int, shares count: Int, _ generator: inout SeededGenerator
    ) throws -> PrimitiveBenchmark {
        let sharing = try ShamirSharing(threshold: threshold, of: count)
        let secret = try generator.secretBytes(32)
        let indices = (1...UInt64(count)).map { $0 }
        var shares = try sharing.split(secret, for: indices, using: &generator)
        let combined = Array(shares.prefix(threshold))
        let seconds =
            if name == "shamir-share" {
                try least { shares = try sharing.split(secret, for: indices, using: &generator) }
            } else {
                try least { _ = try sharing.combine(combined) }
            }
        guard try sharing.combine(Array(shares.suffix(threshold))).isEqual(to: secret) else {
            throw WrongResult(name: name)
        }
        return PrimitiveBenchmark(
            name: name,
            parameters: ["threshold": .integer(threshold), "shares": .integer(count), "secret_bytes": 32],
            seconds: seconds, bytes: nil)
    }

    private static func keyAgreement(_ generator: inout SeededGenerator) throws -> PrimitiveBenchmark {
        let mine = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
        let other = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
        let seconds = try least { _ = try mine.sharedSecret(with: other.publicKey) }
        guard try mine.sharedSecret(with: other.publicKey).isEqual(to: other.sharedSecret(with: mine.publicKey)) else {
            throw WrongResult(name: "key-agreement")
        }
        return PrimitiveBenchmark(name: "key-agreement", parameters: ["curve_bits": 255], seconds: seconds, bytes: nil)
    }

    /// The least CPU time of one operation over at least seven repeats and a fifth of a second.
    static func least(_ operation: () throws -> Void) rethrows -> Double {
        let start = Platform.threadCPUTime()
        try operation()
        let once = (Platform.threadCPUTime() - start).inSeconds
        // Short operations are timed in groups, so that the clock's own time does not count.
        let group = max(1, Int(0.002 / max(once, 1e-9)))
        var least = Double.infinity
        var repeats = 0
        var total = 0.0
        while repeats < 7 || total < 0.2 {
            let begin = Platform.threadCPUTime()
            for _ in 0..<group { try operation() }
            let seconds = (Platform.threadCPUTime() - begin).inSeconds
            least = min(least, seconds / Double(group))
            total += seconds
            repeats += 1
        }
        return least
    }
}
