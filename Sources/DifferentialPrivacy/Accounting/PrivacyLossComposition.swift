// SPDX-License-Identifier: Apache-2.0

/// Privacy losses that are composed: one lattice each, with how often it occurs.
struct ComposedLosses {
    /// All on lattices of one step.
    let parts: [(lattice: PrivacyLossLattice, count: Int)]

    var offset: Double { parts.reduce(0) { $0 + Double($1.count) * $1.lattice.offset } }
    /// The probability that some loss is unbounded, or more.
    var infinity: Double { parts.reduce(0) { $0 + Double($1.count) * $1.lattice.infinity } * (1 + 0x1p-40) }

    /// Groups of eight points of the lattices, for choices that only affect how tight the result is.
    private var coarse: [(losses: [Double], masses: [Double], count: Double)] {
        parts.map { part in
            let lattice = part.lattice
            var (losses, masses) = ([Double](), [Double]())
            for start in stride(from: 0, to: lattice.masses.count, by: 8) {
                var (mass, moment) = (0.0, 0.0)
                for index in start..<min(start + 8, lattice.masses.count) {
                    mass += lattice.masses[index]
                    moment += lattice.masses[index] * Double(lattice.firstIndex + index)
                }
                if mass > 0 {
                    losses.append(moment / mass * lattice.step)
                    masses.append(mass)
                }
            }
            return (losses, masses, Double(part.count))
        }
    }

    /// A tilt λ with the least Chernoff bound of ε at this δ, that bound, and the standard deviation of the tilted sum.
    func tilt(logDelta: Double) -> (tilt: Double, epsilon: Double, deviation: Double) {
        let coarse = coarse
        let largest = coarse.reduce(0) { max($0, abs($1.losses.last ?? 0), abs($1.losses.first ?? 0)) }
        func bound(_ logarithm: Double) -> Double {
            let tilt = Elementary.exp(logarithm)
            var sum = -logDelta
            for part in coarse {
                var moment = 0.0
                for (loss, mass) in zip(part.losses, part.masses) { moment += mass * Elementary.exp(tilt * loss) }
                sum += part.count * Elementary.log(moment)
            }
            return sum / tilt
        }
        let ratio = 0.618_033_988_749_894_8
        var (low, high) = (Elementary.log(1e-4), Elementary.log(min(1e6, 600 / max(largest, 1e-12))))
        if high < low { low = high - 1 }
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (atLeft, atRight) = (bound(left), bound(right))
        for _ in 0..<22 {
            if atLeft <= atRight {
                (high, right, atRight) = (right, left, atLeft)
                left = high - ratio * (high - low)
                atLeft = bound(left)
            } else {
                (low, left, atLeft) = (left, right, atRight)
                right = low + ratio * (high - low)
                atRight = bound(right)
            }
        }
        let tilt = Elementary.exp(0.5 * (low + high))
        var variance = 0.0
        for part in coarse {
            var (m0, m1, m2) = (0.0, 0.0, 0.0)
            for (loss, mass) in zip(part.losses, part.masses) {
                let weight = mass * Elementary.exp(tilt * loss)
                (m0, m1, m2) = (m0 + weight, m1 + weight * loss, m2 + weight * loss * loss)
            }
            variance += part.count * max(0, m2 / m0 - (m1 / m0) * (m1 / m0))
        }
        return (tilt, min(atLeft, atRight), variance.squareRoot())
    }

    /// log E[exp(λ·loss)] over the sum, offsets and unbounded losses left out.
    func logMoment(_ tilt: Double) -> Double {
        parts.reduce(0) { $0 + Double($1.count) * Elementary.log($1.lattice.tilted(tilt).sum) }
    }
}

extension PrivacyLossLattice {
    /// `masses[i]`·exp(λ·loss) without the offset, and their sum; relative errors are below 80·2^−53.
    func tilted(_ tilt: Double) -> (masses: [Double], sum: Double) {
        let ratio = Elementary.exp(tilt * step)
        var result = masses
        var sum = 0.0
        for start in stride(from: 0, to: masses.count, by: 32) {
            var weight = Elementary.exp(tilt * Double(firstIndex + start) * step)
            var block = 0.0
            for index in start..<min(start + 32, masses.count) {
                result[index] *= weight
                block += result[index]
                weight *= ratio
            }
            sum += block
        }
        return (result, sum)
    }
}

