// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy

/// The serialized form of a `PrivacyEvent`: one for each event, and each of them one event's.
///
/// A version (1), then the event: a tag, and its fields in the order of their declaration, all numbers big-endian. Doubles are
/// their IEEE 754 bits, finite and not negative, and never minus zero; counts take 8 bytes and are below 2^63; a name has its
/// length in one byte and then printable ASCII; a list has its length in 4 bytes. A sampled or repeated event follows the numbers.
///
/// | tag | event | fields |
/// |---|---|---|
/// | 1 | `gaussian` | double |
/// | 2 | `discreteGaussian` | double, double, count |
/// | 3 | `distributedDiscreteGaussian` | count, double, double, count |
/// | 4 | `skellam` | double, double, double |
/// | 5 | `poissonSampled` | double, event |
/// | 6 | `sampledWithoutReplacement` | count, count, event |
/// | 7 | `composed` | list of events |
/// | 8 | `selfComposed` | count, event |
/// | 9 | `failure` | double |
/// | 10 | `unknown` | name |
public enum PrivacyEventCoding {
    /// The version that is written, and the only one that is read.
    public static let version: UInt8 = 1
    /// The bytes of an event at most.
    public static let maximumByteCount = 1 << 19
    /// How deep events may be nested in one another.
    public static let deepestNesting = 64

    /// The bytes of an event.
    /// - Throws: `.eventNotEncodable`.
    public static func encode(_ event: PrivacyEvent) throws(PrivacyLedgerError) -> [UInt8] {
        var writer = LedgerWriter()
        writer.write(version)
        try write(event, to: &writer, depth: 0)
        return writer.bytes
    }

    /// The event of these bytes. Never traps, and takes memory in proportion to the bytes.
    /// - Throws: `.malformedEvent`.
    public static func decode(_ bytes: some Sequence<UInt8>) throws(PrivacyLedgerError) -> PrivacyEvent {
        var reader = LedgerReader(bytes)
        guard reader.remainingCount <= maximumByteCount, reader.integer(UInt8.self) == version,
            let event = event(from: &reader, depth: 0), reader.remainingCount == 0
        else { throw .malformedEvent }
        return event
    }

    private static func write(
        _ event: PrivacyEvent, to writer: inout LedgerWriter, depth: Int
    ) throws(PrivacyLedgerError) {
        guard depth <= deepestNesting else { throw .eventNotEncodable }
        switch event {
        case .gaussian(let noiseMultiplier):
            writer.write(UInt8(1))
            try write([noiseMultiplier], to: &writer)
        case .discreteGaussian(let variance, let sensitivity, let dimension):
            writer.write(UInt8(2))
            try write([variance, sensitivity], to: &writer)
            try write(dimension, to: &writer)
        case .distributedDiscreteGaussian(let contributors, let variance, let sensitivity, let dimension):
            writer.write(UInt8(3))
            try write(contributors, to: &writer)
            try write([variance, sensitivity], to: &writer)
            try write(dimension, to: &writer)
        case .skellam(let variance, let l1, let l2):
            writer.write(UInt8(4))
            try write([variance, l1, l2], to: &writer)
        case .poissonSampled(let rate, let inner):
            writer.write(UInt8(5))
            try write([rate], to: &writer)
            try write(inner, to: &writer, depth: depth + 1)
        case .sampledWithoutReplacement(let sample, let population, let inner):
            writer.write(UInt8(6))
            try write(sample, to: &writer)
            try write(population, to: &writer)
            try write(inner, to: &writer, depth: depth + 1)
        case .composed(let events):
            guard let count = UInt32(exactly: events.count) else { throw .eventNotEncodable }
            writer.write(UInt8(7))
            writer.write(count)
            for event in events { try write(event, to: &writer, depth: depth + 1) }
        case .selfComposed(let inner, let count):
            writer.write(UInt8(8))
            try write(count, to: &writer)
            try write(inner, to: &writer, depth: depth + 1)
        case .failure(let probability):
            writer.write(UInt8(9))
            try write([probability], to: &writer)
        case .unknown(let name):
            guard isName(name), name.utf8.count <= 255 else { throw .eventNotEncodable }
            writer.write(UInt8(10))
            writer.write(name)
        }
        guard writer.bytes.count <= maximumByteCount else { throw .eventNotEncodable }
    }

    private static func write(_ numbers: [Double], to writer: inout LedgerWriter) throws(PrivacyLedgerError) {
        for number in numbers {
            guard isCanonical(number) else { throw .eventNotEncodable }
            writer.write(number)
        }
    }

    private static func write(_ count: Int, to writer: inout LedgerWriter) throws(PrivacyLedgerError) {
        guard count >= 0 else { throw .eventNotEncodable }
        writer.write(UInt64(count))
    }

    private static func isCanonical(_ number: Double) -> Bool { number.sign == .plus && number.isFinite }

    private static func isName(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }

    private static func event(from reader: inout LedgerReader, depth: Int) -> PrivacyEvent? {
        guard depth <= deepestNesting, let tag = reader.integer(UInt8.self) else { return nil }
        switch tag {
        case 1: return number(from: &reader).map { .gaussian(noiseMultiplier: $0) }
        case 2:
            guard let variance = number(from: &reader), let sensitivity = number(from: &reader),
                let dimension = count(from: &reader)
            else { return nil }
            return .discreteGaussian(variance: variance, l2Sensitivity: sensitivity, dimension: dimension)
        case 3:
            guard let contributors = count(from: &reader), let variance = number(from: &reader),
                let sensitivity = number(from: &reader), let dimension = count(from: &reader)
            else { return nil }
            return .distributedDiscreteGaussian(
                contributors: contributors, localVariance: variance, l2Sensitivity: sensitivity, dimension: dimension)
        case 4:
            guard let variance = number(from: &reader), let l1 = number(from: &reader), let l2 = number(from: &reader)
            else { return nil }
            return .skellam(variance: variance, l1Sensitivity: l1, l2Sensitivity: l2)
        case 5:
            guard let rate = number(from: &reader), let inner = event(from: &reader, depth: depth + 1) else {
                return nil
            }
            return .poissonSampled(rate: rate, inner)
        case 6:
            guard let sample = count(from: &reader), let population = count(from: &reader),
                let inner = event(from: &reader, depth: depth + 1)
            else { return nil }
            return .sampledWithoutReplacement(sample: sample, population: population, inner)
        case 7:
            // No event has less than two bytes.
            guard let count = reader.integer(UInt32.self), Int(count) <= reader.remainingCount / 2 else { return nil }
            var events: [PrivacyEvent] = []
            for _ in 0..<count {
                guard let inner = event(from: &reader, depth: depth + 1) else { return nil }
                events.append(inner)
            }
            return .composed(events)
        case 8:
            guard let count = count(from: &reader), let inner = event(from: &reader, depth: depth + 1) else {
                return nil
            }
            return .selfComposed(inner, count: count)
        case 9: return number(from: &reader).map { .failure(probability: $0) }
        case 10:
            guard let name = reader.text(), isName(name) else { return nil }
            return .unknown(name)
        default: return nil
        }
    }

    private static func number(from reader: inout LedgerReader) -> Double? {
        guard let number = reader.double(), isCanonical(number) else { return nil }
        return number
    }

    private static func count(from reader: inout LedgerReader) -> Int? {
        reader.integer(UInt64.self).flatMap(Int.init(exactly:))
    }
}
