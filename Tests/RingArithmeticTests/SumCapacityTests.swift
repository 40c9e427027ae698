// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import RingArithmetic
import Testing

@Suite struct SumCapacityTests {
    @Test func `agrees with the model's vectors`() throws {
        struct Case: Decodable {
            let id: String
            let contributors, quantizerBits: Int
            let maximumWeight, bits: Int?
            let error: String?
        }
        var refused = 0
        for vector in try modelCases("capacity_v1", as: Case.self) {
            let (n, q, w) = (vector.contributors, vector.quantizerBits, vector.maximumWeight ?? 1)
            if let bits = vector.bits {
                #expect(try SumCapacity(terms: n, maximumWeight: w, inputBits: q).width.bits == bits, "\(vector.id)")
                #expect(
                    try SumCapacity(terms: n, maximumWeight: w, inputBits: q, width: .init(bits: bits)).width.bits
                        == bits
                )
                if bits > 1 { #expect(exceeds(n, w, q, RingWidth(unchecked: bits - 1)) == bits, "\(vector.id)") }
            } else {
                refused += 1
                #expect(vector.error == "capacity-above-64-bits")
                #expect(exceeds(n, w, q, nil) == neededBits(n, w, q), "\(vector.id)")
            }
        }
        #expect(refused >= 3)
    }

