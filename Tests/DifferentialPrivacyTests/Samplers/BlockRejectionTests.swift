// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

/// A source that gives the words of a script, again and again, and then refinement words; counts the latter.
struct ScriptedSource: AttemptSource {
    var attempts: [SIMD3<UInt32>] = []
    var refinements: [UInt64] = []
    private(set) var refinementCount = 0

    init(attempts: [SIMD3<UInt32>] = [], refinements: [UInt64] = []) {
        self.attempts = attempts
        self.refinements = refinements
    }

    mutating func fill(_ vectors: inout [SIMD4<UInt32>]) {
        for index in 0..<(vectors.count / 3 * 4) {
            for word in 0..<3 { vectors[index / 4 * 3 + word][index % 4] = attempts[index % attempts.count][word] }
        }
    }

    mutating func refinementWord() -> UInt64 {
        refinementCount += 1
        return refinementCount <= refinements.count ? refinements[refinementCount - 1] : 0x8000_0000_0000_0000
    }
}

@Suite("Block rejection")
struct BlockRejectionTests {
    static let variances: [(UInt64, UInt64)] = [
        (1, 10), (1, 2), (1, 1), (4, 1), (100, 1), (12345, 67), (1_000_000, 1), (1_000_000_000_000, 1),
        (999_999_999_999_999_989, 1_000_003),
    ]

    @Test func `every cell is at least as high as the density over its block, and they leave two units`() {
        var previous: Int32 = 0
        let c = Natural(UInt64(BlockRejection.scale))
        for row in 0..<BlockRejection.rows {
            let q = Natural(UInt64(BlockRejection.thresholds[row] - previous))
            previous = BlockRejection.thresholds[row]
            // q ≥ c·2^(−x²/4), and q − 1 is not: to the fourth power.
            #expect((q * q * q * q) << (row * row) >= c * c * c * c)
            let less = q - Natural(1 as UInt64)
            #expect((less * less * less * less) << (row * row) < c * c * c * c)
        }
        #expect(UInt32(previous) == UInt32(1) << 31 - 2)
        #expect(BlockRejection.scale <= 1 << 30)
    }

    @Test(arguments: variances)
    func `a block is as wide as the proof needs and no wider`(_ numerator: UInt64, _ denominator: UInt64) throws {
        let variance = try NoiseVariance(numerator: numerator, denominator: denominator)
        let width = Double(BlockRejection(variance).width)
        let needed = (variance.value * 0.34657359027997265).squareRoot()
        #expect(width >= needed * (1 - 1e-12) && width < needed + 1.000001)
        // exp(−k²/2σ²) ≤ 2^(−1/4): to the fourth power at most a half, by the bounds of exact decisions.
        let k = Natural(UInt64(BlockRejection(variance).width))
        let bounds = ExactDecision.exponential(
            of: ((k * k * Natural(variance.denominator)) << 1, Natural(variance.numerator)), precision: 200)
        #expect(bounds.lower <= Natural(1 as UInt64) << (bounds.precision - 1))
    }

    @Test(arguments: variances)
    func `attempts give what integers decide, for every variance`(_ numerator: UInt64, _ denominator: UInt64) throws {
        let variance = try NoiseVariance(numerator: numerator, denominator: denominator)
        let rejection = BlockRejection(variance)
        var generator = SeededGenerator(key: [UInt8](repeating: 3, count: 32))
        var words: [SIMD3<UInt32>] = []
        for index in 0..<BlockRejection.Workspace.attempts {
            var word = SIMD3<UInt32>(
                UInt32(truncatingIfNeeded: generator.next()), UInt32(truncatingIfNeeded: generator.next()),
                UInt32(truncatingIfNeeded: generator.next()))
            // High blocks, which chance hardly reaches, too.
            if index % 4 == 0 {
                let row = index / 4 % BlockRejection.rows
                word[0] = UInt32(BlockRejection.thresholds[row]) << 1 | word[0] & 1
                if index % 8 == 0 { word[0] -= 2 }
            }
            // The first place of a block, and products that are biased.
            if index % 16 == 1 { word[1] = index % 32 == 1 ? 0 : UInt32(index) }
            words.append(word)
        }
        var source = ScriptedSource(attempts: words)
        var workspace = BlockRejection.Workspace()
        let count = rejection.attempt(&workspace, from: &source)
        var other = ScriptedSource()
        let expected = words.compactMap { rejection.decide($0[0], $0[1], $0[2], from: &other) }
        #expect(Array(workspace.samples.prefix(count)) == expected)
        #expect(!expected.isEmpty && expected.count < words.count)
    }

