// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import Testing

/// All lies about boxes, survivors and signatures at four and five clients, not a sample of them.
@Suite struct EveryLieTests {
    @Test(arguments: [(4, 3, 0, 3), (4, 3, 1, 3), (4, 4, 2, 4), (5, 3, 0, 3), (5, 4, 1, 4), (5, 4, 2, 4), (5, 4, 1, 5)])
    func `no combination of lies opens a sum over too few`(
        count: Int, threshold: Int, corrupt: Int, cohort: Int
    ) throws {
        let every = try EveryLie(count: count, threshold: threshold, corrupt: corrupt, cohort: cohort)
        #expect(every.surprises.isEmpty)
        let found = every.leaks()
        print(
            "N = \(count), t = \(threshold), \(corrupt) corrupt, cohort \(cohort): \(every.lies) lies told, "
                + "\(every.refused) refused, \(found.combinations) combinations, \(found.leaks) leaks")
        #expect(found.leaks == 0)
        #expect(found.combinations > 0)
    }

    /// The bound is sharp, and the enumeration sees it.
    @Test(arguments: [(4, 3, 2, 3), (5, 3, 1, 3)])
    func `at a threshold of half of the clients and colluders a combination leaks`(
        count: Int, threshold: Int, corrupt: Int, cohort: Int
    ) throws {
        let found = try EveryLie(count: count, threshold: threshold, corrupt: corrupt, cohort: cohort).leaks()
        #expect(found.leaks > 0)
        print("N = \(count), t = \(threshold), \(corrupt) corrupt: \(found)")
    }

    /// Too few boxes are too few sharers as well, so the first takes both.
    @Test(arguments: [([SecAggRefusal.tooFewNeighbors, .tooFewSurvivors], 3), ([.tooFewSurvivors], 4)])
    func `without checks the enumeration finds what they are for`(refusals: [SecAggRefusal], cohort: Int) throws {
        let every = try EveryLie(count: 4, threshold: 3, corrupt: 0, cohort: cohort, waiving: Set(refusals))
        #expect(every.leaks().leaks > 0)
    }
}
