// SPDX-License-Identifier: Apache-2.0

/// Probabilities on a lattice of privacy losses: `masses[i]` at (`firstIndex` + i)·`step` + `offset`.
struct PrivacyLossLattice {
    let firstIndex: Int
    let step: Double
    /// Added to every loss.
    let offset: Double
    let masses: [Double]
    /// The probability of an unbounded loss.
    let infinity: Double
}

/// The privacy losses of one sampled Gaussian step, brought onto a lattice in ways that bound δ from above and below for
/// every composition.
///
/// P is the mixture (1 − q)·N(0, z²) + q·N(1, z²), Q is N(0, z²); "removing" a user has the losses log P/Q under P, "adding"
/// one log Q/P under Q. Each bucket of outcomes with losses between two points of the lattice has a mass under P and one under Q.
/// *From above*, connect the dots ([DGK+22]): the P-mass goes to the two ends so that the Q-mass is kept. δ is a
/// convex, decreasing function of exp(−loss) under P, in each of the composed steps, and spreading can only raise it.
/// *From below*: outcomes of a bucket are told apart no more (post-processing), which leaves one loss near its middle; this
/// is moved down to a lattice through the middles, lowered by a small `offset` so that few have to go a whole step.
/// Masses are differences of normal tails; their rounding errors are added or taken off, each on its worse side.
struct PrivacyLossBuckets {
    let rate: Double
    let noiseMultiplier: Double
    let step: Double
    /// Index of the lowest bucket's lower end.
    private let first: Int
    /// Buckets' masses under P and Q, and bounds of their errors.
    private var massP: [Double] = []
    private var massQ: [Double] = []
    private var errorP: [Double] = []
    private var errorQ: [Double] = []
    /// Masses of what is beyond the ends, rounded upward.
    private var (belowP, belowQ, aboveP, aboveQ) = (0.0, 0.0, 0.0, 0.0)
    /// How far the ends of buckets can be from the lattice.
    private let endError: Double

    private static let unit = 0x1p-53

    /// How many buckets there would be.
    static func count(rate: Double, noiseMultiplier: Double, step: Double, tail: Double) -> Double {
        let (low, high) = range(rate: rate, noiseMultiplier: noiseMultiplier, tail: tail)
        return (high - low) / step + 2
    }

    /// The losses outside which P and Q together have at most about `tail` on either side.
    private static func range(rate: Double, noiseMultiplier z: Double, tail: Double) -> (low: Double, high: Double) {
        func loss(_ x: Double) -> Double {
            let exponent = (2 * x - 1) / (2 * z * z)
            if rate == 1 { return exponent }
            return exponent > 700
                ? Elementary.log(rate) + exponent : Elementary.log1p(rate * Elementary.expm1(exponent))
        }
        let low = loss(-z * quantile(tail))
        var (near, far) = (-40 * z, 1 + 40 * z)
        for _ in 0..<60 {
            let x = 0.5 * (near + far)
            let mass = (1 - rate) * StandardNormal.upperTail(x / z) + rate * StandardNormal.upperTail((x - 1) / z)
            if mass > tail { near = x } else { far = x }
        }
        return (low, loss(far))
    }

    private static func quantile(_ tail: Double) -> Double {
        var (near, far) = (0.0, 40.0)
        for _ in 0..<60 {
            let x = 0.5 * (near + far)
            if StandardNormal.upperTail(x) > tail { near = x } else { far = x }
        }
        return far
    }

    /// The end of a bucket.
    private struct End {
        /// The smaller tail of N(0, z²) and of N(1, z²), and whether it is the upper one.
        var (tail0, tail1) = (0.0, 0.0)
        var (isUpper0, isUpper1) = (false, false)
        /// Bounds of their errors.
        var (error0, error1) = (0.0, 0.0)
        var upper0: Double { (isUpper0 ? tail0 : 1 - tail0) + error0 }
        var upper1: Double { (isUpper1 ? tail1 : 1 - tail1) + error1 }
        var lower0: Double { (isUpper0 ? 1 - tail0 : tail0) + error0 }
        var lower1: Double { (isUpper1 ? 1 - tail1 : tail1) + error1 }
    }

