// SPDX-License-Identifier: Apache-2.0

extension MaskingPlan {
    /// The bytes that a client sends besides the packed elements of its vector, at the most: keys, sealed shares to k
    /// neighbors, shares of k neighbors' secrets, signatures, and every message's header (Documentation/WireFormat.md).
    public var keyBytesUploaded: Int {
        let header = 1 + 1 + 32  // version, type, session
        let listLength = 3
        let advertisement = 1 + 3 * 32
        let box = 4 + 88  // to whom; 72 bytes of plaintext and the tag
        let reveal = 4 + 32  // of whom; one share
        let vectorHeader = 1 + 4
        let always =
            (header + advertisement) + (header + listLength + box * neighbors) + (header + vectorHeader)
            + (header + listLength + reveal * neighbors)
        let consistency = header + 64
        return switch assumptions.threat {
        case .curious: always
        case .semiMalicious: always + 32 + consistency  // a verifying key
        case .active: always + 64 + consistency  // a signature by the enrolled identity
        }
    }
}
