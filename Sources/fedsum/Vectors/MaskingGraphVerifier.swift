// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// `fedsum_masking_graph_v1`: what the clients of SecAgg and SecAgg+ derive from their first messages, and sign.
enum MaskingGraphVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        switch try fields.string("kind") {
        case "tree": try checkTree(fields)
        case "path": try checkPath(fields)
        case "binding":
            try requireEqual(
                SecAgg<UInt32>.binding(
                    session: digest(fields, "session"),
                    root: digest(fields, "root"),
                    entropy: digest(fields, "entropy")
                ).bytes,
                fields.bytes("binding"),
                "binding"
            )
        case "uniform": try checkUniform(fields)
        case "circle": try checkCircle(fields)
        case "large-circle": try checkLargeCircle(fields)
        case "runs": try checkRuns(fields)
        case "mask-binding":
            let contributors = try fields.parties("contributors")
            let sharers = ClientSet(
                positions: try positions(fields.parties("sharers"), among: contributors), of: contributors.count)
            try requireEqual(sharers.bytes, fields.bytes("sharersBitmap"), "sharersBitmap")
            try requireEqual(
                SurvivorStatement.maskBinding(digest(fields, "binding"), sharers: sharers).bytes,
                fields.bytes("maskBinding"), "maskBinding")
        case "signature-tree": try checkSignatureTree(fields)
        case "statement": try checkStatement(fields)
        case "consistency": try checkConsistency(fields)
        case "witnesses": try checkWitnesses(fields)
        case "advertisement": try checkAdvertisement(fields)
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
        guard ["path", "runs"].contains(try fields.string("kind")) else {
            return try require(fields.isValid(), "no case of this kind is invalid")
        }
    }

    private static func digest(_ fields: VectorFields, _ name: String) throws -> HashDigest {
        try HashDigest(fields.bytes(name, count: HashDigest.byteCount))
    }

    private static func advertisement(_ keys: VectorFields, threat: Int) throws -> Advertisement {
        let authentication: Advertisement.Authentication =
            switch threat {
            case 0: .none
            case 1: .verifyingKey(try VerifyingKey(keys.bytes("verifyingKey")))
            default: .signature(try keys.bytes("signature", count: VerifyingKey.signatureByteCount))
            }
        return Advertisement(
            channelPublicKey: try KeyAgreementPublicKey(keys.bytes("channelPublicKey")),
            maskPublicKey: try KeyAgreementPublicKey(keys.bytes("maskPublicKey")),
            selfMaskCommitment: try HashDigest(keys.bytes("selfMaskCommitment")),
            authentication: authentication
        )
    }

    // MARK: Trees

    private static func checkTree(_ fields: VectorFields) throws {
        let threat = try fields.integer("threat", in: 0...2)
        let contributors = try fields.parties("contributors")
        var leaves: [PartyID: HashDigest] = [:]
        for entry in try fields.objects("present") {
            let id = try entry.party("id")
            try require(contributors.contains(id), "\(id) is none of the contributors")
            try require(leaves[id] == nil, "\(id) is there twice")
            leaves[id] = try advertisement(entry.object("keys"), threat: threat).leaf(of: id)
        }
        let all = contributors.map { leaves[$0] ?? MerkleTree.absentLeaf }
        let tree = MerkleTree(leaves: all)
        try requireEqual(MerkleTree.depth(of: contributors.count), fields.integer("depth"), "depth")
        // The file lists the padding too.
        let stated = try fields.byteStrings("leaves")
        try requireEqual(stated.count, 1 << MerkleTree.depth(of: contributors.count), "leaves.count")
        for (position, leaf) in stated.enumerated() {
            try requireEqual(
                (position < all.count ? all[position] : MerkleTree.absentLeaf).bytes, leaf, "leaves[\(position)]")
        }
        try requireEqual(tree.root.bytes, fields.bytes("root"), "root")
        for entry in try fields.objects("paths") {
            let id = try entry.party("id")
            guard let position = contributors.firstIndex(of: id) else {
                throw CaseFailure("\(id) is none of the contributors")
            }
            let path = try entry.byteStrings("path")
            try requireEqual(tree.path(of: position), path.flatMap { $0 }, "path of \(id)")
            try require(
                MerkleTree.holds(
                    all[position], at: position, of: all.count, path: path.flatMap { $0 }, root: tree.root),
                "the path of \(id) must lead to the root")
        }
    }

    private static func checkPath(_ fields: VectorFields) throws {
        let contributors = try fields.parties("contributors")
        let party = try fields.party("party")
        guard let position = contributors.firstIndex(of: party) else {
            throw CaseFailure("\(party) is none of the contributors")
        }
        let leaf =
            try fields.isNull("keys")
            ? MerkleTree.absentLeaf
            : advertisement(fields.object("keys"), threat: fields.integer("threat", in: 0...2)).leaf(of: party)
        let holds = MerkleTree.holds(
            leaf, at: position, of: contributors.count, path: try fields.byteStrings("path").flatMap { $0 },
            root: try digest(fields, "root"))
        let isValid = try fields.isValid()
        if !isValid { try requireEqual(fields.string("error"), "wrong-path", "error") }
        try requireEqual(holds, isValid, "whether the path holds")
    }

    // MARK: The graph

    private static func checkUniform(_ fields: VectorFields) throws {
        let key = try digest(fields, "key")
        let bound = try fields.integer("bound", in: 1...Int(UInt32.max))
        var draws = PublicDraws(key: key)
        let values = try fields.integers("values")
        try requireEqual(values.map { _ in draws.uniform(below: bound) }, values, "values")
        // By the definition: words below the largest multiple of the bound count.
        var generator = SeededGenerator(key: key.bytes)
        let count = try fields.integer("bytesRead", in: 0...1 << 20)
        var taken = 0
        for _ in 0..<count / 4 {
            let bytes = try generator.bytes(4)
            let word = bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
            if word < (1 << 32) - (1 << 32) % bound { taken += 1 }
        }
        try requireEqual(taken, values.count, "values in 'bytesRead'")
        try requireEqual(count % 4, 0, "bytesRead mod 4")
    }

    private static func checkCircle(_ fields: VectorFields) throws {
        let count = try fields.integer("count", in: 1...100_000)
        let binding = try digest(fields, "binding")
        for graph in try fields.objects("graphs") {
            let neighbors = try graph.integer("neighbors", in: 2...max(2, count - 2))
            let circle = MaskingCircle(count: count, neighbors: neighbors, binding: binding)
            try requireEqual(circle.places.map { Int($0) }, fields.integers("circle"), "circle")
            let stated = try graph.objects("of")
            try require(!stated.isEmpty, "'of' is empty")
            for entry in stated {
                let position = try entry.integer("position", in: 0...count - 1)
                try requireEqual(
                    circle.neighbors(of: position), entry.integers("neighbors"), "neighbors of \(position)")
            }
        }
        try require(!(fields.objects("graphs").isEmpty), "there is no graph")
    }

    private static func checkLargeCircle(_ fields: VectorFields) throws {
        let circle = MaskingCircle(
            count: try fields.integer("count", in: 1...100_000), neighbors: 2, binding: try digest(fields, "binding"))
        let places = circle.places.map { Int($0) }
        let first = try fields.integers("first")
        try requireEqual(Array(places.prefix(first.count)), first, "first")
        try requireEqual(
            HashDigest(of: places.flatMap { bigEndianBytes(UInt32($0)) }).bytes, fields.bytes("sha256"), "sha256")
    }

    private static func checkRuns(_ fields: VectorFields) throws {
        let places = try fields.integers("circle")
        try requireEqual(places.sorted(), Array(places.indices), "circle, sorted")
        let neighbors = try fields.integer("neighbors", in: 2...max(2, places.count - 2))
        let survivors = try fields.integers("survivors")
        try require(survivors.allSatisfy(places.indices.contains), "a survivor is none of the circle")
        let circle = MaskingCircle(places: places.map { Int32($0) }, neighbors: neighbors)
        let fewest = circle.weakestCut(ClientSet(positions: survivors, of: places.count))
        try requireEqual(fewest, fields.integer("fewest"), "fewest")
        let allowed = MaskingPlan.cutFloor(neighbors: neighbors, threshold: try fields.integer("threshold"))
        try requireEqual(allowed, fields.integer("allowed"), "allowed")
        let isValid = try fields.isValid()
        if !isValid { try requireEqual(fields.string("error"), "circle-cut", "error") }
        try requireEqual(fewest >= allowed, isValid, "whether the circle holds together")
    }

    // MARK: What survivors sign

    private static func positions(_ parties: [PartyID], among contributors: [PartyID]) throws -> [Int] {
        try parties.map { party in
            guard let position = contributors.firstIndex(of: party) else {
                throw CaseFailure("\(party) is none of the contributors")
            }
            return position
        }
    }

    private static func checkStatement(_ fields: VectorFields) throws {
        let contributors = try fields.parties("contributors")
        let survivors = ClientSet(
            positions: try positions(fields.parties("survivors"), among: contributors), of: contributors.count)
        try requireEqual(survivors.bytes, fields.bytes("survivorsBitmap"), "survivorsBitmap")
        let statement = SurvivorStatement(maskBinding: try digest(fields, "maskBinding"), survivors: survivors)
        try requireEqual(statement.digest.bytes, fields.bytes("statement"), "statement")
    }

    private static func checkConsistency(_ fields: VectorFields) throws {
        let message = SurvivorStatement.signedBytes(
            by: try fields.party("party"), maskBinding: try digest(fields, "maskBinding"),
            digest: try digest(fields, "statement"))
        try checkSignature(of: message, fields)
    }

    private static func checkSignature(of message: [UInt8], _ fields: VectorFields) throws {
        try requireEqual(message, fields.bytes("message"), "message")
        let key = try SigningKey(seed: SecretBytes(copying: fields.bytes("seed", count: 32)))
        try requireEqual(key.verifyingKey.bytes, fields.bytes("publicKey"), "publicKey")
        try requireEqual(key.signature(of: message), fields.bytes("signature"), "signature")
        try require(key.verifyingKey.isValid(fields.bytes("signature"), for: message), "the signature must be valid")
    }

    private static func checkWitnesses(_ fields: VectorFields) throws {
        let contributors = try fields.parties("contributors")
        let party = try fields.party("party")
        let position = try positions([party], among: contributors)[0]
        let witnesses = WitnessDraw.witnesses(
            of: party, at: position, statement: try digest(fields, "statement"),
            signatureRoot: try digest(fields, "signatureRoot"), entropy: try digest(fields, "entropy2"),
            neighbors: try fields.integer("neighbors", in: 1...max(1, contributors.count - 1)),
            count: contributors.count)
        try requireEqual(witnesses.map { contributors[$0] }, fields.parties("witnesses"), "witnesses")
    }

    private static func checkSignatureTree(_ fields: VectorFields) throws {
        let contributors = try fields.parties("contributors")
        var leaves: [PartyID: HashDigest] = [:]
        for entry in try fields.objects("signatures") {
            let id = try entry.party("id")
            try require(contributors.contains(id), "\(id) is none of the contributors")
            let leaf = SurvivorStatement.leaf(
                of: try entry.bytes("signature", count: VerifyingKey.signatureByteCount), by: id)
            try require(leaves.updateValue(leaf, forKey: id) == nil, "\(id) is there twice")
        }
        let tree = MerkleTree(leaves: contributors.map { leaves[$0] ?? MerkleTree.absentLeaf })
        try requireEqual(MerkleTree.depth(of: contributors.count), fields.integer("depth"), "depth")
        try requireEqual(tree.root.bytes, fields.bytes("root"), "root")
        let stated = try fields.byteStrings("leaves")
        try requireEqual(stated.count, 1 << MerkleTree.depth(of: contributors.count), "leaves.count")
        for (position, leaf) in stated.enumerated() {
            let ours = position < contributors.count ? leaves[contributors[position]] : nil
            try requireEqual((ours ?? MerkleTree.absentLeaf).bytes, leaf, "leaves[\(position)]")
        }
        for entry in try fields.objects("paths") {
            let id = try entry.party("id")
            let position = try positions([id], among: contributors)[0]
            try requireEqual(tree.path(of: position), entry.byteStrings("path").flatMap { $0 }, "path of \(id)")
        }
    }

    private static func checkAdvertisement(_ fields: VectorFields) throws {
        let keys = try advertisement(fields.object("keys"), threat: 0)
        let message = Advertisement.signedBytes(
            session: try digest(fields, "session"), client: try fields.party("party"),
            channelPublicKey: keys.channelPublicKey, maskPublicKey: keys.maskPublicKey,
            selfMaskCommitment: keys.selfMaskCommitment)
        try checkSignature(of: message, fields)
    }

    // MARK: Whole rounds

    /// Holds root, entropy, binding, circle and statement of a round against its messages.
    static func checkIntermediates<Scheme: AggregationScheme>(
        of fields: VectorFields, _ scheme: Scheme, in context: RoundContext, _ messages: [StatedMessage]
    ) throws {
        let intermediate = try fields.object("intermediate")
        let format = scheme.messageFormat(in: context)
        var leaves: [PartyID: HashDigest] = [:]
        var sharers: ClientSet?
        var survivors: ClientSet?
        var signatureRoot: HashDigest?
        var drawn: HashDigest?
        for message in messages {
            switch try SecAggMessage<UInt64>(decoding: message.bytes, as: format) {
            case .advertisement(let keys): leaves[message.route.from] = keys.leaf(of: message.route.from)
            case .neighborhood(let neighborhood): drawn = neighborhood.entropy
            case .deliveredShares(_, let set): sharers = set
            case .survivors(let set): survivors = set
            case .signatureCommitment(let root, _): signatureRoot = root
            default: break
            }
        }
        let isSparse = scheme.name == "secagg+"
        guard !(try intermediate.isNull("root")) else {
            // The round ended before there was one.
            return try require(
                messages.allSatisfy { $0.route.stage ?? 0 == 0 }, "'root' is null, and the round went on")
        }
        let root = MerkleTree(leaves: scheme.contributors.map { leaves[$0] ?? MerkleTree.absentLeaf }).root
        try requireEqual(root.bytes, intermediate.bytes("root"), "root")
        let entropy = isSparse ? drawn : .zero
        guard let entropy else { throw CaseFailure("nobody was sent a neighborhood") }
        try requireEqual(entropy.bytes, intermediate.bytes("entropy"), "entropy")
        let session = scheme.session(in: context)
        let binding = SecAgg<UInt32>.binding(session: session, root: root, entropy: entropy)
        try requireEqual(binding.bytes, intermediate.bytes("binding"), "binding")
        if isSparse {
            let circle = MaskingCircle(
                count: scheme.contributors.count, neighbors: try fields.integer("neighbors"), binding: binding)
            try requireEqual(circle.places.map { Int($0) }, intermediate.integers("circle"), "circle")
        }
        func check(_ ours: HashDigest?, _ name: String) throws {
            guard intermediate.has(name) else { return }
            let stated = try intermediate.isNull(name) ? nil : intermediate.bytes(name)
            try require(ours?.bytes == stated, "'\(name)' is another one than the messages give")
        }
        let maskBinding = sharers.map { SurvivorStatement.maskBinding(binding, sharers: $0) }
        try check(maskBinding, "maskBinding")
        try check(
            survivors.flatMap { set in maskBinding.map { SurvivorStatement(maskBinding: $0, survivors: set).digest } },
            "statement")
        try check(signatureRoot, "signatureRoot")
    }
}
