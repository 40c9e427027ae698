// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import Testing

/// What a client refuses. The test is the server; its clients are the ones that are deployed.
///
/// That one client is told to be alive and lost at once cannot be said: one bit of one bitmap decides which of its two
/// secrets is revealed. What comes closest is here: a survivor that never shared, two announcements, and signatures under
/// another one.
@Suite struct SecAggRefusalTests {
    private let server = SecAggRound.server
    private let victim = SecAggLie.victim

    /// In which settings each refusal can be provoked.
    private func settings(of refusal: SecAggRefusal) -> Set<SecAggSetting> {
        switch refusal {
        case .foreignParty, .duplicateKey, .ownKeysChanged, .badAdvertisement, .tooFewNeighbors, .tooFewSurvivors,
            .badBitmap, .hiddenSharer, .survivorNotSharer, .receiverMisplaced, .repeatedRequest,
            .sharesAlreadyReleased:
            Set(SecAggSetting.all)
        case .wrongPath, .missingNeighbor: Set(SecAggSetting.sparse)
        case .changedRoot, .predictablePulse, .wrongEntropy, .circleCut, .wrongSignaturePath:
            Set(SecAggSetting.sparse.filter(\.hasBeacon))
        case .tooFewSignatures, .foreignWitness, .badSignature:
            Set(SecAggSetting.all.filter(\.hasConsistencyRound))
        }
    }

    @Test(arguments: SecAggRefusal.allCases) func `every refusal is provoked wherever it can be`(refusal: SecAggRefusal)
    {
        // A test of its own has the one that concerns several rounds.
        let tested =
            refusal == .sharesAlreadyReleased
            ? SecAggSetting.all : SecAggLie.all.filter { $0.refusal == refusal }.map(\.setting)
        #expect(Set(tested) == settings(of: refusal))
    }

    @Test(arguments: SecAggLie.all) func `a lie is answered with a notice and nothing else`(lie: SecAggLie) throws {
        let (transition, violation) = try lie.told(waiving: [])
        expectOnlyAbort(transition, .violation(violation, by: server))
        guard !lie.others.isEmpty else { return }
        // Alone, the check that is there for it is enough; and the others are too.
        let (alone, again) = try lie.told(waiving: lie.others)
        expectOnlyAbort(alone, .violation(again, by: server))
        guard case .aborted(let error, _) = try lie.told(waiving: [lie.refusal]).transition else {
            Issue.record("Nothing else refuses it.")
            return
        }
        #expect(error != .violation(violation, by: server))
    }

    @Test(arguments: SecAggLie.all) func `without the check that is there for it the lie is believed`(lie: SecAggLie)
        throws
    {
        let (transition, _) = try lie.told(waiving: lie.others.union([lie.refusal]))
        switch transition {
        case .aborted(let error, _): Issue.record("\(error)")
        case .next(let sending, _):
            // After the root of the first messages it only waits on; later it tells what it should not.
            #expect(sending.isEmpty == (lie.refusal == .predictablePulse))
        case .finished(let sending, _): #expect(sending.map(\.message.type) == [0x36])
        }
    }

    @Test(arguments: SecAggSetting.all) func `the truth is believed`(setting: SecAggSetting) throws {
        let round = try SecAggRound(setting)
        var progress = try round.confirmed()
        let last = setting.hasConsistencyRound ? progress.confirmations[victim] : progress.announcement
        guard case .finished(let sending, nil) = try progress.give(last, to: victim),
            case .revealedShares(let shares)? = sending.first?.message
        else {
            Issue.record("It does not reveal its shares.")
            return
        }
        #expect(sending.map(\.receivers) == [[server]])
        // On the complete graph it holds a share of its own too.
        let dealers = try progress.neighbors(of: victim) + (setting.isSparse ? [] : [victim])
        #expect(shares.map(\.of) == dealers.sorted())
    }

    @Test(arguments: SecAggSetting.all) func `what the test's server makes up is what the server says`(
        setting: SecAggSetting
    ) throws {
        let round = try SecAggRound(setting)
        let progress = try round.advertised()
        var forged = try ForgedKeys(round, progress)
        if setting.isSparse, setting.threat == .curious {
            // The server drew the graph.
            forged.entropy = try progress.neighborhood(of: victim).entropy
        }
        let format = round.scheme.messageFormat(in: round.context)
        let expected = [progress.commitment, progress.keys[victim]].compactMap { $0?.encoded(as: format) }
        #expect(try forged.messages(for: victim).joined().map { $0.encoded(as: format) } == expected)
    }

    // MARK: What no check can be switched off for

