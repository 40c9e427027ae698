// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import SecretSharing
import SecureRandomness

@Sendable func sharing(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    var generator = SystemRandomness()
    let secret = try generator.secretBytes(32)
    let sharing = try ShamirSharing(threshold: 3, of: 5)
    let shares = try sharing.split(secret, for: [1, 2, 3, 4, 5], using: &generator)
    let recovered = try sharing.combine([shares[4], shares[0], shares[2]])
    print("three shares give the secret:", recovered.isEqual(to: secret))
    page.end()

    page.begin()
    do {
        _ = try sharing.combine([shares[4], shares[0]])
    } catch {
        print(error)
    }
    page.end()
}
