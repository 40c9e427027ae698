// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A vector in a file: CSV, or NumPy's `.npy`.
struct VectorFile {
    let path: String
    /// The values in the order of the file.
    let values: [Double]

    /// Reads a file; the name's ending decides how.
    init(_ path: String) throws {
        self.path = path
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw UsageError("'\(path)' cannot be read: \(error.localizedDescription)")
        }
        values = path.hasSuffix(".npy") ? try Self.numpy([UInt8](data), path) : try Self.csv(data, path)
        guard !values.isEmpty else { throw UsageError("'\(path)' holds no value.") }
    }

    /// Numbers separated by commas or semicolons, white space or ends of lines.
    private static func csv(_ data: Data, _ path: String) throws -> [Double] {
        guard let text = String(data: data, encoding: .utf8) else { throw UsageError("'\(path)' is not UTF-8 text.") }
        var values: [Double] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if line.allSatisfy(\.isWhitespace) { continue }
            guard !(line.contains(",") && line.contains(";")) else {
                throw UsageError(
                    "'\(path)', line \(number + 1) has both commas and semicolons; use one of them, and points in decimals."
                )
            }
            for cell in line.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == ";" }) {
                // An empty cell passed over would move every later value to another coordinate.
                guard !cell.allSatisfy(\.isWhitespace) else {
                    throw UsageError("'\(path)', line \(number + 1): a value is missing beside a separator.")
                }
                for field in cell.split(whereSeparator: \.isWhitespace) {
                    guard let value = Double(field) else {
                        throw UsageError("'\(path)', line \(number + 1): '\(field.prefix(40))' is not a number.")
                    }
                    values.append(value)
                }
            }
        }
        return values
    }

    /// The NPY format, versions 1 to 3: a header that says type and shape, then the elements, here in C order and
    /// little-endian.
    private static func numpy(_ bytes: [UInt8], _ path: String) throws -> [Double] {
        let broken = UsageError(
            "'\(path)' is not a .npy file that this program reads (versions 1 to 3, C order, little-endian).")
        guard bytes.count >= 12, bytes.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)), (1...3).contains(bytes[6])
        else {
            throw broken
        }
        let lengthBytes = bytes[6] == 1 ? 2 : 4
        let headerLength = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        let start = 8 + lengthBytes + headerLength
        guard start <= bytes.count else { throw broken }
        let header = String(decoding: bytes[(8 + lengthBytes)..<start], as: UTF8.self)
        guard let type = quoted(after: "'descr':", in: header), let count = elementCount(in: header) else {
            throw broken
        }
        guard header.contains("'fortran_order': False") else {
            throw UsageError("'\(path)' is in Fortran order; save numpy.ascontiguousarray(…) of it.")
        }
        let payload = Array(bytes[start...])
        func elements<Word: FixedWidthInteger>(_: Word.Type, _ convert: (Word) -> Double) throws -> [Double] {
            let size = Word.bitWidth / 8
            guard payload.count / size == count, payload.count % size == 0 else {
                throw UsageError(
                    "'\(path)' has \(payload.count) bytes of values, and its shape means \(count) values of \(size) bytes; it is cut short or damaged."
                )
            }
            return stride(from: 0, to: payload.count, by: size).map { offset in
                convert(
                    (0..<size).reduce(Word.zero) { $0 | Word(truncatingIfNeeded: payload[offset + $1]) << Word(8 * $1) }
                )
            }
        }
        switch type {
        case "<f4": return try elements(UInt32.self) { Double(Float(bitPattern: $0)) }
        case "<f8": return try elements(UInt64.self) { Double(bitPattern: $0) }
        case "<i8": return try elements(Int64.self) { Double($0) }
        case "<i4": return try elements(Int32.self) { Double($0) }
        case "<i2": return try elements(Int16.self) { Double($0) }
        case "|i1": return try elements(Int8.self) { Double($0) }
        case "<u8": return try elements(UInt64.self) { Double($0) }
        case "<u4": return try elements(UInt32.self) { Double($0) }
        case "<u2": return try elements(UInt16.self) { Double($0) }
        case "|u1": return try elements(UInt8.self) { Double($0) }
        default:
            throw UsageError("'\(path)' has elements of type \(type); use float32, float64 or integers, little-endian.")
        }
    }

    /// The product of the dimensions, 1 for a single number.
    private static func elementCount(in header: String) -> Int? {
        guard let key = header.range(of: "'shape':"), let open = header[key.upperBound...].firstIndex(of: "("),
            let close = header[open...].firstIndex(of: ")")
        else { return nil }
        var count = 1
        for part in header[header.index(after: open)..<close].split(separator: ",") {
            let text = part.trimmingCharacters(in: .whitespaces)
            if text.isEmpty { continue }
            guard let length = Int(text), length >= 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard !overflow else { return nil }
            count = product
        }
        return count
    }

    private static func quoted(after key: String, in header: String) -> String? {
        guard let position = header.range(of: key) else { return nil }
        let parts = header[position.upperBound...].split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count >= 2 ? String(parts[1]) : nil
    }
}
