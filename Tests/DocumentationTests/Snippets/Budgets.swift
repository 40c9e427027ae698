// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import DifferentialPrivacy
import DurableFiles
import PrivacyLedger

@Sendable func budgets(_ page: SnippetRun, print: (Any...) -> Void) throws {
    let temporary = TemporaryPath()
    defer { withExtendedLifetime(temporary) {} }
    let path = temporary.path
    page.begin()
    let budget = try PrivacyBudget(task: "keyboard", epsilon: 2, delta: 1e-5)
    var ledger = try BudgetLedger(path: path, budget: budget, ifMissing: .create)
    let step = PrivacyEvent.poissonSampled(rate: 0.01, .gaussian(noiseMultiplier: 1))
    for round in 1...3 as ClosedRange<UInt64> {
        try ledger.charge(step, round: round)  // on the disk before this returns
    }
    print(ledger.chargeCount, try ledger.spent().epsilon < 2)
    do throws(PrivacyLedgerError) {
        try ledger.charge(.gaussian(noiseMultiplier: 0.1), round: 4)
    } catch .overBudget { print("refused") }
    page.end()
}
