// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// Two sets of inputs of five clients with the same sum.
enum InputPair: String, CaseIterable, Sendable {
    /// Everything at client 1, or the same at each.
    case concentratedOrSpread
    /// All constant, or clients 1 and 2 alternating against each other.
    case constantOrAlternating
    /// Client 1 all small and client 2 all large, or the other way round.
    case smallOrLarge

    static let clients: [PartyID] = [1, 2, 3, 4, 5]

    /// Vectors of 16-bit values, but for the concentrated ones, which are up to five times that.
    func inputs(dimension: Int) -> [[PartyID: [UInt32]]] {
        var generator = SimulationRandomness(seed: 12).generator(purpose: "view inputs")
        let bytes = (try? generator.bytes(2 * dimension)) ?? []
        let random = (0..<dimension).map { UInt32(bytes[2 * $0]) << 8 | UInt32(bytes[2 * $0 + 1]) }
        let zeros = [UInt32](repeating: 0, count: dimension)
        let middle = [UInt32](repeating: 30_000, count: dimension)
        func others(_ vector: [UInt32]) -> [PartyID: [UInt32]] { [3: vector, 4: vector, 5: vector] }
        switch self {
        case .concentratedOrSpread:
            let concentrated = others(zeros).merging([1: random.map { 5 * $0 }, 2: zeros]) { $1 }
            return [concentrated, others(random).merging([1: random, 2: random]) { $1 }]
        case .constantOrAlternating:
            let alternating = (0..<dimension).map { UInt32($0 % 2) * 60_000 }
            return [
                others(middle).merging([1: middle, 2: middle]) { $1 },
                others(middle).merging([1: alternating, 2: alternating.map { 60_000 - $0 }]) { $1 },
            ]
        case .smallOrLarge:
            let small = [UInt32](repeating: 1, count: dimension)
            let large = [UInt32](repeating: 65_535, count: dimension)
            return [
                others(middle).merging([1: small, 2: large]) { $1 },
                others(middle).merging([1: large, 2: small]) { $1 },
            ]
        }
    }
}

/// What a server sees of one client's vector does not tell the inputs apart, as far as these tests can see; and they see
/// what is wrong with masks that are short, used twice, stretched, of floating point, or made from few bits of seed.
@Suite struct ServerViewTests {
    /// Over all tests of this suite together, sound schemes fail one with at most this probability.
    static let totalErrorProbability = 1e-6
    /// Bonferroni: what one test may contribute, for at most 2,000 of them.
    static let errorProbability = totalErrorProbability / 2000

    static let dimension = 8192
    static let roundCount: UInt64 = 8

    /// The tests that fail for a scheme and a pair of input sets, over the clients 1 and 2.
    private func failures<Element: MaskableElement>(
        of scheme: ViewedScheme,
        _ pair: InputPair,
        as _: Element.Type,
        bits: Int = 24,
        _ make: (UInt32) -> Element
    ) throws -> [ViewTests.Result] {
        let width = try RingWidth(bits: bits)
        let samples = try pair.inputs(dimension: Self.dimension).enumerated().map { position, inputs in
            // Other rounds, so other masks.
            let first = UInt64(position) * Self.roundCount
            return try ViewSample(
                scheme, inputs: inputs.mapValues { $0.map(make) }, width: width,
                rounds: first..<first + Self.roundCount)
        }
        return try failures(of: samples[0], samples[1])
    }

    private func failures(of a: ViewSample, _ b: ViewSample) throws -> [ViewTests.Result] {
        try ([(1, 2), (2, 3)] as [(PartyID, PartyID)]).flatMap { client, other in
            let results = ViewTests.run(a, b, client: client, other: other)
            try #require(results.count == ViewTests.count)
            return results.filter { $0.probability < Self.errorProbability }
        }
    }

    @Test(arguments: InputPair.allCases)
    func `the two input sets have the same sum and are not the same`(pair: InputPair) {
        let sets = pair.inputs(dimension: 64)
        let sums = sets.map { set in
            (0..<64).map { index in InputPair.clients.reduce(0) { $0 + (set[$1] ?? [])[index] } }
        }
        #expect(sums[0] == sums[1] && sets[0] != sets[1])
        #expect(sums[0].allSatisfy { $0 < 1 << 24 })
    }

    @Test(arguments: ViewedScheme.allCases.filter(\.isPrivate), InputPair.allCases)
    func `a server's view of a client is the same for both input sets`(
        scheme: ViewedScheme,
        pair: InputPair
    ) throws {
        let tests = ViewedScheme.allCases.count * InputPair.allCases.count * 2 * ViewTests.count
        #expect(Double(tests) * Self.errorProbability <= Self.totalErrorProbability)
        let failures = try failures(of: scheme, pair, as: UInt32.self) { $0 }
        #expect(failures.isEmpty, "\(failures)")
    }

    @Test(arguments: InputPair.allCases)
    func `the view of the insecure baseline is caught`(pair: InputPair) throws {
        let names = try failures(of: .plain, pair, as: UInt32.self) { $0 }.map(\.name)
        #expect(names.contains("both: Kolmogorov-Smirnov") && names.contains("first: Kolmogorov-Smirnov"))
        #expect(names.contains("first: high bits of elements"))
    }

    static let masking: [ViewedScheme] = [.additive, .secagg]

    // The wrapper of the faulty elements is not what is caught.
    @Test(arguments: masking, InputPair.allCases)
    func `sound masks on the faulty elements' wrapper pass`(scheme: ViewedScheme, pair: InputPair) throws {
        let failures = try failures(of: scheme, pair, as: FaultyWord<SoundMask>.self) { FaultyWord($0) }
        #expect(failures.isEmpty, "\(failures)")
    }

