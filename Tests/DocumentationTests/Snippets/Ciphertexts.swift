// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import PaillierEncryption
import SecureRandomness

@Sendable func ciphertexts(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    var generator = SystemRandomness()
    let key = try PaillierPrivateKey.generate(size: .bits2048, using: &generator)
    let encryptor = try PaillierEncryptor(key.verifiedKey())
    let layout = try SlotLayout(valueBits: 16, isSigned: true, maximumWeight: 100)
    var sum = PackedAccumulator(key: key.publicKey, layout: layout, count: 2)
    for vector in [[1, -20], [3, -10]] as [[Int64]] {
        try sum.fold(encryptor.encryptSigned(vector, layout: layout, using: &generator))
    }
    let ciphertexts = try sum.sum(rerandomizedBy: encryptor, using: &generator)
    print(try key.decryptSigned(ciphertexts))
    page.end()
}
