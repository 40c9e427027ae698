// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import Testing

@Suite struct WireCodingTests {
    @Test func `integers are big-endian and of fixed width`() throws {
        var encoder = WireEncoder()
        encoder.write(UInt8(0x01))
        encoder.write(UInt16(0x0203))
        encoder.write(UInt32(0x0405_0607))
        encoder.write(UInt64(0x0809_0a0b_0c0d_0e0f))
        #expect(encoder.bytes == Array(1...15))

        var decoder = WireDecoder(encoder.bytes)
        #expect(try decoder.readInteger() as UInt8 == 0x01)
        #expect(try decoder.readInteger() as UInt16 == 0x0203)
        #expect(try decoder.readInteger() as UInt32 == 0x0405_0607)
        #expect(decoder.remaining == 8)
        #expect(try decoder.readInteger() as UInt64 == 0x0809_0a0b_0c0d_0e0f)
        try decoder.finish()
    }

    @Test func `an integer that is cut short is refused and nothing is read`() {
        for count in 0..<8 {
            var decoder = WireDecoder([UInt8](repeating: 1, count: count))
            #expect(throws: WireError.truncated) { try decoder.readInteger() as UInt64 }
            #expect(decoder.remaining == count)
        }
    }

    @Test func `bytes left over are refused with their number`() {
        #expect(throws: WireError.trailingBytes(3)) { try WireDecoder([1, 2, 3]).finish() }
    }

    @Test func `more bytes than there are, or fewer than none, are refused`() {
        for count in [4, 1_000, Int.max, -1, Int.min] {
            var decoder = WireDecoder([1, 2, 3])
            #expect(throws: WireError.truncated) { try decoder.readBytes(count) }
        }
    }

    @Test(arguments: [1, 2, 3]) func `a list has its length in bytes before it`(lengthBytes: Int) throws {
        var encoder = WireEncoder()
        encoder.write([3, 7, 0x0102_0304] as [PartyID], lengthBytes: lengthBytes)
        let length = [UInt8](repeating: 0, count: lengthBytes - 1) + [12]
        #expect(encoder.bytes == length + [0, 0, 0, 3, 0, 0, 0, 7, 1, 2, 3, 4])
        var decoder = WireDecoder(encoder.bytes)
        #expect(try decoder.readAscendingParties(lengthBytes: lengthBytes, maximum: 3) == [3, 7, 0x0102_0304])
        try decoder.finish()
    }

    @Test(arguments: [[3, 3], [4, 3], [1, 3, 2]] as [[PartyID]])
    func `parties that do not ascend are refused`(parties: [PartyID]) {
        var encoder = WireEncoder()
        encoder.write(parties, lengthBytes: 3)
        var decoder = WireDecoder(encoder.bytes)
        #expect(throws: WireError.unordered) { try decoder.readAscendingParties(lengthBytes: 3, maximum: 9) }
    }

    @Test func `a list longer than the session allows, or not of whole entries, is refused`() {
        var encoder = WireEncoder()
        encoder.write([1, 2, 3] as [PartyID], lengthBytes: 3)
        var long = WireDecoder(encoder.bytes)
        #expect(throws: WireError.badLength(12)) { try long.readAscendingParties(lengthBytes: 3, maximum: 2) }
        var uneven = WireDecoder([0, 0, 7, 0, 0, 0, 1, 0, 0, 0])
        #expect(throws: WireError.badLength(7)) { try uneven.readAscendingParties(lengthBytes: 3, maximum: 9) }
    }