    /// The words of an attempt whose number is next to the bound that decides it, and the 64 bits of the bound after
    /// those of the number.
    private static func boundary(
        _ rejection: BlockRejection, second: UInt32
    ) throws -> (words: SIMD3<UInt32>, magnitude: Int64, next: UInt64) {
        let magnitude = (UInt64(second) * UInt64(rejection.width)) >> 32
        let y = Natural(magnitude)
        let variance = rejection.variance
        let bounds = ExactDecision.exponential(
            of: (y * y * Natural(variance.denominator), Natural(variance.numerator) << 1), precision: 300)
        // C·exp(−γ) in units of 2^−127: 31 bits choose the cell, which is the first, then 32 and 64.
        let bound = (Natural(UInt64(BlockRejection.scale)) * bounds.lower) >> (bounds.precision - 96)
        let head = (bound >> 64).lowerWord
        // Sign 0.
        let words = SIMD3<UInt32>(UInt32(head >> 32) << 1, second, UInt32(truncatingIfNeeded: head))
        return (words, Int64(magnitude), bound.lowerWord)
    }

    @Test(arguments: [
        (100 as UInt64, 1 as UInt64), (1_000_000, 1), (12345, 67), (1_000_000_000_000, 1),
    ])
    func `numbers next to the bound are decided by further bits`(_ numerator: UInt64, _ denominator: UInt64) throws {
        let rejection = BlockRejection(try NoiseVariance(numerator: numerator, denominator: denominator))
        let (words, magnitude, next) = try Self.boundary(rejection, second: 0xc000_0001)
        #expect(magnitude > 0)
        // Four of the attempts of a block have these words; the others are minus zero, which is refused.
        let others = [SIMD3<UInt32>](repeating: SIMD3(1, 0, 0), count: 63)
        func outcome(_ words: SIMD3<UInt32>, _ refinements: [UInt64]) -> (sample: Int64?, drawn: Int) {
            var source = ScriptedSource(attempts: [words] + others, refinements: refinements)
            var workspace = BlockRejection.Workspace()
            let count = rejection.attempt(&workspace, from: &source)
            return (count == 0 ? nil : workspace.samples[0], source.refinementCount)
        }
        // With the same first 63 bits, the next 64 decide; where they are equal too, those after them.
        let all = BlockRejection.Workspace.attempts / 64
        let accepted = outcome(words, [UInt64](repeating: next - 1, count: all))
        #expect(accepted.sample == magnitude && accepted.drawn == all)
        let refused = outcome(words, [UInt64](repeating: next + 1, count: all))
        #expect(refused.sample == nil && refused.drawn == all)
        #expect(outcome(words, [UInt64](repeating: next, count: 2 * all)).drawn == 2 * all)
        // One unit of the 63rd bit away no further bits are needed, and exact integers still are.
        for (step, sample) in [(UInt32.max, magnitude as Int64?), (1, nil)] {
            let neighbor = SIMD3<UInt32>(words[0], words[1], words[2] &+ step)
            let (given, drawn) = outcome(neighbor, [])
            #expect(given == sample && drawn == 0)
        }
    }

    @Test func `blocks beyond the table have cells of their own`() throws {
        let rejection = BlockRejection(try NoiseVariance(numerator: 100))
        let end = UInt32(BlockRejection.thresholds[BlockRejection.rows - 1]) << 1
        let width = Int64(rejection.width)
        // The very beginning of a cell is under the density: block 11, then 12 with six zero bits, 13, …
        var source = ScriptedSource(refinements: [UInt64](repeating: 0, count: 100))
        #expect(rejection.decide(end, rejection.width, 0, from: &source) == 11 * width)
        #expect(rejection.decide(end + 1, rejection.width, 0, from: &source) == -11 * width)
        #expect(rejection.decide(end + 2, rejection.width, 0, from: &source) == 12 * width)
        #expect(rejection.decide(end + 2, rejection.width, 1 << 26, from: &source) == 13 * width)
        #expect(rejection.decide(end + 2, rejection.width, 1 << 26 | 1 << 20, from: &source) == 14 * width)
        // What is in no cell is refused, and so is what is above the density.
        #expect(rejection.decide(end + 2, rejection.width, 1 << 27, from: &source) == nil)
        #expect(rejection.decide(end, rejection.width, .max, from: &source) == nil)
        // The block from `attempt`, which leaves these to `decide`.
        var script = ScriptedSource(attempts: [SIMD3(end + 2, rejection.width, 0)])
        var workspace = BlockRejection.Workspace()
        #expect(rejection.attempt(&workspace, from: &script) == BlockRejection.Workspace.attempts)
        #expect(workspace.samples[0] == 12 * width)
    }

    @Test func `minus zero and biased products are refused`() throws {
        let rejection = BlockRejection(try NoiseVariance(numerator: 100))
        let bias = (UInt64(1) << 32) % UInt64(rejection.width)
        #expect(bias == 4)
        var source = ScriptedSource()
        // 2^32 mod k = 4: a lower word of 4 will do, and one below it will not.
        #expect(rejection.decide(0, 0, 0, from: &source) == nil)
        let step = (UInt32.max / rejection.width) + 1
        #expect(UInt64(step) * UInt64(rejection.width) & 0xffff_ffff == 2)
        #expect(rejection.decide(0, step, 0, from: &source) == nil)
        #expect(rejection.decide(0, 1, 0, from: &source) == 0)
        #expect(rejection.decide(1, 1, 0, from: &source) == nil)
        #expect(rejection.decide(1, step + 1, 0, from: &source) == -1)
    }
}
