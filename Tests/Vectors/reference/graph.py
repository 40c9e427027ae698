# SPDX-License-Identifier: Apache-2.0
"""What binds a round of `secagg` and `secagg+` together: the tree over the advertisements, the binding, the circle, the
neighbors, the mask binding, the survivors' statement, the tree over its signatures and the witnesses. Positions are places in
`contributors`, from 0."""

import wire
from primitives import Generator, Refused, sha256
from wire import u8, u32, vector

EMPTY_LEAF = sha256(u8(0))


def label(text):
    return vector(255, b"fedsum/1 " + text)


# The tree


def depth_of(count):
    """The least depth with 2^depth leaves for so many positions."""
    depth = 0
    while 2**depth < count:
        depth += 1
    return depth


def leaf(threat, u, keys):
    """The leaf of a client of U1; keys is None for any other."""
    return EMPTY_LEAF if keys is None else sha256(u8(0) + u32(u) + u8(threat) + wire.advertisement(threat, keys))


def node(left, right):
    return sha256(u8(1) + left + right)


def signature_leaf(u, signature):
    """The leaf of a client whose signature came; signature is None for any other."""
    return EMPTY_LEAF if signature is None else sha256(u8(0) + u32(u) + signature)


class Tree:
    def __init__(self, leaves):
        """leaves: one for each position."""
        self.depth = depth_of(len(leaves))
        level = [*leaves] + [EMPTY_LEAF] * (2**self.depth - len(leaves))
        self.levels = [level]
        while len(level) > 1:
            level = [node(level[i], level[i + 1]) for i in range(0, len(level), 2)]
            self.levels.append(level)
        self.root = level[0]

    def path(self, position):
        """The siblings from the leaf upward."""
        return [level[(position >> height) ^ 1] for height, level in enumerate(self.levels[:-1])]


def key_tree(session, advertisements):
    """advertisements: id -> keys, of U1."""
    return Tree([leaf(session.threat, u, advertisements.get(u)) for u in session.contributors])


def signature_tree(session, signed):
    """signed: id -> signature, of U4."""
    return Tree([signature_leaf(u, signed.get(u)) for u in session.contributors])


def top(position, bottom, path):
    """The root of the tree that has this leaf at the position, with these siblings."""
    for height, sibling in enumerate(path):
        bottom = node(sibling, bottom) if position >> height & 1 else node(bottom, sibling)
    return bottom


def binding_of(session, root, entropy):
    return sha256(label(b"roster") + session.digest + root + entropy)


def mask_binding_of(binding, sharers):
    """sharers: a bitmap."""
    return sha256(label(b"sharers") + binding + vector(2**16 - 1, sharers))


class Bound:
    """The session as key derivation and boxes see it: the binding is the salt, or, of masks, the mask binding."""

    def __init__(self, session, binding):
        self.digest, self.round, self.bits = binding, session.round, session.bits


# The circle


def uniform(generator, bound):
    while True:
        word = generator.word32()
        if word < 2**32 - 2**32 % bound:
            return word % bound


def circle_of(count, binding):
    """Which position each place of the circle holds."""
    generator, places = Generator(sha256(label(b"graph") + binding)), list(range(count))
    for i in range(count - 1, 0, -1):
        j = uniform(generator, i + 1)
        places[i], places[j] = places[j], places[i]
    return places


def neighbors_on(circle, k, position):
    """The positions at the k/2 places before and the k/2 places after, ascending."""
    place, count = circle.index(position), len(circle)
    return sorted(circle[(place + step) % count] for step in range(-(k // 2), k // 2 + 1) if step)


def fewest_in_two_runs(circle, k, survivors):
    """The fewest survivors in any two disjoint runs of k/2 places. survivors: positions."""
    count, half = len(circle), k // 2
    runs = [{circle[(start + i) % count] for i in range(half)} for start in range(count)]
    return min(len((a | b) & survivors) for a in runs for b in runs if not a & b)


def fewest_allowed(k, threshold):
    return -((k - 3 * threshold) // 2)  # the ceiling of (3t - k)/2


class Complete:
    """Everybody is everybody's neighbor."""

    def __init__(self, session, binding):
        self.session, self.circle = session, None

    def neighbors(self, u):
        return [v for v in self.session.contributors if v != u]

    def witnesses(self, u, statement, signature_root=None, entropy=None):
        return self.neighbors(u)

    def holds_together(self, survivors):
        return True


class Circulant:
    def __init__(self, session, binding):
        self.session, self.k = session, session.neighbors
        self.circle = circle_of(len(session.contributors), binding)

    def neighbors(self, u):
        ids = self.session.contributors
        return [ids[position] for position in neighbors_on(self.circle, self.k, ids.index(u))]

    def witnesses(self, u, statement, signature_root, entropy):
        """In the order in which they are drawn. entropy: of the second pulse."""
        ids = self.session.contributors
        key = sha256(label(b"witnesses") + statement + signature_root + entropy + u32(u))
        generator, drawn = Generator(key), []
        while len(drawn) < self.k:
            v = ids[uniform(generator, len(ids))]
            if v != u and v not in drawn:
                drawn.append(v)
        return drawn

    def holds_together(self, survivors):
        positions = {self.session.contributors.index(u) for u in survivors}
        return fewest_in_two_runs(self.circle, self.k, positions) >= fewest_allowed(self.k, self.session.threshold)


def graph_of(session, binding):
    return {"secagg": Complete, "secagg+": Circulant}[session.scheme](session, binding)


# Who survives


def statement_of(mask_binding, survivors):
    """survivors: a bitmap."""
    return sha256(label(b"survivors") + mask_binding + vector(2**16 - 1, survivors))


def consistency_bytes(mask_binding, u, statement):
    return label(b"consistency") + mask_binding + u32(u) + statement


def advertisement_bytes(session, u, keys):
    """What an enrolled identity signs."""
    signed = b"".join(keys[name] for name in ("channelPublicKey", "maskPublicKey", "selfMaskCommitment"))
    return label(b"advertisement") + session.digest + u32(u) + signed


def require(condition, reason):
    if not condition:
        raise Refused(reason)