/// δ(ε) of many composed privacy losses, by a Fourier transform of their tilted distribution.
///
/// Masses are multiplied by exp(λ·loss) ([GLW21] and [KJH20] compose without this), normalized and folded modulo n points,
/// which the transform does not notice. With Φ the product of the powers of the transforms,
/// δ(ε) = M·exp(−λε)·Σ_j p(i₀ + j)·g(j) over j ≥ 1 with g(j) = exp(−λjh)·(1 − exp(−jh)), and by Parseval that is a
/// sum over frequencies of Φ times the transform H of g, which is in closed form. So there is no inverse transform, only
/// frequencies count where Φ is not negligible, and a δ of any size keeps its digits: the factor in front is the Chernoff
/// bound, which is some tens of δ. Folding only adds to the sum, as all its terms are positive: it stays an upper
/// bound, and for the lower bound what it can have added is bounded (again by Chernoff) and taken off. Rounding errors of the
/// transform, the powers and the sum are bounded frequency by frequency.
struct ComposedPrivacyLoss {
    private let step: Double
    private let tilt: Double
    private let offset: Double
    let infinity: Double
    /// log M.
    private let logMoment: Double
    /// Relative error of everything that is multiplied, an upper bound.
    private let relativeError: Double
    private let circle: UnitCircle
    /// Frequencies that count, with 2·Φ·H/n.
    private var terms: [(frequency: Int, value: Complex)] = []
    /// Bounds the error of the sum over frequencies.
    private var sumError = 0.0
    private let composed: ComposedLosses
    /// exp(−λh) and 1 − exp(−λh); the same with λ + 1; exp(−λh)·(1 − exp(−h)).
    private let decay: (factor: Double, complement: Double)
    private let nextDecay: (factor: Double, complement: Double)
    private let weightScale: Double
    /// log E[exp((λ ± change)·loss)], for bounds of the tilted sum's tails.
    private var chernoff: [(sign: Double, change: Double, logMoment: Double)] = []

    /// Powers of less than exp(−this) are left out, and charged.
    private static let cut = 60.0
    private static let unit = 0x1p-53

    private init(_ composed: ComposedLosses, tilt: Double, logMoment: Double, circle: UnitCircle, step: Double) {
        self.composed = composed
        self.tilt = tilt
        self.logMoment = logMoment
        self.circle = circle
        self.step = step
        decay = (Elementary.exp(-tilt * step), -Elementary.expm1(-tilt * step))
        nextDecay = (Elementary.exp(-(tilt + 1) * step), -Elementary.expm1(-(tilt + 1) * step))
        weightScale = decay.factor * -Elementary.expm1(-step)
        offset = composed.offset
        infinity = composed.infinity
        let count = composed.parts.reduce(0) { $0 + Double($1.count) }
        relativeError = 128 * Self.unit * (count + 8) * (1 + abs(logMoment) / max(count, 1))
    }

    /// Composes two sums of losses in one transform, which have the same counts, part by part.
    static func compose(
        _ first: ComposedLosses, tilt firstTilt: Double, _ second: ComposedLosses, tilt secondTilt: Double,
        transform: FourierTransform
    ) -> (ComposedPrivacyLoss, ComposedPrivacyLoss) {
        let n = transform.count
        let step = first.parts[0].lattice.step
        var spectra: [(real: [Double], imaginary: [Double], error: Double, count: Int)] = []
        var logMoments = (0.0, 0.0)
        for (a, b) in zip(first.parts, second.parts) {
            var (real, firstLog) = folded(a.lattice, firstTilt, n)
            var (imaginary, secondLog) = folded(b.lattice, secondTilt, n)
            firstLog *= Double(a.count)
            secondLog *= Double(a.count)
            logMoments = (logMoments.0 + firstLog, logMoments.1 + secondLog)
            var square = 0.0
            for index in 0..<n { square += real[index] * real[index] + imaginary[index] * imaginary[index] }
            transform.transform(real: &real, imaginary: &imaginary)
            let error = 1.01 * transform.relativeError * (Double(n) * square).squareRoot()
            spectra.append((real, imaginary, error, a.count))
        }
        var results = (
            ComposedPrivacyLoss(
                first, tilt: firstTilt, logMoment: logMoments.0, circle: transform.circle, step: step),
            ComposedPrivacyLoss(
                second, tilt: secondTilt, logMoment: logMoments.1, circle: transform.circle, step: step)
        )
        for frequency in frequencies(spectra, transform) {
            let (here, there) = (transform.position(of: frequency), transform.position(of: n - frequency))
            var values = (Complex(real: 1, imaginary: 0), Complex(real: 1, imaginary: 0))
            var logs = (0.0, 0.0)
            for spectrum in spectra {
                // The transforms of the real and of the imaginary part.
                let (ar, ai) = (spectrum.real[here], spectrum.imaginary[here])
                let (br, bi) = (spectrum.real[there], spectrum.imaginary[there])
                let a = Complex(real: 0.5 * (ar + br), imaginary: 0.5 * (ai - bi))
                let b = Complex(real: 0.5 * (ai + bi), imaginary: 0.5 * (br - ar))
                values.0 = values.0 * a.power(spectrum.count)
                values.1 = values.1 * b.power(spectrum.count)
                let count = Double(spectrum.count)
                logs.0 += relativeError(of: a, spectrum.error, count)
                logs.1 += relativeError(of: b, spectrum.error, count)
            }
            results.0.add(frequency, values.0, logError: logs.0)
            results.1.add(frequency, values.1, logError: logs.1)
        }
        results.0.chargeDropped()
        results.1.chargeDropped()
        return results
    }

