// SPDX-License-Identifier: Apache-2.0

/// Where the coefficients of forms live.
enum CoefficientRing: Equatable, Sendable {
    /// Z/2^bits, 1 ≤ bits ≤ 64.
    case words(bits: Int)
    /// The integers mod a prime below 2^63.
    case field(prime: UInt64)

    /// What one form counts in `FormModule.size`: its bits in Z/2^bits, one dimension in a field.
    var unit: Int {
        switch self {
        case .words(let bits): bits
        case .field: 1
        }
    }

    func reduced(_ value: UInt64) -> UInt64 {
        switch self {
        case .words(let bits): value & (.max >> UInt64(64 - bits))
        case .field(let prime): value % prime
        }
    }

    /// a − factor · b.
    func subtract(_ factor: UInt64, times b: UInt64, from a: UInt64) -> UInt64 {
        switch self {
        case .words: return reduced(a &- factor &* b)
        case .field(let prime):
            let product = prime.dividingFullWidth(factor.multipliedFullWidth(by: b)).remainder
            return a >= product ? a - product : a + (prime - product)
        }
    }

    /// How often 2 divides a number that is not zero; 0 in a field, where every such number is a unit.
    func valuation(_ value: UInt64) -> Int {
        switch self {
        case .words: value.trailingZeroBitCount
        case .field: 0
        }
    }

    /// Some q with q · b = a, for a that b divides.
    func quotient(_ a: UInt64, _ b: UInt64) -> UInt64 {
        switch self {
        case .words:
            let shift = UInt64(b.trailingZeroBitCount)
            let odd = b >> shift
            // Newton's iteration: each step doubles the number of right bits, of which 3 are right at first.
            var inverse = odd
            for _ in 0..<5 { inverse = inverse &* (2 &- odd &* inverse) }
            return reduced((a >> shift) &* inverse)
        case .field(let prime):
            // Fermat: b^(p − 2).
            var result = a
            var power = b
            var exponent = prime - 2
            while exponent > 0 {
                if exponent & 1 == 1 {
                    result = prime.dividingFullWidth(result.multipliedFullWidth(by: power)).remainder
                }
                power = prime.dividingFullWidth(power.multipliedFullWidth(by: power)).remainder
                exponent >>= 1
            }
            return result
        }
    }
}

/// All combinations of some rows, over a coefficient ring; exact.
///
/// In Z/2^b not every number has an inverse, and a form times 2^(b − 1) still tells a bit. So a module is measured by
/// the logarithm of how many elements it has, of which a whole form counts b.
struct FormModule: Sendable {
    let ring: CoefficientRing
    private(set) var rows: [[UInt64]]

    /// - Precondition: all rows have the same count.
    init(_ rows: [[UInt64]], over ring: CoefficientRing) {
        self.ring = ring
        self.rows = rows.map { row in row.map(ring.reduced) }
    }

    /// Keeps the combinations whose entry in `column` is zero, and no others.
    ///
    /// The pivot is a row whose entry divides those of all others, so a combination's entry is (a number) · (that of the
    /// pivot), and is zero only where the number is a multiple of 2^(b − v), v the pivot's valuation.
    /// - Returns: the logarithm of how many values the entry had.
    mutating func restrict(toZeroIn column: Int) -> Int {
        var pivot: Int?
        for (index, row) in rows.enumerated() where row[column] != 0 {
            if let best = pivot, ring.valuation(rows[best][column]) <= ring.valuation(row[column]) { continue }
            pivot = index
        }
        guard let pivot else { return 0 }
        let pivotRow = rows.remove(at: pivot)
        for index in rows.indices where rows[index][column] != 0 {
            let factor = ring.quotient(rows[index][column], pivotRow[column])
            for position in pivotRow.indices where pivotRow[position] != 0 {
                rows[index][position] = ring.subtract(factor, times: pivotRow[position], from: rows[index][position])
            }
        }
        guard case .words(let bits) = ring else { return 1 }
        let valuation = ring.valuation(pivotRow[column])
        if valuation > 0 {
            rows.append(pivotRow.map { ring.reduced($0 << UInt64(bits - valuation)) })
        }
        return bits - valuation
    }

    /// The combinations that are zero in all of these columns.
    consuming func restricted(toZeroIn columns: some Sequence<Int>) -> FormModule {
        for column in columns { _ = restrict(toZeroIn: column) }
        return self
    }

    /// The logarithm of the number of elements: to base 2 over Z/2^b, the dimension over a field.
    var size: Int {
        guard let count = rows.first?.count else { return 0 }
        var rest = self
        return (0..<count).reduce(0) { $0 + rest.restrict(toZeroIn: $1) }
    }
}
