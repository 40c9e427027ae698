// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import RingArithmetic
@_spi(Simulation) import SecureRandomness

/// `fedsum_quantizer_v1`: rounding at random with a known stream, weights, and means, to the last bit of a double.
enum QuantizerVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        let quantizer = try FixedPointQuantizer(bits: fields.integer("bits"), clip: fields.double("clip"))
        switch try fields.string("kind") {
        case "encode": try checkEncoding(fields, quantizer)
        case "encode-weighted": try checkWeightedEncoding(fields, quantizer)
        case "decode":
            try checkMeans(
                fields,
                quantizer,
                sums: fields.unsignedList("sums"),
                divisor: UInt64(fields.integer("contributors"))
            )
        case "decode-weighted":
            let sums = try fields.unsignedList("sums")
            try require(!sums.isEmpty, "'sums' is empty")
            try checkMeans(fields, quantizer, sums: Array(sums.dropFirst()), divisor: sums[0])
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    private static func generator(_ fields: VectorFields) throws -> SeededGenerator {
        SeededGenerator(key: try fields.bytes("key", count: 32))
    }

    private static func checkEncoding(_ fields: VectorFields, _ quantizer: FixedPointQuantizer) throws {
        let values = try fields.doubles("values")
        var stream = try generator(fields)
        guard try fields.isValid() else {
            let coordinate = try fields.integer("coordinate")
            return try requireRefusal(fields, names: { $0 == .notFinite(coordinate: coordinate) ? ["not-finite"] : [] })
            {
                () throws(RingError) in try quantizer.quantize(values, using: &stream)
            }
        }
        let quantized = try quantizer.quantize(values, using: &stream)
        let integers = try fields.integers("integers")
        try requireEqual(quantized.integers.map { Int($0) }, integers, "integers")
        try requireEqual(quantized.clippedCount, fields.integer("clipped"), "clipped")

        // How much of the stream decided: a further value, halfway between two integers, is rounded by the first word
        // after it.
        let drawn = try fields.integer("bytesDrawn")
        try require(drawn % 4 == 0, "'bytesDrawn' is not a number of whole words")
        let halfway = 0.5 * quantizer.step - quantizer.clip
        for (filling, rounded) in [(UInt8.min, 1), (UInt8.max, 0)] {
            var cut = CutStream(generator: try generator(fields), remaining: drawn, filling: filling)
            let extended = try quantizer.quantize(values + [halfway], using: &cut)
            try require(
                extended.integers.map { Int($0) } == integers + [rounded],
                "'bytesDrawn' is \(drawn), ours is another number"
            )
        }
    }

    private static func checkWeightedEncoding(_ fields: VectorFields, _ quantizer: FixedPointQuantizer) throws {
        let values = try fields.doubles("values")
        let weight = try fields.integer("weight")
        let codec = try FixedPointCodec<UInt64>(
            parameterCount: values.count,
            quantizer: quantizer,
            clients: 1,
            maximumWeight: fields.integer("maximumWeight")
        )
        let rounded = values.map { Float($0) }
        let update = ClientUpdate(values: rounded, weight: weight, loss: 0, accuracy: 0)
        var stream = try generator(fields)
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: weightNames) { () throws(RingError) in
                try codec.encode(update, using: &stream)
            }
        }
        func weighted(_ integers: [UInt32]) -> [UInt64] {
            [UInt64(weight)] + integers.map { UInt64(weight) * UInt64($0) }
        }
        let quantized = try quantizer.quantize(values, using: &stream)
        try requireEqual(weighted(quantized.integers), fields.unsignedList("integers"), "integers")
        try requireEqual(quantized.clippedCount, fields.integer("clipped"), "clipped")

        // The codec takes single precision: it must do with the nearest ones what the quantizer does with them.
        var (first, second) = (try generator(fields), try generator(fields))
        let encoded = try codec.encode(update, using: &first).vector
        let nearest = try quantizer.quantize(rounded, using: &second)
        try requireEqual(Array(encoded.prefix(values.count + 1)), weighted(nearest.integers), "vector of the codec")
    }

    private static func weightNames(_ error: RingError) -> Set<String> {
        if case .weightOutOfRange = error { return ["weight-out-of-range"] }
        return []
    }

    private static func checkMeans(
        _ fields: VectorFields,
        _ quantizer: FixedPointQuantizer,
        sums: [UInt64],
        divisor: UInt64
    ) throws {
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: { $0 == .emptySum ? ["zero-weight"] : [] }) {
                () throws(RingError) in
                try quantizer.decodeMean(sums, dividedBy: divisor)
            }
        }
        let expected = try fields.doubles("means")
        let ours = sums.map { quantizer.decode(Double($0) / Double(divisor)) }
        try requireEqual(ours.map(\.bitPattern), expected.map(\.bitPattern), "means")
        let means = try quantizer.decodeMean(sums, dividedBy: divisor)
        try requireEqual(means, expected.map { Float($0) }, "means in single precision")
    }
}

/// A generator's stream up to a position, and then one byte for ever.
private struct CutStream: SecureRandomNumberGenerator {
    var generator: SeededGenerator
    var remaining: Int
    let filling: UInt8

    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        let count = min(remaining, bytes.count)
        let start = try generator.bytes(count)
        for index in 0..<bytes.count { bytes[index] = index < count ? start[index] : filling }
        remaining -= count
    }
}
