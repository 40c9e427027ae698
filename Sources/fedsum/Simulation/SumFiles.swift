// SPDX-License-Identifier: Apache-2.0

import Foundation
import RingArithmetic
import SecureAggregation

/// One vector a file, one file a client, and the clients that are lost.
struct SumFiles {
    /// All of the same length, of finite values.
    let vectors: [VectorFile]
    let lost: [PartyID]
    let lostBeforeSend: Int

    /// How many clients there are.
    var count: Int { vectors.count }
    /// The values of a vector.
    var dimension: Int { vectors[0].values.count }

    init(_ command: Sum) throws {
        let files = try command.files.map { try VectorFile($0) }
        guard let first = files.first else { throw UsageError("there is no file.") }
        for file in files where file.values.count != first.values.count {
            throw UsageError(
                "'\(file.path)' has \(file.values.count) values and '\(first.path)' has \(first.values.count); all must have the same number."
            )
        }
        for file in files {
            if let position = file.values.firstIndex(where: { !$0.isFinite }) {
                throw UsageError("'\(file.path)': value number \(position + 1) is not a finite number.")
            }
        }
        vectors = files
        let parties = Set(1...files.count)
        let dropped = try (command.drop ?? "").split(separator: ",").map { part in
            guard let id = Int(part), parties.contains(id) else {
                throw UsageError("--drop takes numbers between 1 and \(files.count), not '\(part)'.")
            }
            return PartyID(UInt32(id))
        }
        lost = Set(dropped).sorted()
        lostBeforeSend = try command.scheme.lostBeforeSend(
            stage: command.dropStage, clients: files.count, command.parties)
    }
}

/// Vectors as integers in a ring, and what their sum is worth: in fixed point, or with noise.
protocol SumEncoding {
    var files: SumFiles { get }
    /// One vector a client, of words below 2^b. Their sum is taken mod 2^b.
    var vectors: [[UInt64]] { get }
    /// The ring.
    var width: RingWidth { get }
    /// The bits that an element of a client's vector has at most; nil for those of the ring.
    var elementWidth: RingWidth? { get }

    /// The result behind the integers.
    /// - Throws: why it must not be shown, if so.
    func decode(_ sum: [UInt64], contributors: Int) throws -> [Double]
    /// What the result is, for programs; nil if there is none.
    func members(of result: [Double]?, contributors: Int) -> [String: JSONValue]
    /// The result and what it is worth, for people.
    func lines(of result: [Double], contributors: [PartyID]) -> [String]
    /// What a party that was given the scheme's sum has learned.
    func learned(in scheme: SchemeName) -> String
    /// One sentence for what went wrong.
    func explain(_ failure: any Error, contributors: Int) -> String
}

extension SumEncoding {
    /// The elements that are summed.
    var dimension: Int { vectors[0].count }

    /// At most ten of the values.
    func shown(_ result: [Double], format: String) -> String {
        result.prefix(10).map { String(format: format, $0) }.joined(separator: ", ")
            + (result.count > 10 ? ", … (\(result.count) values; --json shows all)" : "")
    }

    func names(of contributors: [PartyID]) -> String { contributors.map(\.description).joined(separator: ", ") }
}