    init(rate: Double, noiseMultiplier: Double, step: Double, tail: Double) {
        self.rate = rate
        self.noiseMultiplier = noiseMultiplier
        self.step = step
        let (low, high) = Self.range(rate: rate, noiseMultiplier: noiseMultiplier, tail: tail)
        first = Int((low / step).rounded(.down))
        let count = max(1, Int((high / step).rounded(.up)) - first)
        let z = noiseMultiplier
        let inverse = 1 / z
        let largest = max(abs(low), abs(high)) + 2 / (z * z) + 60 / z
        endError = 16 * Self.unit * (2 + largest)
        let complement = 1 - rate
        massP.reserveCapacity(count)
        massQ.reserveCapacity(count)
        errorP.reserveCapacity(count)
        errorQ.reserveCapacity(count)

        /// The outcome at which the loss is `epsilon`, and the tails there.
        func end(_ epsilon: Double) -> End {
            var end = End()
            let x: Double
            if rate == 1 {
                x = z * z * epsilon + 0.5
            } else {
                let weight = Elementary.expm1(epsilon) + rate
                guard weight > 0 else { return end }  // below every loss
                x = z * z * Elementary.log(weight / rate) + 0.5
            }
            let (z0, z1) = (x * inverse, (x - 1) * inverse)
            end.isUpper0 = z0 >= 0
            end.isUpper1 = z1 >= 0
            end.tail0 = StandardNormal.upperTail(abs(z0))
            end.tail1 = StandardNormal.upperTail(abs(z1))
            end.error0 = Self.unit * end.tail0 * (12 + 6 * z0 * z0)
            end.error1 = Self.unit * end.tail1 * (12 + 6 * z1 * z1)
            return end
        }
        @inline(__always)
        func mass(_ a: Double, _ aIsUpper: Bool, _ b: Double, _ bIsUpper: Bool) -> Double {
            max(0, aIsUpper ? a - b : bIsUpper ? 1 - a - b : b - a)
        }
        let margin = 1 + 0x1p-40
        var lower = end(Double(first) * step)
        belowP = margin * (complement * lower.lower0 + rate * lower.lower1)
        belowQ = margin * lower.lower0
        for index in 0..<count {
            let upper = end(Double(first + index + 1) * step)
            let mass0 = mass(lower.tail0, lower.isUpper0, upper.tail0, upper.isUpper0)
            let mass1 = mass(lower.tail1, lower.isUpper1, upper.tail1, upper.isUpper1)
            let error0 = lower.error0 + upper.error0 + 2 * Self.unit * mass0
            let error1 = lower.error1 + upper.error1 + 2 * Self.unit * mass1
            let p = complement * mass0 + rate * mass1
            massP.append(p)
            massQ.append(mass0)
            errorP.append(complement * error0 + rate * error1 + 8 * Self.unit * p)
            errorQ.append(error0)
            lower = upper
        }
        aboveP = margin * (complement * lower.upper0 + rate * lower.upper1)
        aboveQ = margin * lower.upper0
    }

    // MARK: From above

