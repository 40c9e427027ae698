// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// Block rejection for the discrete Gaussian: every attempt does the same work, whatever its value.
///
/// A magnitude is y = k·x + u: a block x with one of the fixed widths below, and u uniform in 0 ..< k. One uniform number
/// W ∈ [0, 1) chooses both the block, whose cell [T_x, T_x + q_x) holds W, and whether y is accepted, which it is when
/// W − T_x < C·exp(−y²/2σ²). Since k² ≥ σ²·ln 2/2, that bound is at most C·2^(−x²/4) ≤ q_x, so that each y ≥ 0 is accepted with
/// probability C/k·exp(−y²/2σ²) exactly; a random sign, with −0 refused, makes both sides of it. About 0.8 of the attempts
/// are accepted.
///
/// W has 63 bits. The exponential is computed with an error below 2^−47, and where the difference is under 2^−43,
/// `ExactDecision` goes on with more bits and integers. `ExactSampling.md` has the proof.
package struct BlockRejection: Sendable {
    /// σ².
    package let variance: NoiseVariance
    /// The width k of a block.
    package let width: UInt32
    /// 2^32 mod k: products with a lower word beneath it are refused, which makes u uniform.
    private let bias: UInt32
    /// −1/(2σ² ln 2).
    private let slope: Double

    /// C, in units of 2^−31: the largest for which the cells and two units for the blocks from 11 on fit in one.
    package static let scale: UInt32 = 816_864_786
    /// Blocks with a cell in the table.
    package static let rows = 11
    /// T_1 … T_11 in units of 2^−31, sums of q_x = ⌈C·2^(−x²/4)⌉.
    package static let thresholds: InlineArray<11, Int32> = [
        816_864_786, 1_503_763_457, 1_912_195_850, 2_083_920_518, 2_134_974_568, 2_145_707_360, 2_147_302_800,
        2_147_470_500, 2_147_482_965, 2_147_483_621, 2_147_483_646,
    ]
    /// ⌈2^62·ln 2/2⌉.
    private static let halfLogarithmOfTwo: UInt128 = 1_598_288_580_650_331_958
    /// Differences beneath this, in units of 2^−31, are decided in integers. The error is below 2^−16.
    package static let undecided = 0x1p-12

    package init(_ variance: NoiseVariance) {
        self.variance = variance
        // The smallest k with k² ≥ σ²·ln 2/2: at most 588,706, since σ² ≤ 10^12.
        let bound = UInt128(variance.numerator) * Self.halfLogarithmOfTwo
        let square = (bound + UInt128(variance.denominator) - 1) / UInt128(variance.denominator)
        var k = UInt64(max(1, (variance.value * 0.34657359027997264).squareRoot() - 2))
        while (UInt128(k) * UInt128(k)) << 62 < square { k += 1 }
        width = UInt32(k)
        bias = UInt32((UInt64(1) << 32) % k)
        slope = -0.7213475204444817 / variance.value  // 1/(2 ln 2)
    }

    /// Working memory of one vector of noise.
    package struct Workspace: ~Copyable {
        /// Three vectors of words for every four attempts; 16 make a group of the keystream.
        fileprivate var words = [SIMD4<UInt32>](repeating: SIMD4(repeating: 0), count: 3 * 16 * groups)
        /// The samples that one block of attempts gave.
        package fileprivate(set) var samples = [Int64](repeating: 0, count: attempts)

        package static let groups = 4
        package static let attempts = 64 * groups

        package init() {}

        /// Wipes words and samples; whoever makes a workspace calls it when done.
        package mutating func erase() {
            wipe(&words)
            wipe(&samples)
        }
    }

    /// Makes `Workspace.attempts` attempts; returns how many were accepted, whose samples lead `workspace.samples`.
    ///
    /// NB: a place for a vector kernel. One that reads the same words and gives the same samples needs no other proof.
    package func attempt(
        _ workspace: inout Workspace, from source: inout some AttemptSource & ~Copyable
    ) -> Int {
        source.fill(&workspace.words)
        var count = 0
        for start in stride(from: 0, to: workspace.words.count, by: 3) {
            let (first, second, third) = (
                workspace.words[start], workspace.words[start + 1], workspace.words[start + 2]
            )
            // The block x, and where its cell begins: one pass over all thresholds.
            let r = SIMD4<Int32>(truncatingIfNeeded: first &>> 1)
            var x = SIMD4<Int32>(repeating: 0)
            var base = SIMD4<Int32>(repeating: 0)
            var previous: Int32 = 0
            for row in 0..<Self.rows {
                let threshold = Self.thresholds[row]
                let reached = (SIMD4(repeating: threshold &- 1) &- r) &>> 31
                x &-= reached
                base &+= reached & SIMD4(repeating: threshold &- previous)
                previous = threshold
            }
            let offset = SIMD4<Double>(r &- base) + SIMD4<Double>(third) * 0x1p-32
            // u, by multiplication; its lower half says whether the draw is unbiased.
            let product = SIMD4<UInt64>(truncatingIfNeeded: second) &* SIMD4(repeating: UInt64(width))
            let y = SIMD4<UInt32>(truncatingIfNeeded: product &>> 32) &+ SIMD4<UInt32>(truncatingIfNeeded: x) &* width
            let real = SIMD4<Double>(SIMD4<Int32>(truncatingIfNeeded: y))
            let difference = Self.scaledPower(real * real * slope) - offset
            for lane in 0..<4 {
                if _slowPath(abs(difference[lane]) <= Self.undecided || x[lane] == Self.rows) {
                    let sample = decide(first[lane], second[lane], third[lane], from: &source)
                    workspace.samples[count] = sample ?? 0
                    count += sample == nil ? 0 : 1
                    continue
                }
                let sign = first[lane] & 1
                let isUnbiased = UInt32(truncatingIfNeeded: product[lane]) >= bias
                let isMinusZero = sign == 1 && y[lane] == 0
                let negation = -Int64(sign)
                workspace.samples[count] = (Int64(y[lane]) ^ negation) - negation
                count += isUnbiased && !isMinusZero && difference[lane] > 0 ? 1 : 0
            }
        }
        return count
    }

    /// What the attempt with these three words gives, decided in integers, with more words if it takes them; nil if it
    /// is refused. For the attempts that `attempt` leaves open; it would be right for all of them.
    package func decide(
        _ first: UInt32, _ second: UInt32, _ third: UInt32, from source: inout some AttemptSource & ~Copyable
    ) -> Int64? {
        let product = UInt64(second) * UInt64(width)
        guard UInt32(truncatingIfNeeded: product) >= bias else { return nil }
        // W − T_x in units of 2^(−31 − bits).
        let r = Int32(first >> 1)
        var (x, base, bits) = (UInt64(0), Int32(0), 32)
        for row in 0..<Self.rows where r >= Self.thresholds[row] {
            x += 1
            base = Self.thresholds[row]
        }
        var offset = (Natural(UInt64(r - base)) << 32) + Natural(UInt64(third))
        if x >= UInt64(Self.rows) {
            // Cells of 2^−e units with e = ⌊x²/4⌋ − 30, from x = 11 on: 1, 2^−6, 2^−12, 2^−19, … All those after one of
            // them are together smaller than it, so what begins two widths further is in none.
            while true {
                let e = Int(x * x / 4) - 30
                while bits < e {
                    offset = (offset << 64) + Natural(source.refinementWord())
                    bits += 64
                }
                let cell = offset >> (bits - e)
                if cell.isZero { break }
                guard cell == Natural(1 as UInt64) else { return nil }
                offset = offset - Natural(1 as UInt64) << (bits - e)
                x += 1
            }
        }
        let magnitude = UInt64(width) * x + product >> 32
        if magnitude == 0 && first & 1 == 1 { return nil }
        let y = Natural(magnitude)
        let exponent = (y * y * Natural(variance.denominator), Natural(variance.numerator) << 1)
        guard
            ExactDecision.isBelow(offset: offset, bits: bits, scale: Self.scale, exponent: exponent, from: &source)
        else { return nil }
        return first & 1 == 1 ? -Int64(magnitude) : Int64(magnitude)
    }

    @inline(__always)
    private static func scaledPower(_ exponent: SIMD4<Double>) -> SIMD4<Double> {
        // Adding 1.5·2^52 rounds to an integer, which is then in the low bits.
        let shifted = exponent + SIMD4(repeating: 0x1.8p52)
        let f = exponent - (shifted - 0x1.8p52)
        var p = SIMD4<Double>(repeating: 4.4455382718708116e-10)
        p = p * f + 7.054911620801123e-09
        p = p * f + 1.01780860092397e-07
        p = p * f + 1.321548679014431e-06
        p = p * f + 1.5252733804059841e-05
        p = p * f + 0.0001540353039338161
        p = p * f + 0.0013333558146428443
        p = p * f + 0.009618129107628477
        p = p * f + 0.05550410866482158
        p = p * f + 0.24022650695910072
        p = p * f + 0.6931471805599453
        p = p * f + 1
        p = p * Double(scale)
        return SIMD4<Double>(
            Double(bitPattern: p[0].bitPattern &+ shifted[0].bitPattern &<< 52),
            Double(bitPattern: p[1].bitPattern &+ shifted[1].bitPattern &<< 52),
            Double(bitPattern: p[2].bitPattern &+ shifted[2].bitPattern &<< 52),
            Double(bitPattern: p[3].bitPattern &+ shifted[3].bitPattern &<< 52))
    }
}
