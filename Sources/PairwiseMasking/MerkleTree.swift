// SPDX-License-Identifier: Apache-2.0

package import ProtocolCryptography

/// A tree of hashes over a round's first messages: its root binds all of them, and a path of log2 N hashes proves one.
///
/// Leaves and nodes are told apart by their first byte, as in [RFC6962] §2.1. The tree is complete: places beyond the last
/// leaf, and clients that sent nothing, have the hash of the zero byte.
package struct MerkleTree: Sendable {
    /// From the leaves to the root; a level is cut off after its last node that is not all absent.
    private let levels: [[HashDigest]]
    /// The hashes of subtrees with nothing in them, by height.
    private let emptyNodes: [HashDigest]

    package static let absentLeaf = HashDigest(of: [0])

    /// The tree over these leaves, of the least depth that holds them.
    /// - Complexity: 2·N hashes.
    package init(leaves: [HashDigest]) {
        var levels = [leaves]
        var emptyNodes = [Self.absentLeaf]
        for height in 0..<Self.depth(of: leaves.count) {
            let (level, empty) = (levels[height], emptyNodes[height])
            levels.append(
                stride(from: 0, to: level.count, by: 2).map {
                    Self.node(level[$0], $0 + 1 < level.count ? level[$0 + 1] : empty)
                })
            emptyNodes.append(Self.node(empty, empty))
        }
        self.levels = levels
        self.emptyNodes = emptyNodes
    }

    /// The least depth at which a tree holds `count` leaves.
    package static func depth(of count: Int) -> Int { count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount }

    package static func leaf(of content: [UInt8]) -> HashDigest { HashDigest(of: [0] + content) }

    private static func node(_ left: HashDigest, _ right: HashDigest) -> HashDigest {
        HashDigest(of: [1] + left.bytes + right.bytes)
    }

    package var root: HashDigest { levels.last?.first ?? Self.absentLeaf }

    /// The siblings on the way from a leaf to the root.
    package func path(of position: Int) -> [UInt8] {
        var path: [UInt8] = []
        path.reserveCapacity(HashDigest.byteCount * (levels.count - 1))
        for height in 0..<levels.count - 1 {
            let sibling = (position >> height) ^ 1
            path += (sibling < levels[height].count ? levels[height][sibling] : emptyNodes[height]).bytes
        }
        return path
    }

    /// Whether `leaf` is at `position` of the tree over `count` clients with this root.
    package static func holds(
        _ leaf: HashDigest, at position: Int, of count: Int, path: [UInt8], root: HashDigest
    ) -> Bool {
        // A path of another length could make a leaf of a node.
        guard path.count == HashDigest.byteCount * depth(of: count) else { return false }
        var hash = leaf
        for height in 0..<depth(of: count) {
            let sibling = path[height * HashDigest.byteCount..<(height + 1) * HashDigest.byteCount]
            hash = HashDigest(
                of: position >> height & 1 == 0 ? [1] + hash.bytes + sibling : [1] + sibling + hash.bytes)
        }
        return hash == root
    }
}
