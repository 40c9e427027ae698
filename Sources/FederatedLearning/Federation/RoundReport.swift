// SPDX-License-Identifier: Apache-2.0

public import SecureAggregation

/// What happened in one round of training.
///
/// It is the coordinator's, and partly only a simulation's: an ε that counts on sampling does not cover the numbers of clients,
/// why a round failed, or what was clipped and rejected. Publish the model, and `spending.guarantee`.
public struct RoundReport: Sendable {
    /// The number of the round, from 0.
    public let round: Int
    /// How many clients took part.
    public let cohort: Int
    /// How many clients' updates are in the sum; 0 if the round was aborted.
    public let contributors: Int
    /// The global loss Σ pᵢLᵢ of the round's model on the clients' rows, from the masked sum; nil if the round was
    /// aborted.
    public let trainingLoss: Double?
    /// The share of the clients' rows that the round's model gets right, from the masked sum.
    public let trainingAccuracy: Double?
    /// Why the recipient learned no mean, and the model stayed as it was; nil if it did.
    public let failure: AggregationError?
    /// The largest difference between the scheme's sum and the integer oracle's, over all coordinates. Only a
    /// simulation can know it.
    public let maximumSumError: UInt64
    /// How many values the clients clipped, all together. Each client knows its own number only.
    public let clippedCount: Int
    /// The messages of clients that were not taken.
    public let rejections: Int
    /// What this round and those before it cost in privacy; nil where nothing bounds it.
    public let spending: PrivacySpending?
    /// What the aggregation cost; local training is not in it.
    public let cost: AggregationCost
}
