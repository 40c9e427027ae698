// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import Testing

@Suite struct FourierTransformTests {
    /// Against the definition, at all sizes of both parities, within the bound that accountants charge.
    @Test(arguments: [16, 32, 64, 128, 512, 1024, 2048])
    func `agrees with the definition, within its error bound`(count: Int) {
        var state: UInt64 = 7
        func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53 - 0.5
        }
        let real = (0..<count).map { _ in next() }
        let imaginary = (0..<count).map { _ in next() }
        var (re, im) = (real, imaginary)
        let transform = FourierTransform(count: count)
        transform.transform(real: &re, imaginary: &im)
        var (error, norm) = (0.0, 0.0)
        for frequency in 0..<count {
            var (sumReal, sumImaginary) = (0.0, 0.0)
            for index in 0..<count {
                let angle = -2 * Double.pi * Double(index * frequency % count) / Double(count)
                let (c, s) = (cos(angle), sin(angle))
                sumReal += real[index] * c - imaginary[index] * s
                sumImaginary += real[index] * s + imaginary[index] * c
            }
            let place = transform.position(of: frequency)
            #expect(transform.index(at: place) == frequency)
            let (a, b) = (re[place] - sumReal, im[place] - sumImaginary)
            error += a * a + b * b
            norm += sumReal * sumReal + sumImaginary * sumImaginary
        }
        // The definition's own sums are off by up to some √n·2^−53.
        let own = 4 * Double(count).squareRoot() * 0x1p-53
        #expect((error / norm).squareRoot() <= transform.relativeError + own)
        #expect((error / norm).squareRoot() < 1e-13)
    }
}
