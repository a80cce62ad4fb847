-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a decision of the server lets a person do. The levels and their order: docs/architecture.md, "One access model".

local errors = require "gateway_errors"

local RANK = { none = 0, read = 1, write = 2, admin = 3 }

local _M = {}

-- Returns the problem with this decision: nothing may be seen, the project does not run, or (with `permission`, the app's)
-- the level is too low. nil where there is none.
function _M.refusal(decision, permission)
  local rank = RANK[decision.level] or 0
  if rank == 0 then
    return errors.of("project_not_found")
  end
  if decision.state ~= "running" then
    return errors.of("project_not_running", {
      state = decision.state,
      reason = decision.reason,
      project_page = decision.project_page,
    })
  end
  if permission and rank < (RANK[permission] or RANK.write) then
    return errors.of("level_too_low")
  end
  return nil
end

return _M
