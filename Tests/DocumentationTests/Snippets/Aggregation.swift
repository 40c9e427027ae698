// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import RingArithmetic
import SecureAggregation

@Sendable func aggregation(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let scheme = try Insecure.Plain<UInt32>(
        contributors: [1, 2, 3, 4], server: 100, dimension: 2,
        width: SumCapacity(terms: 4, inputBits: 16).width)
    let driver = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "page", round: 1),
        randomness: SystemRandomnessSource(), faults: .losing([3], beforeSend: 0),
        recordsTranscript: true)
    let outcome = driver.run { client in [client.rawValue, 100] }
    print(outcome.aggregate?.sum ?? [], "over", outcome.aggregate?.contributors ?? [])
    for entry in outcome.transcript.entries {
        print(entry.from, "sent", entry.to, entry.byteCount, "bytes")
    }
    page.end()
}
