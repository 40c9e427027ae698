// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import PrivacyLedger
import Testing

@Suite struct PrivacyEventCodingTests {
    /// One of each kind, with the bytes that the table of `PrivacyEventCoding` gives by hand.
    private static let examples: [(event: PrivacyEvent, bytes: String)] = [
        (.gaussian(noiseMultiplier: 1.5), "01 01 3ff8000000000000"),
        (
            .discreteGaussian(variance: 4, l2Sensitivity: 2, dimension: 3),
            "01 02 4010000000000000 4000000000000000 0000000000000003"
        ),
        (
            .distributedDiscreteGaussian(contributors: 258, localVariance: 0.5, l2Sensitivity: 1, dimension: 1 << 40),
            "01 03 0000000000000102 3fe0000000000000 3ff0000000000000 0000010000000000"
        ),
        (
            .skellam(variance: 1, l1Sensitivity: 2, l2Sensitivity: 0),
            "01 04 3ff0000000000000 4000000000000000 0000000000000000"
        ),
        (.poissonSampled(rate: 1, .failure(probability: 0)), "01 05 3ff0000000000000 09 0000000000000000"),
        (
            .sampledWithoutReplacement(sample: 1, population: 2, .gaussian(noiseMultiplier: 1)),
            "01 06 0000000000000001 0000000000000002 01 3ff0000000000000"
        ),
        (.composed([]), "01 07 00000000"),
        (
            .composed([.failure(probability: 0.5), .unknown("x y")]),
            "01 07 00000002 09 3fe0000000000000 0a 03 782079"
        ),
        (.selfComposed(.unknown(""), count: Int.max), "01 08 7fffffffffffffff 0a 00"),
    ]

    @Test func `events of every kind have the bytes of the table, and come back`() throws {
        for (event, text) in Self.examples {
            let expected = bytes(text)
            #expect(try PrivacyEventCoding.encode(event) == expected)
            #expect(try PrivacyEventCoding.decode(expected) == event)
        }
    }

    @Test func `every truncation and every trailing byte is refused`() {
        for (_, text) in Self.examples {
            let whole = bytes(text)
            for count in whole.indices {
                #expect(throws: PrivacyLedgerError.malformedEvent) {
                    try PrivacyEventCoding.decode(whole.prefix(count))
                }
            }
            #expect(throws: PrivacyLedgerError.malformedEvent) { try PrivacyEventCoding.decode(whole + [0]) }
        }
    }

    @Test func `other versions and unknown tags are refused`() {
        let valid: Set<UInt8> = Set(1...10)
        for tag in UInt8.min...UInt8.max where !valid.contains(tag) {
            let event = [1, tag] + [UInt8](repeating: 0, count: 24)
            #expect(throws: PrivacyLedgerError.malformedEvent) { try PrivacyEventCoding.decode(event) }
        }
        for version in [0, 2, 255] as [UInt8] {
            #expect(throws: PrivacyLedgerError.malformedEvent) { try PrivacyEventCoding.decode([version, 10, 0]) }
        }
        #expect((try? PrivacyEventCoding.decode([1, 10, 0])) == .unknown(""))
    }

    @Test func `numbers have one form: none that is negative, minus zero, infinite or NaN`() {
        for number in [-1, -0.0, .infinity, .nan, -.leastNonzeroMagnitude] as [Double] {
            let event = PrivacyEvent.gaussian(noiseMultiplier: number)
            #expect(throws: PrivacyLedgerError.eventNotEncodable) { try PrivacyEventCoding.encode(event) }
            let bits = (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> (56 - 8 * $0)) }
            #expect(throws: PrivacyLedgerError.malformedEvent) { try PrivacyEventCoding.decode([1, 1] + bits) }
        }
        for event in [
            .discreteGaussian(variance: 1, l2Sensitivity: 1, dimension: -1),
            .selfComposed(.composed([]), count: -1),
            .unknown("é"), .unknown("\n"), .unknown(String(repeating: "n", count: 256)),
        ] as [PrivacyEvent] {
            #expect(throws: PrivacyLedgerError.eventNotEncodable) { try PrivacyEventCoding.encode(event) }
        }
        for malformed in [
            "01 08 8000000000000000 0a 00", "01 08 ffffffffffffffff 0a 00", "01 0a 01 0a", "01 0a 02 c3a9",
            "01 0a 01 ff",
        ] {
            #expect(throws: PrivacyLedgerError.malformedEvent) { try PrivacyEventCoding.decode(bytes(malformed)) }
        }
    }

    @Test func `events are nested 64 deep and no deeper`() throws {
        var event = PrivacyEvent.failure(probability: 0)
        for _ in 0..<64 { event = .selfComposed(event, count: 1) }
        let encoded = try PrivacyEventCoding.encode(event)
        #expect(try PrivacyEventCoding.decode(encoded) == event)
        #expect(throws: PrivacyLedgerError.eventNotEncodable) {
            try PrivacyEventCoding.encode(.selfComposed(event, count: 1))
        }
        let deeper = [1, 8, 0, 0, 0, 0, 0, 0, 0, 1] + encoded.dropFirst()
        #expect(throws: PrivacyLedgerError.malformedEvent) { try PrivacyEventCoding.decode(deeper) }
        // As deep as bytes allow: no stack is spent on it.
        let pit = [1] + [UInt8](repeating: 7, count: 300_000)
        #expect(throws: PrivacyLedgerError.malformedEvent) { try PrivacyEventCoding.decode(pit) }
    }

    @Test func `lists that say more than they have are refused before anything is kept for them`() {
        for count in ["ffffffff", "00000003"] {
            #expect(throws: PrivacyLedgerError.malformedEvent) {
                try PrivacyEventCoding.decode(bytes("01 07 \(count) 0a 00 0a 00"))
            }
        }
        #expect((try? PrivacyEventCoding.decode(bytes("01 07 00000002 0a 00 0a 00"))) != nil)
        // Shared parts that would be written out 2^40 times; of 2^n there are 14·2^n − 4 bytes.
        var event = PrivacyEvent.failure(probability: 0)
        for level in 1...40 {
            event = .composed([event, event])
            if level == 15 { #expect((try? PrivacyEventCoding.encode(event))?.count == 14 * 32_768 - 4) }
            if level == 16 || level == 40 {
                #expect(throws: PrivacyLedgerError.eventNotEncodable) { try PrivacyEventCoding.encode(event) }
            }
        }
    }

    @Test func `changed bytes are refused or are another event's one form`() throws {
        var decodedCount = 0
        for (event, text) in Self.examples {
            let whole = bytes(text)
            for index in whole.indices {
                for change in [1, 0x80] as [UInt8] {
                    var changed = whole
                    changed[index] ^= change
                    guard let decoded = try? PrivacyEventCoding.decode(changed) else { continue }
                    decodedCount += 1
                    #expect(decoded != event)
                    #expect(try PrivacyEventCoding.encode(decoded) == changed)
                }
            }
        }
        #expect(decodedCount > 50)
    }
}

private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) }
}
