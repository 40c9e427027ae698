// SPDX-License-Identifier: Apache-2.0

import Benchmark
import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureRandomness

/// GF(2^128), and Shamir's sharing of a 32-byte seed over it.
func sharingBenchmarks() throws {
    var generator = inputs(7)
    let x = BinaryField128(high: generator.next(), low: generator.next())
    let y = BinaryField128(high: generator.next(), low: generator.next())
    check(x * y == y * x && x * (x + y) == x * x + x * y, "GF(2^128)")
    Benchmark("GF(2^128) multiply", configuration: .init(scalingFactor: .kilo)) { benchmark in
        var product = x
        // A chain, so that each multiplication waits for the one before, as Horner's rule does.
        for _ in benchmark.scaledIterations { product = product * y }
        blackHole(product)
    }

    check(x.multiplied(byPublic: 85) == x * BinaryField128(85), "GF(2^128), public factor")
    Benchmark("GF(2^128) multiply by 85", configuration: .init(scalingFactor: .kilo)) { benchmark in
        var product = x
        for _ in benchmark.scaledIterations { product = product.multiplied(byPublic: 85) }
        blackHole(product)
    }

    for (threshold, count) in [(14, 21), (67, 100), (85, 122)] {
        let sharing = try ShamirSharing(threshold: threshold, of: count)
        let secret = try inputs(8).oneSecret(32)
        let indices = (1...UInt64(count)).map { $0 }
        let dealer = inputs(9)
        var first = dealer
        let shares = try sharing.split(secret, for: indices, using: &first)
        let used = Array(shares.suffix(threshold))
        check(try sharing.combine(used).isEqual(to: secret), "Shamir")
        Benchmark("Shamir split, 32 bytes, \(threshold) of \(count)") { _ in
            var generator = dealer
            blackHole(mustSucceed { try sharing.split(secret, for: indices, using: &generator) })
        }
        Benchmark("Shamir combine, 32 bytes, \(threshold) of \(count)") { _ in
            blackHole(mustSucceed { try sharing.combine(used) })
        }
    }

    let width = try RingWidth(bits: 32)
    let additive = try AdditiveSharing(shareCount: 3, width: width)
    let secret = vector(UInt32.self, width: width, 10)
    let dealer = inputs(11)
    var first = dealer
    check(try additive.combine(additive.split(secret, using: &first)) == secret, "additive sharing")
    Benchmark("additive split, 2^20 × 32 bits among 3, seeded generator") { _ in
        var generator = dealer
        blackHole(mustSucceed { try additive.split(secret, using: &generator) })
    }
}
