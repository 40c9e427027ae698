// SPDX-License-Identifier: Apache-2.0

import Benchmark
import ProtocolCryptography
import RingArithmetic
import SecureAggregation

/// A message with a vector, to bytes and back.
func wireBenchmarks() throws {
    let width = try RingWidth(bits: 23)
    let format = MessageFormat(
        session: HashDigest(of: [2]), width: width, dimension: elementCount, maximumParties: 100)
    let content = vector(UInt32.self, width: width, 12)
    let message = PlainMessage<UInt32>.vector(content)
    let bytes = message.encoded(as: format)
    guard case .vector(let decoded) = try PlainMessage<UInt32>(decoding: bytes, as: format) else {
        fatalError("A vector was decoded as something else.")
    }
    check(decoded == content, "wire coding")
    Benchmark("wire encode, vector of 2^20 × 23 bits") { _ in blackHole(message.encoded(as: format)) }
    Benchmark("wire decode, vector of 2^20 × 23 bits") { _ in
        blackHole(mustSucceed { try PlainMessage<UInt32>(decoding: bytes, as: format) })
    }
}
