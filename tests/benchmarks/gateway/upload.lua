-- SPDX-License-Identifier: GPL-3.0-or-later
-- wrk's request for uploads: 10 MiB.
wrk.method = "PUT"
wrk.body = string.rep("x", 10485760)
