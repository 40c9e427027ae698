// SPDX-License-Identifier: Apache-2.0

import SecureAggregation

/// What one coalition has after one or more aggregations: forms, and the masks among their symbols that it can compute.
struct AdversaryView {
    let ring: CoefficientRing
    let symbols: [Symbol]
    /// What it saw, and what its members put in.
    var forms: [LinearForm]
    /// The masks whose keys it has.
    var knownMasks: Set<MaskFingerprint>

    /// What the coalition can compute of the inputs: the combinations of its forms in which no unknown mask is left.
    ///
    /// Masks are uniform and independent for whoever lacks their keys, so everything else of the view is independent of
    /// the inputs.
    func learned() -> FormModule {
        let unknown = symbols.indices.filter { number in
            // A mask that is in no form stands in no combination's way.
            guard forms.contains(where: { number < $0.coefficients.count && $0.coefficients[number] != 0 }) else {
                return false
            }
            guard case .mask(let fingerprint, _) = symbols[number] else { return false }
            return !knownMasks.contains(fingerprint)
        }
        let inputs = inputNumbers
        // Known masks are taken off: their columns are left out.
        let columns = inputs + unknown
        let module = FormModule(forms.map { entries(of: $0, at: columns) }, over: ring)
            .restricted(toZeroIn: inputs.count..<columns.count)
        return FormModule(module.rows.map { Array($0.prefix(inputs.count)) }, over: ring)
    }

    /// Holds what is learned against what may be.
    func compare(with allowed: [LinearForm]) -> Finding {
        let inputs = inputNumbers
        let learned = learned()
        let permitted = FormModule(allowed.map { entries(of: $0, at: inputs) }, over: ring)
        return Finding(
            learned: learned.size, allowed: permitted.size,
            together: FormModule(learned.rows + permitted.rows, over: ring).size, unit: ring.unit)
    }

    private var inputNumbers: [Int] {
        symbols.indices.filter { if case .input = symbols[$0] { true } else { false } }
    }

    private func entries(of form: LinearForm, at columns: [Int]) -> [UInt64] {
        columns.map { $0 < form.coefficients.count ? form.coefficients[$0] : 0 }
    }
}

/// What a coalition learned and what it may learn, in the units of `FormModule.size`.
struct Finding: Equatable {
    let learned: Int
    let allowed: Int
    let together: Int
    let unit: Int

    /// How much more it learned than it may.
    var excess: Int { together - allowed }
    /// It learned what it may and nothing else.
    var isExact: Bool { excess == 0 && learned == allowed }
    /// The number of whole forms that it learned, where that is whole.
    var rank: Int? { learned % unit == 0 ? learned / unit : nil }
}

extension Sequence where Element == PartyID {
    /// Every set of these parties with at most `maximum` members, the small ones first.
    func subsets(upTo maximum: Int) -> [Set<PartyID>] {
        var all: [Set<PartyID>] = [[]]
        for party in self { all += all.map { $0.union([party]) } }
        return all.filter { $0.count <= maximum }.sorted { $0.count < $1.count }
    }
}
