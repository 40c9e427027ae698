// SPDX-License-Identifier: Apache-2.0

import Foundation
import RingArithmetic
import SecureAggregation

/// How a sum went.
struct SumOutcome {
    let command: Sum
    let input: any SumEncoding
    /// nil if nothing was learned, or nothing may be released.
    let result: [Double]?
    /// Whether there is a result, and the scheme's sum was equal to the integer oracle.
    let isCorrect: Bool
    let contributors: [PartyID]
    let failure: (any Error)?
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
        let members: [String: JSONValue] = [
            "scheme": .string(command.scheme.rawValue), "clients": .integer(input.files.count),
            "contributors": .array(contributors.map { .integer(Int($0.rawValue)) }),
            "dropped": .array(input.files.lost.map { .integer(Int($0.rawValue)) }),
            "correct": .bool(isCorrect), "aborted": .bool(result == nil),
            "modulus_bits": .integer(input.width.bits), "message_rounds": .integer(messageRounds),
            "transcript_sha256": .string(transcriptHead), "simulation": .bool(command.seed != nil),
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
        return .object(members.merging(input.members(of: result, contributors: contributors.count)) { own, _ in own })
    }

    var text: String {
        var lines: [String] = []
        if let result { lines += input.lines(of: result, contributors: contributors) + [""] }
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
