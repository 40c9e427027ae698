// SPDX-License-Identifier: Apache-2.0

// The code of README.md: see SnippetPage.
import PairwiseMasking
import RingArithmetic
import SecureAggregation

@Sendable func readme(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let clients = (1...10).map { PartyID($0) }
    let scheme = try SecAgg<UInt32>(
        contributors: clients, server: 100, dimension: 3,
        width: SumCapacity(terms: 10, inputBits: 16).width)  // wide enough that ten 16-bit values cannot wrap
    let driver = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "readme", round: 1), randomness: SystemRandomnessSource(),
        faults: .losing([7], beforeSend: 2))  // client 7 vanishes just before it sends its masked vector
    let outcome = driver.run { client in [client.rawValue, 10 * client.rawValue, 65_535] }
    print("clients in the sum:", outcome.aggregate?.contributors ?? [])
    print("sum:", outcome.aggregate?.sum ?? [])
    page.end()

    try page.script("Scripts/run")
    try page.script("Scripts/test")
    try page.dependency(#".package(url: "<the address of this repository>", branch: "main"),"#)
}
