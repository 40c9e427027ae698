// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// `fedsum sum FILE…`: the sum of one vector a file.
struct Sum: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sums one vector a file, one party each, and shows what every party saw.",
        discussion: """
            Examples:
              fedsum sum a.csv b.csv c.csv d.csv --scheme secagg --drop 2
              fedsum sum client*.csv --scheme secagg --dp distributed --epsilon 1 --delta 1e-6 --clip 10 --lost-share 0.2

            A file is CSV, or NumPy's .npy. Whole numbers up to 2^31 − 1 are summed exactly; other values in fixed point of --bits bits. File i is client i.

            With --dp, vectors longer than --clip are shortened to that ℓ2 norm, and discrete Gaussian noise is added: to the sum (central), to each vector enough for itself (local), or to each vector a share of what the sum needs (distributed). One release, everybody whose file is given takes part.
            """)

    @Argument(help: "Files with one vector each, all of the same length.")
    var files: [String]

    @Option(help: "The scheme: \(SchemeName.listed).")
    var scheme = SchemeName.secagg

    @Option(help: "Integer weights, one for each file, separated by commas: the result is then the weighted mean.")
    var weights: String?

    @Option(help: "Clients that are lost, separated by commas.")
    var drop: String?

    @Option(help: "Stage before whose message they are lost. (default: the stage of the vector)")
    var dropStage: String?

    @Option(help: "Bits of a value in fixed point, 1 to 32.")
    var bits = 24

    @Option(
        help:
            "Bound on absolute values; larger ones are clipped. With --dp, which needs it: the ℓ2 norm that longer vectors are shortened to, chosen without looking at them. (default: the next power of two above all values, at least 1)"
    )
    var clip: Double?

    @OptionGroup var privacy: PrivateSumOptions

    @OptionGroup var parties: PartyOptions

    @Flag(help: "Allow two parties, of which each learns the other's vector.")
    var twoMayLearnEachOther = false

    @Option(
        help:
            "Seed, to repeat a run byte for byte; keys and noise are then known to whoever knows it. (default: system randomness)"
    )
    var seed: UInt64?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func validate() throws {
        // Whole numbers need no fixed point, but a flag that makes no sense is not passed over.
        guard (1...32).contains(bits) else { throw ValidationError("--bits must be between 1 and 32, not \(bits).") }
        if let clip, !(clip.isFinite && clip > 0) {
            throw ValidationError("--clip must be a finite number above 0, not \(clip).")
        }
    }

    func run() throws {
        try report {
            try privacy.validate(self)
            let input: any SumEncoding =
                if let mode = privacy.dp.noise { try PrivateSumInput(self, mode) } else { try SumInput(self) }
            let bits = try scheme.elementBits(clients: input.files.count, width: input.width, parties)
            let outcome = bits <= 32 ? try sum(input, UInt32.self) : try sum(input, UInt64.self)
            Terminal.output(json ? try outcome.json.text() : outcome.text)
            if outcome.result == nil {
                let reason = outcome.failure.map { input.explain($0, contributors: outcome.contributors.count) }
                Terminal.note("error: \(reason ?? "nothing was learned")")
                throw ExitStatus.failure
            }
            guard outcome.isCorrect else { throw ExitStatus.falseCheck }
        }
    }

    var minimumCohort: MinimumCohort { twoMayLearnEachOther ? .twoWhoMayLearnEachOthersVectors : .standard }

    private func sum<Element: MaskableElement & RingWord>(
        _ input: any SumEncoding, _: Element.Type
    ) throws -> SumOutcome {
        let settings = SchemeSettings(
            dimension: input.dimension, width: input.width, minimumCohort: minimumCohort, parties: parties,
            elementWidth: input.elementWidth, seed: try seed ?? drawnSeed())
        return try scheme.accept(SumRun<Element>(input: input, command: self), settings: settings)
    }
}
