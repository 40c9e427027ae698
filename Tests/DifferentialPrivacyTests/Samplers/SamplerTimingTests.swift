// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

/// Whether the time of a sample tells its magnitude: by hand, since a busy machine's noise is no verdict.
///
/// `FEDSUM_SLOW_TESTS=1 Scripts/test --filter SamplerTimingTests`. Welch's t between the times of small and of large magnitudes, the
/// slowest tenth cut off, as dudect does.
@Suite("Timing of the sampler", .serialized, .enabled(if: DiscreteGaussianSamplerTests.isSlow))
struct SamplerTimingTests {
    @Test(arguments: [10 as UInt64, 1000])
    func `10^7 samples, each timed with the block it was made in, by magnitude: |t| < 5`(_ sigma: UInt64) throws {
        let rejection = BlockRejection(try NoiseVariance(numerator: sigma * sigma))
        var generator = SystemRandomness()
        var source = try NoiseStream(from: &generator)
        var workspace = BlockRejection.Workspace()
        let median = UInt64(0.6745 * Double(sigma))
        var times: [(nanoseconds: Double, isLarge: Bool)] = []
        times.reserveCapacity(10_000_000)
        for _ in 0..<10_000_000 {
            let start = Platform.elapsedTime()
            _ = rejection.attempt(&workspace, from: &source)
            times.append((nanoseconds(since: start), workspace.samples[0].magnitude > median))
        }
        let t = welch(times)
        print("σ = \(sigma): 10^7 samples, t = \(t)")
        #expect(abs(t) < 5)
    }

    @Test
    func `blocks all of whose samples are small, or large: |t| < 5, and a sampler that waits for large ones is caught`()
        throws
    {
        let rejection = BlockRejection(try NoiseVariance(numerator: 1_000_000))
        // The very beginning of a cell is accepted: block 0, or block 4, beyond two standard deviations.
        let high = UInt32(BlockRejection.thresholds[3]) << 1
        var source = ScriptedSource(attempts: [SIMD3(0, 1 << 30, 0)])
        var workspace = BlockRejection.Workspace()
        for delay in [false, true] {
            var times: [(nanoseconds: Double, isLarge: Bool)] = []
            var generator = SeededGenerator(key: [UInt8](repeating: 50, count: 32))
            var sink = 0.0
            for _ in 0..<200_000 {
                let word: UInt64 = generator.next()
                // Without a branch, whose misprediction would be timed.
                source.attempts[0][0] = high & (0 &- UInt32(truncatingIfNeeded: word & 1))
                let isLarge = word & 1 == 1
                let start = Platform.elapsedTime()
                let count = rejection.attempt(&workspace, from: &source)
                if delay && workspace.samples[0].magnitude > 1000 {
                    for step in 0..<20 { sink += Double(step).squareRoot() }
                }
                times.append((nanoseconds(since: start), isLarge))
                try #require(count == BlockRejection.Workspace.attempts)
                try #require((workspace.samples[0].magnitude > 2000) == isLarge)
            }
            let t = welch(times)
            print(
                "σ = 1000, blocks of one magnitude\(delay ? ", with a delay of some ns" : ""): t = \(t)",
                sink > 0 ? "" : " ")
            #expect((abs(t) < 5) == !delay)
        }
    }

    private func nanoseconds(since start: Duration) -> Double {
        Double((Platform.elapsedTime() - start).components.attoseconds) * 1e-9
    }

    private func welch(_ times: [(nanoseconds: Double, isLarge: Bool)]) -> Double {
        let cut = times.map(\.nanoseconds).sorted()[times.count * 9 / 10]
        var classes = (Moments(), Moments())
        for time in times where time.nanoseconds <= cut {
            if time.isLarge { classes.1.add(time.nanoseconds) } else { classes.0.add(time.nanoseconds) }
        }
        let (a, b) = classes
        return (b.mean - a.mean) / (a.variance / a.count + b.variance / b.count).squareRoot()
    }

    struct Moments {
        private(set) var count = 0.0
        private(set) var mean = 0.0
        private var squares = 0.0
        var variance: Double { squares / (count - 1) }

        mutating func add(_ x: Double) {
            count += 1
            let delta = x - mean
            mean += delta / count
            squares += delta * (x - mean)
        }
    }
}
