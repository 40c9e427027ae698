// SPDX-License-Identifier: Apache-2.0

/// What the key holder takes the server's word for.
///
/// A server that lies can hand in one client's ciphertexts and name as many contributors as it likes: a count that it
/// reports proves nothing, and the minimum cohort then holds against mistakes only. Whether clients are to be protected
/// from the server or from the key holder is a choice; one key holder cannot give both.
public enum KeyHolderAudit: UInt8, Sendable, CaseIterable {
    /// The server folds the ciphertexts and says whose they were. The key holder sees the sum only, and **a server that
    /// lies can have any client's vector decrypted** in its place.
    case trustsReportedContributors = 0
    /// Clients sign what they send, the server forwards all of it, and the key holder recomputes the product and holds
    /// the signed set against the minimum cohort. **The key holder then has every client's ciphertexts, which it can
    /// decrypt.** It must be one that does not, and the server keeps and sends as many vectors as there are clients.
    case recomputesProduct = 1
}
