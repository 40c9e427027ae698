// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import Testing

@Suite struct MerkleTreeTests {
    private func leaves(_ count: Int) -> [HashDigest] {
        (0..<count).map { MerkleTree.leaf(of: bigEndianBytes(UInt32($0))) }
    }

    /// The root as the wire format defines it, by recursion over all 2^depth places.
    private func root(_ leaves: [HashDigest], depth: Int, from start: Int = 0) -> HashDigest {
        guard depth > 0 else { return start < leaves.count ? leaves[start] : HashDigest(of: [0]) }
        let half = 1 << (depth - 1)
        let left = root(leaves, depth: depth - 1, from: start)
        let right = root(leaves, depth: depth - 1, from: start + half)
        return HashDigest(of: [1] + left.bytes + right.bytes)
    }

    @Test(arguments: 1...70) func `the root is that over all places, filled or not`(count: Int) {
        let depth = MerkleTree.depth(of: count)
        #expect(1 << depth >= count && (depth == 0 || 1 << (depth - 1) < count))
        #expect(MerkleTree(leaves: leaves(count)).root == root(leaves(count), depth: depth))
    }

    @Test func `leaves are told apart from nodes, and from nothing`() {
        #expect(MerkleTree.leaf(of: [7]) == HashDigest(of: [0, 7]))
        #expect(MerkleTree.absentLeaf == HashDigest(of: [0]))
        #expect(MerkleTree.depth(of: 100_000) == 17)
    }

    @Test(arguments: 1...40) func `a path proves one leaf at one place under one root`(count: Int) {
        let leaves = leaves(count)
        let tree = MerkleTree(leaves: leaves)
        let depth = MerkleTree.depth(of: count)
        for position in 0..<count {
            let path = tree.path(of: position)
            #expect(path.count == 32 * depth)
            #expect(MerkleTree.holds(leaves[position], at: position, of: leaves.count, path: path, root: tree.root))
            for other in 0..<(1 << depth) where other != position {
                #expect(!MerkleTree.holds(leaves[position], at: other, of: leaves.count, path: path, root: tree.root))
            }
            for other in leaves.indices where other != position {
                #expect(!MerkleTree.holds(leaves[other], at: position, of: leaves.count, path: path, root: tree.root))
            }
            #expect(
                !MerkleTree.holds(MerkleTree.absentLeaf, at: position, of: leaves.count, path: path, root: tree.root))
            #expect(!MerkleTree.holds(leaves[position], at: position, of: leaves.count, path: path, root: .zero))
            for byte in stride(from: 0, to: path.count, by: 13) {
                var wrong = path
                wrong[byte] ^= 0x10
                #expect(
                    !MerkleTree.holds(leaves[position], at: position, of: leaves.count, path: wrong, root: tree.root))
            }
            if depth > 0 {
                #expect(
                    !MerkleTree.holds(
                        leaves[position], at: position, of: leaves.count, path: Array(path.dropLast(32)),
                        root: tree.root))
            }
            let longer = path + [UInt8](repeating: 0, count: 32)
            #expect(!MerkleTree.holds(leaves[position], at: position, of: leaves.count, path: longer, root: tree.root))
        }
    }

    @Test(arguments: 2...20) func `that a client sent nothing has a path too`(count: Int) {
        var leaves = leaves(count)
        for absent in 0..<count {
            leaves[absent] = MerkleTree.absentLeaf
            let tree = MerkleTree(leaves: leaves)
            for position in leaves.indices {
                #expect(
                    MerkleTree.holds(
                        MerkleTree.absentLeaf, at: position, of: leaves.count, path: tree.path(of: position),
                        root: tree.root)
                        == (position <= absent)
                )
            }
        }
    }

    @Test func `every leaf, and its place, changes the root`() {
        let leaves = leaves(11)
        var roots: Set<HashDigest> = [MerkleTree(leaves: leaves).root]
        for position in leaves.indices {
            var changed = leaves
            changed[position] = MerkleTree.absentLeaf
            #expect(roots.insert(MerkleTree(leaves: changed).root).inserted)
            for other in 0..<position {
                var swapped = leaves
                swapped.swapAt(position, other)
                #expect(roots.insert(MerkleTree(leaves: swapped).root).inserted)
            }
        }
    }
}
