// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// What the files hold, in fixed point.
struct SumInput: SumEncoding {
    let files: SumFiles
    /// One vector a client, w·X or [w, w·X].
    let vectors: [[UInt64]]
    let weights: [Int]?
    let capacity: SumCapacity
    let elementWidth: RingWidth?
    /// X = (x + offset) · scale.
    let offset: Double
    let scale: Double
    let isExact: Bool
    let clippedCount: Int

    var width: RingWidth { capacity.width }

    init(_ command: Sum) throws {
        let sources = try SumFiles(command)
        let files = sources.vectors
        self.files = sources
        weights = try command.weights.map { text in
            let list = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard list.count == files.count, list.allSatisfy({ ($0 ?? -1) >= 0 }),
                list.contains(where: { ($0 ?? 0) > 0 })
            else {
                throw UsageError(
                    "--weights takes \(files.count) integers of at least 0, not all 0, separated by commas.")
            }
            return list.compactMap { $0 }
        }
        let largest = files.flatMap(\.values).map(abs).max() ?? 0
        let isWhole = files.allSatisfy { $0.values.allSatisfy { $0 == $0.rounded() } }
        let bound = command.clip ?? Self.defaultBound(largest, isWhole: isWhole)
        guard bound.isFinite, bound > 0 else {
            throw UsageError("no power of two is above the largest value, \(largest); give a bound with --clip.")
        }
        if command.clip == nil {
            Terminal.note(
                "note: the bound ±\(bound) was chosen by looking at all inputs; where they are private, agree on --clip beforehand."
            )
        }
        var clipped = 0
        let maximumWeight = weights?.max() ?? 1
        var integers: [[UInt64]] = []
        if isWhole, bound.rounded(.down) <= Self.largestExactBound {
            // x + C for integers −C … C is exact.
            let limit = bound.rounded(.down)
            let inputBits = max(1, 64 - UInt64(2 * limit).leadingZeroBitCount)
            capacity = try SumCapacity(terms: files.count, maximumWeight: maximumWeight, inputBits: min(32, inputBits))
            (offset, scale, isExact) = (limit, 1, true)
            for file in files {
                clipped += file.values.count { abs($0) > limit }
                integers.append(file.values.map { UInt64(min(max($0, -limit), limit) + limit) })
            }
        } else {
            let quantizer = try FixedPointQuantizer(bits: command.bits, clip: bound)
            if isWhole {
                Terminal.note(
                    "note: whole numbers above 2^31 − 1 are summed in fixed point, with an error of up to \(quantizer.step) each."
                )
            }
            capacity = try SumCapacity(terms: files.count, maximumWeight: maximumWeight, inputBits: command.bits)
            (offset, scale, isExact) = (bound, 1 / quantizer.step, false)
            for (position, file) in files.enumerated() {
                let quantized: FixedPointQuantizer.Quantized
                if let seed = command.seed {
                    var generator = SimulationRandomness(seed: seed).generator(
                        purpose: "rounding", party: PartyID(UInt32(position + 1)))
                    quantized = try quantizer.quantize(file.values, using: &generator)
                } else {
                    var generator = try ExpandedRandomness()
                    quantized = try quantizer.quantize(file.values, using: &generator)
                }
                clipped += quantized.clippedCount
                integers.append(quantized.integers.map { UInt64($0) })
            }
        }
        elementWidth = try capacity.elementWidth
        clippedCount = clipped
        if let weights {
            vectors = zip(weights, integers).map { weight, values in
                [UInt64(weight)] + values.map { UInt64(weight) * $0 }
            }
        } else {
            vectors = integers
        }
    }

    /// Whole numbers up to this are summed exactly: x + C takes 32 bits.
    private static let largestExactBound = 2_147_483_647.0

    /// The next power of two, or for whole numbers the largest bound that keeps them exact.
    private static func defaultBound(_ largest: Double, isWhole: Bool) -> Double {
        var bound = 1.0
        while bound < largest { bound *= 2 }
        return isWhole && largest <= largestExactBound ? min(bound, largestExactBound) : bound
    }

    /// The sum, or the weighted mean, behind the integers.
    func decode(_ sum: [UInt64], contributors: Int) throws -> [Double] {
        guard weights != nil else { return sum.map { Double($0) / scale - Double(contributors) * offset } }
        guard sum[0] > 0 else { throw RingError.emptySum }
        // Whole numbers stay whole up to the one division.
        if isExact {
            let center = UInt64(offset) * sum[0]
            return sum.dropFirst().map { value in
                (value >= center ? Double(value - center) : -Double(center - value)) / Double(sum[0])
            }
        }
        return sum.dropFirst().map { Double($0) / Double(sum[0]) / scale - offset }
    }

    /// The largest error of a value of the result, from rounding alone.
    func errorBound(contributors: Int) -> Double {
        isExact ? 0 : (weights == nil ? Double(contributors) : 1) / scale
    }

    func members(of result: [Double]?, contributors: Int) -> [String: JSONValue] {
        let values = result.map { JSONValue.array($0.map { .number($0) }) } ?? .null
        let members: [String: JSONValue] = [
            "sum": weights == nil ? values : .null, "mean": weights == nil ? .null : values,
            "exact": .bool(isExact && clippedCount == 0),
            // Nothing bounds what clipping takes away.
            "error_bound": clippedCount > 0 ? .null : .number(errorBound(contributors: contributors)),
            "clipped_values": .integer(clippedCount), "dp": .string(PrivacyMode.none.rawValue),
        ]
        return members.merging(PrivateSumInput.membersWithoutNoise) { own, _ in own }
    }

    func lines(of result: [Double], contributors: [PartyID]) -> [String] {
        var lines = [
            "\(weights == nil ? "sum" : "weighted mean"): "
                + shown(result, format: isExact && weights == nil ? "%.0f" : "%.6g"),
            "of \(contributors.count) of \(files.count) clients (\(names(of: contributors))), in \(width), "
                + (isExact
                    ? (clippedCount > 0 ? "the exact sum of the clipped values" : "exact")
                    : String(
                        format: "rounding error at most %.3g a value", errorBound(contributors: contributors.count))),
        ]
        if clippedCount > 0 { lines.append("\(clippedCount) values were clipped") }
        return lines
    }

    func learned(in scheme: SchemeName) -> String { scheme == .plain ? "the sum, and every vector" : "the sum" }

    func explain(_ failure: any Error, contributors: Int) -> String { fedsum.explain(failure) }
}
