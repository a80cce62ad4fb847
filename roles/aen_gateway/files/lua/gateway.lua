-- SPDX-License-Identifier: GPL-3.0-or-later
-- The data plane's entry points, one a phase of NGINX: access, balance, header_filter, node_away.
-- access decides everything, once, before a byte goes to a node.

local answer = require "gateway_answer"
local control = require "gateway_control"
local credentials = require "gateway_credential"
local decisions = require "gateway_decisions"
local errors = require "gateway_errors"
local paths = require "gateway_path"
local routes = require "gateway_routes"
local upstream = require "gateway_upstream"
local websocket = require "gateway_websocket"
local wakari_worker = require "wakari_worker"

local MAX_HEADERS = 100
local MAX_CONTROL_BODY = 1048576 -- bytes; a ProjectSpec of a thousand members has 100 KB
local NAVIGATION_WAIT = 1 -- seconds a person waits for an app before the starting page is shown
local REQUEST_WAIT = 60 -- seconds a script waits
local RANK = { none = 0, read = 1, write = 2, admin = 3 }
local SAFE = { GET = true, HEAD = true, OPTIONS = true }
local REFUSED_METHODS = { CONNECT = true, TRACE = true, TRACK = true }
-- Headers that change their meaning when they are repeated.
local SINGLE = {
  authorization = true, ["content-length"] = true, host = true, origin = true, ["sec-fetch-site"] = true,
  ["transfer-encoding"] = true, upgrade = true,
}

local _M = {}

function _M.init(options)
  require "resty.core"
  control.init(options.control_socket)
end

function _M.init_worker()
  wakari_worker.stop_when_orphaned()
end

-- Returns the request's headers, names in lower case; nil where one that may stand once is repeated, or the framing could
-- be read in two ways. Removes from the request what the platform alone may say to a node (docs/protocols.md, "Gateway").
local function read_headers()
  local headers, reason = ngx.req.get_headers(MAX_HEADERS)
  if reason then
    return nil
  end
  -- Every name asked for below is in lower case. The table's own __index would look for each absent one in other
  -- spellings: 3 us a request.
  setmetatable(headers, nil)
  for name, value in pairs(headers) do
    if SINGLE[name] and type(value) == "table" then
      return nil
    end
    -- "x-", looked at before strings are cut: most names begin otherwise.
    if name:byte(1) == 120 and name:byte(2) == 45 and (name:sub(1, 9) == "x-wakari-" or name:sub(1, 12) == "x-forwarded-") then
      ngx.req.clear_header(name)
    end
  end
  if headers["transfer-encoding"] and headers["content-length"] then
    return nil
  end
  return headers
end

local function is_upgrade(headers)
  local connection = headers["connection"]
  return type(headers["upgrade"]) == "string"
    and headers["upgrade"]:lower() == "websocket"
    and type(connection) == "string"
    and connection:lower():find("upgrade", 1, true) ~= nil
end

local function is_own_origin(origin)
  local v = ngx.var
  if origin == v.scheme .. "://" .. v.http_host then
    return true
  end
  local settings = control.settings() -- TLS may end in front of us: then the registered address says the scheme
  return settings ~= nil
    and origin == settings.external_url
    and settings.external_url:match("://(.*)$") == v.http_host
end

-- A cookie is sent by the browser whoever started the request; so who started it must be told and be us.
local function is_started_here(method, upgrade, headers)
  if upgrade then
    return headers["origin"] ~= nil and is_own_origin(headers["origin"])
  end
  if SAFE[method] then
    return true
  end
  if headers["origin"] then
    return is_own_origin(headers["origin"])
  end
  local site = headers["sec-fetch-site"]
  return site == "same-origin" or site == "none"
end

local function may_use(decision, permission)
  return (RANK[decision.level] or 0) >= (RANK[permission] or RANK.write)
end

-- Returns the problem with this decision, or nil.
local function refusal(decision)
  if (RANK[decision.level] or 0) == 0 then
    return errors.of("project_not_found")
  end
  if decision.state ~= "running" then
    return errors.of("project_not_running", {
      state = decision.state,
      reason = decision.reason,
      project_page = decision.project_page,
    })
  end
  return nil
end

local function to_control(method, headers, sessions)
  if headers["transfer-encoding"] or (tonumber(headers["content-length"]) or 0) > MAX_CONTROL_BODY then
    return answer.problem(errors.of("body_too_large"), {}, false)
  end
  if #sessions > 0 and not is_started_here(method, false, headers) then
    return answer.problem(errors.of("origin_refused"), {}, false)
  end
  return ngx.exec("@control")
end

local function sign_in(request_uri)
  return answer.redirect("/_wakari/login?next=" .. ngx.escape_uri(request_uri), "not_signed_in")
end

local function own_headers(found, decision, route, cookies)
  local v = ngx.var
  return {
    ["X-Wakari-Gateway"] = routes.token_for(route),
    ["X-Wakari-App"] = route.instance,
    ["X-Wakari-User"] = decision.user,
    ["X-Wakari-Level"] = decision.level,
    ["X-Wakari-Credential"] = found.kind,
    ["X-Forwarded-For"] = v.remote_addr,
    ["X-Forwarded-Host"] = v.http_host,
    ["X-Forwarded-Proto"] = v.scheme,
    ["X-Real-IP"] = v.remote_addr,
    ["X-Request-Id"] = v.wk_request_id,
    ["Cookie"] = cookies,
  }