    /// n·log(1 + e/|φ|) and rounding, or more.
    private static func relativeError(of value: Complex, _ error: Double, _ count: Double) -> Double {
        let magnitude = value.squaredMagnitude.squareRoot()
        guard magnitude > error else { return .infinity }
        return count * (error / magnitude + 5 * unit)
    }

    /// The tilted, normalized and folded masses, and the logarithm of what they were divided by.
    private static func folded(_ lattice: PrivacyLossLattice, _ tilt: Double, _ n: Int) -> ([Double], Double) {
        let (tilted, sum) = lattice.tilted(tilt)
        let inverse = 1 / sum
        var result = [Double](repeating: 0, count: n)
        var place = lattice.firstIndex & (n - 1)
        for mass in tilted {
            result[place] += mass * inverse
            place = (place + 1) & (n - 1)
        }
        return (result, -Elementary.log(inverse))
    }

    /// The frequencies up to n/2 at which the product of powers may be above exp(−cut).
    private static func frequencies(
        _ spectra: [(real: [Double], imaginary: [Double], error: Double, count: Int)], _ transform: FourierTransform
    ) -> [Int] {
        let n = transform.count
        if spectra.count == 1 {
            let spectrum = spectra[0]
            let least = Elementary.exp(-cut / Double(spectrum.count)) - spectrum.error
            var isNeeded = [Bool](repeating: false, count: n / 2 + 1)
            let square = least > 0 ? least * least : -1
            for place in 0..<n {
                let (real, imaginary) = (spectrum.real[place], spectrum.imaginary[place])
                if real * real + imaginary * imaginary > square {
                    let index = transform.index(at: place)
                    isNeeded[min(index, n - index)] = true
                }
            }
            return isNeeded.indices.filter { isNeeded[$0] }
        }
        return (0...n / 2).filter { frequency in
            let (here, there) = (transform.position(of: frequency), transform.position(of: n - frequency))
            var sum = 0.0
            for spectrum in spectra {
                let a = Complex(real: spectrum.real[here], imaginary: spectrum.imaginary[here])
                let b = Complex(real: spectrum.real[there], imaginary: spectrum.imaginary[there])
                let bound =
                    0.5 * (a.squaredMagnitude.squareRoot() + b.squaredMagnitude.squareRoot()) + spectrum.error
                sum += Double(spectrum.count) * Elementary.log(bound)
            }
            return sum > -cut
        }
    }

    /// H at a frequency: z₁/(1 − z₁) − z₂/(1 − z₂) with z₁ = exp(−λh + iω), z₂ = exp(−(λ + 1)h + iω).
    private func weight(_ frequency: Int) -> Complex {
        let point = circle[frequency]
        let (cos, sin) = (point.real, point.imaginary)
        let versine = cos > 0 ? sin * sin / (1 + cos) : 1 - cos
        // 1 − z₁ and 1 − z₂.
        let first = Complex(real: decay.complement + decay.factor * versine, imaginary: -decay.factor * sin)
        let second = Complex(
            real: nextDecay.complement + nextDecay.factor * versine, imaginary: -nextDecay.factor * sin)
        let denominator = first * second
        let scale = weightScale / denominator.squaredMagnitude
        let numerator = point * Complex(real: denominator.real, imaginary: -denominator.imaginary)
        return Complex(real: numerator.real * scale, imaginary: numerator.imaginary * scale)
    }

    private mutating func add(_ frequency: Int, _ value: Complex, logError: Double) {
        let weight = weight(frequency)
        let factor = (frequency == 0 || frequency == circle.count / 2 ? 1 : 2) / Double(circle.count)
        let magnitude = value.squaredMagnitude.squareRoot()
        let size = weight.squaredMagnitude.squareRoot() * factor
        // |Φ|·(exp(x) − 1); where an error is larger than a value, 1 bounds both.
        let error =
            logError < 0.1
            ? magnitude * logError * 1.06
            : logError < 600
                ? min(2, magnitude * Elementary.expm1(logError)) : 2
        sumError += (error + 64 * Self.unit * magnitude) * size
        let product = value * weight
        terms.append((frequency, Complex(real: product.real * factor, imaginary: product.imaginary * factor)))
    }

