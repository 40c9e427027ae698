// SPDX-License-Identifier: Apache-2.0

/// Where one affine layer lies in a flat parameter vector, and its three products.
///
/// From `offset`: the weights, row-major, one row of `outputs` numbers for each *input*; then `outputs` biases. So
/// every inner loop adds a multiple of one contiguous row to another, which vectorizes without reordering a sum.
struct LinearLayer: Sendable, Equatable {
    let offset: Int
    let inputs: Int
    let outputs: Int

    var biasOffset: Int { offset + inputs * outputs }
    var end: Int { biasOffset + outputs }

    /// output = bias + Σᵢ inputᵢ · weightsᵢ
    func apply(to input: Span<Float>, parameters: Span<Float>, output: inout MutableSpan<Float>) {
        let bias = parameters.extracting(biasOffset..<end)
        for index in 0..<outputs { output[index] = bias[index] }
        for index in 0..<inputs {
            let factor = input[index]
            // Half of what comes in is 0: the margin of an image, or a hidden unit that is off.
            if factor == 0 { continue }
            let start = offset + index * outputs
            addMultiple(factor, of: parameters.extracting(start..<start + outputs), to: &output)
        }
    }

    /// Adds input ⊗ delta to the gradient of the weights, and delta to that of the biases.
    func accumulate(input: Span<Float>, delta: Span<Float>, into gradient: inout MutableSpan<Float>) {
        for index in 0..<inputs {
            let factor = input[index]
            if factor == 0 { continue }
            let start = offset + index * outputs
            addMultiple(factor, of: delta, to: &gradient, from: start)
        }
        addMultiple(1, of: delta, to: &gradient, from: biasOffset)
    }

    /// inputDeltaᵢ = weightsᵢ · delta where the input is positive, else 0: back through the layer and the ReLU before
    /// it.
    func propagate(
        delta: Span<Float>,
        input: Span<Float>,
        parameters: Span<Float>,
        inputDelta: inout MutableSpan<Float>
    ) {
        for index in 0..<inputs {
            var sum: Float = 0
            if input[index] > 0 {
                let start = offset + index * outputs
                let weights = parameters.extracting(start..<start + outputs)
                for output in 0..<outputs { sum += weights[output] * delta[output] }
            }
            inputDelta[index] = sum
        }
    }
}

/// target[start...] += factor · source. The one kernel where training spends its time.
@inline(__always)
func addMultiple(
    _ factor: Float,
    of source: Span<Float>,
    to target: inout MutableSpan<Float>,
    from start: Int = 0
) {
    // Bounds that are known before the loop let the compiler drop the checks inside and vectorize.
    precondition(start >= 0 && start <= target.count && source.count <= target.count - start)
    for index in 0..<source.count { target[start &+ index] += factor * source[index] }
}
