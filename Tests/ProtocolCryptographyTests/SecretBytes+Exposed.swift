// SPDX-License-Identifier: Apache-2.0

import SecureRandomness

extension SecretBytes {
    /// The bytes, for comparison in tests.
    var exposed: [UInt8] {
        withSpan { span in
            var bytes: [UInt8] = []
            for index in span.indices { bytes.append(span[index]) }
            return bytes
        }
    }
}
