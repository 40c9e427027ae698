// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import PairwiseMasking
import RingArithmetic
import SecureAggregation

@Sendable func maskedSums(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let scheme = try SecAgg<UInt64>(
        contributors: [1, 2, 3, 4, 5], server: 100, threshold: 4, dimension: 2,
        width: SumCapacity(terms: 5, inputBits: 32).width)
    let driver = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "page", round: 1),
        randomness: SystemRandomnessSource(),
        faults: .losing([5], beforeSend: 3))  // in the sum, and lost before it signs who survived
    let outcome = driver.run { client in [UInt64(client.rawValue), 4_000_000_000] }
    print(outcome.aggregate?.sum ?? [], "over", outcome.aggregate?.contributors ?? [])
    page.end()

    page.begin()
    let small = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "page", round: 2),
        randomness: SystemRandomnessSource(), faults: .losing([4, 5], beforeSend: 2))
    print(small.run { _ in [1, 1] }.aborted[100].map { "\($0)" } ?? "no abort")
    page.end()
}