    /// Losses of removing and of adding a user that bound every composition's δ from above.
    func upper() -> (removing: PrivacyLossLattice, adding: PrivacyLossLattice) {
        let count = massP.count
        var removing = [Double](repeating: 0, count: count + 1)
        var adding = [Double](repeating: 0, count: count + 1)
        let inverse = 1 / -Elementary.expm1(-step)
        for index in 0..<count {
            let (high, low) = (massP[index] + errorP[index], max(0, massQ[index] - errorQ[index]))
            let ratio = Elementary.exp(Double(first + index) * step)
            // What the upper end gets, so that the masses under Q agree.
            let top = min(high, max(0, (high * (1 + 16 * Self.unit) - ratio * low) * inverse))
            removing[index + 1] += top
            removing[index] += high - top
            // The same with P and Q exchanged: losses −(i + 1)·h … −i·h.
            let (other, less) = (massQ[index] + errorQ[index], max(0, massP[index] - errorP[index]))
            let back = other * (1 + 16 * Self.unit) - less / (ratio * Elementary.exp(step))
            let above = min(other, max(0, back * inverse))
            adding[count - index] += above
            adding[count - index - 1] += other - above
        }
        removing[0] += belowP
        adding[0] += aboveQ
        return (
            PrivacyLossLattice(
                firstIndex: first, step: step, offset: endError, masses: removing, infinity: aboveP),
            PrivacyLossLattice(
                firstIndex: -(first + count), step: step, offset: endError, masses: adding, infinity: belowQ)
        )
    }

    // MARK: From below

    /// Losses of removing and of adding a user that bound every composition's δ from below. What is beyond the ends is
    /// left out.
    func lower() -> (removing: PrivacyLossLattice, adding: PrivacyLossLattice) {
        let count = massP.count
        var (removing, adding) = ([Double](), [Double]())
        removing.reserveCapacity(count)
        adding.reserveCapacity(count)
        // How far a bucket's own loss is below the middle.
        var (removingLag, addingLag) = ([Double](), [Double]())
        for index in 0..<count {
            let middle = (Double(first + index) + 0.5) * step
            let (high, low) = (massP[index] + errorP[index], max(0, massP[index] - errorP[index]))
            let (other, less) = (massQ[index] + errorQ[index], max(0, massQ[index] - errorQ[index]))
            let slack = 8 * Self.unit * (1 + abs(middle))
            removing.append(low)
            removingLag.append(low > 0 ? middle - Elementary.log(low / other) + slack : 0)
            adding.append(less)
            addingLag.append(less > 0 ? Elementary.log(high / less) - middle + slack : 0)
        }
        adding.reverse()
        addingLag.reverse()
        return (
            Self.settle(removing, lag: removingLag, first: first, step: step),
            Self.settle(adding, lag: addingLag, first: -(first + count), step: step)
        )
    }

    /// Puts masses at (first + i + ½)·step − s, or lower where their lag is above s; s costs least.
    private static func settle(
        _ masses: [Double], lag: [Double], first: Int, step: Double
    ) -> PrivacyLossLattice {
        // Mass by the binary exponent of lag/step².
        let exponents = -12...40
        var mass = [Double](repeating: 0, count: exponents.count)
        let inverse = 1 / (step * step)
        for index in masses.indices where lag[index] > 0 {
            let scaled = lag[index] * inverse
            let exponent = scaled < 0x1p-12 ? -12 : scaled > 0x1p40 ? 40 : Int(scaled.exponent) + 1
            mass[min(max(exponent, -12), 40) + 12] += masses[index]
        }
        var (best, cost, beyond) = (0.0, Double.infinity, 0.0)
        for exponent in exponents.reversed() {
            let shift = Double(sign: .plus, exponent: exponent, significand: 1) * step * step
            let total = shift + beyond * step
            if total < cost { (best, cost) = (shift, total) }
            beyond += mass[exponent + 12]
        }
        var settled = [Double](repeating: 0, count: masses.count)
        for index in masses.indices where masses[index] > 0 {
            let excess = lag[index] - best
            if excess <= 0 {
                settled[index] += masses[index]
            } else {
                // What would leave the lattice at its lower end is left out.
                let target = Double(index) - (excess / step).rounded(.up)
                if target >= 0 { settled[Int(target)] += masses[index] }
            }
        }
        return PrivacyLossLattice(
            firstIndex: first, step: step, offset: 0.5 * step - best, masses: settled, infinity: 0)
    }
}
