// SPDX-License-Identifier: Apache-2.0

import Foundation
import RingArithmetic
import SecureAggregation

/// How a sum went.
struct SumOutcome {
    let command: Sum
    let input: SumInput
    let sum: [Double]?
    let isCorrect: Bool
    let contributors: [PartyID]
    let failure: AggregationError?
    let views: [PartyView]
    let messageRounds: Int
    let transcriptHead: String

    /// What one party saw.
    struct PartyView {
        let name: String
        let received: [(stage: String, messages: Int, bytes: Int)]
        let learned: String
    }

    var json: JSONValue {
        let values = sum.map { JSONValue.array($0.map { .number($0) }) } ?? .null
        return [
            "scheme": .string(command.scheme.rawValue),
            "clients": .integer(input.vectors.count),
            "contributors": .array(contributors.map { .integer(Int($0.rawValue)) }),
            "dropped": .array(input.lost.map { .integer(Int($0.rawValue)) }),
            "sum": input.weights == nil ? values : .null,
            "mean": input.weights == nil ? .null : values,
            "exact": .bool(input.isExact && input.clippedCount == 0), "correct": .bool(isCorrect),
            "aborted": .bool(sum == nil),
            // Nothing bounds what clipping takes away.
            "error_bound": input.clippedCount > 0
                ? .null : .number(input.errorBound(contributors: contributors.count)),
            "clipped_values": .integer(input.clippedCount),
            "modulus_bits": .integer(input.capacity.width.bits), "message_rounds": .integer(messageRounds),
            "transcript_sha256": .string(transcriptHead),
            "simulation": .bool(command.seed != nil),
            "views": .array(
                views.map { view in
                    [
                        "party": .string(view.name), "learned": .string(view.learned),
                        "received": .array(
                            view.received.map {
                                [
                                    "stage": .string($0.stage), "messages": .integer($0.messages),
                                    "bytes": .integer($0.bytes),
                                ]
                            }),
                    ]
                }),
        ]
    }

    var text: String {
        var lines: [String] = []
        if let sum {
            let shown = sum.prefix(10).map {
                input.isExact && input.weights == nil ? String(format: "%.0f", $0) : String(format: "%.6g", $0)
            }
            let name = input.weights == nil ? "sum" : "weighted mean"
            lines.append(
                "\(name): \(shown.joined(separator: ", "))\(sum.count > 10 ? ", … (\(sum.count) values; --json shows all)" : "")"
            )
            lines.append(
                "of \(contributors.count) of \(input.vectors.count) clients (\(contributors.map(\.description).joined(separator: ", "))), in \(input.capacity.width), "
                    + (input.isExact
                        ? (input.clippedCount > 0 ? "the exact sum of the clipped values" : "exact")
                        : String(
                            format: "rounding error at most %.3g a value",
                            input.errorBound(contributors: contributors.count)))
            )
            if input.clippedCount > 0 { lines.append("\(input.clippedCount) values were clipped") }
            lines.append("")
        }
        lines.append("What each party saw (\(command.scheme.rawValue)):")
        lines.append(
            Terminal.table(
                header: ["party", "received", "learned"],
                rows: views.map { view in
                    [
                        view.name,
                        view.received.isEmpty
                            ? "nothing"
                            : view.received.map {
                                "\($0.stage): \($0.messages) × \(Format.bytes(Double($0.bytes) / Double($0.messages)))"
                            }
                            .joined(separator: "; "),
                        view.learned,
                    ]
                }))
        return lines.joined(separator: "\n")
    }
}