    @Test func `a list that claims more bytes than there are is refused before its entries are read`() {
        for claim in [[0, 0, 8], [0xff, 0xff, 0xfc]] as [[UInt8]] {
            var decoder = WireDecoder(claim + [0, 0, 0, 1])
            var entriesRead = 0
            #expect(throws: WireError.truncated) {
                try decoder.readList(entryBytes: 4, lengthBytes: 3, maximum: .max) { (decoder) throws(WireError) in
                    entriesRead += 1
                    return try decoder.readParty()
                }
            }
            #expect(entriesRead == 0)
        }
    }

    // MARK: Vectors

    private func format(bits: Int, dimension: Int) throws -> MessageFormat {
        MessageFormat(session: .zero, width: try RingWidth(bits: bits), dimension: dimension, maximumParties: 10)
    }

    @Test func `a vector has its width and count before the packed elements`() throws {
        let format = try format(bits: 12, dimension: 3)
        var encoder = WireEncoder()
        encoder.write(vector: [0xabc, 0x123, 0xfff] as [UInt32], as: format)
        #expect(encoder.bytes == [12, 0, 0, 0, 3, 0xbc, 0x3a, 0x12, 0xff, 0x0f])
        var decoder = WireDecoder(encoder.bytes)
        #expect(try decoder.readVector(as: format) as [UInt32] == [0xabc, 0x123, 0xfff])
    }

    @Test func `a vector of another ring or dimension, or with dirty padding, is refused`() throws {
        let format = try format(bits: 12, dimension: 3)
        let body: [UInt8] = [0xbc, 0x3a, 0x12, 0xff, 0x0f]
        func read(_ bytes: [UInt8]) throws(WireError) {
            var decoder = WireDecoder(bytes)
            _ = try decoder.readVector(as: format) as [UInt32]
        }
        #expect(throws: WireError.wrongVector(bits: 11, count: 3)) { try read([11, 0, 0, 0, 3] + body) }
        #expect(throws: WireError.wrongVector(bits: 12, count: 2)) { try read([12, 0, 0, 0, 2] + body) }
        #expect(throws: WireError.badPacking(.nonZeroPadding)) {
            try read([12, 0, 0, 0, 3] + body.dropLast() + [0x1f])
        }
        #expect(throws: WireError.truncated) { try read([12, 0, 0, 0, 3] + body.dropLast()) }
        #expect(throws: WireError.truncated) { try read([12, 0, 0, 0]) }
    }

    @Test func `a vector that claims 32 gigabytes is refused without them`() throws {
        let format = try format(bits: 64, dimension: Int(UInt32.max))
        var decoder = WireDecoder([64, 0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 7, count: 100))
        #expect(throws: WireError.truncated) { try decoder.readVector(as: format) as [UInt64] }
    }

    // MARK: Headers

    @Test func `a message has version, type and session before its body`() throws {
        let session = HashDigest(of: [1, 2, 3])
        let format = MessageFormat(session: session, width: try RingWidth(bits: 8), dimension: 2, maximumParties: 10)
        let bytes = PlainMessage<UInt32>.vector([7, 9]).encoded(as: format)
        #expect(bytes == [1, 0x10] + session.bytes + [8, 0, 0, 0, 2, 7, 9])
        #expect(PlainMessage<UInt32>.abort(.refused).encoded(as: format) == [1, 0x01] + session.bytes + [3])
    }

    @Test func `another version, type, session or reason is refused`() throws {
        let format = try format(bits: 8, dimension: 2)
        let good = PlainMessage<UInt32>.vector([7, 9]).encoded(as: format)
        func decode(_ bytes: [UInt8]) throws(WireError) { _ = try PlainMessage<UInt32>(decoding: bytes, as: format) }
        for version: UInt8 in [0, 2, 255] {
            #expect(throws: WireError.unsupportedVersion(version)) { try decode([version] + good.dropFirst()) }
        }
        for type: UInt8 in [0, 0x02, 0x11, 0x20, 0x30, 0xff] {
            #expect(throws: WireError.unknownType(type)) { try decode([1, type] + good.dropFirst(2)) }
        }
        for position in 2..<34 {
            var foreign = good
            foreign[position] ^= 0x10
            #expect(throws: WireError.foreignSession) { try decode(foreign) }
        }
        let header = [1, 1] + format.session.bytes
        for reason: UInt8 in [0, 5, 255] { #expect(throws: WireError.badValue) { try decode(header + [reason]) } }
        for reason: UInt8 in 1...4 { #expect(throws: Never.self) { try decode(header + [reason]) } }
        #expect(throws: WireError.truncated) { try decode([]) }
    }
}
