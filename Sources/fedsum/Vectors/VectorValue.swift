// SPDX-License-Identifier: Apache-2.0

/// A JSON value of a file of test vectors, as strict as the files are: a number is not a string, and true is not 1.
enum VectorValue: Decodable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([VectorValue])
    case object([String: VectorValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // The most frequent ones first.
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let integer = try? container.decode(Int.self) {
            self = .integer(integer)
        } else if container.decodeNil() {
            self = .null
        } else if let members = try? container.decode([String: VectorValue].self) {
            self = .object(members)
        } else if let values = try? container.decode([VectorValue].self) {
            self = .array(values)
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }
}

/// Why a case did not pass, in short.
struct CaseFailure: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// The named fields of a case. Whatever is missing or has another form than the files have fails the case.
struct VectorFields {
    let members: [String: VectorValue]

    /// No field of a case is longer than this, so that a malformed count cannot take all memory.
    static let largestCount = 1 << 24

    init(_ members: [String: VectorValue]) { self.members = members }

    init(_ value: VectorValue, as name: String) throws {
        guard case .object(let members) = value else { throw CaseFailure("'\(name)' is not an object") }
        self.members = members
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    func isNull(_ name: String) throws -> Bool {
        if case .null = try value(name) { return true }
        return false
    }

    private func value(_ name: String) throws -> VectorValue {
        guard let value = members[name] else { throw CaseFailure("'\(name)' is missing") }
        return value
    }

    func string(_ name: String) throws -> String {
        guard case .string(let text) = try value(name) else { throw CaseFailure("'\(name)' is not a string") }
        return text
    }

    func array(_ name: String) throws -> [VectorValue] {
        guard case .array(let values) = try value(name) else { throw CaseFailure("'\(name)' is not a list") }
        return values
    }

    func object(_ name: String) throws -> VectorFields { try VectorFields(value(name), as: name) }

    func objects(_ name: String) throws -> [VectorFields] { try array(name).map { try VectorFields($0, as: name) } }

    /// An integer of 0 … 2^32 − 1.
    func integer(_ name: String) throws -> Int { try Self.integer(value(name), name) }

    func integers(_ name: String) throws -> [Int] { try array(name).map { try Self.integer($0, name) } }

    /// An integer in a range.
    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        let integer = try integer(name)
        guard range.contains(integer) else { throw CaseFailure("'\(name)' is not in \(range)") }
        return integer
    }

    /// Bytes in lowercase hexadecimal.
    func bytes(_ name: String) throws -> [UInt8] { try Self.bytes(value(name), name) }

    /// Exactly `count` bytes.
    func bytes(_ name: String, count: Int) throws -> [UInt8] {
        let bytes = try bytes(name)
        guard bytes.count == count else { throw CaseFailure("'\(name)' has \(bytes.count) bytes instead of \(count)") }
        return bytes
    }

    func byteStrings(_ name: String) throws -> [[UInt8]] { try array(name).map { try Self.bytes($0, name) } }

    /// A 64-bit integer as a decimal string.
    func unsigned(_ name: String) throws -> UInt64 { try Self.unsigned(value(name), name) }

    func unsignedList(_ name: String) throws -> [UInt64] { try array(name).map { try Self.unsigned($0, name) } }

    func unsignedLists(_ name: String) throws -> [[UInt64]] {
        try array(name).map { value in
            guard case .array(let list) = value else { throw CaseFailure("'\(name)' is not a list of lists") }
            return try list.map { try Self.unsigned($0, name) }
        }
    }

    /// A double as the hexadecimal digits of its bits.
    func double(_ name: String) throws -> Double { try Self.double(bytes(name), name) }

    func doubles(_ name: String) throws -> [Double] { try byteStrings(name).map { try Self.double($0, name) } }

    /// Whether the case must be accepted.
    func isValid() throws -> Bool {
        switch try string("result") {
        case "valid": return true
        case "invalid": return false
        default: throw CaseFailure("'result' is neither valid nor invalid")
        }
    }

    static func integer(_ value: VectorValue, _ name: String) throws -> Int {
        guard case .integer(let integer) = value, (0...Int(UInt32.max)).contains(integer) else {
            throw CaseFailure("'\(name)' is not an integer of 0 … 2^32 − 1")
        }
        return integer
    }

    static func bytes(_ value: VectorValue, _ name: String) throws -> [UInt8] {
        guard case .string(let text) = value else { throw CaseFailure("'\(name)' is not a string") }
        let digits = Array(text.utf8)
        let malformed = CaseFailure("'\(name)' is not lowercase hexadecimal")
        guard digits.count % 2 == 0 else { throw malformed }
        func digit(_ character: UInt8) throws -> UInt8 {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
            default: throw malformed
            }
        }
        return try stride(from: 0, to: digits.count, by: 2).map { try digit(digits[$0]) << 4 | digit(digits[$0 + 1]) }
    }

    static func unsigned(_ value: VectorValue, _ name: String) throws -> UInt64 {
        // One way to write a number: no sign, no leading zero.
        guard case .string(let text) = value, let integer = UInt64(text), String(integer) == text else {
            throw CaseFailure("'\(name)' is not a decimal string of 0 … 2^64 − 1")
        }
        return integer
    }

    private static func double(_ bytes: [UInt8], _ name: String) throws -> Double {
        guard bytes.count == 8 else { throw CaseFailure("'\(name)' is not the 16 digits of a double") }
        return Double(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
