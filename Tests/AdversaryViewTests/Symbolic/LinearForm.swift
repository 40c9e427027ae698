// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic

/// A linear form over inputs and masks, as an element that the schemes' own parties add, mask, pack and send.
///
/// Where a word holds the value of x + m, a form holds "x + m". The coefficients are those of the vectors' ring: mod
/// 2^64, or mod the prime of the field where a vector is shared over one.
struct LinearForm: MaskableElement, Hashable {
    /// By the symbols' numbers, without zeros at the end.
    private(set) var coefficients: [UInt64]

    static let zero = LinearForm(coefficients: [])

    private init(coefficients: [UInt64]) { self.coefficients = coefficients }

    init(symbolNumber number: Int) { coefficients = [UInt64](repeating: 0, count: number) + [1] }

    /// `self + factor · other` mod 2^64.
    func adding(_ other: LinearForm, times factor: UInt64) -> LinearForm {
        var sum = coefficients
        if sum.count < other.coefficients.count {
            sum += [UInt64](repeating: 0, count: other.coefficients.count - sum.count)
        }
        for index in other.coefficients.indices { sum[index] &+= factor &* other.coefficients[index] }
        while sum.last == 0 { sum.removeLast() }
        return LinearForm(coefficients: sum)
    }

    /// `self + factor · other` mod p.
    func adding(_ other: LinearForm, times factor: UInt64, in field: PrimeField) -> LinearForm {
        var sum = coefficients
        if sum.count < other.coefficients.count {
            sum += [UInt64](repeating: 0, count: other.coefficients.count - sum.count)
        }
        for index in other.coefficients.indices {
            sum[index] = field.add(sum[index], field.multiply(factor, other.coefficients[index]))
        }
        while sum.last == 0 { sum.removeLast() }
        return LinearForm(coefficients: sum)
    }

    static func + (a: LinearForm, b: LinearForm) -> LinearForm { a.adding(b, times: 1) }
    static func - (a: LinearForm, b: LinearForm) -> LinearForm { a.adding(b, times: .max) }

    // MARK: AdditiveGroup

    static func add(_ source: [LinearForm], to target: inout [LinearForm]) {
        precondition(source.count == target.count, "Vectors of different lengths cannot be added.")
        for index in target.indices { target[index] = target[index] + source[index] }
    }

    static func subtract(_ source: [LinearForm], from target: inout [LinearForm]) {
        precondition(source.count == target.count, "Vectors of different lengths cannot be subtracted.")
        for index in target.indices { target[index] = target[index] - source[index] }
    }

    // MARK: PackableElement

    static var capacityInBits: Int { 64 }

    /// Nothing: coefficients mod 2^64 are reduced, and reducing a value to fewer bits tells nothing new.
    static func reduce(_ vector: inout [LinearForm], to width: RingWidth) {}

    static func pack(_ vector: [LinearForm], width: RingWidth) -> [UInt8] {
        UInt64.pack(vector.map { SymbolRegistry.current.handle(of: $0) }, width: width)
    }

    static func unpack(
        _ bytes: borrowing Span<UInt8>, count: Int, width: RingWidth
    ) throws(RingError) -> [LinearForm] {
        var forms: [LinearForm] = []
        for handle in try UInt64.unpack(bytes, count: count, width: width) {
            guard let form = SymbolRegistry.current.form(withHandle: handle) else { throw .nonZeroPadding }
            forms.append(form)
        }
        return forms
    }

    // MARK: PrimeFieldElement

    static func add(_ source: [LinearForm], to target: inout [LinearForm], in field: PrimeField) {
        addProduct(of: source, by: 1, to: &target, in: field)
    }

    static func subtract(_ source: [LinearForm], from target: inout [LinearForm], in field: PrimeField) {
        addProduct(of: source, by: field.modulus - 1, to: &target, in: field)
    }

    static func addProduct(
        of source: [LinearForm], by scalar: UInt64, to target: inout [LinearForm], in field: PrimeField
    ) {
        precondition(source.count == target.count, "Vectors of different lengths cannot be added.")
        for index in target.indices {
            target[index] = target[index].adding(source[index], times: scalar, in: field)
        }
    }

    /// A form stands for an element whatever its coefficients are.
    static func areCanonical(_ vector: [LinearForm], in field: PrimeField) -> Bool { true }

    static func append(elementsAmong bytes: borrowing Span<UInt8>, to vector: inout [LinearForm], in field: PrimeField)
    {
        preconditionFailure("A mask adds symbols, not keystream.")
    }

    // MARK: MaskableElement

    /// A mask adds one symbol to each coordinate: the same key, the same symbols.
    static func add(
        _ generator: MaskGenerator, to vector: inout [LinearForm], width: RingWidth
    ) throws(CryptographyError) {
        add(try symbols(of: generator, count: vector.count), to: &vector)
    }

    static func subtract(
        _ generator: MaskGenerator, from vector: inout [LinearForm], width: RingWidth
    ) throws(CryptographyError) {
        subtract(try symbols(of: generator, count: vector.count), from: &vector)
    }

    static func add(
        _ generator: MaskGenerator, to vector: inout [LinearForm], in field: PrimeField
    ) throws(CryptographyError) {
        add(try symbols(of: generator, count: vector.count), to: &vector, in: field)
    }

    static func subtract(
        _ generator: MaskGenerator, from vector: inout [LinearForm], in field: PrimeField
    ) throws(CryptographyError) {
        subtract(try symbols(of: generator, count: vector.count), from: &vector, in: field)
    }

    private static func symbols(of generator: MaskGenerator, count: Int) throws(CryptographyError) -> [LinearForm] {
        let fingerprint = try MaskFingerprint(of: generator)
        return (0..<count).map { SymbolRegistry.current.form(of: .mask(fingerprint, coordinate: $0)) }
    }
}
