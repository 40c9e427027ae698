// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The cases of one file of Tests/Vectors: output of the independent Python model.
package func modelCases<Case: Decodable>(_ name: String, as type: Case.Type = Case.self) throws -> [Case] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Vectors/\(name).json"))
    let document = try JSONDecoder().decode(VectorDocument<Case>.self, from: data)
    precondition(document.schema == "fedsum_\(name)" && !document.cases.isEmpty, "\(name) is another kind of file.")
    return document.cases
}

private struct VectorDocument<Case: Decodable>: Decodable {
    let schema: String
    let cases: [Case]
}

/// The bytes of hexadecimal digits, blanks ignored.
package func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue!) }
    precondition(digits.count % 2 == 0, "A byte has two digits.")
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
