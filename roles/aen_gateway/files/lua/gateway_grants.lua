-- SPDX-License-Identifier: GPL-3.0-or-later
-- A grant: this head may use this app now, at that node. Worked out from credential, decision, route and level; then
-- remembered by the worker for as long as the decision holds (a second) and nothing has changed: 8 us a request.

local changes = require "gateway_changes"
local control = require "gateway_control"
local credentials = require "gateway_credential"
local decisions = require "gateway_decisions"
local errors = require "gateway_errors"
local levels = require "gateway_levels"
local routes = require "gateway_routes"

local _M = { VISITOR_METHODS = { GET = true, HEAD = true } }

local STARTING = {
  status = 503,
  error = { code = "app_starting", message = "The app is starting.", hint = "Try again in a moment." },
}

-- Returns the credential of the head; nil and the problem where it has none that could be one.
function _M.credential(head)
  local found, reason = credentials.find(head.headers["authorization"], head.sessions, head.place)
  if not found then
    return nil, errors.of(reason)
  end
  return found
end

-- Returns the credential of a visitor, for a request that shows none and only reads; nil where the site lets no visitors in.
-- Who shows a session that has ended is sent to sign in, not made a visitor.
function _M.visitor(head, method)
  local settings = control.settings()
  if not settings or not settings.visitors or not _M.VISITOR_METHODS[method] or head.upgrade or head.sessions[1] then
    return nil
  end
  if head.headers["authorization"] then
    return nil
  end
  return credentials.VISITOR
end

-- Returns the grant {credential, decision, user, level, owner, project, permission, route, token} of a request for this app; nil
-- and the problem otherwise. May wait for the server, and up to `wait` seconds for the app.
function _M.find(head, request, credential, wait)
  local epoch = changes.epoch() -- read first: what changes while we ask makes the result stale at once
  local decision, problem, fresh = decisions.find(credential, request.owner, request.project, ngx.var.wk_request_id)
  if not decision then
    return nil, problem
  end
  ngx.var.wk_user = decision.user
  problem = levels.refusal(decision)
  if problem then
    routes.forget_for(decision.user, request)
    return nil, problem
  end
  local route
  route, problem = routes.find(credential, decision.user, request, wait)
  if not route then
    return nil, problem
  end
  if route.opening then
    return nil, STARTING
  end
  problem = levels.refusal(decision, route.permission)
  if problem then
    return nil, problem
  end
  local grant = {
    credential = credential, user = decision.user, level = decision.level, owner = request.owner,
    project = request.project, permission = route.permission, route = route, token = routes.token_for(route),
    epoch = epoch, fresh = fresh,
  }
  head.grants[request.name] = grant
  return grant
end

-- Returns the grant found before that still holds, without asking anybody; nil where there is none.
function _M.remembered(head, request)
  local grant = head.grants[request.name]
  if grant and grant.fresh > ngx.now() and grant.epoch == changes.epoch() then
    return grant
  end
  return nil
end

return _M
