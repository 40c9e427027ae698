// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy
public import DurableFiles

/// Why a ledger does not open, or why nothing may be released.
public enum PrivacyLedgerError: Error, Equatable, Sendable {
    /// The file cannot be opened, is damaged, or the disk does not take the record. Nothing may be released.
    case file(RecordFileError)
    /// The file is that of another task, budget or enrollment.
    case anotherLedger
    /// The name of a task has 1 to 255 bytes.
    case taskNameLength(Int)
    /// A budget has a finite ε above 0 and 0 < δ < 1.
    case budgetOutOfRange
    /// This accountant has no proved bound for any event under this adjacency.
    case noBound(AccountantName, Adjacency)
    /// With this charge ε would be `asked`, infinite where none can be proved, of a budget of which `spent` is gone.
    case overBudget(spent: Double, asked: Double)
    /// The accountant has no bound for the event, or a parameter of it is wrong.
    case notAccountable(AccountingError)
    /// Sampling hides nothing from the budget's observer: charge what was sampled.
    case samplingIsSeen
    /// The round has been charged before; the same event too, if `isIdentical`. Noise may be drawn once for it.
    case alreadyCharged(round: UInt64, attempt: UInt32, isIdentical: Bool)
    /// A round that was run is not among those that were charged: the ledger is an older copy, or that of another run.
    case notCharged(round: UInt64)
    /// The event has no serialized form: a number that is negative, minus zero, infinite or NaN; a name that is not printable
    /// ASCII or longer than 255; nested deeper than 64; or above half of what a record holds.
    case eventNotEncodable
    /// The bytes are no event's serialized form.
    case malformedEvent
    /// A number of an enrollment is not a finite one above 0.
    case enrollmentOutOfRange
    /// The round is one of another task than enrolled for.
    case anotherTask
    /// The round protects less than what was enrolled for.
    case weakerThanEnrolled(EnrolledTerm)
    /// The client took part in as many rounds as it enrolled for.
    case participationCapReached(Int)
    /// The client took part in this round, with this attempt.
    case alreadyParticipated(round: UInt64, attempt: UInt32)

    /// What can be weaker than enrolled.
    public enum EnrolledTerm: Equatable, Sendable {
        /// Who adds noise.
        case mode
        /// σ² of each client's noise.
        case noise
        /// The fewest honest survivors t.
        case survivors
        /// The clipping norm C.
        case clippingNorm
        /// Integers to a unit.
        case scale
    }
}
