// SPDX-License-Identifier: Apache-2.0

/// What one aggregation cost, summed over the parties of a role.
public struct AggregationCost: Equatable, Sendable {
    /// The two kinds of parties of a comparison.
    public enum Role: Hashable, Sendable, CaseIterable {
        /// The contributors.
        case client
        /// The helpers: servers and aggregators.
        case server
    }

    /// CPU time by stage name; empty where the driver was given no clock.
    public private(set) var cpu: [Role: [String: Duration]] = [:]
    /// Time that passed by stage name; empty where the driver was given no clock for it.
    package private(set) var elapsed: [Role: [String: Duration]] = [:]
    /// Bytes that left the parties of a role.
    public private(set) var bytesSent: [Role: Int] = [:]
    /// Bytes that reached parties of a role, or would have if they had still been there.
    public private(set) var bytesReceived: [Role: Int] = [:]
    /// Messages that left the parties of a role.
    public private(set) var messagesSent: [Role: Int] = [:]
    /// The stages in which messages were sent, by ordinal: their number is that of one-way message flights.
    public private(set) var stages: Set<Stage> = []

    /// A cost of nothing.
    public init() {}

    /// The CPU time of a role over all stages.
    public func totalCPU(of role: Role) -> Duration {
        cpu[role, default: [:]].values.reduce(.zero, +)
    }

    /// Adds another aggregation's cost.
    public mutating func add(_ other: AggregationCost) {
        for (role, stages) in other.cpu {
            for (stage, time) in stages {
                addCPU(time, elapsed: other.elapsed[role]?[stage] ?? .zero, of: role, in: stage)
            }
        }
        for (role, count) in other.bytesSent { bytesSent[role, default: 0] += count }
        for (role, count) in other.bytesReceived { bytesReceived[role, default: 0] += count }
        for (role, count) in other.messagesSent { messagesSent[role, default: 0] += count }
        stages.formUnion(other.stages)
    }

    package mutating func addCPU(
        _ time: Duration, elapsed: Duration = .zero, of role: Role, in stage: String
    ) {
        cpu[role, default: [:]][stage, default: .zero] += time
        if elapsed != .zero { self.elapsed[role, default: [:]][stage, default: .zero] += elapsed }
    }

    package mutating func addMessage(bytes: Int, from sender: Role, to receiver: Role, stage: Stage?) {
        bytesSent[sender, default: 0] += bytes
        bytesReceived[receiver, default: 0] += bytes
        messagesSent[sender, default: 0] += 1
        if let stage { stages.insert(stage) }
    }
}
