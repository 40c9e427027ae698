// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// Everything that left a party of one aggregation over linear forms, as bytes.
struct Recording {
    let registry: SymbolRegistry
    let format: MessageFormat
    let context: RoundContext
    let seed: UInt64
    /// The number under which the inputs stand in the registry.
    let run: Int
    let frames: [Frame]
    let outcome: AggregationOutcome<LinearForm>

    /// Runs a scheme's own parties through the driver with symbols as inputs.
    init<Scheme: AggregationScheme>(
        _ scheme: Scheme,
        context: RoundContext = RoundContext(task: "proof", round: 1),
        seed: UInt64 = 1,
        faults: FaultSchedule = .none,
        registry: SymbolRegistry = SymbolRegistry(),
        run: Int = 0,
        tampering: TamperedScheme<Scheme>.Tampering? = nil
    ) where Scheme.Element == LinearForm {
        self.registry = registry
        self.context = context
        self.seed = seed
        self.run = run
        format = scheme.messageFormat(in: context)
        let log = FrameLog()
        outcome = SymbolRegistry.$current.withValue(registry) {
            var driver = AggregationDriver(
                scheme: TamperedScheme(scheme, tampering: tampering),
                context: context,
                randomness: SimulationRandomness(seed: seed),
                faults: faults
            )
            driver.observer = { frame, _ in log.frames.append(frame) }
            return driver.run { id in
                (0..<scheme.dimension).map { registry.form(of: .input(id, coordinate: $0, run: run)) }
            }
        }
        frames = log.frames
    }

    /// The form that is one coordinate of a client's input.
    func input(_ id: PartyID, coordinate: Int = 0) -> LinearForm {
        registry.form(of: .input(id, coordinate: coordinate, run: run))
    }

    /// The forms that are the sums over some clients, one for each coordinate.
    func sums(over ids: some Sequence<PartyID>) -> [LinearForm] {
        (0..<format.dimension).map { coordinate in
            ids.reduce(.zero) { $0 + input($1, coordinate: coordinate) }
        }
    }

    /// The coordinates of the inputs of some clients.
    func inputs(of ids: some Sequence<PartyID>) -> [LinearForm] {
        ids.flatMap { id in (0..<format.dimension).map { input(id, coordinate: $0) } }
    }

    /// What the generator of a party gives, from the start.
    func generator(of id: PartyID) -> SeededGenerator {
        SimulationRandomness(seed: seed).generator(for: id, in: context)
    }

    /// The vector that begins at a byte of a frame; empty if none does.
    func vector(in frame: Frame, at offset: Int = Recording.headerByteCount) -> [LinearForm] {
        var decoder = WireDecoder(Array(frame.bytes.dropFirst(offset)))
        return SymbolRegistry.$current.withValue(registry) { (try? decoder.readVector(as: format)) ?? [] }
    }

    /// The bodies of the first messages of SecAgg that left their clients.
    var advertisements: [PartyID: [UInt8]] {
        var bodies: [PartyID: [UInt8]] = [:]
        for frame in frames where Self.type(of: frame) == 0x30 {
            bodies[frame.sender] = Array(frame.bytes.dropFirst(Self.headerByteCount))
        }
        return bodies
    }

    /// The bitmap of U2, as the server told it first; empty if it never came to that.
    var sharers: [UInt8] {
        guard let frame = frames.first(where: { Self.type(of: $0) == 0x33 }) else { return [] }
        let body = frame.bytes.dropFirst(Self.headerByteCount)
        return Array(body.dropFirst(2).prefix(body.prefix(2).reduce(0) { $0 << 8 | Int($1) }))
    }

    /// The version, the type and the session.
    static let headerByteCount = 34
    /// The type of the message in a frame.
    static func type(of frame: Frame) -> UInt8 { frame.bytes[1] }
}

private final class FrameLog {
    var frames: [Frame] = []
}

/// A scheme whose parties are honest inside, while what leaves them may be changed: a client or server with a planted
/// fault has the right state for everything else.
struct TamperedScheme<Base: AggregationScheme>: AggregationScheme {
    typealias Element = Base.Element
    typealias Message = Base.Message
    /// What leaves instead of an envelope.
    typealias Tampering = @Sendable (_ sender: PartyID, _ envelope: Envelope<Message>) -> [Envelope<Message>]

    private let base: Base
    private let tampering: Tampering?

    init(_ base: Base, tampering: Tampering?) {
        self.base = base
        self.tampering = tampering
    }

    var name: String { base.name }
    var encodedParameters: [UInt8] { base.encodedParameters }
    var width: RingWidth { base.width }
    var field: PrimeField? { base.field }
    var dimension: Int { base.dimension }
    var contributors: [PartyID] { base.contributors }
    var helpers: [PartyID] { base.helpers }
    var recipients: Set<PartyID> { base.recipients }
    var minimumContributors: Int { base.minimumContributors }

    func makeParty(
        _ id: PartyID,
        contributing vector: [Element]?,
        in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, Message> {
        let party = try base.makeParty(id, contributing: vector, in: context, using: randomness)
        guard let tampering else { return party }
        return TamperedParty(id: id, party: party, tampering: tampering)
    }
}

private struct TamperedParty<Element: PackableElement, Message: WireMessage>: AggregationParty {
    let id: PartyID
    var party: any AggregationParty<Element, Message>
    let tampering: @Sendable (PartyID, Envelope<Message>) -> [Envelope<Message>]

    mutating func start() throws(AggregationError) -> Transition<Element, Message> { change(try party.start()) }

    mutating func receive(_ message: consuming Message, from sender: PartyID) throws(AggregationError) -> Receipt {
        try party.receive(message, from: sender)
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, Message> { change(try party.advance()) }

    private func change(_ transition: Transition<Element, Message>) -> Transition<Element, Message> {
        let sending = transition.envelopes.flatMap { tampering(id, $0) }
        return switch transition {
        case .next(_, let expectation): .next(sending: sending, then: expectation)
        case .finished(_, let aggregate): .finished(sending: sending, learning: aggregate)
        case .aborted(let error, _): .aborted(error, sending: sending)
        }
    }
}
