// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import Testing

/// Shares that were released for one set of survivors are never followed by others for another set.
@Suite struct ShareReleaseJournalTests {
    private let server = SecAggRound.server
    private let client: PartyID = 2

    @Test func `another attempt of a round whose shares were released is refused`() throws {
        let journal = ShareReleaseJournal()
        #expect(try SecAggRound(round: 5, journal: journal).run().aggregate != nil)
        let retry = try SecAggRound(round: 5, attempt: 1, journal: journal)
        #expect(throws: AggregationError.sharesAlreadyReleased(round: 5)) { try retry.party(client) }
        let log = MessageLog()
        let outcome = retry.run(log: log)
        #expect(outcome.learned.isEmpty)
        for id in retry.scheme.contributors { #expect(outcome.aborted[id] == .sharesAlreadyReleased(round: 5)) }
        #expect(retry.scheme.contributors.allSatisfy { log.sent(by: $0).isEmpty })
        // An earlier round too: its vectors may be in the later model.
        #expect(throws: AggregationError.sharesAlreadyReleased(round: 5)) {
            try SecAggRound(round: 4, journal: journal).party(client)
        }
    }

    @Test func `the next round works, and so does another task`() throws {
        let journal = ShareReleaseJournal()
        #expect(try SecAggRound(round: 5, journal: journal).run().aggregate != nil)
        let next = try SecAggRound(round: 6, journal: journal)
        #expect(next.run().aggregate?.sum == next.sum(of: [1, 2, 3, 4, 5]))
        let other = try next.scheme.makeParty(
            client,
            contributing: next.inputs[client],
            in: RoundContext(task: "other", round: 1),
            using: SystemRandomness()
        )
        _ = other
    }

    @Test func `an attempt that ended before the release may be tried again`() throws {
        let journal = ShareReleaseJournal()
        let first = try SecAggRound(round: 5, journal: journal)
        let outcome = first.run(faults: .losing([1, 2, 3], beforeSend: 2))
        #expect(outcome.learned.isEmpty)
        let retry = try SecAggRound(round: 5, attempt: 1, journal: journal)
        #expect(retry.run().aggregate?.sum == retry.sum(of: [1, 2, 3, 4, 5]))
    }

    @Test func `only those who released are kept from another attempt`() throws {
        let journal = ShareReleaseJournal()
        _ = try SecAggRound(round: 5, journal: journal).run(faults: .losing([4, 5], beforeSend: 2))
        let retry = try SecAggRound(round: 5, attempt: 1, journal: journal)
        for id in [1, 2, 3] as [PartyID] {
            #expect(throws: AggregationError.sharesAlreadyReleased(round: 5)) { try retry.party(id) }
        }
        for id in [4, 5] as [PartyID] { #expect(throws: Never.self) { try retry.party(id) } }
    }

    @Test func `of two attempts at once a client answers one`() throws {
        let journal = ShareReleaseJournal()
        let setting = SecAggSetting(isSparse: false, threat: .curious)
        let first = try SecAggRound(setting, round: 5, journal: journal)
        let second = try SecAggRound(setting, round: 5, attempt: 1, journal: journal)
        var firstParty = try #require(first.masked().clients[client])
        var secondParty = try #require(second.masked().clients[client])
        #expect(try firstParty.receive(first.survivors([1, 2, 3, 4, 5]), from: server) == .accepted)
        #expect(try secondParty.receive(second.survivors([1, 2, 3, 4]), from: server) == .accepted)
        guard case .finished = try firstParty.advance() else {
            Issue.record("The first attempt is not answered.")
            return
        }
        expectOnlyAbort(try secondParty.advance(), .sharesAlreadyReleased(round: 5))
    }

    @Test(arguments: SecAggSetting.all.filter(\.hasConsistencyRound))
    func `of two attempts at once whose survivors are signed a client answers one`(setting: SecAggSetting) throws {
        let journal = ShareReleaseJournal()
        let first = try SecAggRound(setting, round: 5, journal: journal).confirmed()
        let second = try SecAggRound(setting, round: 5, attempt: 1, journal: journal).confirmed()
        var firstParty = try #require(first.clients[client])
        var secondParty = try #require(second.clients[client])
        guard
            case .finished = try answer(&firstParty, to: #require(first.confirmations[client])).transition
        else {
            Issue.record("The first attempt is not answered.")
            return
        }
        let (_, transition) = try answer(&secondParty, to: #require(second.confirmations[client]))
        expectOnlyAbort(transition, .sharesAlreadyReleased(round: 5))
    }

    @Test(arguments: SecAggSetting.all)
    func `another scheme of the same round, with other parameters, is refused too`(setting: SecAggSetting) throws {
        let journal = ShareReleaseJournal()
        #expect(try SecAggRound(setting, round: 5, journal: journal).run().aggregate != nil)
        for other in SecAggSetting.all {
            for retry in [
                try SecAggRound(other, round: 5, journal: journal),
                try SecAggRound(other, threshold: 5, round: 5, attempt: 1, journal: journal),
                try SecAggRound(other, minimumCohort: MinimumCohort(5), round: 4, attempt: 9, journal: journal),
            ] {
                #expect(throws: AggregationError.sharesAlreadyReleased(round: 5)) { try retry.party(client) }
            }
            #expect(throws: Never.self) { try SecAggRound(other, round: 6, journal: journal).party(client) }
            #expect(throws: Never.self) {
                try SecAggRound(other, round: 5, journal: journal, waiving: [.sharesAlreadyReleased]).party(client)
            }
        }
    }
}
