// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import ProtocolCryptography
import RingArithmetic
import SecureRandomness

@Sendable func keys(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    var generator = SystemRandomness()
    let alice = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
    let bob = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
    let keys = KeySchedule(session: HashDigest(of: Array("what both agreed on".utf8)), round: 1)
    let (one, other) = try (alice.sharedSecret(with: bob.publicKey), bob.sharedSecret(with: alice.publicKey))
    let hers = keys.key(from: one, for: .pairwiseMask, from: 1, to: 2, bits: 32)
    let his = keys.key(from: other, for: .pairwiseMask, from: 1, to: 2, bits: 32)
    var vector: [UInt32] = [1, 2, 3]
    let width = try RingWidth(bits: 32)
    try UInt32.add(MaskGenerator(key: hers), to: &vector, width: width)
    try UInt32.subtract(MaskGenerator(key: his), from: &vector, width: width)
    print(vector)
    page.end()
}