    @Test(arguments: SecAggSetting.all, [true, false])
    func `a key of low order is refused before any share is sent`(setting: SecAggSetting, isChannelKey: Bool) throws {
        for point in lowOrderPoints {
            let key = try KeyAgreementPublicKey(point)
            for waived in [[], Set(SecAggRefusal.allCases)] {
                let round = try SecAggRound(setting, waiving: waived)
                var progress = try round.advertised()
                let honest = try ForgedKeys(round, progress)
                let (forged, changed) = try honest.changing(aNeighborOf: victim) { keys, id in
                    try honest.signed(isChannelKey ? keys.with(channel: key) : keys.with(mask: key), by: id)
                }
                var last: Transition<UInt32, SecAggRound.Message>?
                for message in try forged.messages(for: victim).joined() {
                    last = try progress.give(message, to: victim)
                }
                expectOnlyAbort(try #require(last), .violation(.lowOrderKey(changed), by: server))
            }
        }
    }

    @Test(arguments: SecAggSetting.all) func `a box from nobody it has a key with is refused`(setting: SecAggSetting)
        throws
    {
        for waived in [[], Set(SecAggRefusal.allCases)] {
            let round = try SecAggRound(setting, waiving: waived)
            let progress = try round.shared()
            let neighbors = try progress.neighbors(of: victim)
            let strangers = [99] + round.contributors.filter { !neighbors.contains($0) && $0 != victim }
            for stranger in strangers + [victim] {
                var party = try #require(progress.clients[victim])
                var boxes = progress.delivered[victim] ?? []
                boxes[0] = AddressedBox(party: stranger, box: boxes[0].box)
                let (_, transition) = try answer(&party, to: round.delivery(boxes))
                expectOnlyAbort(
                    transition,
                    .violation(stranger == victim ? .receiverMisplaced : .foreignParty(stranger), by: server)
                )
            }
        }
    }

    @Test(arguments: SecAggSetting.sparse) func `with too few neighbors there is nobody to share with`(
        setting: SecAggSetting
    ) throws {
        // Of three clients, at most two are neighbors of one; four are needed.
        let absent = Set(try SecAggRound(setting).contributors.filter { $0 > 3 })
        for waived in [[], [.tooFewNeighbors]] as [Set<SecAggRefusal>] {
            let progress = try SecAggRound(setting, waiving: waived).committed(without: absent)
            let truth = try progress.neighborhood(of: victim)
            #expect(truth.present.count + truth.absent.count == 6)
            var party = try #require(progress.clients[victim])
            #expect(try party.receive(.neighborhood(truth), from: server) == .accepted)
            if waived.isEmpty {
                expectOnlyAbort(
                    try party.advance(),
                    .violation(.tooFewParties(have: truth.present.count, need: 4), by: server)
                )
            } else {
                #expect(throws: AggregationError.outOfOrder) { try party.advance() }
            }
        }
    }

    @Test(arguments: SecAggSetting.sparse) func `a neighbor that is absent may not be invented`(setting: SecAggSetting)
        throws
    {
        for id in try SecAggRound(setting).contributors where id != victim {
            let round = try SecAggRound(setting)
            let everybody = try round.advertised()
            let progress = try round.committed(without: [id])
            let truth = try progress.neighborhood(of: victim)
            guard let absent = truth.absent.first else { continue }
            #expect(absent.id == id)
            let invented = Neighborhood.Present(
                entry: RosterEntry(id: id, keys: try #require(everybody.advertisements[id])),
                path: absent.path
            )
            let lie = truth.with(
                present: (truth.present + [invented]).sorted { $0.entry.id < $1.entry.id },
                absent: []
            )
            var party = try #require(progress.clients[victim])
            let (_, transition) = try answer(&party, to: .neighborhood(lie))
            expectOnlyAbort(transition, .violation(.wrongPath(id), by: server))
            return
        }
        Issue.record("Nobody is its neighbor.")
    }

    // MARK: Several rounds

    @Test(arguments: SecAggSetting.all) func `another attempt of a round whose shares are out is refused`(
        setting: SecAggSetting
    ) throws {
        let journal = ShareReleaseJournal()
        #expect(try SecAggRound(setting, round: 5, journal: journal).run().aggregate != nil)
        for attempt in 0...2 as ClosedRange<UInt32> {
            let retry = try SecAggRound(setting, round: 5, attempt: attempt, journal: journal)
            #expect(throws: AggregationError.sharesAlreadyReleased(round: 5)) { try retry.party(victim) }
        }
        let waived = try SecAggRound(
            setting,
            round: 5,
            attempt: 1,
            journal: journal,
            waiving: [.sharesAlreadyReleased]
        )
        #expect(waived.run().aggregate?.sum == waived.sum(of: waived.contributors))
    }
}