    /// On both sides of every power of two, with integers of any size as the judge.
    @Test func `is exact at the edge of every ring`() throws {
        for inputBits in [1, 2, 3, 7, 8, 16, 31, 32] {
            for bits in inputBits...64 {
                let most = (bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1) / ((1 << UInt64(inputBits)) - 1)
                guard let terms = Int(exactly: most), terms < .max else { continue }
                let width = try RingWidth(bits: bits)
                #expect(neededBits(terms, 1, inputBits) <= bits)
                #expect(neededBits(terms + 1, 1, inputBits) > bits)
                #expect(throws: Never.self) { try SumCapacity(terms: terms, inputBits: inputBits, width: width) }
                #expect(exceeds(terms + 1, 1, inputBits, width) == neededBits(terms + 1, 1, inputBits))
                // The same product, as a weight and as both.
                #expect(exceeds(1, terms + 1, inputBits, width) == neededBits(terms + 1, 1, inputBits))
                #expect(exceeds(1, terms, inputBits, width) == nil)
                for divisor in [2, 3, 5] where terms % divisor == 0 {
                    #expect(exceeds(terms / divisor, divisor, inputBits, width) == nil)
                    #expect(
                        exceeds(terms / divisor + 1, divisor, inputBits, width)
                            == exceedsByOracle(terms / divisor + 1, divisor, inputBits, bits)
                    )
                }
            }
        }
    }

    @Test func `gives the narrowest ring when none is asked for`() throws {
        for (terms, weight, inputBits) in [(1, 1, 1), (3, 1, 16), (4, 1, 16), (100, 1000, 16), (1 << 16, 1 << 16, 32)] {
            let capacity = try SumCapacity(terms: terms, maximumWeight: weight, inputBits: inputBits)
            #expect(capacity.width.bits == neededBits(terms, weight, inputBits))
            #expect((capacity.terms, capacity.maximumWeight, capacity.inputBits) == (terms, weight, inputBits))
        }
        #expect(try SumCapacity(terms: 3, inputBits: 4, width: .init(bits: 40)).width.bits == 40)
    }

    @Test func `refuses products that overflow every machine word, and says how many bits they take`() {
        for (terms, weight) in [(Int.max, 1), (1, Int.max), (Int.max, Int.max), (Int.max, 2), (1 << 62, 1 << 62)] {
            for inputBits in [1, 2, 16, 31, 32] {
                let needed = neededBits(terms, weight, inputBits)
                #expect(exceeds(terms, weight, inputBits, nil) == (needed > 64 ? needed : nil))
            }
        }
        #expect(exceeds(.max, .max, 32, nil) == 158)
        #expect(exceeds(.max, 2, 1, nil) == nil)  // 2^64 − 2
    }

    @Test func `refuses what is no number of terms, no weight and no width of an input`() {
        for terms in [0, -1, Int.min] {
            #expect(throws: RingError.capacityNotPositive) { try SumCapacity(terms: terms, inputBits: 8) }
            #expect(throws: RingError.capacityNotPositive) {
                try SumCapacity(terms: 3, maximumWeight: terms, inputBits: 8)
            }
        }
        for inputBits in [Int.min, -1, 0, 33, 64, Int.max] {
            #expect(throws: RingError.inputBitsOutOfRange(inputBits)) {
                try SumCapacity(terms: 3, inputBits: inputBits)
            }
        }
    }

    /// The bound is tight: the extreme sum is exact in the ring that the type gives, and wraps in the next narrower
    /// one.
    @Test(arguments: [
        (3, 1, 1), (4, 1, 1), (5, 1, 16), (100, 1, 16), (65537, 1, 16), (65538, 1, 16), (7, 9, 12), (1, 255, 8),
        (257, 1, 32),
        (2, 1 << 30, 32),
    ])
    func `the extreme sum is exact in the ring given and wraps in one a bit narrower`(
        terms: Int,
        weight: Int,
        inputBits: Int
    ) throws {
        let capacity = try SumCapacity(terms: terms, maximumWeight: weight, inputBits: inputBits)
        let extreme = UInt64(weight) * ((1 << UInt64(inputBits)) - 1)
        var sum: [UInt64] = [0, 0]
        for _ in 0..<terms { UInt64.add([extreme, UInt64(weight)], to: &sum) }
        UInt64.reduce(&sum, to: capacity.width)
        let exact = UInt128(terms) * UInt128(extreme)
        #expect(UInt128(sum[0]) == exact)
        #expect(sum[1] == UInt64(terms * weight))
        UInt64.reduce(&sum, to: try RingWidth(bits: capacity.width.bits - 1))
        #expect(UInt128(sum[0]) != exact)
    }

    /// The bits that a refusal names, or nil if there is none.
    private func exceeds(_ terms: Int, _ weight: Int, _ inputBits: Int, _ width: RingWidth?) -> Int? {
        do throws(RingError) {
            _ = try SumCapacity(terms: terms, maximumWeight: weight, inputBits: inputBits, width: width)
            return nil
        } catch {
            guard case .capacityExceeded(terms, weight, inputBits, let needed, width?.bits ?? 64) = error else {
                return -1
            }
            return needed
        }
    }

    private func exceedsByOracle(_ terms: Int, _ weight: Int, _ inputBits: Int, _ bits: Int) -> Int? {
        let needed = neededBits(terms, weight, inputBits)
        return needed > bits ? needed : nil
    }

    /// ⌈log2(terms · weight · (2^q − 1) + 1)⌉ in decimal digits by the school method, so in integers of any size.
    private func neededBits(_ terms: Int, _ weight: Int, _ inputBits: Int) -> Int {
        let product = [weight, (1 << inputBits) - 1].reduce(Self.digits(terms)) { Self.multiply($0, Self.digits($1)) }
        return Self.powersOfTwo.firstIndex { Self.isLess(product, $0) }!
    }

    private static let powersOfTwo = (1...160).reduce(into: [[1]]) { powers, _ in
        powers.append(multiply(powers.last!, [2]))
    }

    private static func digits(_ number: Int) -> [Int] { String(number).reversed().map { $0.wholeNumberValue! } }

    private static func multiply(_ a: [Int], _ b: [Int]) -> [Int] {
        var product = [Int](repeating: 0, count: a.count + b.count)
        for (i, x) in a.enumerated() {
            for (j, y) in b.enumerated() { product[i + j] += x * y }
        }
        for index in product.indices.dropLast() {
            product[index + 1] += product[index] / 10
            product[index] %= 10
        }
        while product.count > 1, product.last == 0 { product.removeLast() }
        return product
    }

    private static func isLess(_ a: [Int], _ b: [Int]) -> Bool {
        a.count != b.count ? a.count < b.count : a.reversed().lexicographicallyPrecedes(b.reversed())
    }
}

extension RingWidth {
    fileprivate init(unchecked bits: Int) {
        do { self = try RingWidth(bits: bits) } catch { preconditionFailure("\(error)") }
    }
}
