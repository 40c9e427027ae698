# SPDX-License-Identifier: Apache-2.0
"""Every message of a round, in order, as bytes. A party learns of another only by decoding what was sent to it."""

import wire
from primitives import Refused


class RoundAborted(Exception):
    """`party` gives up after `stage`, for this reason; of several, it is the one that finds out first."""

    def __init__(self, stage, party, transcript, reason="too-few-parties"):
        super().__init__(f"stage {stage}")
        self.stage, self.party, self.transcript, self.reason = stage, party, transcript, reason


class Faults:
    """Who is lost, and which message is replaced.

    lost: party -> how many of its sends it makes, where a send is everything that it sends in one step.
    partial: party -> (number of the send in which it is lost, how many messages of that send leave).
    replace: (stage, sender, receiver) -> a function from the message's bytes to other bytes.
    added: (stage, sender, receiver) -> a function from the message's bytes to those of a second message, which follows it.
    """

    def __init__(self, lost=None, partial=None, replace=None, added=None):
        self.lost, self.partial = dict(lost or {}), dict(partial or {})
        self.replace, self.added = dict(replace or {}), dict(added or {})


class Transcript:
    def __init__(self, session, faults=None):
        self.session, self.faults = session, faults or Faults()
        self.messages, self.sends, self.gone = [], {}, set()
        self.refusals = []  # (stage, receiver, sender, reason): messages that their receivers drop
        self.given_up = []  # (stage, party, sender, reason): who aborts over what it was sent
        self.left_out = []  # (stage, party, sender, reason): what a party goes on without

    def send(self, stage, sender, receiver, kind, body):
        self.send_all(stage, sender, [(receiver, kind, body)])

    def send_all(self, stage, sender, envelopes):
        """One step of a party: envelopes lists (receiver, type, body)."""
        assert sender not in self.gone
        number = self.sends.get(sender, 0)
        self.sends[sender] = number + 1
        if self.faults.lost.get(sender) == number:
            self.gone.add(sender)
            return
        send, limit = self.faults.partial.get(sender, (None, 0))
        if send == number:
            self.gone.add(sender)
            assert 0 < limit < len(envelopes)
            envelopes = envelopes[:limit]
        for receiver, kind, body in envelopes:
            data = wire.encode(self.session, kind, body)
            replace = self.faults.replace.get((stage, sender, receiver))
            data = replace(data) if replace else data
            self.messages.append({"stage": stage, "from": sender, "to": receiver, "bytes": data})
            second = self.faults.added.get((stage, sender, receiver))
            if second:
                self.messages.append({"stage": stage, "from": sender, "to": receiver, "bytes": second(data)})

    def received(self, stage, receiver, check=lambda sender, kind, body: None):
        """sender -> decoded body, for the messages of one stage to one party.

        A message that does not decode, or that `check` refuses, counts against its sender and nobody else.
        """
        found, taken = {}, {}
        for m in self.messages:
            if m["stage"] == stage and m["to"] == receiver:
                try:
                    if taken.get(m["from"], m["bytes"]) != m["bytes"]:
                        raise Refused("conflicting-message")
                    kind, body = wire.decode(self.session, m["bytes"])
                    check(m["from"], kind, body)
                except Refused as reason:
                    refusal = (stage, receiver, m["from"], str(reason))
                    if refusal not in self.refusals:
                        self.refusals.append(refusal)
                    continue
                found[m["from"]], taken[m["from"]] = body, m["bytes"]
        return found
