// SPDX-License-Identifier: Apache-2.0

extension DataSet {
    /// Reads comma-separated values: numeric columns, the last one the label, an integer from 0.
    ///
    /// The first line is skipped as a header if it holds a field that is not a number. Lines end in LF or CRLF; blank
    /// lines, spaces and tabs around a field and a leading byte-order mark are ignored; there is no quoting. The number
    /// of classes is the largest label plus one, and at least 2. Features are kept as they are, rounded to `Float`.
    /// Linear in the size of the file.
    ///
    /// - Parameters:
    ///   - bytes: The content of the file; kept as `sourceBytes`.
    ///   - name: What reports call the data set.
    /// - Throws: `.emptyTable` if there is no row of data; `.noFeatures` if rows have only a label; `.notANumber`,
    ///   `.notALabel` or `.fieldCount` with the place of the first fault.
    public init(csv bytes: [UInt8], name: String) throws(FederatedLearningError) {
        var reader = CSVReader(bytes)
        var features: [Float] = []
        var labels: [Int] = []
        var fieldCount: Int?
        var largestLabel = 1
        var isFirst = true
        while let fields = reader.nextLine() {
            let line = reader.line
            let isHeader = isFirst && !fields.allSatisfy { reader.number(in: $0) != nil }
            isFirst = false
            if isHeader { continue }
            let expected = fieldCount ?? fields.count
            guard expected >= 2 else { throw .noFeatures }
            guard fields.count == expected else {
                throw .fieldCount(line: line, expected: expected, found: fields.count)
            }
            fieldCount = expected
            for column in 0..<expected - 1 {
                guard let value = reader.number(in: fields[column]) else {
                    throw .notANumber(line: line, column: column + 1)
                }
                features.append(value)
            }
            guard let label = reader.label(in: fields[expected - 1]) else {
                throw .notALabel(line: line, column: expected)
            }
            labels.append(label)
            largestLabel = max(largestLabel, label)
        }
        guard let fieldCount else { throw .emptyTable }
        try self.init(
            name: name,
            features: features,
            labels: labels,
            featureCount: fieldCount - 1,
            classCount: largestLabel + 1,
            sourceBytes: bytes
        )
    }
}

/// Splits bytes into lines and fields and reads numbers, without ever trapping on what it is given.
private struct CSVReader {
    /// More characters than any sensible decimal number has; bounds the work for a field.
    static let longestNumber = 64

    let bytes: [UInt8]
    /// The number of the line read last, from 1.
    var line = 0
    private var position: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let hasByteOrderMark = bytes.starts(with: [0xEF, 0xBB, 0xBF] as [UInt8])
        position = hasByteOrderMark ? 3 : 0
    }

    /// The byte ranges of the trimmed fields of the next line that is not blank.
    mutating func nextLine() -> [Range<Int>]? {
        while position < bytes.count {
            line += 1
            var fields: [Range<Int>] = []
            var start = position
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
                if bytes[position] == UInt8(ascii: ",") {
                    fields.append(trimmed(start..<position))
                    start = position + 1
                }
                position += 1
            }
            let last = trimmed(start..<position)
            position += 1
            if fields.isEmpty && last.isEmpty { continue }
            fields.append(last)
            return fields
        }
        return nil
    }

    /// The finite decimal number that fills the field.
    func number(in field: Range<Int>) -> Float? {
        if let digits = shortInteger(in: field) { return Float(digits) }
        guard !field.isEmpty, field.count <= Self.longestNumber else { return nil }
        for index in field {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                continue
            default: return nil
            }
        }
        guard let value = Float(String(decoding: bytes[field], as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    /// The label that fills the field.
    func label(in field: Range<Int>) -> Int? {
        guard let value = shortInteger(in: field), value < DataSet.maximumClassCount else { return nil }
        return value
    }

    /// An integer of one to seven digits without a sign: what labels and most features are. Exact as a `Float`.
    private func shortInteger(in field: Range<Int>) -> Int? {
        guard (1...7).contains(field.count) else { return nil }
        var value = 0
        for index in field {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    private func trimmed(_ field: Range<Int>) -> Range<Int> {
        var (lower, upper) = (field.lowerBound, field.upperBound)
        while lower < upper, isBlank(bytes[lower]) { lower += 1 }
        while lower < upper, isBlank(bytes[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
