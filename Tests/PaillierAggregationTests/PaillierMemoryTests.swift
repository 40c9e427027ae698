// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import Testing

#if os(Linux)

/// The server's memory is that of one vector, whatever the number of clients; in a process of its own, whose peak is taken.
@Suite(.serialized) struct PaillierMemoryTests {
    @Test func `the server's memory does not grow with the number of clients`() async {
        await #expect(processExitsWith: .success) {
            try #require(growth(.trustsReportedContributors) < limit)
        }
    }

    @Test func `a server that keeps what was signed is found out`() async {
        await #expect(processExitsWith: .success) {
            try #require(growth(.recomputesProduct) > 2 * limit)
        }
    }
}

/// In KiB; 100 kept vectors take 61,000.
private let limit = 8 * 1_024

/// By how many KiB the peak grows from the tenth client to the hundred-and-tenth. The same ciphertexts come from all,
/// signed anew where that is asked for.
private func growth(_ audit: KeyHolderAudit) throws -> Int {
    let round = try PaillierRound(count: 110, dimension: 100_000, width: 17, audit: audit)
    let vector = try #require(try round.message(of: 1).vector)
    let session = round.scheme.session(in: round.context)
    var server = try round.server()
    var atTen = 0
    for id in round.scheme.contributors {
        let message: PaillierMessage =
            if audit == .recomputesProduct, let key = round.scheme.enrollment.signingKeys[id] {
                .signedCiphertexts(
                    try SignedCiphertexts(EncryptedVector(vector.bytes + []), of: id, in: session, signedBy: key))
            } else {
                .ciphertexts(vector)
            }
        let bytes = message.encoded(as: round.scheme.messageFormat(in: round.context))
        let arrived = try PaillierMessage(decoding: bytes, as: round.scheme.messageFormat(in: round.context))
        try #require(try server.receive(arrived, from: id) == .accepted)
        if id == 10 { atTen = try peak() }
    }
    return try peak() - atTen
}

private func peak() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
}

#endif
