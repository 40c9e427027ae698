// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecretSharing
import SecureRandomness

/// `fedsum_shamir_prime_field_v1`: the prime fields, and Shamir sharing of vectors over them.
enum PrimeFieldSharingVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        let kind = try fields.string("kind")
        if kind == "field-bits" { return try checkFieldBits(fields) }
        let field = try PrimeField(bits: fields.integer("fieldBits"))
        if kind == "field" {
            try require(fields.isValid(), "no case of this kind is invalid")
            return try requireEqual(field.modulus, fields.unsigned("prime"), "prime")
        }
        // For every word that holds an element.
        if field.bits <= 32 { try check(fields, kind, field, UInt32.self) }
        try check(fields, kind, field, UInt64.self)
    }

    private static func check<Element: PrimeFieldElement & RingWord>(
        _ fields: VectorFields,
        _ kind: String,
        _ field: PrimeField,
        _: Element.Type
    ) throws {
        switch kind {
        case "split": try checkSplit(fields, field, Element.self)
        case "lagrange": try checkLagrange(fields, field)
        case "extend": try checkExtension(fields, field, Element.self)
        case "combine": try checkCombination(fields, field, Element.self)
        default: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    // MARK: Fields

    private static func checkFieldBits(_ fields: VectorFields) throws {
        let contributors = try fields.integer("contributors")
        let width = try RingWidth(bits: fields.integer("bits"))
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: names) { () throws(RingError) in
                try PrimeField(holding: contributors, of: width)
            }
        }
        let field = try PrimeField(holding: contributors, of: width)
        try requireEqual(field.bits, fields.integer("fieldBits"), "fieldBits")
    }

    private static func names(_ error: RingError) -> Set<String> {
        if case .fieldTooSmall = error { return ["capacity-above-61-bits"] }
        return []
    }

    // MARK: Sharing

    /// A vector of a file. Elements that are none of the field stay: what they are for must refuse them.
    private static func vector<Element: RingWord>(_ elements: [UInt64], _ name: String) throws -> [Element] {
        try elements.map { element in
            guard let element = Element(exactly: element) else { throw CaseFailure("'\(name)' has no such elements") }
            return element
        }
    }

    private static func shares<Element: PrimeFieldElement & RingWord>(
        _ fields: VectorFields,
        _ name: String
    ) throws -> [PrimeFieldShare<Element>] {
        try fields.objects(name).map { stated in
            PrimeFieldShare(
                index: try stated.unsigned("index"),
                elements: try vector(stated.unsignedList("share"), name)
            )
        }
    }

    private static func checkSplit<Element: PrimeFieldElement & RingWord>(
        _ fields: VectorFields,
        _ field: PrimeField,
        _: Element.Type
    ) throws {
        let threshold = try fields.integer("threshold")
        let secret: [Element] = try vector(fields.unsignedList("secret"), "secret")
        let coefficients = try fields.unsignedLists("coefficients")
        try requireEqual(coefficients.count, secret.count, "coefficients.count")
        try require(
            coefficients.allSatisfy { $0.count == max(threshold, 1) - 1 },
            "'coefficients' has not one list of t − 1 for each coordinate"
        )
        // What a dealer draws has k bits.
        try require(
            coefficients.joined().allSatisfy { $0 <= field.elementWidth.mask },
            "'coefficients' are not of \(field.bits) bits"
        )
        func split(for indices: [UInt64]) throws(SharingError) -> [PrimeFieldShare<Element>] {
            var dealer = StatedCoefficients(coefficients, wordByteCount: field.wordByteCount)
            return try PrimeFieldSharing(threshold: threshold, of: indices.count, in: field)
                .split(secret, for: indices, using: &dealer)
        }
        guard try fields.isValid() else {
            let indices = try fields.unsignedList("indices")
            let areElements = coefficients.joined().allSatisfy(field.contains)
            return try requireRefusal(
                fields,
                names: { error in
                    // A dealer draws its coefficients, and skips what is none: of these the rest is too few.
                    if case .randomness = error { return areElements ? [] : ["element-not-below-prime"] }
                    return names(error)
                },
                { () throws(SharingError) in try split(for: indices) }
            )
        }
        let expected: [PrimeFieldShare<Element>] = try shares(fields, "shares")
        for (share, stated) in zip(try split(for: expected.map(\.index)), expected) {
            try requireEqual(share.elements, stated.elements, "share \(stated.index)")
        }
        try checkSecret(secret, of: expected, threshold: threshold, field)
    }

    /// Any neighbors give the secret, and all others agree with them.
    private static func checkSecret<Element: PrimeFieldElement & RingWord>(
        _ secret: [Element],
        of shares: [PrimeFieldShare<Element>],
        threshold: Int,
        _ field: PrimeField
    ) throws {
        let sharing = try PrimeFieldSharing(threshold: threshold, of: shares.count, in: field)
        for start in shares.indices {
            let rotated = Array(shares[start...] + shares[..<start])
            try requireEqual(sharing.combine(Array(rotated.prefix(threshold))), secret, "secret")
            try requireEqual(sharing.combine(rotated), secret, "secret")
        }
    }

    private static func checkCombination<Element: PrimeFieldElement & RingWord>(
        _ fields: VectorFields,
        _ field: PrimeField,
        _: Element.Type
    ) throws {
        let threshold = try fields.integer("threshold")
        let shares: [PrimeFieldShare<Element>] = try shares(fields, "shares")
        guard try fields.isValid() else {
            let sharing = try PrimeFieldSharing(threshold: threshold, of: max(threshold, shares.count), in: field)
            return try requireRefusal(fields, names: names) { () throws(SharingError) in try sharing.combine(shares) }
        }
        try checkSecret(vector(fields.unsignedList("secret"), "secret"), of: shares, threshold: threshold, field)
    }

    private static func names(_ error: SharingError) -> Set<String> {
        switch error {
        case .thresholdOutOfRange: ["threshold-out-of-range"]
        case .zeroIndex: ["zero-index"]
        case .duplicateIndex: ["duplicate-index"]
        case .tooFewShares: ["too-few-shares"]
        case .inconsistentShares: ["inconsistent-share"]
        case .elementOutOfRange: ["element-not-below-prime"]
        default: []
        }
    }

    // MARK: Interpolation

    /// The weights of values at `indices`, of which the first may be 0, for the value at `point`.
    private static func lagrange(
        _ indices: [UInt64],
        at point: UInt64,
        _ field: PrimeField
    ) throws -> PrimeFieldLagrange {
        if indices.first == 0 {
            return try PrimeFieldLagrange(secretAnd: Array(indices.dropFirst()), at: point, in: field)
        }
        return try PrimeFieldLagrange(indices: indices, at: point, in: field)
    }

    private static func checkLagrange(_ fields: VectorFields, _ field: PrimeField) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let indices = try fields.unsignedList("indices")
        let point = try fields.unsigned("at")
        let expected = try fields.unsignedList("coefficients")
        try requireEqual(lagrange(indices, at: point, field).weights, expected, "coefficients")
        try requireEqual(lagrange(indices, at: 1, field).moved(to: point).weights, expected, "coefficients")
    }

    private static func checkExtension<Element: PrimeFieldElement & RingWord>(
        _ fields: VectorFields,
        _ field: PrimeField,
        _: Element.Type
    ) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let points: [PrimeFieldShare<Element>] = try shares(fields, "points")
        let values: [PrimeFieldShare<Element>] = try shares(fields, "values")
        try require(!values.isEmpty, "'values' is empty")
        try require(
            points.allSatisfy { Element.areCanonical($0.elements, in: field) },
            "'points' are not all of the field"
        )
        for value in values {
            let weights = try lagrange(points.map(\.index), at: value.index, field)
            try requireEqual(weights.interpolate(points.map(\.elements)), value.elements, "value at \(value.index)")
        }
    }
}

/// Gives a dealer the coefficients of a file: a_1 of every coordinate, then a_2, and nothing after the last one.
private struct StatedCoefficients: SecureRandomNumberGenerator {
    private var bytes: ArraySlice<UInt8>

    init(_ coefficients: [[UInt64]], wordByteCount: Int) {
        var bytes: [UInt8] = []
        for power in (coefficients.first ?? []).indices {
            for coordinate in coefficients {
                bytes += (0..<wordByteCount).map { UInt8(truncatingIfNeeded: coordinate[power] >> UInt64(8 * $0)) }
            }
        }
        self.bytes = bytes[...]
    }

    mutating func fill(_ target: inout MutableSpan<UInt8>) throws(RandomnessError) {
        guard bytes.count >= target.count else { throw .exhausted(limit: UInt64(bytes.endIndex)) }
        for index in 0..<target.count { target[index] = bytes.removeFirst() }
    }
}
