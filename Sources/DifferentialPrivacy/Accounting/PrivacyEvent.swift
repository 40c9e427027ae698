// SPDX-License-Identifier: Apache-2.0

/// What was released: the language between mechanisms and accountants.
///
/// A mechanism says what it did in these words before any noise leaves it, an accountant says what that costs. An
/// accountant that has no proved bound for an event refuses it and never approximates. Parameters are checked by the
/// accountant. The nesting may be at most 64 deep.
public indirect enum PrivacyEvent: Sendable, Equatable {
    /// Continuous Gaussian noise whose standard deviation is `noiseMultiplier` times the ℓ2 sensitivity.
    case gaussian(noiseMultiplier: Double)
    /// Exact discrete Gaussian noise N_Z(0, `variance`), independent for each of `dimension` coordinates, added to an
    /// integer vector of which neighbors differ by at most `l2Sensitivity` in the ℓ2 norm.
    case discreteGaussian(variance: Double, l2Sensitivity: Double, dimension: Int)
    /// The sum of such noise of `contributors`, the fewest honest ones that the round accepts, each of them with
    /// `localVariance`.
    case distributedDiscreteGaussian(
        contributors: Int, localVariance: Double, l2Sensitivity: Double, dimension: Int)
    /// Skellam noise of total `variance` on integers.
    case skellam(variance: Double, l1Sensitivity: Double, l2Sensitivity: Double)
    /// Every user takes part with probability `rate`, independently of everybody else.
    case poissonSampled(rate: Double, PrivacyEvent)
    /// `sample` of `population` users take part, each such set with the same probability.
    case sampledWithoutReplacement(sample: Int, population: Int, PrivacyEvent)
    /// All of these, each perhaps chosen by what the ones before it gave.
    case composed([PrivacyEvent])
    /// The event `count` times.
    case selfComposed(PrivacyEvent, count: Int)
    /// With at most this probability nothing is promised: an abort caused by the size of a cohort, a sum that wraps around.
    case failure(probability: Double)
    /// Something that no accountant here knows, by its name. It is always refused.
    case unknown(String)

    /// The kind, for error messages.
    var name: String {
        switch self {
        case .gaussian: "gaussian"
        case .discreteGaussian: "discrete-gaussian"
        case .distributedDiscreteGaussian: "distributed-discrete-gaussian"
        case .skellam: "skellam"
        case .poissonSampled: "poisson-sampled"
        case .sampledWithoutReplacement: "sampled-without-replacement"
        case .composed: "composed"
        case .selfComposed: "self-composed"
        case .failure: "failure"
        case .unknown(let name): name
        }
    }

    /// The usual run: `steps` releases with Gaussian noise, each over a Poisson sample of the users.
    public static func sampledGaussian(rate: Double, noiseMultiplier: Double, steps: Int) -> PrivacyEvent {
        .selfComposed(.poissonSampled(rate: rate, .gaussian(noiseMultiplier: noiseMultiplier)), count: steps)
    }
}
