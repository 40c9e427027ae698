// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
import SecureAggregation
import SecureRandomness

/// `fedsum_wire_v1`: every message as bytes, and bytes that are no message.
enum WireVerifier {
    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        var sessions: [String: StatedSession] = [:]
        for (position, fields) in try document.objects("sessions").enumerated() {
            let id = (try? fields.string("id")) ?? "#\(position + 1)"
            report.check("session \(id)") {
                let session = try StatedSession(fields)
                try session.checkDigest()
                sessions[id] = session
            }
        }
        try checkCases(of: document, into: &report) { fields in
            let id = try fields.string("session")
            guard let session = sessions[id] else { throw CaseFailure("there is no valid session '\(id)'") }
            try session.open(MessageCheck(fields: fields))
        }
    }

    private struct MessageCheck: StatedSchemeVisitor {
        let fields: VectorFields

        func visit<Scheme: AggregationScheme>(_ scheme: Scheme, in context: RoundContext) throws
        where Scheme.Element: MaskableElement & RingWord {
            let format = scheme.messageFormat(in: context)
            let bytes = try fields.bytes("bytes")
            guard try fields.isValid() else {
                if try fields.string("error") == "wrong-share-count" {
                    return try WireVerifier.requireRefusedShares(scheme, in: context, bytes: bytes)
                }
                return try requireRefusal(fields, names: { WireVerifier.names($0, format) }) { () throws(WireError) in
                    try Scheme.Message(decoding: bytes, as: format)
                }
            }
            let message = try Scheme.Message(decoding: bytes, as: format)
            try requireEqual(message.encoded(as: format), bytes, "bytes")
            let type = try fields.integer("type", in: 0...255)
            try requireEqual(Int(message.type), type, "type")
            // The fields give the same bytes: what was decoded is what the file says.
            var encoder = WireEncoder()
            encoder.write(WireEncoder.version)
            encoder.write(UInt8(type))
            encoder.write(bytes: format.session.bytes)
            encoder.write(
                bytes: try WireVerifier.body(ofType: type, fields.object("fields"), format, Scheme.Element.self)
            )
            try requireEqual(encoder.bytes, bytes, "bytes of the fields")
        }
    }

    /// How many shares a message has is the scheme's affair: whatever decodes must be refused by the leader.
    private static func requireRefusedShares<Scheme: AggregationScheme>(
        _ scheme: Scheme,
        in context: RoundContext,
        bytes: [UInt8]
    ) throws {
        guard let message = try? Scheme.Message(decoding: bytes, as: scheme.messageFormat(in: context)),
            let leader = scheme.helpers.first
        else { return }
        var party = try scheme.makeParty(leader, contributing: nil, in: context, using: SystemRandomness())
        _ = try party.start()
        guard case .rejected(.invalid(.wrongCount)) = try party.receive(message, from: scheme.contributors[0]) else {
            throw CaseFailure("must be refused for its number of shares")
        }
    }

    /// A body from its fields, written straight from Documentation/WireFormat.md.
    private static func body<Element: RingWord>(
        ofType type: Int,
        _ fields: VectorFields,
        _ format: MessageFormat,
        _: Element.Type
    ) throws -> [UInt8] {
        var encoder = WireEncoder()
        func writeVector(_ name: String) throws {
            let elements = try fields.unsignedList(name)
            try writeElements(elements, name)
        }
        func writeElements(_ elements: [UInt64], _ name: String) throws {
            let isOfGroup = elements.allSatisfy { format.field?.contains($0) ?? ($0 <= format.width.mask) }
            try require(isOfGroup, "'\(name)' is not of the ring or field")
            encoder.write(vector: elements.map { Element($0) }, as: format)
        }
        func writeParties(_ name: String) throws {
            let parties = try fields.parties(name)
            try require(parties.count < 1 << 22, "'\(name)' is too long for a message")
            encoder.write(parties, lengthBytes: 3)
        }
        func writeBitmap(_ name: String) throws {
            let bitmap = try fields.bytes(name)
            try require(bitmap.count < 1 << 16, "'\(name)' is too long for a message")
            encoder.write(bitmap, lengthBytes: 2)
        }
        func writeList(
            _ name: String,
            lengthBytes: Int = 3,
            _ entry: (VectorFields, inout WireEncoder) throws -> Void
        ) throws {
            var entries = WireEncoder()
            for fields in try fields.objects(name) { try entry(fields, &entries) }
            try require(entries.bytes.count >> (8 * lengthBytes) == 0, "'\(name)' is too long for a message")
            encoder.write(entries.bytes, lengthBytes: lengthBytes)
        }
        switch type {
        case 0x01: encoder.write(UInt8(try fields.integer("reason", in: 0...255)))
        case 0x10, 0x22, 0x34, 0x42, 0x51: try writeVector("elements")
        case 0x20:
            try writeVector("leaderShare")
            try writeList("seeds", lengthBytes: 2, write(seed:to:))
        case 0x40:
            let shares = try fields.unsignedLists("masked")
            try require(shares.count < 1 << 16, "'masked' is too long for a message")
            encoder.write(UInt16(shares.count))
            for share in shares { try writeElements(share, "masked") }
            try writeList("seeds", lengthBytes: 2, write(seed:to:))
        case 0x23, 0x43: try writeParties("contributors")
        case 0x50: encoder.write(bytes: try fields.bytes("seed", count: 32))
        case 0x52: try writeParties("held")
        case 0x53:
            try writeParties("contributors")
            try writeVector("elements")
        case 0x21, 0x41:
            try writeList("entries") { fields, encoder in
                encoder.write(try fields.party("contributor").rawValue)
                try write(seed: fields.object("seed"), to: &encoder)
            }
        case 0x30:
            let threat = try fields.integer("threat", in: 0...2)
            encoder.write(UInt8(threat))
            try write(advertisement: fields.object("keys"), threat: threat, to: &encoder)
        case 0x31:
            let threat = try fields.integer("threat", in: 0...2)
            encoder.write(UInt8(threat))
            try writeList("roster") { fields, encoder in
                encoder.write(try fields.party("id").rawValue)
                try write(advertisement: fields.object("keys"), threat: threat, to: &encoder)
            }
        case 0x37:
            encoder.write(bytes: try fields.bytes("root", count: 32))
            encoder.write(try fields.unsigned("pulse"))
        case 0x38:
            let (threat, depth) = (try fields.integer("threat", in: 0...2), try fields.integer("depth", in: 0...17))
            encoder.write(UInt8(threat))
            encoder.write(UInt8(depth))
            encoder.write(bytes: try fields.bytes("root", count: 32))
            encoder.write(bytes: try fields.bytes("entropy", count: 32))
            try write(path: "ownPath", fields, depth: depth, to: &encoder)
            try writeList("present") { fields, encoder in
                encoder.write(try fields.party("id").rawValue)
                try write(advertisement: fields.object("keys"), threat: threat, to: &encoder)
                try write(path: "path", fields, depth: depth, to: &encoder)
            }
            try writeList("absent") { fields, encoder in
                encoder.write(try fields.party("id").rawValue)
                try write(path: "path", fields, depth: depth, to: &encoder)
            }
        case 0x39: encoder.write(bytes: try fields.bytes("signature", count: 64))
        case 0x3a:
            try writeList("signatures") { fields, encoder in
                encoder.write(try fields.party("id").rawValue)
                encoder.write(bytes: try fields.bytes("signature", count: 64))
            }
        case 0x3b:
            let (threat, depth) = (try fields.integer("threat", in: 0...2), try fields.integer("depth", in: 0...17))
            encoder.write(UInt8(threat))
            encoder.write(UInt8(depth))
            try writeList("witnesses") { fields, encoder in
                encoder.write(try fields.party("id").rawValue)
                encoder.write(bytes: try fields.bytes("signature", count: 64))
                try write(path: "signaturePath", fields, depth: depth, to: &encoder)
                guard threat == 1 else { return }
                try write(advertisement: fields.object("keys"), threat: threat, to: &encoder)
                try write(path: "path", fields, depth: depth, to: &encoder)
            }
        case 0x3c:
            encoder.write(bytes: try fields.bytes("signatureRoot", count: 32))
            encoder.write(try fields.unsigned("pulse"))
        case 0x32, 0x33:
            if type == 0x33 { try writeBitmap("sharers") }
            try writeList("shares") { fields, encoder in
                encoder.write(try fields.party(type == 0x32 ? "to" : "from").rawValue)
                encoder.write(bytes: try fields.bytes("box", count: 88))
            }
        case 0x35:
            try writeBitmap("survivors")
        case 0x36:
            try writeList("shares") { fields, encoder in
                encoder.write(try fields.party("of").rawValue)
                encoder.write(bytes: try fields.bytes("share", count: 32))
            }
        default: throw CaseFailure("there is no type \(type)")
        }
        return encoder.bytes
    }

    private static func write(seed fields: VectorFields, to encoder: inout WireEncoder) throws {
        encoder.write(bytes: try fields.bytes("ephemeralPublicKey", count: 32))
        encoder.write(bytes: try fields.bytes("box", count: 48))
        encoder.write(bytes: try fields.bytes("signature", count: 64))
    }

    private static func write(advertisement fields: VectorFields, threat: Int, to encoder: inout WireEncoder) throws {
        for name in ["channelPublicKey", "maskPublicKey", "selfMaskCommitment"] {
            encoder.write(bytes: try fields.bytes(name, count: 32))
        }
        if threat == 1 { encoder.write(bytes: try fields.bytes("verifyingKey", count: 32)) }
        if threat == 2 { encoder.write(bytes: try fields.bytes("signature", count: 64)) }
    }

    private static func write(
        path name: String,
        _ fields: VectorFields,
        depth: Int,
        to encoder: inout WireEncoder
    ) throws {
        let path = try fields.byteStrings(name)
        try require(path.count == depth && path.allSatisfy { $0.count == 32 }, "'\(name)' has not 32 bytes a level")
        for sibling in path { encoder.write(bytes: sibling) }
    }

    /// The words that vectors may give to an error.
    static func names(_ error: WireError, _ format: MessageFormat) -> Set<String> {
        switch error {
        case .truncated: ["truncated"]
        case .trailingBytes: ["trailing-bytes"]
        case .unsupportedVersion: ["wrong-version"]
        case .unknownType: ["unknown-type"]
        case .foreignSession: ["wrong-session"]
        // A length beyond the session's parties is refused before it is held against the bytes that are there.
        // A list that is longer than the session has parties names one twice.
        case .badLength:
            ["vector-length-not-a-multiple-of-the-element-size", "truncated", "empty-list", "ids-not-ascending"]
        case .wrongVector(let bits, _): [bits == format.elementWidth.bits ? "wrong-count" : "wrong-bits"]
        case .outsideField: ["element-not-below-prime"]
        case .badPacking(.nonZeroPadding): ["nonzero-padding"]
        case .badPacking: []
        case .unordered: ["ids-not-ascending"]
        case .wrongBitmapLength: ["wrong-count", "truncated"]
        case .badValue: ["unknown-reason", "unknown-threat", "depth-out-of-range"]
        }
    }
}
