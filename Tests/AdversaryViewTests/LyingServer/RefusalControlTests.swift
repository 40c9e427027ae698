// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import Testing

/// What a lying server gains where clients leave a check out.
enum WithoutCheck {
    /// This schedule opens a sum over too few.
    case leaks(seed: UInt64, large: Bool = false)
    /// A schedule with these kinds of lies, one of the first hundreds, opens a sum over too few.
    case leaksBy(Set<LiePlan.Lie>, filling: LiePlan.Filling = .short, large: Bool = false)
    /// Nothing that was found; Documentation/LyingServers.md says why.
    case nothing
}

/// Every check, switched off: what the same server then learns, with the same claim.
@Suite struct RefusalControlTests {
    enum Graph: String, CaseIterable, Sendable { case complete, sparse }

    static func sessions(_ threat: ThreatModel, _ graph: Graph, large: Bool) -> [LyingSession] {
        switch graph {
        case .complete: LyingSession.complete(threat)
        case .sparse: large ? LyingSession.large(threat) : LyingSession.sparse(threat)
        }
    }

    static func outcome(
        _ threat: ThreatModel, _ graph: Graph, waiving waived: Set<SecAggRefusal>, seed: UInt64, large: Bool = false
    ) throws -> LyingOutcome {
        let sessions = Self.sessions(threat, graph, large: large)
        return try LyingServer(sessions[Int(seed) % sessions.count], waiving: waived, seed: seed).run()
    }

    /// A new check without an entry does not compile.
    static func entry(_ refusal: SecAggRefusal, _ threat: ThreatModel, _ graph: Graph) -> WithoutCheck {
        switch (refusal, threat, graph) {
        case (.foreignParty, _, .sparse): .leaksBy([.foreign], large: true)
        case (.changedRoot, _, .sparse): .leaksBy([.lateRoot], large: true)
        case (.predictablePulse, _, .sparse): .leaksBy([.knownPulse], large: true)
        case (.wrongEntropy, _, .sparse): .leaksBy([.chosenEntropy], large: true)
        case (.circleCut, _, .sparse): .leaksBy([.cutCircle], large: true)
        case (.foreignParty, _, _), (.changedRoot, _, _), (.predictablePulse, _, _), (.wrongEntropy, _, _),
            (.circleCut, _, _), (.wrongSignaturePath, _, _), (.tooFewNeighbors, _, .complete):
            .nothing
        case (.duplicateKey, _, _), (.ownKeysChanged, _, _), (.missingNeighbor, _, _), (.receiverMisplaced, _, _):
            .nothing
        case (.badAdvertisement, .active, .complete): .leaksBy([.fakeKeys])
        // Under a root of the victim's own, since paths are still checked.
        case (.badAdvertisement, .active, .sparse): .leaksBy([.fakeKeys, .membership])
        case (.badAdvertisement, _, _): .nothing
        case (.wrongPath, .semiMalicious, .sparse): .leaksBy([.votes], filling: .withInventedKeys)
        case (.wrongPath, _, _): .nothing
        case (.tooFewNeighbors, _, .sparse): .leaksBy([.cutOff])
        case (.tooFewSurvivors, _, _): .leaksBy([.fewSurvivors])
        case (.badBitmap, _, _): .leaksBy([.ghosts])
        case (.hiddenSharer, _, .complete): .leaksBy([.closedGroup, .fewSurvivors])
        case (.hiddenSharer, _, _): .leaksBy([.closedGroup])
        case (.survivorNotSharer, _, _): .leaksBy([.resurrection])
        case (.repeatedRequest, _, _): .leaksBy([.repeated])
        case (.tooFewSignatures, _, _): .leaksBy([.votes])
        case (.foreignWitness, _, .sparse): .leaksBy([.votes], filling: .ofNonWitnesses)
        case (.foreignWitness, _, .complete): .nothing
        case (.badSignature, _, _): .leaksBy([.votes], filling: .forged)
        case (.sharesAlreadyReleased, _, _): .leaksBy([.attempts])
        }
    }

    @Test(arguments: [ThreatModel.semiMalicious, .active], Graph.allCases)
    func `without each check the server learns what the table says`(threat: ThreatModel, graph: Graph) throws {
        for refusal in SecAggRefusal.allCases {
            switch Self.entry(refusal, threat, graph) {
            case .leaks(let seed, let large):
                let with = try Self.outcome(threat, graph, waiving: [], seed: seed, large: large)
                let without = try Self.outcome(threat, graph, waiving: [refusal], seed: seed, large: large)
                #expect(with.leak == nil, "\(refusal)")
                #expect(without.leak != nil, "\(refusal)")
                if let fewest = without.leak { print("CONTROL \(threat.name) \(graph) \(refusal.rawValue): \(fewest)") }
            case .leaksBy(let lies, let filling, let large):
                let sessions = Self.sessions(threat, graph, large: large)
                let plan = LiePlan(lies: lies, filling: filling)
                let seed = try (0..<(large ? 300 : 1500) as Range<UInt64>).first { seed in
                    let session = sessions[Int(seed) % sessions.count]
                    return try LyingServer(session, waiving: [refusal], seed: seed, plan: plan).run().leak != nil
                }
                guard let seed else {
                    Issue.record("\(threat.name), \(graph): \(refusal) leaks nothing")
                    continue
                }
                let session = sessions[Int(seed) % sessions.count]
                let without = try LyingServer(session, waiving: [refusal], seed: seed, plan: plan).run()
                #expect(try LyingServer(session, seed: seed, plan: plan).run().leak == nil, "\(refusal)")
                print(
                    "CONTROL \(threat.name) \(graph) \(refusal.rawValue): \(without.leak ?? 0), \(session), seed \(seed)"
                )
            case .nothing:
                for seed in 0..<30 as Range<UInt64> {
                    #expect(try Self.outcome(threat, graph, waiving: [refusal], seed: seed).leak == nil, "\(refusal)")
                }
            }
        }
    }

    /// A server that follows the protocol meets one check only: that against a second attempt.
    @Test(arguments: Graph.allCases)
    func `with a curious server only the journal is needed`(graph: Graph) throws {
        let others = Set(SecAggRefusal.allCases).subtracting([.sharesAlreadyReleased])
        var leaks = 0
        for seed in 0..<200 as Range<UInt64> {
            #expect(try Self.outcome(.curious, graph, waiving: others, seed: seed).leak == nil)
            if try Self.outcome(.curious, graph, waiving: [.sharesAlreadyReleased], seed: seed).leak != nil {
                leaks += 1
            }
        }
        #expect(leaks > 0)
    }
}
