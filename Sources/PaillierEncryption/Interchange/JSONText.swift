// SPDX-License-Identifier: Apache-2.0

/// As much of JSON [RFC8259] as python-paillier's files have: objects, lists, strings, integers;
/// other numbers, true, false and null only to pass over them. Reading is total: depth is limited, and nothing is allocated
/// ahead of the text.
enum JSONText {
    case object([String: JSONText])
    case list([JSONText])
    case string(String)
    case integer(digits: String)
    case other

    /// The value that the whole text is; nil if it is none.
    init?(_ text: String) {
        var reader = Reader(bytes: Array(text.utf8))
        guard let value = reader.value(depth: 0), reader.isAtEnd() else { return nil }
        self = value
    }

    subscript(member: String) -> JSONText? {
        if case .object(let members) = self { members[member] } else { nil }
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    /// An integer of any size, as JSON writes it: a sign or none, and no zeros at the front.
    var integerDigits: String? { if case .integer(let digits) = self { digits } else { nil } }
    var isObject: Bool { if case .object = self { true } else { false } }
    var list: [JSONText]? { if case .list(let values) = self { values } else { nil } }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        static let deepest = 16

        mutating func skipBlanks() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        mutating func isAtEnd() -> Bool {
            skipBlanks()
            return position == bytes.count
        }

        mutating func take(_ character: Character) -> Bool {
            skipBlanks()
            guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
            position += 1
            return true
        }

        mutating func value(depth: Int) -> JSONText? {
            guard depth < Self.deepest else { return nil }
            if take("{") { return object(depth: depth) }
            if take("[") { return list(depth: depth) }
            if take("\"") { return string().map { .string($0) } }
            return word()
        }

        mutating func object(depth: Int) -> JSONText? {
            var members: [String: JSONText] = [:]
            if take("}") { return .object(members) }
            repeat {
                guard take("\""), let name = string(), take(":"), let value = value(depth: depth + 1),
                    members.updateValue(value, forKey: name) == nil
                else { return nil }
            } while take(",")
            return take("}") ? .object(members) : nil
        }

        mutating func list(depth: Int) -> JSONText? {
            var values: [JSONText] = []
            if take("]") { return .list(values) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                values.append(value)
            } while take(",")
            return take("]") ? .list(values) : nil
        }

        /// The rest of a string, after its opening quotation mark.
        mutating func string() -> String? {
            var text: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let character = escaped() else { return nil }
                    text += String(character).utf8
                case 0..<0x20: return nil
                default: text.append(byte)
                }
            }
            return nil
        }

        /// The character after a backslash. Half of a character of two units becomes one that stands for what cannot be read.
        private mutating func escaped() -> Character? {
            guard position < bytes.count else { return nil }
            let name = bytes[position]
            position += 1
            switch name {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(UnicodeScalar(name))
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "u"):
                guard let unit = unit() else { return nil }
                return Character(UnicodeScalar(unit) ?? pair(unit))
            default: return nil
            }
        }

        /// Four hexadecimal digits.
        private mutating func unit() -> UInt16? {
            let digits = bytes[position...].prefix(4)
            guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
            position += 4
            return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        }

        /// The character of which this is the first half, if the second half follows.
        private mutating func pair(_ first: UInt16) -> UnicodeScalar {
            let start = position
            guard UTF16.isLeadSurrogate(first), bytes[position...].starts(with: "\\u".utf8) else { return "\u{FFFD}" }
            position += 2
            guard let second = unit(), UTF16.isTrailSurrogate(second) else {
                position = start
                return "\u{FFFD}"
            }
            return UnicodeScalar(0x10000 + UInt32(first & 0x3FF) << 10 + UInt32(second & 0x3FF)) ?? "\u{FFFD}"
        }

        mutating func word() -> JSONText? {
            let start = position
            while position < bytes.count, !",:]} \t\n\r".utf8.contains(bytes[position]) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            if ["true", "false", "null"].contains(word) { return .other }
            return number(word)
        }

        /// A number as JSON writes it. Those that are not integers only have to be some.
        private func number(_ word: String) -> JSONText? {
            var rest = Array(word.utf8)[...]
            func takesDigits() -> ArraySlice<UInt8> {
                let run = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                rest = rest.dropFirst(run.count)
                return run
            }
            func takes(_ characters: String) -> Bool {
                guard let first = rest.first, characters.utf8.contains(first) else { return false }
                rest.removeFirst()
                return true
            }
            _ = takes("-")
            let whole = takesDigits()
            guard let first = whole.first, whole.count == 1 || first != UInt8(ascii: "0") else { return nil }
            if rest.isEmpty { return .integer(digits: word) }
            if takes("."), takesDigits().isEmpty { return nil }
            if takes("eE") {
                _ = takes("+-")
                if takesDigits().isEmpty { return nil }
            }
            return rest.isEmpty ? .other : nil
        }
    }
}

/// A string with its quotation marks.
func quoted(_ text: String) -> String {
    var result = "\""
    for character in text {
        switch character {
        case "\"", "\\": result += "\\" + String(character)
        // Control characters have no use in these files.
        case "\u{0}"..<" ": result += " "
        default: result.append(character)
        }
    }
    return result + "\""
}
