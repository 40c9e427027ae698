// SPDX-License-Identifier: Apache-2.0

internal import DifferentialPrivacy
public import DurableFiles

/// In which rounds a client took part, on the disk before anything leaves it.
///
/// The coordinator knows who takes part, so that against it only the number of participations counts: at most
/// `participationCap` for each task, at most one for each round, and only in rounds that protect as much as enrolled.
/// Another attempt of a round would be a second release of it, and is refused. An abort gives nothing back.
public struct ParticipationLedger: ~Copyable, Sendable {
    /// What the client enrolled for.
    public let enrollment: PrivacyEnrollment
    private var file: LedgerFile
    /// The attempt of each round in which the client took part.
    private var attempts: [UInt64: UInt32]

    private static let kind = "part"
    private static let version: UInt8 = 1
    private static let enrollmentTag: UInt8 = 1
    private static let participationTag: UInt8 = 2

    /// Opens the ledger at `path` with all participations before.
    /// - Parameters:
    ///   - path: the file; its folder must be there.
    ///   - enrollment: the same as when the file was made.
    ///   - missingFile: `.create` when the client enrolls, and `.refuse` ever after.
    /// - Throws: `.file`, with `.damaged` if it is not what was written; `.anotherLedger` if it has another enrollment.
    public init(
        path: String, enrollment: PrivacyEnrollment, ifMissing missingFile: RecordFile.MissingFile
    ) throws(PrivacyLedgerError) {
        let terms = Self.record(of: enrollment)
        var attempts: [UInt64: UInt32] = [:]
        let file = try LedgerFile(
            path: path, kind: Self.kind, head: [Self.enrollmentTag, Self.version], terms: terms, ifMissing: missingFile
        ) { record in
            var reader = LedgerReader(record)
            guard reader.integer(UInt8.self) == Self.participationTag, let round = reader.integer(UInt64.self),
                let attempt = reader.integer(UInt32.self), reader.remainingCount == 0
            else { return false }
            return attempts.updateValue(attempt, forKey: round) == nil
        }
        self.file = file
        self.enrollment = enrollment
        self.attempts = attempts
    }

    /// Notes that the client takes part, and returns when that is on the disk. Only then may anything of its vector leave.
    ///
    /// After an error nothing may leave.
    /// - Throws: `.anotherTask`, `.weakerThanEnrolled`, `.alreadyParticipated`, `.participationCapReached`; `.file` if the disk
    ///   is full or fails, after which the ledger takes nothing more until it is opened again.
    public mutating func participate(in round: SignedRound) throws(PrivacyLedgerError) {
        guard round.task == enrollment.task else { throw .anotherTask }
        if let term = round.protection.weakness(against: enrollment.protection) { throw .weakerThanEnrolled(term) }
        if let attempt = attempts[round.round] { throw .alreadyParticipated(round: round.round, attempt: attempt) }
        guard attempts.count < enrollment.participationCap else {
            throw .participationCapReached(enrollment.participationCap)
        }
        var writer = LedgerWriter()
        writer.write(Self.participationTag)
        writer.write(round.round)
        writer.write(round.attempt)
        try file.append(writer.bytes)
        attempts[round.round] = round.attempt
    }

    /// In how many rounds the client took part.
    public var participationCount: Int { attempts.count }

    private static func record(of enrollment: PrivacyEnrollment) -> [UInt8] {
        let protection = enrollment.protection
        var writer = LedgerWriter()
        writer.write(enrollmentTag)
        writer.write(version)
        writer.write(enrollment.task)
        writer.write(UInt64(enrollment.participationCap))
        switch protection.mode {
        case .central: writer.write(UInt8(1))
        case .local: writer.write(UInt8(2))
        case .distributed: writer.write(UInt8(3))
        }
        writer.write(protection.localVariance.numerator)
        writer.write(protection.localVariance.denominator)
        writer.write(UInt64(protection.minimumHonestSurvivors))
        writer.write(protection.clippingNorm)
        writer.write(protection.scale)
        return writer.bytes
    }
}
