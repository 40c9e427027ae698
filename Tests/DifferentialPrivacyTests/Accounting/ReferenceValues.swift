// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A row of a file of Tests/Vectors/differential-privacy: values that other programs made.
struct ReferenceRow {
    let members: [String: Any]

    /// A number, as JSON has it or as a decimal string.
    func number(_ name: String) -> Double {
        switch members[name] {
        case let text as String: Double(text)!
        case let number as NSNumber: number.doubleValue
        default: preconditionFailure("'\(name)' is missing.")
        }
    }

    func integer(_ name: String) -> Int { Int(number(name)) }

    /// The logarithm, also of what is below the smallest double.
    func logarithm(_ name: String) -> Double {
        let parts = (members[name] as! String).split(separator: "e")
        return log(Double(parts[0])!) + (parts.count > 1 ? Double(parts[1])! * log(10) : 0)
    }
}

func referenceRows(_ name: String) throws -> [ReferenceRow] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Vectors/differential-privacy/\(name).json"))
    let document = try JSONSerialization.jsonObject(with: data) as! [String: Any]
    let rows = (document["rows"] as! [[String: Any]]).map(ReferenceRow.init)
    precondition(!rows.isEmpty)
    return rows
}

/// |a/b − 1|.
func relativeError(_ ours: Double, _ expected: Double) -> Double {
    expected == 0 ? abs(ours) : abs(ours / expected - 1)
}
