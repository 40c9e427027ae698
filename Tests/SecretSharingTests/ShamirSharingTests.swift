// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct ShamirSharingTests {
    // MARK: The model and published vectors

    struct Share: Decodable {
        let index: UInt64
        let share: String

        var value: ShamirShare { ShamirShare(index: index, bytes: SecretBytes(copying: bytes(share))) }
    }

    struct Case: Decodable {
        let id, kind, result: String
        let threshold: Int
        let secret, key, error: String?
        let coefficients: [[String]]?
        let shares: [Share]
    }

    @Test func `deals the model's shares, and any of them give the secret back`() throws {
        var count = 0
        for vector in try modelCases("shamir_gf2_128_v1", as: Case.self) where vector.kind == "share" {
            count += 1
            let sharing = try ShamirSharing(threshold: vector.threshold, of: vector.shares.count)
            let secret = SecretBytes(copying: bytes(vector.secret!))
            var generator = SeededGenerator(key: bytes(vector.key!))
            let shares = try sharing.split(secret, for: vector.shares.map(\.index), using: &generator)
            #expect(shares.map(\.index) == vector.shares.map(\.index), "\(vector.id)")
            #expect(shares.map(\.bytes.exposed) == vector.shares.map { bytes($0.share) }, "\(vector.id)")
            for some in [shares, Array(shares.prefix(vector.threshold)), shares.suffix(vector.threshold).reversed()] {
                #expect(try sharing.combine(some).isEqual(to: secret), "\(vector.id)")
            }
            // Another coefficient, another share: with a changed key nothing but a threshold of 1 stays the same.
            var other = SeededGenerator(key: bytes(vector.key!).map { $0 ^ 1 })
            let others = try sharing.split(secret, for: vector.shares.map(\.index), using: &other)
            #expect((others.map(\.bytes.exposed) == shares.map(\.bytes.exposed)) == (vector.threshold == 1))
        }
        #expect(count >= 10)
    }

    @Test func `reconstructs and refuses what the model does`() throws {
        var refused = 0
        for vector in try modelCases("shamir_gf2_128_v1", as: Case.self) where vector.kind == "reconstruct" {
            let sharing = try ShamirSharing(threshold: vector.threshold, of: 5)
            let found = Result { () throws(SharingError) in try sharing.combine(vector.shares.map(\.value)).exposed }
            switch vector.error {
            case nil: #expect(try found.get() == bytes(vector.secret!), "\(vector.id)")
            case "zero-index": #expect(found == .failure(.zeroIndex), "\(vector.id)")
            case "too-few-shares":
                #expect(found == .failure(.tooFewShares(have: vector.shares.count, need: 3)), "\(vector.id)")
            case "duplicate-index":
                guard case .failure(.duplicateIndex) = found else {
                    Issue.record("\(vector.id)")
                    break
                }
            case "inconsistent-share":
                guard case .failure(.inconsistentShares) = found else {
                    Issue.record("\(vector.id)")
                    break
                }
            default: Issue.record("\(vector.id): an error that this test does not know")
            }
            refused += vector.error == nil ? 0 : 1
        }
        #expect(refused >= 8)
    }

    /// Made by the program `ssss` 0.5, whose polynomial has the extra term x^t with coefficient 1.
    static let ssss: [(threshold: Int, secret: String, shares: [String])] = [
        (
            2, "d9fe73909bae28b3757854c0af7ad405",
            [
                "594ae8964294174d95c33756d2504170",
                "d897459d29da574eb40e93ec552ffe6e",
                "5823de9bf0e068b054b5f07a28056b1b",
                "db2c1f8bff46d748f795da995bd080cb",
            ]
        ),
        (
            2, "bf4f902d9a7efafd1f3ffd9291fd5de9",
            [
                "557bd3b0748064b533469722d1cc7935",
                "6b2717164783c66d47cd28f2119f14d0",
                "8113548ba97d58256bb4424251ae300c",
                "179e9e5a218483ddaeda57539139cf04",
            ]
        ),
        (
            3, "ec96aa5c14c9faa699354cf1da74e904",
            [
                "64579fbf1908d66f7239bf6e2b4e41e1",
                "6cd9428df8017b52322561e8c672ae3e",
                "e418776ef5c0579bd9299277374806dd",
                "ab3f77a0107398d23b323e581bb43f5d",
                "23fe42431db2b41bd03ecdc7ea8e97ac",
            ]
        ),
        (
            3, "44cf249b68b80fcdc27b47be60c2c145",
            [
                "d6515a3905cd755119b86e311c801e31",
                "16693d9ac9f10c254036ced5f8917fa3",
                "84f74338a48476b99bf5e75a84d3a0d1",
                "3fe8878dc4a5d35811cf3cbcd33dbe52",
                "ad76f92fa9d0a9c4ca0c1533af7f6132",
            ]
        ),
        (
            5, "5398717c982db935d968eebe53a47f5a",
            [
                "be7be2dd4c068e7ef576aaa1b1c11b01",
                "f821f5848441cb98b3eb467e2733ee21",
                "25ee52f53e203f6e29a0297b5ab486b5",
                "fc9fb58ef74dab947fbf9acd9d5d83cd",
                "b1949cce46d81552e65f248d3f74cc5c",
                "d64797f59977c4d4a7956ad916da7699",
                "ab608a6546a8b9af8820ff832b1135c7",
            ]
        ),
        (
            5, "4a78db90fbf35da5545d2fb728e87596",
            [
                "08daf9a25d8aa184cfbf02b30a0ed6a0",
                "dda28261e36f0b14168c2cf153fb734e",
                "e9fdec5505d674a57f9836c417c1ecaa",
                "4dce5636ae06dee42d2c82e65f06c735",
                "3963dc118afc2ba798fa1d452b28ef00",
                "6dfe6ff5b09e94d2f84c382b12f42424",
                "6faea9d4d4a4e201bf6c90b9000630c3",
            ]
        ),
        (
            10, "eccbf6d66d680b49b073c4f1ddf804aa",
            [
                "7d8ac32fe4ae209ead1f3220fda34466",
                "f9144e76988aad647d2e61353a6e96d5",
                "b14c3b80179203363922d60760271c98",
                "770bb2a8c28f6cee89e00f4d5cc7f861",
                "6e3d7073ea368334ef67467871c66799",
                "248792bc74a98ce024477c13c8fb5f8d",
                "fcea4640d2db820c0604851e293d2487",
                "2776c36fb714bb1f8525a0be36fc7dba",
                "6ee7ac8be773e473a4bf75ee5f065762",
                "33657fc073354cf91d4a68c735aacfc8",
                "7645c65094a5868bf225c516fdee2d0c",
                "840485aacb8226631ecd9c70e3018086",
            ]
        ),
        (
            10, "377e63bdbb5f7d4dc58a483d035212bb",
            [
                "32c53260103be431c843b1a633afe3bd",
                "0107eb16cb8695084d452d2cc50bc7d6",
                "df1e5c66cd755287fb0446faccd72a06",
                "361bbcd5d40797f49dfa1898652da197",
                "160d3ad1512f7dec7fd9344aed318591",
                "659af6d95df4f25beca4fb9bfee3b7e8",
                "37f3b208977bad50b3724566b72bfa9d",
                "6c1de2dfc69c2986142c26a8248eb316",
                "5e19220837a396bd4bc8cd685ff314c3",
                "86e7b864fb0f3d628e46d50c1ba92f1c",
                "065d0082c80b1aea18f4abe0c49df72e",
                "84a09430c1d20ea9f388f3123c3733a3",
            ]
        ),
    ]

    @Test(arguments: 0..<ssss.count)
    func `reconstructs the secrets that ssss shared`(number: Int) throws {
        let vector = Self.ssss[number]
        let shares = vector.shares.enumerated().map { position, share in
            let x = Element(position + 1)
            let monic = (0..<vector.threshold).reduce(1 as Element) { power, _ in product(power, x) }
            return ShamirShare(index: UInt64(x), bytes: secretBytes([element(bytes(share)) ^ monic]))
        }
        let sharing = try ShamirSharing(threshold: vector.threshold, of: shares.count)
        for subset in subsets(of: shares, count: vector.threshold) + [shares] {
            #expect(try sharing.combine(subset).exposed == bytes(vector.secret))
        }
    }

    // MARK: Reconstruction

    @Test(arguments: 1...6)
    func `every subset of t shares gives the secret back, and more shares do too`(shareCount: Int) throws {
        var generator = SeededGenerator(key: [UInt8](repeating: UInt8(shareCount), count: 32))
        for threshold in 1...shareCount {
            let sharing = try ShamirSharing(threshold: threshold, of: shareCount)
            let secret = try generator.secretBytes(32)
            for indices in [(1...UInt64(shareCount)).map { $0 }, (0..<UInt64(shareCount)).map { .max - 3 &* $0 }] {
                let shares = try sharing.split(secret, for: indices, using: &generator)
                #expect(shares.count == shareCount)
                for count in threshold...shareCount {
                    for subset in subsets(of: shares, count: count) {
                        #expect(try sharing.combine(subset.shuffled(using: &generator)).isEqual(to: secret))
                    }
                }
                for count in 0..<threshold {
                    #expect(throws: SharingError.tooFewShares(have: count, need: threshold)) {
                        try sharing.combine(Array(shares.prefix(count)))
                    }
                }
            }
        }
    }

    @Test(arguments: [0, 1, 15, 16, 17, 32, 100])
    func `shares secrets of every length`(byteCount: Int) throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 77, count: 32))
        let secret = try generator.secretBytes(byteCount)
        let sharing = try ShamirSharing(threshold: 3, of: 4)
        let shares = try sharing.split(secret, for: [1, 2, 3, 4], using: &generator)
        let padded = (byteCount + 15) / 16 * 16
        #expect(shares.allSatisfy { $0.bytes.count == padded })
        #expect(try sharing.combine(shares, byteCount: byteCount).isEqual(to: secret))
        #expect(
            try sharing.combine(shares).exposed == secret.exposed + [UInt8](repeating: 0, count: padded - byteCount)
        )
        // Lengths of another number of elements.
        for wrong in [byteCount + 16, byteCount - 16, -1, padded + 1] where wrong <= padded - 16 || wrong > padded {
            #expect(throws: SharingError.self) { try sharing.combine(shares, byteCount: wrong) }
        }
    }

    @Test func `refuses lengths that cannot be, and padding that is not zero`() throws {
        let sharing = try ShamirSharing(threshold: 2, of: 3)
        var generator = SeededGenerator(key: [UInt8](repeating: 78, count: 32))
        let shares = try sharing.split(SecretBytes(copying: [UInt8](1...16)), for: [1, 2, 3], using: &generator)
        #expect(throws: SharingError.paddingNotZero(byteCount: 15)) { try sharing.combine(shares, byteCount: 15) }
        #expect(throws: SharingError.paddingNotZero(byteCount: 1)) { try sharing.combine(shares, byteCount: 1) }
        #expect(throws: SharingError.lengthMismatch(expected: 0, actual: 16)) {
            try sharing.combine(shares, byteCount: 0)
        }
        #expect(throws: SharingError.lengthMismatch(expected: 0, actual: 16)) {
            try sharing.combine(shares, byteCount: -5)
        }
        #expect(throws: SharingError.lengthMismatch(expected: 32, actual: 16)) {
            try sharing.combine(shares, byteCount: 17)
        }
        #expect(try sharing.combine(shares, byteCount: 16).exposed == [UInt8](1...16))
    }

    @Test func `refuses shares of different lengths and parts of elements`() throws {
        let sharing = try ShamirSharing(threshold: 2, of: 3)
        func share(_ index: UInt64, _ count: Int) -> ShamirShare {
            ShamirShare(index: index, bytes: SecretBytes(copying: [UInt8](repeating: 1, count: count)))
        }
        #expect(throws: SharingError.lengthMismatch(expected: 16, actual: 32)) {
            try sharing.combine([share(1, 16), share(2, 32)])
        }
        #expect(throws: SharingError.lengthMismatch(expected: 16, actual: 0)) {
            try sharing.combine([share(1, 16), share(2, 16), share(3, 0)])
        }
        #expect(throws: SharingError.lengthMismatch(expected: 16, actual: 17)) {
            try sharing.combine([share(1, 17), share(2, 17)])
        }
        #expect(try sharing.combine([share(1, 16), share(2, 16)]).count == 16)
    }

    @Test func `notices a changed bit in any share beyond the threshold, or in any of the first`() throws {
        let sharing = try ShamirSharing(threshold: 3, of: 5)
        var generator = SeededGenerator(key: [UInt8](repeating: 79, count: 32))
        let shares = try sharing.split(generator.secretBytes(32), for: [1, 2, 3, 4, 5], using: &generator)
        for victim in shares.indices {
            for byte in [0, 15, 16, 31] {
                var changed = shares[victim].bytes.exposed
                changed[byte] ^= 0x10
                var all = shares
                all[victim] = ShamirShare(index: shares[victim].index, bytes: SecretBytes(copying: changed))
                // The first share that is not on the polynomial of the first three.
                #expect(throws: SharingError.inconsistentShares(index: victim == 4 ? 5 : 4)) {
                    try sharing.combine(all)
                }
            }
        }
    }

    // MARK: Secrecy

    /// For t − 1 shares and any secret there is a polynomial of degree t − 1 through both, and exactly one: so t − 1
    /// shares go with every secret equally often. Here: the polynomial found by another interpolation gives a last
    /// share with which the true t − 1 shares combine to that secret.
    @Test(arguments: 2...6)
    func `t - 1 shares go with every secret`(threshold: Int) throws {
        var generator = SeededGenerator(key: [UInt8](repeating: UInt8(80 + threshold), count: 32))
        let sharing = try ShamirSharing(threshold: threshold, of: threshold)
        let indices = (1...UInt64(threshold)).map { 5 * $0 }
        let shares = try sharing.split(generator.secretBytes(16), for: indices, using: &generator)
        let known = shares.dropLast().map { (x: Element($0.index), y: element($0.bytes.exposed)) }
        for candidate in [0, 1, .max] + (2..<6).map({ Element($0) << 100 | Element($0 * 977) }) {
            let last = Element(indices.last!)
            let y = interpolate(known + [(x: 0, y: candidate)], at: last)
            let forged = ShamirShare(index: UInt64(last), bytes: secretBytes([y]))
            #expect(element(try sharing.combine(shares.dropLast() + [forged]).exposed) == candidate)
        }
    }

    /// The same by enumeration: with threshold 2 the share at x is s + a·x, and for each of 256 secrets exactly one
    /// drawn coefficient gives a given share. So a share has the same distribution whatever the secret is.
    @Test func `for each secret exactly one draw gives a given share`() throws {
        let sharing = try ShamirSharing(threshold: 2, of: 2)
        let x: Element = 3
        let inverse = power(x, .max - 1)
        #expect(product(x, inverse) == 1)
        let share: Element = 0x0123_4567_89ab_cdef_0011_2233_4455_6677
        var draws: Set<Element> = []
        for secret in (0..<256).map({ Element($0) << 64 | Element($0) }) {
            let draw = product(share ^ secret, inverse)
            var generator = ScriptedGenerator(bytes: bytes(of: draw))
            let shares = try sharing.split(secretBytes([secret]), for: [UInt64(x), 9], using: &generator)
            #expect(element(shares[0].bytes.exposed) == share)
            #expect(generator.bytes.isEmpty)
            draws.insert(draw)
        }
        #expect(draws.count == 256)
    }

    @Test func `draws t - 1 coefficients for each element, the coefficient of x first`() throws {
        let sharing = try ShamirSharing(threshold: 3, of: 2 + 1)
        let coefficients: [Element] = [0x1111, 1 << 127 | 5, 77, .max]
        var generator = ScriptedGenerator(bytes: coefficients.flatMap { bytes(of: $0) } + [9])
        let secret: [Element] = [0xABCD << 100, 42]
        let shares = try sharing.split(secretBytes(secret), for: [1, 2, 1 << 40], using: &generator)
        #expect(generator.bytes == [9])
        for (share, x) in zip(shares, [1, 2, 1 << 40] as [Element]) {
            let expected = (0..<2).map { part in
                secret[part] ^ product(coefficients[2 * part], x)
                    ^ product(coefficients[2 * part + 1], product(x, x))
            }
            #expect(share.bytes.exposed == expected.flatMap { bytes(of: $0) })
        }
    }

    // MARK: Refusals

    @Test func `takes thresholds from 1 to the number of shares`() throws {
        for (threshold, count) in [(0, 1), (-1, 3), (4, 3), (1, 0), (0, 0), (Int.max, 3)] {
            #expect(throws: SharingError.thresholdOutOfRange(threshold: threshold, shares: count)) {
                try ShamirSharing(threshold: threshold, of: count)
            }
        }
        let sharing = try ShamirSharing(threshold: 2, of: 3)
        #expect(sharing.threshold == 2 && sharing.shareCount == 3)
    }

    @Test func `refuses indices that no set of holders has`() throws {
        let sharing = try ShamirSharing(threshold: 2, of: 3)
        let secret = SecretBytes(copying: [1])
        for (indices, error) in [
            ([1, 2], SharingError.lengthMismatch(expected: 3, actual: 2)),
            ([1, 2, 3, 4], .lengthMismatch(expected: 3, actual: 4)),
            ([], .lengthMismatch(expected: 3, actual: 0)),
            ([1, 0, 2], .zeroIndex), ([1, 2, 1], .duplicateIndex(1)), ([.max, 2, .max], .duplicateIndex(.max)),
        ] as [([UInt64], SharingError)] {
            #expect(throws: error) {
                var generator = SystemRandomness()
                return try sharing.split(secret, for: indices, using: &generator)
            }
            guard indices.count == 3 else { continue }
            #expect(throws: error) {
                try sharing.combine(indices.map { ShamirShare(index: $0, bytes: SecretBytes(copying: bytes(of: 7))) })
            }
            #expect(throws: error) { try LagrangeCoefficients(indices: indices) }
        }
    }

    @Test func `a failing generator fails the sharing`() throws {
        let sharing = try ShamirSharing(threshold: 3, of: 4)
        let secret = SecretBytes(copying: [UInt8](repeating: 1, count: 32))
        // 2 coefficients for each of 2 elements are 64 bytes.
        for remaining in [0, 31, 32, 63] {
            var generator = FailingGenerator(remaining: remaining)
            #expect(throws: SharingError.randomness(FailingGenerator.failure)) {
                try sharing.split(secret, for: [1, 2, 3, 4], using: &generator)
            }
        }
        var generator = FailingGenerator(remaining: 64)
        #expect(try sharing.split(secret, for: [1, 2, 3, 4], using: &generator).count == 4)
        // A threshold of 1 needs no randomness.
        var none = FailingGenerator(remaining: 0)
        let everybodys = try ShamirSharing(threshold: 1, of: 2).split(secret, for: [1, 2], using: &none)
        #expect(everybodys.allSatisfy { $0.bytes.isEqual(to: secret) })
    }

    // MARK: Coefficients

    @Test func `Lagrange coefficients give the polynomial's value at any point`() throws {
        let polynomial: [Element] = [5 << 90, 0x1234_5678 << 64, .max, 1]
        func value(_ x: Element) -> Element { polynomial.reversed().reduce(0) { product($0, x) ^ $1 } }
        let indices: [UInt64] = [1, 7, .max, 1 << 63]
        let shares = indices.map { secretBytes([value(Element($0)), value(Element($0)) ^ 1]) }
        for point in [0, 1, 2, 7, 1 << 63, .max] as [UInt64] {
            let coefficients = try LagrangeCoefficients(indices: indices, at: point)
            #expect(coefficients.indices == indices)
            let expected = [value(Element(point)), value(Element(point)) ^ 1]
            #expect(try coefficients.interpolate(shares).exposed == expected.flatMap { bytes(of: $0) })
        }
        let coefficients = try LagrangeCoefficients(indices: indices)
        #expect(throws: SharingError.tooFewShares(have: 3, need: 4)) {
            try coefficients.interpolate(Array(shares.prefix(3)))
        }
        #expect(throws: SharingError.tooFewShares(have: 5, need: 4)) {
            try coefficients.interpolate(shares + shares.prefix(1))
        }
        #expect(throws: SharingError.lengthMismatch(expected: 32, actual: 16)) {
            try coefficients.interpolate(shares.prefix(3) + [secretBytes([1])])
        }
        let odd = SecretBytes(copying: [1, 2, 3])
        #expect(throws: SharingError.lengthMismatch(expected: 0, actual: 3)) {
            try coefficients.interpolate([odd, odd, odd, odd])
        }
    }
}

