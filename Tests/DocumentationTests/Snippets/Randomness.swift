// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import SecureRandomness

@Sendable func randomness(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    var generator = SystemRandomness()
    let key = try generator.secretBytes(32)
    print(key)
    let copy = key.withSpan { SecretBytes(copying: $0) }
    print("equal:", copy.isEqual(to: key))
    page.end()
}
