# SPDX-License-Identifier: Apache-2.0
"""Every message of a round, in order, as bytes. A party learns of another only by decoding what was sent to it."""

import wire


class RoundAborted(Exception):
    """Too few parties are left after `stage`; `party` is the one that finds out first."""

    def __init__(self, stage, party, transcript):
        super().__init__(f"stage {stage}")
        self.stage, self.party, self.transcript = stage, party, transcript


class Transcript:
    def __init__(self, session):
        self.session = session
        self.messages = []

    def send(self, stage, sender, receiver, kind, body):
        data = wire.encode(self.session, kind, body)
        self.messages.append({"stage": stage, "from": sender, "to": receiver, "bytes": data})

    def received(self, stage, receiver):
        """sender -> decoded body, for the messages of one stage to one party."""
        found = {}
        for m in self.messages:
            if m["stage"] == stage and m["to"] == receiver:
                assert m["from"] not in found
                found[m["from"]] = wire.decode(self.session, m["bytes"])[1]
        return found
