// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import RingArithmetic
import SecureRandomness

@Sendable func rings(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let capacity = try SumCapacity(terms: 100, inputBits: 16)
    print("a hundred 16-bit values are summed in", capacity.width)
    var generator = SystemRandomness()
    let quantizer = try FixedPointQuantizer(bits: 16, clip: 1)
    var sum = try quantizer.quantize([0.25, -0.5], using: &generator).integers
    let other = try quantizer.quantize([0.75, -0.25], using: &generator).integers
    UInt32.add(other, to: &sum)
    let mean = try quantizer.decodeMean(sum, dividedBy: 2)
    print("mean:", mean.map { (1000 * $0).rounded() / 1000 })
    page.end()

    page.begin()
    do {
        _ = try SumCapacity(terms: 100, inputBits: 16, width: RingWidth(bits: 22))
    } catch {
        print(error)
    }
    page.end()
}
