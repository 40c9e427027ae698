// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP

/// Powers of one public base mod n² to secret exponents: the comb of [LL94], with entries that spare a fifth of the work.
///
/// Entries are stored as c · (1 + d·n): such a factor multiplies a pair in four half-size products instead of five, since
/// all the d are only added up and go into b at the end. By default every entry of a table is read for each digit, under a
/// mask: time and addresses tell nothing of the exponent.
package final class FixedBaseComb: Sendable {
    /// How a table is looked up.
    package enum LookUp: Sendable {
        /// Reads every entry: nothing is learned from time or cache.
        case constantTime
        /// Reads one entry. Whoever shares the processor's caches may learn the exponent, and with it the message.
        case variableTime
    }

    package let modulus: DualModulus
    package let exponentBits: Int
    package let lookUp: LookUp
    private let comb: (teeth: Int, columns: Int, tables: Int, turns: Int)
    private let entries: LimbBuffer

    /// The tables of `base`, a unit mod n², for exponents of up to `exponentBits` bits.
    ///
    /// 2^teeth · tables entries of 2|n| bits; building them takes about as long as ten powers.
    /// - Throws: `.residueOutOfRange` or `.residueNotAUnit` if the base is none.
    package init(
        base: Natural, exponentBits: Int, modulus: DualModulus, lookUp: LookUp, teeth: Int, tables: Int
    ) throws(BigIntegerError) {
        precondition(exponentBits > 0 && (1...12).contains(teeth) && tables > 0)
        let columns = (exponentBits + teeth - 1) / teeth
        let turns = (columns + tables - 1) / tables
        // No table without a column.
        let tables = (columns + turns - 1) / turns
        comb = (teeth, columns, tables, turns)
        (self.modulus, self.exponentBits, self.lookUp) = (modulus, exponentBits, lookUp)

        let (limbs, scratch) = (modulus.limbs, modulus.scratch)
        let entryCount = 1 << teeth
        let stride = fedsum_table_size(entryCount, 2 * limbs)
        entries = LimbBuffer(count: stride * tables)

        // The bases of all teeth of all tables: base^(2^i) at every i that is one.
        var places: [Int: Int] = [:]
        for table in 0..<tables {
            for tooth in 0..<teeth { places[tooth * columns + table * turns] = table * teeth + tooth }
        }
        let bases = LimbBuffer(count: 2 * limbs * tables * teeth)
        var number = try DualVector(base, modulus: modulus)
        number.raise(to: .one)
        let power = number.copyOfMontgomeryForm
        for exponent in 0...(places.keys.max() ?? 0) {
            if exponent > 0 {
                // SAFETY: pairs have 2 · limbs limbs.
                unsafe fedsum_dual_square(
                    power.base, power.base, modulus.modulus.base, modulus.inverse, limbs, 0, scratch.base)
            }
            if let place = places[exponent] {
                // SAFETY: `place` is one of tables · teeth pairs.
                unsafe (bases.base + 2 * limbs * place).update(from: power.base, count: 2 * limbs)
            }
        }
        let products = LimbBuffer(count: 2 * limbs * entryCount)
        for table in 0..<tables {
            // SAFETY: entryCount pairs; index without its highest bit is smaller, so that it is there already.
            unsafe products.base.update(from: modulus.one.base, count: 2 * limbs)
            for index in 1..<entryCount {
                let tooth = Int.bitWidth - 1 - index.leadingZeroBitCount
                unsafe fedsum_dual_multiply(
                    products.base + 2 * limbs * index, products.base + 2 * limbs * (index - 1 << tooth),
                    bases.base + 2 * limbs * (table * teeth + tooth), modulus.modulus.base, modulus.inverse, limbs, 0,
                    scratch.base)
            }
            try FixedBaseComb.divideHalves(of: products, count: entryCount, modulus: modulus)
            for index in 0..<entryCount {
                // SAFETY: table `table` begins at its stride and has room for entryCount entries.
                unsafe fedsum_table_store(
                    entries.base + stride * table, entryCount, 2 * limbs, UInt64(index),
                    products.base + 2 * limbs * index)
            }
        }
    }

    /// Bytes that the tables take.
    package var byteCount: Int { 8 * entries.count }

    /// (a, b) becomes (a, b / a · R): all inverses from one, by products of products.
    private static func divideHalves(of pairs: LimbBuffer, count: Int, modulus: DualModulus) throws(BigIntegerError) {
        let (limbs, scratch, n, inverse) = (modulus.limbs, modulus.scratch, modulus.modulus, modulus.inverse)
        let running = LimbBuffer(count: limbs * (count + 1))
        // SAFETY: half `i` of `running` is the product of the first i halves a, in Montgomery's form; all have `limbs`.
        unsafe running.base.update(from: modulus.one.base, count: limbs)
        for index in 0..<count {
            unsafe fedsum_half_multiply(
                running.base + limbs * (index + 1), running.base + limbs * index, pairs.base + 2 * limbs * index,
                n.base,
                inverse, limbs, 0, scratch.base)
        }
        let product = running.copy(from: limbs * count, count: limbs).natural
        let inverted = try product.inverse(modulo: modulus.natural)
        let tail = LimbBuffer(inverted.limbs, count: limbs)
        // From (x · R)^−1 to x^−1 · R takes a factor R², each of which a product with R² gives.
        for _ in 0..<2 {
            unsafe fedsum_half_multiply(
                tail.base, tail.base, modulus.square.base, n.base, inverse, limbs, 0, scratch.base)
        }
        let quotient = LimbBuffer(count: limbs)
        for index in (0..<count).reversed() {
            let pair = unsafe pairs.base + 2 * limbs * index
            unsafe fedsum_half_multiply(
                quotient.base, tail.base, running.base + limbs * index, n.base, inverse, limbs, 0, scratch.base)
            unsafe fedsum_half_multiply(tail.base, tail.base, pair, n.base, inverse, limbs, 0, scratch.base)
            // b · R times (1/a) · R over R is (b / a) · R: what the sum of all d is kept in.
            unsafe fedsum_half_multiply(
                pair + limbs, pair + limbs, quotient.base, n.base, inverse, limbs, 0, scratch.base)
        }
    }
}

