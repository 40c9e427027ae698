// SPDX-License-Identifier: Apache-2.0

/// Odd primes of one or two dozen bits, for trial division and sieves.
enum SmallPrimes {
    /// The odd primes below 2^20, ascending.
    static let upToMillion = below(1 << 20)

    /// Runs of those primes whose product is below 2^64, so that one division serves several.
    static let groups: [(range: Range<Int>, product: UInt64)] = {
        var groups: [(range: Range<Int>, product: UInt64)] = []
        var start = 0
        var product: UInt64 = 1
        for (index, prime) in upToMillion.enumerated() {
            let (next, overflow) = product.multipliedReportingOverflow(by: UInt64(prime))
            if overflow {
                groups.append((start..<index, product))
                (start, product) = (index, UInt64(prime))
            } else {
                product = next
            }
        }
        groups.append((start..<upToMillion.count, product))
        return groups
    }()

    /// The odd primes below `limit`, by Eratosthenes' sieve over odd numbers.
    static func below(_ limit: Int) -> [UInt32] {
        var isComposite = [Bool](repeating: false, count: limit / 2)
        var primes: [UInt32] = []
        for index in 1..<limit / 2 where !isComposite[index] {
            let prime = 2 * index + 1
            primes.append(UInt32(prime))
            var multiple = prime * prime / 2
            while multiple < isComposite.count {
                isComposite[multiple] = true
                multiple += prime
            }
        }
        return primes
    }
}