// The oracle's field: bits of an integer, multiplied as the definition says.
private typealias Element = UInt128

private func product(_ a: Element, _ b: Element) -> Element {
    var result: Element = 0
    for bit in (0..<Element(128)).reversed() {
        result = result << 1 ^ (result >> 127 == 1 ? 0x87 : 0)
        if b >> bit & 1 == 1 { result ^= a }
    }
    return result
}

private func power(_ base: Element, _ exponent: Element) -> Element {
    var (result, base, exponent) = (1 as Element, base, exponent)
    while exponent > 0 {
        if exponent & 1 == 1 { result = product(result, base) }
        base = product(base, base)
        exponent >>= 1
    }
    return result
}

/// Lagrange's formula, term by term.
private func interpolate(_ points: [(x: Element, y: Element)], at target: Element) -> Element {
    points.reduce(0) { sum, point in
        let others = points.map(\.x).filter { $0 != point.x }
        let weight = others.reduce(1 as Element) {
            product($0, product(target ^ $1, power(point.x ^ $1, .max - 1)))
        }
        return sum ^ product(point.y, weight)
    }
}

private func element(_ bytes: [UInt8]) -> Element { bytes.reduce(0) { $0 << 8 | Element($1) } }

private func bytes(of element: Element) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: element >> Element(120 - 8 * $0)) }
}

private func secretBytes(_ elements: [Element]) -> SecretBytes {
    SecretBytes(copying: elements.flatMap { bytes(of: $0) })
}

private func subsets<Value>(of values: [Value], count: Int) -> [[Value]] {
    guard count > 0 else { return [[]] }
    guard values.count >= count else { return [] }
    let rest = Array(values.dropFirst())
    return subsets(of: rest, count: count - 1).map { [values[0]] + $0 } + subsets(of: rest, count: count)
}
