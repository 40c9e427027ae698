// SPDX-License-Identifier: Apache-2.0

import PaillierAggregation
import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation
import Testing

/// What every decoder of every scheme does with bytes that somebody else chose.
@Suite struct MessageDecodingTests {
    /// One message of each type of a scheme, from a round with a loss and from one that was aborted.
    private func messages(of scheme: SchemeUnderTest) throws -> [MessageLog.Entry] {
        // 3 · 7 bits leave three bits of padding to be dirtied.
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 6, dimension: 3, width: 7, seed: 1)
        var byType: [UInt8: MessageLog.Entry] = [:]
        for faults in [
            FaultSchedule.losing([4], beforeSend: scheme.vectorSend),
            .losing([2, 3, 4, 5], beforeSend: scheme.vectorSend),
        ] {
            // Over additive shares nobody may be lost.
            let faults = scheme == .additivePeers && faults.faults.count == 1 ? FaultSchedule.none : faults
            let log = MessageLog()
            _ = try scheme.run(inputs: inputs, width: 7, faults: faults, messages: log)
            for entry in log.entries { byType[entry.type] = entry }
        }
        return byType.values.sorted { $0.type < $1.type }
    }

    private func types(of scheme: SchemeUnderTest) -> [UInt8] {
        switch scheme {
        case .plain: [0x10]
        case .additive: [0x01, 0x20, 0x21, 0x22]
        case .shamir: [0x01, 0x40, 0x41, 0x42]
        case .peers: [0x01, 0x50, 0x51, 0x52, 0x53]
        case .additivePeers: [0x01, 0x50, 0x53]
        case .paillier: [0x01, 0x60, 0x61]
        case .paillierAudited: [0x01, 0x62, 0x63]
        case .secaggCurious: [0x01, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36]
        case .secagg, .secaggActive: [0x01, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x39, 0x3a]
        case .sparseCurious: [0x01, 0x30, 0x32, 0x33, 0x34, 0x35, 0x36, 0x38]
        case .sparse, .sparseActive: [0x01, 0x30, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3b, 0x3c]
        }
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `every message of a scheme decodes to what encodes to the same bytes`(scheme: SchemeUnderTest) throws {
        let messages = try messages(of: scheme)
        #expect(messages.map(\.type) == types(of: scheme))
        for message in messages { #expect(try message.decodeAndEncode(message.bytes) == message.bytes) }
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `every truncation of every message is refused`(scheme: SchemeUnderTest) throws {
        for message in try messages(of: scheme) {
            for count in message.bytes.indices {
                #expect(throws: WireError.self, "type \(message.type), \(count) bytes") {
                    try message.decodeAndEncode(Array(message.bytes.prefix(count)))
                }
            }
        }
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `every byte after a message is refused`(scheme: SchemeUnderTest) throws {
        for message in try messages(of: scheme) {
            for byte in UInt8.min...UInt8.max {
                #expect(throws: WireError.trailingBytes(1)) { try message.decodeAndEncode(message.bytes + [byte]) }
            }
            #expect(throws: WireError.trailingBytes(message.bytes.count)) {
                try message.decodeAndEncode(message.bytes + message.bytes)
            }
        }
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `a message with one byte changed is refused, or has one encoding`(scheme: SchemeUnderTest) throws {
        var refused = 0
        var taken = 0
        for message in try messages(of: scheme) {
            for position in message.bytes.indices {
                for change: UInt8 in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff, 0x55] {
                    var bytes = message.bytes
                    bytes[position] ^= change
                    do {
                        let again = try message.decodeAndEncode(bytes)
                        taken += 1
                        if again != bytes { Issue.record("type \(message.type), byte \(position): two encodings") }
                        // Nothing of the header may be taken with a change, but the type where the body fits two.
                        if position < 34, position != 1 {
                            Issue.record("byte \(position) of the header is not checked")
                        }
                    } catch {
                        refused += 1
                    }
                }
            }
        }
        #expect(refused > 0 && taken > 0)
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `random bytes are refused, or have one encoding, and never trap`(scheme: SchemeUnderTest) throws {
        let messages = try messages(of: scheme)
        var generator = SimulationRandomness(seed: 11).generator(purpose: "fuzz")
        for turn in 0..<20_000 {
            let message = messages[turn % messages.count]
            let count = Int(generator.next() % 160)
            var bytes = try generator.bytes(count)
            switch turn % 4 {
            case 0: break  // Random from the first byte.
            case 1: bytes = Array(message.bytes.prefix(34)) + bytes  // The right header, a random body.
            case 2:
                // The right header and a small length, so that lists are entered.
                let length = Int(generator.next() % 400)
                bytes = Array(message.bytes.prefix(34)) + [0, UInt8(length >> 8), UInt8(length & 255)] + bytes
            default:
                // Two messages spliced.
                let other = messages[Int(generator.next() % UInt64(messages.count))]
                let cut = Int(generator.next() % UInt64(message.bytes.count))
                bytes = Array(message.bytes.prefix(cut)) + other.bytes.dropFirst(Int(generator.next() % 100))
            }
            if let again = try? message.decodeAndEncode(bytes), again != bytes {
                Issue.record("type \(message.type), turn \(turn): two encodings")
            }
        }
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `a length that claims more than there is is refused`(scheme: SchemeUnderTest) throws {
        for message in try messages(of: scheme) {
            for claim in [[0xff, 0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff, 0xff], [0, 1, 0x6c, 0xff, 0xff]]
                as [[UInt8]]
            {
                for tail in [0, 1, 200] {
                    #expect(throws: WireError.self) {
                        try message.decodeAndEncode(
                            Array(message.bytes.prefix(34)) + claim + [UInt8](repeating: 1, count: tail)
                        )
                    }
                }
            }
        }
    }

    @Test func `lists as long as the wire can say are refused without their entries`() throws {
        // A session in which such lists and vectors would be allowed: 100,000 parties, 2^32 − 1 elements of 64 bits.
        let format = MessageFormat(
            session: HashDigest(of: [1]),
            width: try RingWidth(bits: 64),
            dimension: Int(UInt32.max),
            maximumParties: Roster.maximumContributors
        )
        for (scheme, types) in [
            (SchemeUnderTest.plain, [0x10]), (.additive, [0x20, 0x21, 0x22, 0x23]), (.secagg, Array(0x30...0x3c)),
            (.shamir, [0x40, 0x41, 0x42, 0x43]), (.peers, [0x51, 0x52, 0x53]), (.paillier, Array(0x60...0x63)),
        ]
            as [(SchemeUnderTest, [UInt8])]
        {
            for type in types {
                for claim in [[64, 0xff, 0xff, 0xff, 0xff], [0xe4, 0xe1, 0xc0], [0xff, 0xff, 0xff], [0xff, 0xfe]]
                    as [[UInt8]]
                {
                    let bytes = [1, type] + format.session.bytes + claim + [UInt8](repeating: 9, count: 64)
                    #expect(throws: WireError.self) {
                        switch scheme {
                        case .plain: _ = try PlainMessage<UInt64>(decoding: bytes, as: format)
                        case .additive: _ = try AdditiveMessage<UInt64>(decoding: bytes, as: format)
                        case .shamir: _ = try ShamirMessage<UInt64>(decoding: bytes, as: format)
                        case .peers, .additivePeers:
                            _ = try PeerToPeerMessage<UInt64>(decoding: bytes, as: format)
                        case .paillier: _ = try PaillierMessage(decoding: bytes, as: format)
                        default: _ = try SecAggMessage<UInt64>(decoding: bytes, as: format)
                        }
                    }
                }
            }
        }
    }

    @Test func `a list that is not ascending is refused`() throws {
        // Where the entries of each list begin, and how long they are. Trees over six clients have three levels.
        let complete: [(UInt8, Int, Int)] = [
            (0x31, 38, 132), (0x32, 37, 92), (0x33, 40, 92), (0x36, 37, 36), (0x3a, 37, 68),
        ]
        let sparse: [(UInt8, Int, Int)] = [(0x38, 203, 228), (0x3b, 39, 388)]
        let encrypted: [(UInt8, Int, Int)] = [(0x61, 37, 4)]
        for (scheme, lists) in [(SchemeUnderTest.secagg, complete), (.sparse, sparse), (.paillier, encrypted)] {
            let messages = try messages(of: scheme)
            for (type, start, entry) in lists {
                let message = try #require(messages.first { $0.type == type })
                let (header, body) = (message.bytes[..<start], message.bytes[start...])
                let first = body.prefix(entry)
                let second = body.dropFirst(entry).prefix(entry)
                let others = body.dropFirst(2 * entry)
                #expect(throws: Never.self) { try message.decodeAndEncode(Array(header + first + second + others)) }
                #expect(throws: WireError.unordered, "type \(type)") {
                    try message.decodeAndEncode(Array(header + second + first + others))
                }
                #expect(throws: WireError.unordered, "type \(type)") {
                    try message.decodeAndEncode(Array(header + first + first + others))
                }
            }
        }
    }

    @Test func `a list of absent neighbors that is not ascending is refused`() throws {
        let path = [UInt8](repeating: 1, count: 96)
        let format = MessageFormat(
            session: HashDigest(of: [1]), width: try RingWidth(bits: 8), dimension: 1, maximumParties: 9)
        for (ids, isTaken) in [([1, 2], true), ([2, 1], false), ([2, 2], false)] as [([PartyID], Bool)] {
            let bytes = SecAggMessage<UInt32>.neighborhood(
                Neighborhood(
                    threat: .semiMalicious, depth: 3, root: .zero, entropy: .zero, ownPath: path, present: [],
                    absent: ids.map { Neighborhood.Absent(id: $0, path: path) })
            ).encoded(as: format)
            if isTaken {
                #expect(try SecAggMessage<UInt32>(decoding: bytes, as: format).encoded(as: format) == bytes)
            } else {
                #expect(throws: WireError.unordered) { try SecAggMessage<UInt32>(decoding: bytes, as: format) }
            }
        }
    }

    @Test func `threats and depths that there are not do not decode`() throws {
        for (scheme, type, depthAt) in [
            (SchemeUnderTest.secagg, 0x30, nil), (.secagg, 0x31, nil), (.sparse, 0x38, 35), (.sparse, 0x3b, 35),
        ]
            as [(SchemeUnderTest, UInt8, Int?)]
        {
            let message = try #require(try messages(of: scheme).first { $0.type == type })
            for threat in UInt8(3)...255 {
                var bytes = message.bytes
                bytes[34] = threat
                #expect(throws: WireError.badValue) { try message.decodeAndEncode(bytes) }
            }
            guard let depthAt else { continue }
            for depth in UInt8(18)...255 {
                var bytes = message.bytes
                bytes[depthAt] = depth
                #expect(throws: WireError.badValue) { try message.decodeAndEncode(bytes) }
            }
        }
    }
}
