# SPDX-License-Identifier: Apache-2.0
"""What the clients of `secagg` and `secagg+` derive before and between messages: trees, bindings, circles, statements, witnesses."""

import ed25519
import graph
import wire
from cases_arithmetic import invalid, key_for
from primitives import Generator, Refused, sha256


class Shape:
    """What the functions of graph.py need of a session."""

    def __init__(self, contributors, threat=0, neighbors=None, threshold=None, digest=None):
        self.contributors, self.threat, self.neighbors, self.threshold = contributors, threat, neighbors, threshold
        self.digest = digest


def advertisement(threat, label):
    draw = Generator(key_for(f"advertisement {label}"))
    return {name: draw.read(size) for name, size in wire.ADVERTISEMENTS[threat].items()}


def masking_graph():
    cases = []

    def case(name, kind, **fields):
        cases.append({"id": name, "result": "valid", "kind": kind, **fields})

    def ids_of(count):
        """Neither consecutive nor small."""
        return [7 * i * i + 3 * i + 2 for i in range(count - 1)] + [2**32 - 1]

    # Trees, with all clients, some, and none; the numbers of positions on both sides of powers of two.
    for count in [1, 2, 3, 4, 5, 8, 9, 12, 17]:
        for threat in [0, 1, 2] if count in (3, 9) else [count % 3]:
            for what, absent in [("all", []), ("some", [1, count - 1]), ("none", range(count))]:
                if what != "all" and count not in (3, 9, 12):
                    continue
                ids = ids_of(count)
                present = {u: advertisement(threat, u) for i, u in enumerate(ids) if i not in absent}
                tree = graph.key_tree(Shape(ids, threat), present)
                shown = sorted({ids[0], ids[count // 2], ids[-1]})
                paths = [{"id": u, "path": tree.path(ids.index(u))} for u in shown]
                for entry in paths:
                    leaf = graph.leaf(threat, entry["id"], present.get(entry["id"]))
                    assert graph.top(ids.index(entry["id"]), leaf, entry["path"]) == tree.root
                case(f"tree-{count}-threat-{threat}-{what}", "tree", threat=threat, contributors=ids,
                     present=[{"id": u, "keys": keys} for u, keys in present.items()], depth=tree.depth,
                     leaves=tree.levels[0], root=tree.root, paths=paths)

    # Trees over signatures, with those of all clients, some, and none.
    for count in [1, 2, 3, 6, 9, 16]:
        for what, silent in [("all", []), ("some", [0, count - 1, count // 2]), ("none", range(count))]:
            if what != "all" and count not in (6, 9):
                continue
            ids = ids_of(count)
            signed = {u: Generator(key_for(f"signature {u}")).read(64) for i, u in enumerate(ids) if i not in silent}
            tree = graph.signature_tree(Shape(ids), signed)
            paths = [{"id": u, "path": tree.path(ids.index(u))} for u in sorted({ids[0], ids[count // 2], ids[-1]})]
            for entry in paths:
                leaf = graph.signature_leaf(entry["id"], signed.get(entry["id"]))
                assert graph.top(ids.index(entry["id"]), leaf, entry["path"]) == tree.root
            case(f"signature-tree-{count}-{what}", "signature-tree", contributors=ids,
                 signatures=[{"id": u, "signature": signature} for u, signature in signed.items()], depth=tree.depth,
                 leaves=tree.levels[0], root=tree.root, paths=paths)

    # Paths that do not lead to the root. The party is at position 3 of 9, where there are four siblings.
    for threat in [0, 1, 2]:
        ids = ids_of(9)
        party, other = ids[3], ids[4]
        present = {u: advertisement(threat, u) for u in ids if u != other}
        tree = graph.key_tree(Shape(ids, threat), present)

        def refused(name, u, keys, path, root=tree.root, ids=ids, threat=threat):
            given = {
                "id": f"path-threat-{threat}-{name}", "kind": "path", "threat": threat, "contributors": ids, "party": u,
                "keys": keys, "path": path, "root": root,
            }

            def verify():
                graph.require(graph.top(ids.index(u), graph.leaf(threat, u, keys), path) == root, "wrong-path")

            cases.append(invalid(given, "wrong-path", verify))

        path, keys = tree.path(3), present[party]
        refused("of-another-position", party, keys, tree.path(2))
        refused("of-another-party", ids[2], keys, path)
        refused("too-short", party, keys, path[:-1])
        refused("too-long", party, keys, [*path, graph.EMPTY_LEAF])
        refused("siblings-in-another-order", party, keys, path[::-1])
        refused("one-bit-changed", party, keys, [*path[:2], bytes([path[2][0] ^ 1]) + path[2][1:], path[3]])
        refused("another-root", party, keys, path, key_for("another root"))
        refused("present-called-absent", party, None, path)
        refused("absent-called-present", other, advertisement(threat, other), tree.path(4))
        # A node in place of a leaf: the prefixes tell them apart.
        refused("node-as-root-of-no-siblings", party, keys, [], tree.levels[1][1])
        for name in keys:
            changed = bytes([keys[name][0] ^ 1]) + keys[name][1:]
            refused(f"{name}-changed", party, {**keys, name: changed}, path)

    for number in range(3):
        session, root = key_for(f"graph session {number}"), key_for(f"graph root {number}")
        entropy = bytes(32) if number == 0 else key_for(f"graph entropy {number}")
        case(f"binding-{number}", "binding", session=session, root=root, entropy=entropy,
             binding=graph.binding_of(Shape([], digest=session), root, entropy))

    # Below 2^31 + 1 nearly every second word is read again, below 3·2^30 every fourth.
    for bound in [1, 2, 3, 7, 1000, 2**16, 2**31, 2**31 + 1, 3 * 2**30, 2**32 - 1]:
        generator = Generator(key_for(f"uniform {bound}"))
        values, words = [], 0
        read = generator.word32

        def counted():
            nonlocal words
            words += 1
            return read()

        generator.word32 = counted
        values = [graph.uniform(generator, bound) for _ in range(20)]
        assert all(value < bound for value in values) and (bound not in (2**31 + 1, 3 * 2**30) or words > 20)
        case(f"uniform-{bound}", "uniform", key=key_for(f"uniform {bound}"), bound=bound, values=values, bytesRead=4 * words)

    for count, degrees in [(4, [2]), (5, [2]), (6, [2, 4]), (7, [4]), (9, [2, 4, 6]), (12, [6, 10]), (33, [12, 30]), (100, [20])]:
        for number in range(2 if count < 20 else 1):
            binding = key_for(f"circle {count} {number}")
            circle = graph.circle_of(count, binding)
            assert sorted(circle) == list(range(count))
            graphs = []
            for k in degrees:
                near = [graph.neighbors_on(circle, k, position) for position in range(count)]
                assert all(len(set(listed)) == k and p not in listed for p, listed in enumerate(near))
                assert all(p in near[q] for p in range(count) for q in near[p])
                shown = range(count) if count < 10 else [0, 1, count // 2, count - 1]
                graphs.append({"neighbors": k, "of": [{"position": p, "neighbors": near[p]} for p in shown]})
            case(f"circle-{count}-{number}", "circle", binding=binding, count=count, circle=circle, graphs=graphs)
    for count in [1000, 20_003]:
        binding = key_for(f"circle {count}")
        circle = graph.circle_of(count, binding)
        case(f"large-circle-{count}", "large-circle", binding=binding, count=count, first=circle[:10],
             sha256=sha256(b"".join(map(wire.u32, circle))))

    def runs(name, count, k, threshold, gone):
        """gone: places of the circle."""
        circle = graph.circle_of(count, key_for(f"runs {count}"))
        survivors = sorted(position for place, position in enumerate(circle) if place not in gone)
        fewest = graph.fewest_in_two_runs(circle, k, set(survivors))
        allowed = graph.fewest_allowed(k, threshold)
        given = {
            "id": f"runs-{name}", "kind": "runs", "circle": circle, "neighbors": k, "threshold": threshold,
            "survivors": survivors, "fewest": fewest, "allowed": allowed,
        }

        def hold():
            if fewest < allowed:
                raise Refused("circle-cut")

        if fewest < allowed:
            cases.append(invalid(given, "circle-cut", hold))
        else:
            cases.append({**given, "result": "valid"})
        return fewest - allowed

    assert runs("nobody-lost", 9, 4, 3, []) == 1
    assert runs("one-lost", 9, 4, 3, [3]) == 0
    assert runs("two-adjacent-lost", 9, 4, 3, [3, 4]) == -1
    assert runs("two-adjacent-lost-at-the-seam", 9, 4, 3, [0, 8]) == -1
    assert runs("two-far-lost", 9, 4, 3, [0, 5]) == -1
    assert runs("two-lost-smallest-circle", 6, 4, 3, [0, 3]) == -1
    assert runs("one-lost-highest-threshold", 9, 4, 4, [6]) == -1
    assert runs("nobody-lost-highest-threshold", 9, 4, 4, []) == 0
    assert runs("three-lost-of-fourteen", 14, 6, 4, [0, 1, 2]) == 0
    assert runs("four-lost-in-two-runs", 14, 6, 4, [0, 1, 7, 9]) == -1
    assert runs("four-lost-in-three-runs", 14, 6, 4, [0, 4, 8, 12]) == 0
    assert runs("three-lost-far-apart", 14, 6, 4, [0, 4, 9]) == 1
    assert runs("odd-difference", 14, 6, 5, [0, 5]) == -1
    assert runs("odd-difference-one-lost", 14, 6, 5, [5]) == 0
    assert runs("runs-must-be-disjoint", 14, 6, 4, [0, 1, 2, 3]) == -1

    for number, (count, sharers, survivors) in enumerate([
        (3, [0, 1, 2], [0, 2]), (8, range(8), range(8)), (9, range(1, 9), [1, 2, 3, 4, 8]), (17, range(0, 17, 2), [0, 16]), (5, [], []),
    ]):
        ids, binding = ids_of(count), key_for(f"sharers binding {number}")
        sharers, survivors = [ids[i] for i in sharers], [ids[i] for i in survivors]
        bitmap = wire.bitmap(ids, sharers)
        mask_binding = graph.mask_binding_of(binding, bitmap)
        case(f"mask-binding-{number}", "mask-binding", binding=binding, contributors=ids, sharers=sharers, sharersBitmap=bitmap,
             maskBinding=mask_binding)
        bitmap = wire.bitmap(ids, survivors)
        statement = graph.statement_of(mask_binding, bitmap)
        case(f"statement-{number}", "statement", maskBinding=mask_binding, contributors=ids, survivors=survivors,
             survivorsBitmap=bitmap, statement=statement)
        seed, party = key_for(f"consistency seed {number}"), ids[count // 2]
        message = graph.consistency_bytes(mask_binding, party, statement)
        case(f"consistency-{number}", "consistency", maskBinding=mask_binding, statement=statement, party=party, seed=seed,
             publicKey=ed25519.public_key(seed), message=message, signature=ed25519.sign(seed, message))

    for count, k in [(4, 2), (6, 4), (9, 4), (12, 10), (40, 12), (100, 20)]:
        ids, statement = ids_of(count), key_for(f"witnesses {count}")
        root, entropy = key_for(f"signature root {count}"), key_for(f"second entropy {count}")
        circulant = graph.Circulant(Shape(ids, neighbors=k), key_for("circle"))
        for u in [ids[0], ids[count // 2], ids[-1]]:
            drawn = circulant.witnesses(u, statement, root, entropy)
            assert len(set(drawn)) == k and u not in drawn
            case(f"witnesses-{count}-{k}-of-{u}", "witnesses", statement=statement, signatureRoot=root, entropy2=entropy,
                 contributors=ids, neighbors=k, party=u, witnesses=drawn)

    for party in [0, 17, 2**32 - 1]:
        keys, seed, session = advertisement(0, f"signed {party}"), key_for(f"identity {party}"), key_for("graph session")
        message = graph.advertisement_bytes(Shape([], digest=session), party, keys)
        case(f"advertisement-{party}", "advertisement", session=session, party=party, keys=keys, seed=seed,
             publicKey=ed25519.public_key(seed), message=message, signature=ed25519.sign(seed, message))
    return cases