end

local function pass_upgrade(request, headers, found, decision, route, cookies)
  local function still_allowed()
    if not credentials.is_current(found) then
      return "signed_out"
    end
    local now, problem = decisions.find(found, request.owner, request.project)
    problem = problem or refusal(now)
    if problem then
      return problem.error.code
    end
    if not may_use(now, route.permission) then
      return "level_too_low"
    end
    return nil
  end
  local own = own_headers(found, decision, route, cookies)
  local failure = websocket.run(route.node_host, route.node_port, headers, own, still_allowed)
  routes.forget(route.key)
  local problem = errors.of("node_away", { node = route.node_name })
  if failure ~= "node_away" then
    problem = errors.of("control_away")
    problem.error.code = "app_not_running"
  end
  return answer.problem(problem, request, false)
end

local function pass_request(headers, decision, route, cookies)
  local v = ngx.var
  v.wk_cookie = cookies
  v.wk_token = routes.token_for(route)
  v.wk_instance = route.instance
  v.wk_level = decision.level
  ngx.ctx.route = route
  if headers["authorization"] then
    ngx.req.clear_header("Authorization")
  end
end

local function to_app(request, method, headers, cookies, sessions)
  local v = ngx.var
  local upgrade = is_upgrade(headers)
  local navigation = answer.is_navigation(method, headers)
  if upgrade and (method ~= "GET" or headers["content-length"] or headers["transfer-encoding"]) then
    return answer.problem(errors.of("request_ambiguous"), request, false)
  end
  local found, reason = credentials.find(headers["authorization"], sessions)
  if not found then
    if reason == "not_signed_in" and navigation then
      return sign_in(v.request_uri)
    end
    return answer.problem(errors.of(reason), request, navigation)
  end
  v.wk_credential = found.kind
  if found.kind == "cookie" and not is_started_here(method, upgrade, headers) then
    return answer.problem(errors.of("origin_refused"), request, navigation)
  end
  local decision, problem = decisions.find(found, request.owner, request.project)
  if not decision then
    if problem.status == 401 and navigation and found.kind == "cookie" then
      return sign_in(v.request_uri)
    end
    return answer.problem(problem, request, navigation)
  end
  v.wk_user = decision.user
  problem = refusal(decision)
  if problem then
    routes.forget_for(decision.user, request)
    return answer.problem(problem, request, navigation)
  end
  if not request.complete then
    local query = v.args and ("?" .. v.args) or ""
    return answer.redirect(request.path .. "/" .. query, "slash_missing")
  end
  local wait = navigation and NAVIGATION_WAIT or REQUEST_WAIT
  local route
  route, problem = routes.find(found, decision.user, request, wait)
  if not route then
    return answer.problem(problem, request, navigation)
  end
  if route.opening then
    return answer.problem({
      status = 503,
      error = { code = "app_starting", message = "The app is starting.", hint = "Try again in a moment." },
    }, request, navigation)
  end
  if not may_use(decision, route.permission) then
    return answer.problem(errors.of("level_too_low"), request, navigation)
  end
  v.wk_node = route.node_name
  if upgrade then
    return pass_upgrade(request, headers, found, decision, route, cookies)
  end
  return pass_request(headers, decision, route, cookies)
end

local function decide()
  local v = ngx.var
  local method = ngx.req.get_method()
  if REFUSED_METHODS[method] then
    return answer.problem(errors.of("method_not_allowed"), {}, false)
  end
  local headers = read_headers()
  if not headers or not v.http_host then
    return answer.problem(errors.of("request_ambiguous"), {}, false)
  end
  if v.request:byte(#method + 2) ~= 47 then -- "/": a target with scheme and host could disagree with the Host header
    return answer.problem(errors.of("path_ambiguous"), {}, false)
  end
  local request, reason = paths.parse(v.request_uri)
  if not request then
    return answer.problem(errors.of(reason), {}, answer.is_navigation(method, headers))
  end
  local cookies, sessions = credentials.split_cookies(v.http_cookie)
  if request.kind == "control" then
    return to_control(method, headers, sessions)
  end
  v.wk_app = request.name
  return to_app(request, method, headers, cookies, sessions)
end

-- Runs a phase so that an error in it ends as 500 with its reason in the access log: NGINX's own error lines
-- would carry the query string.
local function guarded(phase)
  return function()
    local ok, failure = xpcall(phase, debug.traceback)
    if not ok then
      ngx.var.wk_failure = tostring(failure):sub(1, 2000)
      return answer.problem(errors.of("internal_error"), {}, false)
    end
  end
end

_M.access = guarded(decide)

_M.balance = upstream.balance
_M.header_filter = upstream.header_filter
_M.control_header_filter = upstream.control_header_filter

-- The node did not answer, or not in time.
_M.node_away = guarded(function()
  local headers = ngx.req.get_headers(MAX_HEADERS)
  local request = paths.parse(ngx.var.request_uri) or {}
  if request.app then
    routes.forget_for(ngx.var.wk_user, request)
  end
  local problem = errors.of("node_away", { node = ngx.var.wk_node })
  return answer.problem(problem, request, answer.is_navigation(ngx.req.get_method(), headers))
end)

_M.control_away = guarded(function()
  return answer.problem(errors.of("control_away"), {}, false)
end)

return _M
