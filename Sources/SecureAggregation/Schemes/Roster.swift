// SPDX-License-Identifier: Apache-2.0

package import RingArithmetic

/// The checks that every scheme makes of its parties and its vectors.
package enum Roster {
    /// Checks that ids are unique, contributors ascending, the cohort large enough, and the vectors possible.
    package static func validate<Element: PackableElement>(
        contributors: [PartyID], helpers: [PartyID], minimumHelpers: Int, cohort: MinimumCohort, dimension: Int,
        width: RingWidth, element: Element.Type
    ) throws(AggregationError) {
        for (previous, next) in zip(contributors, contributors.dropFirst()) where next <= previous {
            throw .duplicateParty(next)
        }
        var seen = Set(contributors)
        for helper in helpers where !seen.insert(helper).inserted { throw .duplicateParty(helper) }
        guard helpers.count >= minimumHelpers else {
            throw .tooFewHelpers(have: helpers.count, minimum: minimumHelpers)
        }
        guard contributors.count >= cohort.count else {
            throw .cohortTooSmall(contributors: contributors.count, minimum: cohort.count)
        }
        // The longest lists on the wire have 164 bytes an entry and a length of three bytes, and 144 bytes an entry and a
        // length of two.
        guard contributors.count <= maximumContributors, helpers.count <= maximumHelpers else {
            throw .tooManyParties(contributors.count + helpers.count)
        }
        guard dimension >= 1, dimension <= Int(UInt32.max) else { throw .dimensionOutOfRange(dimension) }
        guard width.bits <= Element.capacityInBits else {
            throw .elementTooNarrow(needed: width.bits, available: Element.capacityInBits)
        }
    }

    /// How many contributors one aggregation can have: what the lengths on the wire allow.
    package static let maximumContributors = 100_000
    /// How many helpers it can have.
    package static let maximumHelpers = 400

    /// The field in which `count` vectors over a ring add up over the integers.
    package static func field<Element: PackableElement>(
        holding count: Int, of width: RingWidth, in element: Element.Type
    ) throws(AggregationError) -> PrimeField {
        let field: PrimeField
        do throws(RingError) { field = try PrimeField(holding: count, of: width) } catch { throw .ring(error) }
        guard field.bits <= Element.capacityInBits else {
            throw .elementTooNarrow(needed: field.bits, available: Element.capacityInBits)
        }
        return field
    }
}

/// Whether ids are strictly ascending.
package func isStrictlyAscending(_ ids: some Sequence<PartyID>) -> Bool {
    var previous: PartyID?
    for id in ids {
        if let previous, id <= previous { return false }
        previous = id
    }
    return true
}
