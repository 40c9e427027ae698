// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

/// A generator that fails at once, or after some bytes.
struct FailingGenerator: SecureRandomNumberGenerator {
    var bytesLeft = 0

    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        guard bytes.count <= bytesLeft else { throw .systemSourceUnavailable(code: 5) }
        bytesLeft -= bytes.count
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index) }
    }
}

@Suite("Noise streams")
struct NoiseStreamTests {
    @Test func `four blocks side by side are four blocks of ChaCha20`() {
        let key = [UInt8](0..<32)
        var words = SIMD8<UInt32>(repeating: 0)
        for index in 0..<32 { words[index / 4] |= UInt32(key[index]) << UInt32(8 * (index % 4)) }
        for (counter, nonce) in [(UInt32(0), UInt32(0)), (4, 1), (0xffff_fffc, 7)] {
            var vectors = [SIMD4<UInt32>](repeating: SIMD4(repeating: 9), count: 32)
            NoiseStream.blocks(words, counter: counter, nonce: nonce, into: &vectors, at: 16)
            for lane in 0..<4 {
                let block = SeededGenerator.block(key: key, counter: counter + UInt32(lane), nonce: (nonce, 0, 0))
                let ours = (0..<16).flatMap { word in
                    (0..<4).map { UInt8(truncatingIfNeeded: vectors[16 + word][lane] >> UInt32(8 * $0)) }
                }
                #expect(ours == block)
            }
            #expect(vectors[15] == SIMD4(repeating: 9))
        }
    }

    @Test func `words of attempts and of refinements are distinct, and so are the streams of two vectors`() throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 1, count: 32))
        var seen: Set<UInt64> = []
        for _ in 0..<2 {
            var stream = try NoiseStream(from: &generator)
            var vectors = [SIMD4<UInt32>](repeating: SIMD4(repeating: 0), count: 32)
            stream.fill(&vectors)
            for vector in stride(from: 0, to: 32, by: 2) {
                for lane in 0..<4 {
                    seen.insert(UInt64(vectors[vector][lane]) << 32 | UInt64(vectors[vector + 1][lane]))
                }
            }
            for _ in 0..<64 { seen.insert(stream.refinementWord()) }
        }
        #expect(seen.count == 2 * (64 + 64))
    }

    @Test func `a generator that fails is an error, and no noise`() throws {
        let failure = DifferentialPrivacyError.randomness(.systemSourceUnavailable(code: 5))
        let sampler = DiscreteGaussianSampler(try NoiseVariance(numerator: 4))
        let skellam = try SkellamSampler(NoiseVariance(numerator: 4))
        var failing = FailingGenerator()
        #expect(throws: failure) { try sampler.samples(3, using: &failing) }
        #expect(throws: failure) { try skellam.samples(3, using: &failing) }
        var vector: [UInt32] = [1, 2, 3]
        #expect(throws: failure) { try sampler.addNoise(to: &vector, using: &failing) }
        #expect(vector == [1, 2, 3])
        var enough = FailingGenerator(bytesLeft: 32)
        #expect(try sampler.samples(3, using: &enough).count == 3)
    }
}