/// Fills a vector with base^e · (1 + m · n), each exponent and message used once.
package struct CombWriter: ~Copyable {
    private let comb: FixedBaseComb
    private let storage: LimbBuffer
    private let scratch: LimbBuffer
    private let count: Int
    private var filled = 0

    /// A writer of `count` numbers.
    package init(_ comb: FixedBaseComb, count: Int) {
        (self.comb, self.count) = (comb, count)
        storage = LimbBuffer(count: 2 * comb.modulus.limbs * count)
        scratch = comb.modulus.scratch
    }

    /// Appends base^exponent · (1 + message · n) mod n². The exponent has at most the comb's bits, the message is below n.
    package mutating func append(exponent: SecretNatural, message: SecretNatural?) {
        precondition(filled < count && 64 * exponent.limbCount >= comb.exponentBits, "The vector is full.")
        let modulus = comb.modulus
        let form = message.map { modulus.messageForm($0) } ?? LimbBuffer(count: modulus.limbs)
        comb.evaluate(exponent.limbs, message: form, into: storage, at: 2 * modulus.limbs * filled, scratch: scratch)
        filled += 1
    }

    /// The numbers; a precondition fails if some are missing.
    package consuming func finish() -> DualVector {
        precondition(filled == count, "Every number is there.")
        return DualVector(montgomery: storage, count: count, modulus: comb.modulus)
    }
}

extension FixedBaseComb {
    fileprivate func evaluate(
        _ exponent: LimbBuffer, message: LimbBuffer, into result: LimbBuffer, at offset: Int, scratch: LimbBuffer
    ) {
        // SAFETY: the result has a pair at `offset`, the exponent exponentBits bits, the message a half; the tables live
        // as long as this object.
        unsafe withUnsafePointer(
            to: fedsum_comb(
                teeth: comb.teeth, columns: comb.columns, tables: comb.tables, turns: comb.turns,
                entries: UnsafePointer(entries.base))
        ) { tables in
            unsafe fedsum_comb_power(
                result.base + offset, tables, exponent.base, exponentBits, message.base, modulus.modulus.base,
                modulus.inverse, modulus.limbs, lookUp == .constantTime ? 1 : 0, scratch.base)
        }
    }
}
