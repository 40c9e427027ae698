// SPDX-License-Identifier: Apache-2.0

/// A mask, and whether it is added or subtracted.
public struct SignedMask: Sendable {
    /// What expands the mask.
    public let generator: MaskGenerator
    /// Whether the mask is added; it is subtracted if not.
    public let isAdded: Bool

    /// A mask with its sign.
    public init(generator: MaskGenerator, isAdded: Bool) {
        self.generator = generator
        self.isAdded = isAdded
    }

    /// The mask that takes this one away.
    public var opposite: SignedMask { SignedMask(generator: generator, isAdded: !isAdded) }
}
