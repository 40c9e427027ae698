// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.

@Sendable func commandLine(_ page: SnippetRun, print _: (Any...) -> Void) throws {
    try page.shell(
        """
        printf '1, 2, 3' > north.csv
        printf '10, 20, 30' > south.csv
        printf '100, 200, 300' > west.csv
        fedsum sum north.csv south.csv west.csv --seed 1
        """)
}
