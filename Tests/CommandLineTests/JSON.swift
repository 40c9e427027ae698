// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A JSON document, to be compared and changed.
enum JSON: Codable, Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// Not by `JSONDecoder`, for which each wrong guess at a type is an error thrown; the test runner takes a backtrace of
    /// each.
    init(_ data: Data) throws {
        self = try JSON(value: JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed))
    }

    private init(value: Any) throws {
        switch value {
        case let text as String: self = .string(text)
        case let members as [String: Any]: self = .object(try members.mapValues { try JSON(value: $0) })
        case let values as [Any]: self = .array(try values.map { try JSON(value: $0) })
        case is NSNull: self = .null
        case let number as NSNumber:
            let kind = unsafe String(cString: number.objCType)
            if kind == "c" || kind == "B" {
                self = .bool(number.boolValue)
            } else if kind == "Q" && number.uint64Value > Int.max {
                self = .unsigned(number.uint64Value)
            } else {
                self = Int(exactly: number).map { .integer($0) } ?? .number(number.doubleValue)
            }
        default: throw CocoaError(.propertyListReadCorrupt)
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let integer = try? container.decode(Int.self) {
            self = .integer(integer)
        } else if container.decodeNil() {
            self = .null
        } else if let members = try? container.decode([String: JSON].self) {
            self = .object(members)
        } else if let values = try? container.decode([JSON].self) {
            self = .array(values)
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let integer = try? container.decode(UInt64.self) {
            self = .unsigned(integer)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }

    func data() throws -> Data { try JSONEncoder().encode(self) }

    subscript(_ key: String) -> JSON? {
        get { if case .object(let members) = self { members[key] } else { nil } }
        set {
            guard case .object(var members) = self else { return }
            members[key] = newValue
            self = .object(members)
        }
    }

    var entries: [JSON] { if case .array(let values) = self { values } else { [] } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The document without every member whose key the test names.
    func without(_ isLeftOut: (String) -> Bool) -> JSON {
        switch self {
        case .object(let members):
            .object(members.filter { !isLeftOut($0.key) }.mapValues { $0.without(isLeftOut) })
        case .array(let values): .array(values.map { $0.without(isLeftOut) })
        default: self
        }
    }
}
