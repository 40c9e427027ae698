// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Reading CSV")
struct CSVTests {
    private func read(_ text: String) throws(FederatedLearningError) -> DataSet {
        try DataSet(csv: Array(text.utf8), name: "table")
    }

    @Test(
        "Headers, line ends, blanks and a missing last newline do not matter",
        arguments: [
            "1,-2.5,0\n3e2,0.125,2\n", "width,height,label\n1,-2.5,0\n3e2,0.125,2", "1,-2.5,0\r\n\r\n3e2,0.125,2\r\n",
            " 1 ,\t-2.5, 0\n300 , +0.125,2 \n\n", "\u{FEFF}1,-2.5,0\n300,.125,02\n",
        ]
    )
    func tolerated(text: String) throws {
        let data = try read(text)
        #expect(data.features == [1, -2.5, 300, 0.125])
        #expect(data.labels == [0, 2])
        #expect(data.featureCount == 2)
        #expect(data.classCount == 3)
        #expect(data.sourceBytes == Array(text.utf8))
    }

    @Test("A fault is reported with its line and column")
    func faults() {
        let cases: [(String, FederatedLearningError)] = [
            ("", .emptyTable), ("\n\r\n", .emptyTable), ("a,b\n", .emptyTable), ("1\n", .noFeatures),
            ("1,0\n2\n", .fieldCount(line: 2, expected: 2, found: 1)),
            ("1,0\n\n2,3,0\n", .fieldCount(line: 3, expected: 2, found: 3)),
            ("x,y,l\n1,2,0\n1,two,0\n", .notANumber(line: 3, column: 2)),
            ("1,0\n,0\n", .notANumber(line: 2, column: 1)), ("1,0\nnan,0\n", .notANumber(line: 2, column: 1)),
            ("1,0\ninf,0\n", .notANumber(line: 2, column: 1)), ("1,0\n1e39,0\n", .notANumber(line: 2, column: 1)),
            ("1,0\n0x10,0\n", .notANumber(line: 2, column: 1)), ("1,0\n1-2,0\n", .notANumber(line: 2, column: 1)),
            ("1,0\n\(String(repeating: "1", count: 65)),0\n", .notANumber(line: 2, column: 1)),
            ("1,0\n1,-1\n", .notALabel(line: 2, column: 2)), ("1,0\n1,0.5\n", .notALabel(line: 2, column: 2)),
            ("1,0\n1,65536\n", .notALabel(line: 2, column: 2)),
            ("1,0\n1,99999999999999999999\n", .notALabel(line: 2, column: 2)),
            ("1,0\n1,\n", .notALabel(line: 2, column: 2)),
        ]
        for (text, expected) in cases {
            #expect(throws: expected, "\(text.debugDescription)") { _ = try read(text) }
        }
    }

    @Test("Bytes that are not text are an error, not a trap")
    func noise() {
        var generator = SeededGenerator(3)
        for length in 0..<300 {
            let alphabet = Array("0123456789,,,\n\n.-+e ".utf8) + [0xFF, 0x00]
            let bytes = (0..<length).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
            guard let data = try? DataSet(csv: bytes, name: "noise") else { continue }
            #expect(data.features.count == data.rowCount * data.featureCount)
        }
    }
}