    private mutating func chargeDropped() {
        sumError = sumError * (1 + 0x1p-30) + 2 * Elementary.exp(-Self.cut) * weight(0).real
    }

    /// Bounds of δ at ε = index·step + offset: the lower one only where the losses were discretized from below, the upper one
    /// only where from above.
    private func sum(at index: Int) -> Double {
        let n = circle.count
        var result = 0.0
        for term in terms {
            let point = circle[(term.frequency &* index) & (n - 1)]
            result += term.value.real * point.real - term.value.imaginary * point.imaginary
        }
        return result
    }

    private func scale(at index: Int) -> Double {
        Elementary.exp(logMoment - tilt * Double(index) * step)
    }

    /// Not below δ at this point of the lattice.
    func upperDelta(at index: Int) -> Double {
        min(1, scale(at: index) * (max(0, sum(at: index)) + sumError) * (1 + relativeError) + infinity)
    }

    /// Readies the bounds of the tails, which only lower bounds need.
    mutating func boundTails() {
        let turn = Double(circle.count) * step
        for sign in [1.0, -1.0] {
            for factor in [1.0, 0.4] {
                // Best for a normal distribution of which half a turn is some seven standard deviations.
                let change = factor * 26 / turn
                chernoff.append((sign, change, composed.logMoment(tilt + sign * change)))
            }
        }
    }

    /// Not above δ at this point of the lattice.
    func lowerDelta(at index: Int) -> Double {
        let value = sum(at: index) - sumError - folding(at: index)
        return value <= 0 ? 0 : scale(at: index) * value * max(0, 1 - relativeError)
    }

    /// What folding can have added to the sum: half a turn or more away from ε, either g is small, or few losses are there.
    func folding(at index: Int) -> Double {
        let turn = Double(circle.count) * step
        let decay = Elementary.exp(-tilt * turn)
        let half = Elementary.exp(-tilt * 0.5 * turn)
        let largest = Elementary.exp(tilt * Elementary.log(tilt / (1 + tilt))) / (1 + tilt)
        return 1.01 / (1 - decay) * (half + largest * tails(at: index))
    }

    /// Chernoff bounds of the tilted sum being more than half a turn away from ε, on either side.
    private func tails(at index: Int) -> Double {
        let turn = Double(circle.count) * step
        let center = Double(index) * step
        var total = 0.0
        for sign in [1.0, -1.0] {
            var least = 1.0
            for bound in chernoff where bound.sign == sign {
                let exponent = bound.logMoment - logMoment - bound.change * (sign * center + 0.5 * turn)
                least = min(least, Elementary.exp(exponent))
            }
            total += least
        }
        return total
    }

    /// The least ε that the δ at hand proves; for the lower bound, the largest that it leaves possible.
    /// - Returns: nil if no point of the lattice will do.
    func epsilon(delta: Double, near guess: Double, isLower: Bool) -> Double? {
        if !isLower, infinity >= delta { return nil }
        func value(_ index: Int) -> Double { isLower ? lowerDelta(at: index) : upperDelta(at: index) }
        // δ is above the target at `low`, and not at `high`.
        var (low, high): ((Int, Double)?, (Int, Double)?) = (nil, nil)
        var index = Int((guess / step).rounded())
        var reach = 1024
        let target = Elementary.log(delta)
        for _ in 0..<200 {
            let here = value(index)
            if here > delta { low = (index, here) } else { high = (index, here) }
            if let low, let high {
                if high.0 - low.0 <= 1 { break }
                // The tilted sum makes log δ nearly a line; bisect where that does not help.
                let (a, b) = (Elementary.log(low.1), Elementary.log(max(high.1, 1e-300)))
                let fraction = (a - target) / (a - b)
                let width = Double(high.0 - low.0)
                let guess = low.0 + Int((min(max(fraction, 0.02), 0.98) * width).rounded())
                index = min(max(guess, low.0 + 1), high.0 - 1)
            } else {
                let change = (Elementary.log(max(here, 1e-300)) - target) / (tilt * step)
                let limited = min(abs(change) * 1.1, Double(reach)) + 1
                index += here > delta ? Int(limited) : -Int(limited)
                reach = min(reach * 4, 1 << 40)
                if abs(index) > 1 << 50 { return nil }
                if Double(index) * step + offset < -1, here <= delta { return 0 }
            }
        }
        guard let low, let high else { return nil }
        let fraction = min(1, max(0, (low.1 - delta) / (low.1 - high.1)))
        let inside = Elementary.log1p(fraction * Elementary.expm1(step))
        return Double(low.0) * step + offset
            + (high.0 - low.0 == 1 ? inside : isLower ? 0 : Double(high.0 - low.0) * step)
    }
}