    @Test(arguments: masking, InputPair.allCases)
    func `masks that are 8 bits too short are caught`(scheme: ViewedScheme, pair: InputPair) throws {
        let names = try failures(of: scheme, pair, as: FaultyWord<ShortMask>.self) { FaultyWord($0) }.map(\.name)
        #expect(names.contains("first: high bits of elements") && names.contains("first: Kolmogorov-Smirnov"))
    }

    @Test(arguments: masking, InputPair.allCases)
    func `keystream that serves two neighbors is caught by correlation`(scheme: ViewedScheme, pair: InputPair) throws {
        let names = try failures(of: scheme, pair, as: FaultyWord<StretchedMask>.self) { FaultyWord($0) }.map(\.name)
        #expect(names.contains("first: serial correlation, lag 1"))
        #expect(names.contains("first: high bits of differences of neighbors"))
    }

    @Test(arguments: masking) func `masks that serve two rounds are caught`(scheme: ViewedScheme) throws {
        let sets = InputPair.smallOrLarge.inputs(dimension: Self.dimension)
        let width = try RingWidth(bits: 24)
        // Two aggregations with the seeds and the context of one, on different inputs, and so for four rounds.
        let rounds = try (0..<4 as Range<UInt64>).flatMap { round in
            try sets.map { try scheme.view(of: $0, width: width, round: round, seed: 1).vectors }
        }
        let reused = ViewSample(rounds: rounds, modulus: 1 << 24)
        let sound = try ViewSample(scheme, inputs: sets[0], width: width, rounds: 4..<12)
        let names = try failures(of: reused, sound).map(\.name)
        #expect(names.contains("first: high bits of differences of rounds"))
        #expect(names.contains("both: coincidences"))
        #expect(names.allSatisfy { $0.hasPrefix("first") || $0 == "both: coincidences" })
    }

    @Test(arguments: masking, InputPair.allCases)
    func `Gaussian masks on floating-point numbers are caught`(scheme: ViewedScheme, pair: InputPair) throws {
        let names = try failures(of: scheme, pair, as: FloatWord.self, bits: 64) { FloatWord($0) }.map(\.name)
        // The bytes are not uniform, whatever the standard deviation.
        #expect(names.contains("first: high bits of elements") && names.contains("first: Kolmogorov-Smirnov"))
        // And the input sets can be told apart where an input moves the mean.
        if pair == .concentratedOrSpread || pair == .smallOrLarge {
            #expect(names.contains("both: Kolmogorov-Smirnov"))
        }
    }

    // MARK: Folded seeds

    @Test(arguments: InputPair.allCases)
    func `tests of a vector's elements do not see a folded seed`(pair: InputPair) throws {
        // A limit of such tests and not a promise: the words are as uniform as those of a good generator.
        let failures = try failures(of: .additive, pair, as: FaultyWord<Seed20>.self) { FaultyWord($0) }
        #expect(failures.isEmpty, "\(failures)")
    }

    /// 512 contributors in 4 rounds, one aggregator, and so one mask on each of 2,048 vectors.
    private func shares<Element: MaskableElement>(_ make: (UInt32) -> Element) throws -> ViewSample {
        let inputs = Dictionary(
            uniqueKeysWithValues: (1...512 as ClosedRange<UInt32>).map { id in
                (PartyID(id), (0..<ViewTests.coincidingElements).map { make((id &* 97 &+ UInt32($0) &* 31) & 0xffff) })
            })
        return try ViewSample(.additive, inputs: inputs, width: RingWidth(bits: 24), aggregators: 1, rounds: 0..<4)
    }

    @Test func `a seed folded to 16 bits is caught by coincidences between vectors`() throws {
        // 2,048 vectors make 2^21 pairs, of which 32 share a seed of 16 bits on average: none with probability e^−32.
        #expect(try ViewTests.coincidences([shares { FaultyWord<Seed16>($0) }]) < Self.errorProbability)
        #expect(try ViewTests.coincidences([shares { $0 }]) == 1)
        #expect(try ViewTests.coincidences([shares { FaultyWord<SoundMask>($0) }]) == 1)
    }

    /// Tries all seeds of a folded generator on one vector of inputs below 2^17: under a wrong seed, or none, all 24
    /// elements are that small with probability 2^−168.
    private func search(_ share: [UInt64], bits: UInt32) -> (seed: UInt32, input: [UInt32])? {
        for seed in 0..<(1 as UInt32) << bits {
            var generator = SmallGenerator(seed: seed)
            var input: [UInt32] = []
            for word in share {
                let value = (UInt32(word) &+ generator.next()) & 0xff_ffff
                guard value < 1 << 17 else { break }
                input.append(value)
            }
            if input.count == share.count { return (seed, input) }
        }
        return nil
    }

    @Test func `a seed folded to 20 bits is caught by search, on one vector`() throws {
        let folded = try shares { FaultyWord<Seed20>($0) }
        for client in [1, 77, 512] as [PartyID] {
            let share = folded.rounds[0][client] ?? []
            let found = try #require(search(share, bits: 20))
            let expected = (0..<ViewTests.coincidingElements).map {
                (client.rawValue &* 97 &+ UInt32($0) &* 31) & 0xffff
            }
            #expect(found.input == expected)
        }
        let sound = try shares { $0 }
        #expect(search(sound.rounds[0][1] ?? [], bits: 20) == nil)
    }
}
