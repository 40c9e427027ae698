// SPDX-License-Identifier: Apache-2.0

/// A `PrivacyEvent` taken apart: what was released how often, and what is charged besides.
struct AccountedReleases {
    /// How a release's users are drawn.
    enum Sampling: Hashable {
        case everybody
        case poisson(rate: Double)
        case withoutReplacement(rate: Double)

        var rate: Double {
            switch self {
            case .everybody: 1
            case .poisson(let rate), .withoutReplacement(let rate): rate
            }
        }
    }

    /// The noise of a release.
    enum Noise: Hashable {
        case gaussian(noiseMultiplier: Double)
        case discreteGaussian(variance: Double, l2Sensitivity: Double, dimension: Int)
        case distributedDiscreteGaussian(
            contributors: Int, localVariance: Double, l2Sensitivity: Double, dimension: Int)
        case skellam(variance: Double, l1Sensitivity: Double, l2Sensitivity: Double)

        var name: String {
            switch self {
            case .gaussian: "gaussian"
            case .discreteGaussian: "discrete-gaussian"
            case .distributedDiscreteGaussian: "distributed-discrete-gaussian"
            case .skellam: "skellam"
            }
        }
    }

    struct Release: Hashable {
        let sampling: Sampling
        let noise: Noise
    }

    /// Distinct releases in the order in which they first came, each with its count.
    private(set) var counts: [(release: Release, count: Double)] = []
    /// The sum of the probabilities of failure.
    private(set) var failureProbability = 0.0
    private var position: [Release: Int] = [:]

    static let deepestNesting = 64
    /// Counts above this are refused.
    static let largestCount = 1e12

    /// - Throws: what is wrong with a parameter, or `.unsupportedEvent`.
    init(_ event: PrivacyEvent, adjacency: Adjacency) throws(AccountingError) {
        try add(event, times: 1, sampling: .everybody, adjacency: adjacency, depth: 0)
        guard failureProbability < 1 else { throw .probabilityOutOfRange(failureProbability) }
    }

    private mutating func add(
        _ event: PrivacyEvent, times: Double, sampling: Sampling, adjacency: Adjacency, depth: Int
    ) throws(AccountingError) {
        guard depth <= Self.deepestNesting else { throw .unsupportedEvent(.kind("nested-too-deep")) }
        switch event {
        case .gaussian(let noiseMultiplier):
            try Self.check(noiseMultiplier, in: 1e-3...1e9)
            try record(.gaussian(noiseMultiplier: noiseMultiplier), sampling, times)
        case .discreteGaussian(let variance, let sensitivity, let dimension):
            try Self.check(variance, in: 1e-3...1e30)
            try Self.check(sensitivity, in: 1e-9...1e15)
            guard (1...1 << 40).contains(dimension) else { throw .countOutOfRange(dimension) }
            let noise = Noise.discreteGaussian(
                variance: variance, l2Sensitivity: sensitivity, dimension: dimension)
            try record(noise, sampling, times)
        case .distributedDiscreteGaussian(let contributors, let variance, let sensitivity, let dimension):
            // Checks its parameters.
            _ = try DistributedDiscreteGaussianBound(
                contributors: contributors, localVariance: variance, l2Sensitivity: sensitivity, dimension: dimension)
            let noise = Noise.distributedDiscreteGaussian(
                contributors: contributors, localVariance: variance, l2Sensitivity: sensitivity, dimension: dimension)
            try record(noise, sampling, times)
        case .skellam(let variance, let l1, let l2):
            try Self.check(variance, in: 1e-3...1e30)
            try Self.check(l1, in: 1e-9...1e30)
            try Self.check(l2, in: 1e-9...1e15)
            try record(.skellam(variance: variance, l1Sensitivity: l1, l2Sensitivity: l2), sampling, times)
        case .poissonSampled(let rate, let inner):
            guard rate >= 0, rate <= 1 else { throw .samplingRateOutOfRange(rate) }
            guard adjacency == .addOrRemoveUser else { throw .unsupportedEvent(.adjacency(event.name)) }
            // Who is in the sample must be drawn anew for each release, and once.
            guard sampling == .everybody, inner.isOneRelease else { throw .unsupportedEvent(.sampling(of: inner.name)) }
            try add(
                inner, times: times, sampling: .poisson(rate: rate), adjacency: adjacency, depth: depth + 1)
        case .sampledWithoutReplacement(let sample, let population, let inner):
            guard population >= 1, sample >= 1, sample <= population else {
                throw .samplingRateOutOfRange(population == 0 ? .nan : Double(sample) / Double(population))
            }
            guard adjacency == .substituteUser else { throw .unsupportedEvent(.adjacency(event.name)) }
            guard sampling == .everybody, inner.isOneRelease else { throw .unsupportedEvent(.sampling(of: inner.name)) }
            try add(
                inner, times: times, sampling: .withoutReplacement(rate: Double(sample) / Double(population)),
                adjacency: adjacency, depth: depth + 1)
        case .composed(let events):
            for event in events {
                try add(event, times: times, sampling: sampling, adjacency: adjacency, depth: depth + 1)
            }
        case .selfComposed(let event, let count):
            guard count >= 0 else { throw .countOutOfRange(count) }
            // Checked even where it never happens.
            try add(event, times: times * Double(count), sampling: sampling, adjacency: adjacency, depth: depth + 1)
        case .failure(let probability):
            guard probability >= 0, probability <= 1 else { throw .probabilityOutOfRange(probability) }
            if probability > 0, times > 0 {
                failureProbability = (failureProbability + (probability * times).nextUp).nextUp
            }
        case .unknown:
            throw .unsupportedEvent(.kind(event.name))
        }
    }

    private mutating func record(_ noise: Noise, _ sampling: Sampling, _ times: Double) throws(AccountingError) {
        guard times > 0, sampling.rate > 0 else { return }
        // A sample of everybody is none.
        let release = Release(sampling: sampling.rate == 1 ? .everybody : sampling, noise: noise)
        let index = position[release] ?? counts.count
        if index == counts.count {
            position[release] = index
            counts.append((release, 0))
        }
        counts[index].count += times
        guard counts[index].count <= Self.largestCount else { throw .countOutOfRange(Int.max) }
    }

    private static func check(_ value: Double, in range: ClosedRange<Double>) throws(AccountingError) {
        guard range.contains(value) else { throw .noiseOutOfRange(value) }
    }
}

extension PrivacyEvent {
    /// A single release with noise of its own: what sampling is proved to amplify here.
    fileprivate var isOneRelease: Bool {
        switch self {
        case .gaussian, .discreteGaussian, .distributedDiscreteGaussian, .skellam: true
        // A known or unknown fault is better named by what is inside.
        case .unknown: true
        default: false
        }
    }
}
