// SPDX-License-Identifier: Apache-2.0

import SecureRandomness
import Testing

@Suite struct PlatformTests {
    @Test func `CPU time grows with work`() {
        let (thread, process) = (Platform.threadCPUTime(), Platform.processCPUTime())
        var value: UInt64 = 1
        while Platform.threadCPUTime() == thread { value = value &* 6_364_136_223_846_793_005 &+ 1 }
        #expect(Platform.threadCPUTime() > thread)
        #expect(Platform.processCPUTime() > process)
    }

    @Test func `the process has been larger than a mebibyte and smaller than a tebibyte`() {
        #expect((1 << 20...1 << 40).contains(Platform.peakResidentBytes()))
    }

    /// Constants to 17 digits.
    @Test func `elementary functions have their textbook values`() {
        #expect(abs(Platform.exp(1.0) - 2.718281828459045) < 1e-15)
        #expect(abs(Platform.log(10.0) - 2.302585092994046) < 1e-15)
        #expect(Platform.log2(1024) == 10)
        #expect(abs(Platform.cos(1) - 0.5403023058681398) < 1e-15)
        #expect(abs(Platform.exp(Float(1)) - 2.7182817) < 1e-6)
        #expect(Platform.exp(0.0) == 1 && Platform.log(1.0) == 0 && Platform.cos(0) == 1)
    }
}
