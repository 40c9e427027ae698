// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import BigIntegers

@Sendable func bigNumbers(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let p: Natural = 1_000_000_007
    let inverse = try Natural(3).inverse(modulo: p)
    print(inverse, 3 * inverse % p)
    print(Natural(2).power(.powerOfTwo(64), modulo: p))
    page.end()
}
