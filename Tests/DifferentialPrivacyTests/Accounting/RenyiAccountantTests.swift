// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import Testing

@Suite struct RenyiAccountantTests {
    @Test(arguments: ["rdp_points", "rdp_points_wide"])
    func `divergences agree with high precision to 1e-9 at every order`(file: String) throws {
        for row in try referenceRows(file) {
            let accountant = try RenyiAccountant(orders: [row.number("alpha")])
            let event = PrivacyEvent.poissonSampled(
                rate: row.number("q"), .gaussian(noiseMultiplier: row.number("noise_multiplier")))
            let ours = try accountant.divergences(of: event)[0]
            #expect(relativeError(ours, row.number("rdp")) <= 1e-9, "\(row.members): \(ours)")
        }
    }

    @Test func `ε lies between the exact orders' and dp-accounting's`() throws {
        for row in try referenceRows("rdp_epsilon") {
            let event = PrivacyEvent.sampledGaussian(
                rate: row.number("q"), noiseMultiplier: row.number("noise_multiplier"), steps: row.integer("steps"))
            let ours = try RenyiAccountant().guarantee(for: event, delta: row.number("delta"))
            let exact = row.number("epsilon_mpmath_orders_to_64")
            #expect(ours.epsilon >= exact * (1 - 1e-9), "\(row.members)")
            #expect(ours.epsilon <= max(exact, row.number("epsilon")) * (1 + 1e-6), "\(row.members)")
        }
    }

    @Test func `samples of fixed size need neighbors by substitution`() throws {
        for row in try referenceRows("rdp_epsilon_without_replacement") {
            let step = PrivacyEvent.sampledWithoutReplacement(
                sample: row.integer("sample"), population: row.integer("population"),
                .gaussian(noiseMultiplier: row.number("noise_multiplier")))
            let event = PrivacyEvent.selfComposed(step, count: row.integer("steps"))
            let ours = try RenyiAccountant(adjacency: .substituteUser).guarantee(
                for: event, delta: row.number("delta"))
            #expect(relativeError(ours.epsilon, row.number("epsilon")) <= 1e-3)
            #expect(ours.adjacency == .substituteUser)
            #expect(throws: AccountingError.unsupportedEvent(.adjacency("sampled-without-replacement"))) {
                try RenyiAccountant().guarantee(for: event, delta: 1e-5)
            }
        }
        let poisson = PrivacyEvent.sampledGaussian(rate: 0.1, noiseMultiplier: 1, steps: 1)
        #expect(throws: AccountingError.unsupportedEvent(.adjacency("poisson-sampled"))) {
            try RenyiAccountant(adjacency: .substituteUser).guarantee(for: poisson, delta: 1e-5)
        }
    }

    @Test(arguments: [(0.1, 4.0), (0.1, 0.8), (0.001, 0.5), (0.9, 2.0), (0.5, 0.3), (1e-6, 1.0)])
    func `no order is dropped, and divergences rise with the order`(rate: Double, z: Double) throws {
        let orders = RenyiAccountant.defaultOrders + [1.001, 1.01, 2.5, 100.5, 300.25, 2000]
        let divergences = try RenyiAccountant(orders: orders.sorted()).divergences(
            of: .poissonSampled(rate: rate, .gaussian(noiseMultiplier: z)))
        for (before, after) in zip(divergences, divergences.dropFirst()) {
            #expect(after.isFinite && after >= before * (1 - 1e-11))
        }
        // Never more than without sampling.
        for (order, divergence) in zip(orders.sorted(), divergences) {
            #expect(divergence <= order / (2 * z * z) * (1 + 1e-12))
        }
    }

    @Test func `sampled distributed discrete noise costs a little more than continuous noise`() throws {
        let noise = PrivacyEvent.distributedDiscreteGaussian(
            contributors: 100, localVariance: 100, l2Sensitivity: 80, dimension: 1000)
        let discrete = PrivacyEvent.selfComposed(.poissonSampled(rate: 0.1, noise), count: 100)
        let continuous = PrivacyEvent.sampledGaussian(rate: 0.1, noiseMultiplier: 100 / 80.0, steps: 100)
        let (ours, least) = try (
            RenyiAccountant().guarantee(for: discrete, delta: 1e-5).epsilon,
            RenyiAccountant().guarantee(for: continuous, delta: 1e-5).epsilon
        )
        #expect(ours > least && ours < least * 1.001)
    }

    @Test func `Skellam noise is accounted without sampling, and refused with it`() throws {
        let noise = PrivacyEvent.skellam(variance: 10, l1Sensitivity: 16, l2Sensitivity: 4)
        // [AKL21] Theorem 3.5: α/2·16/10 + min((48 + 96)/400, 48/20).
        let ours = try RenyiAccountant(orders: [2]).divergences(of: noise)[0]
        #expect(relativeError(ours, 1.96) <= 1e-12)
        #expect(throws: AccountingError.unsupportedEvent(.sampling(of: "skellam"))) {
            try RenyiAccountant().guarantee(for: .poissonSampled(rate: 0.1, noise), delta: 1e-5)
        }
    }

    @Test func `orders that are none are refused`() {
        for order in [1.0, 0.5, .nan, .infinity, 1e6] {
            #expect(throws: AccountingError.self) { try RenyiAccountant(orders: [order]) }
        }
        #expect(throws: AccountingError.self) { try RenyiAccountant(orders: []) }
    }
}
