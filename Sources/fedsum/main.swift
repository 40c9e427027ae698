// SPDX-License-Identifier: Apache-2.0
import TOMLKit
print(TOMLTable())
