// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation

/// Runs the aggregation and gathers what every party saw.
struct SumRun<Element: MaskableElement & RingWord>: SchemeVisitor {
    let input: any SumEncoding
    let command: Sum

    func visit<Scheme: AggregationScheme>(
        _ make: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
    ) throws -> SumOutcome where Scheme.Element == Element {
        let parties = (1...UInt32(input.files.count)).map { PartyID($0) }
        let scheme = try make(parties)
        let context = RoundContext(task: "fedsum sum", round: 0)
        let faults = FaultSchedule.losing(input.files.lost, beforeSend: input.files.lostBeforeSend)
        func vector(_ id: PartyID) -> [Element] { input.vectors[Int(id.rawValue) - 1].map { Element($0) } }
        let outcome: AggregationOutcome<Element> =
            if let seed = command.seed {
                AggregationDriver(
                    scheme: scheme, context: context, randomness: SimulationRandomness(seed: seed), faults: faults,
                    recordsTranscript: true
                ).run(input: vector)
            } else {
                AggregationDriver(
                    scheme: scheme, context: context, randomness: SystemRandomnessSource(), faults: faults,
                    recordsTranscript: true
                ).run(input: vector)
            }

        let contributors = outcome.aggregate?.contributors ?? []
        var oracle = [UInt64](repeating: 0, count: input.dimension)
        for id in contributors {
            UInt64.add(input.vectors[Int(id.rawValue) - 1], to: &oracle)
        }
        UInt64.reduce(&oracle, to: input.width)
        let sum = outcome.aggregate.map { $0.sum.map { UInt64($0) } }
        var failure: (any Error)? = scheme.recipients.compactMap { outcome.aborted[$0] }.first
        var result: [Double]?
        do {
            result = try sum.map { try input.decode($0, contributors: contributors.count) }
        } catch let error as DifferentialPrivacyError {
            failure = error
        }
        let views = (parties + scheme.helpers).map { id in
            var received: [(stage: String, messages: Int, bytes: Int)] = []
            for entry in outcome.transcript.entries where entry.to == id {
                if let position = received.firstIndex(where: { $0.stage == entry.stage }) {
                    received[position].messages += 1
                    received[position].bytes += entry.byteCount
                } else {
                    received.append((entry.stage, 1, entry.byteCount))
                }
            }
            let learned =
                if outcome.lost.contains(id) {
                    "lost"
                } else if outcome.learned[id] != nil {
                    input.learned(in: command.scheme)
                } else {
                    "nothing"
                }
            return SumOutcome.PartyView(
                name: partyName(id, scheme: command.scheme), received: received, learned: learned)
        }
        return SumOutcome(
            command: command, input: input, result: result, isCorrect: result != nil && sum == oracle,
            contributors: contributors, failure: failure, views: views,
            messageRounds: Set(outcome.cost.stages.map(\.name)).count,
            transcriptHead: outcome.transcript.head.description)
    }
}
