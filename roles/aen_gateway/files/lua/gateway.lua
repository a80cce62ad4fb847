-- SPDX-License-Identifier: GPL-3.0-or-later
-- The data plane's entry points, one a phase of NGINX: access, balance, header_filter, log, and those of its named locations.
-- access decides everything, once, before a byte goes to a node.

local answer = require "gateway_answer"
local connection = require "gateway_connection"
local control = require "gateway_control"
local credentials = require "gateway_credential"
local errors = require "gateway_errors"
local feed = require "gateway_feed"
local grants = require "gateway_grants"
local heads = require "gateway_head"
local metrics = require "gateway_metrics"
local origins = require "gateway_origin"
local paths = require "gateway_path"
local routes = require "gateway_routes"
local sockets = require "gateway_sockets"
local upstream = require "gateway_upstream"
local wakari_worker = require "wakari_worker"

local MAX_HEADERS = 100
local MAX_CONTROL_BODY = 1048576 -- bytes; a ProjectSpec of a thousand members has 100 KB
local NAVIGATION_WAIT = 1 -- seconds a person waits for an app before the starting page is shown
local START = "/_wakari/start"
local REQUEST_WAIT = 60 -- seconds a script waits
local TO_SIGN_IN = { [401] = true, [403] = true, [404] = true } -- what signing in may change
-- Of the control plane's paths those that a project's origin has.
local AT_ORIGINS = {
  ["/"] = true, ["/_wakari/enter"] = true, ["/_wakari/login"] = true, ["/_wakari/logout"] = true, [START] = true,
}
local SAFE = { GET = true, HEAD = true, OPTIONS = true }
local REFUSED_METHODS = { CONNECT = true, TRACE = true, TRACK = true }

local _M = {}

function _M.init(options)
  require "resty.core"
  control.init(options.control_socket)
  origins.init(options.project_domain)
end

function _M.init_worker()
  wakari_worker.stop_when_orphaned()
  sockets.start()
  feed.start()
  metrics.start()
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

-- At a project's origin other projects' pages are of the same site, so that a cookie's SameSite does not keep them away.
local function is_of_this_origin(method, headers)
  local site, dest = headers["sec-fetch-site"], headers["sec-fetch-dest"]
  return site == nil or site == "same-origin" or site == "none"
    or answer.is_navigation(method, headers) and (dest == nil or dest == "document")
end

-- A cookie is sent by the browser whoever started the request; so who started it must be told and be us.
local function is_started_here(method, upgrade, headers, place)
  if upgrade then
    return headers["origin"] ~= nil and is_own_origin(headers["origin"])
  end
  if SAFE[method] then
    return not place or is_of_this_origin(method, headers)
  end
  if headers["origin"] then
    return is_own_origin(headers["origin"])
  end
  local site = headers["sec-fetch-site"]
  return site == "same-origin" or site == "none"
end

local function to_control(method, head, path)
  local headers = head.headers
  if head.place and not AT_ORIGINS[path] then
    return answer.problem(errors.of("not_found"), {}, false)
  end
  if headers["transfer-encoding"] or (tonumber(headers["content-length"]) or 0) > MAX_CONTROL_BODY then
    return answer.problem(errors.of("body_too_large"), {}, false)
  end
  if #head.sessions > 0 and not is_started_here(method, false, headers) then
    return answer.problem(errors.of("origin_refused"), {}, false)
  end
  if path == START then -- it acts for the person, so the cookie must hold: the control plane does not know who signed out
    local credential, problem = grants.credential(head)
    if not credential then
      return answer.problem(problem, {}, false)
    end
  end
  return ngx.exec("@control")
end

local function sign_in(request_uri)
  return answer.redirect("/_wakari/login?next=" .. ngx.escape_uri(request_uri), "not_signed_in")
end

-- Lets the request go on to the node.
local function pass(head, grant)
  local v = ngx.var
  v.wk_user = grant.user
  v.wk_credential = grant.credential.kind
  local route = grant.route
  v.wk_node = route.node_name
  v.wk_cookie = head.cookies
  v.wk_token = grant.token
  v.wk_instance = route.instance
  v.wk_level = grant.level
  if route.node_tls and route.node_tls ~= ngx.null then
    v.wk_node_scheme = "https"
    v.wk_node_tls = route.node_tls
  end
  local ctx = ngx.ctx
  ctx.grant = grant
  if head.upgrade then
    ctx.descriptor = connection.client()
    v.wk_upgrade = "websocket"
    v.wk_connection = "upgrade"
  end
end

-- Returns the grant after asking whoever must be asked; nil where the request was answered instead.
local function ask_for_grant(request, method, head)
  local navigation = answer.is_navigation(method, head.headers)
  local credential, problem = grants.credential(head)
  if not credential and problem.error.code == "not_signed_in" then
    credential = grants.visitor(head, method)
  end
  if not credential then
    if problem.error.code == "not_signed_in" and navigation then
      return sign_in(ngx.var.request_uri)
    end
    return answer.problem(problem, request, navigation)
  end
  ngx.var.wk_credential = credential.kind
  if credential.kind == "cookie" and not is_started_here(method, head.upgrade, head.headers, head.place) then
    return answer.problem(errors.of("origin_refused"), request, navigation)
  end
  local grant
  grant, problem = grants.find(head, request, credential, navigation and NAVIGATION_WAIT or REQUEST_WAIT)
  if not grant then
    if credential.kind == "anonymous" and TO_SIGN_IN[problem.status] then
      problem = errors.of("not_signed_in") -- the same for what is not there and what is not for visitors
    end
    if problem.status == 401 and navigation and credential.kind ~= "bearer" then
      return sign_in(ngx.var.request_uri)
    end
    return answer.problem(problem, request, navigation)
  end
  return grant
end

-- Answers what is asked at another origin than the project's; returns true where it did. Programs with a token may use the
-- gateway's own: what a page may do there without a cookie is nothing.
local function is_elsewhere(request, method, head)
  local place = head.place
  if place then
    if place.owner == request.owner and place.project == request.project then
      return false
    end
    answer.problem(errors.of("not_found"), {}, answer.is_navigation(method, head.headers))
    return true
  end
  local label = origins.label_of(request.owner, request.project)
  if not label or credentials.token(head.headers["authorization"]) then
    return false
  end
  if answer.is_navigation(method, head.headers) then
    answer.redirect(origins.address(label) .. ngx.var.request_uri, "own_origin")
  else
    answer.problem(errors.of("own_origin"), request, false)
  end
  return true
end

local function to_app(request, method, head)
  local headers = head.headers
  if origins.domain and is_elsewhere(request, method, head) then
    return nil
  end
  if head.upgrade and (method ~= "GET" or headers["content-length"] or headers["transfer-encoding"]) then
    return answer.refuse("request_ambiguous")
  end
  local grant = grants.remembered(head, request)
  if not grant then
    grant = ask_for_grant(request, method, head)
    if not grant then
      return nil
    end
  elseif grant.credential.kind == "anonymous" and not grants.VISITOR_METHODS[method] then
    return answer.problem(errors.of("not_signed_in"), request, false)
  elseif grant.credential.kind == "cookie" and not is_started_here(method, head.upgrade, headers, head.place) then
    return answer.problem(errors.of("origin_refused"), request, answer.is_navigation(method, headers))
  end
  if not request.complete then
    local query = ngx.var.args and ("?" .. ngx.var.args) or ""
    return answer.redirect(request.path .. "/" .. query, "slash_missing")
  end
  return pass(head, grant)
end

local function decide()
  -- Here, not where it is used: a call of a C function ends a compiled trace, and only in this frame the next covers the rest.
  local raw = ngx.req.raw_header(true)
  local v = ngx.var
  local method = ngx.req.get_method()
  if REFUSED_METHODS[method] then
    return answer.problem(errors.of("method_not_allowed"), {}, false)
  end
  local head = heads.read(raw)
  if not head then
    return answer.refuse("request_ambiguous")
  end
  if v.request:byte(#method + 2) ~= 47 then -- "/": a target with scheme and host could disagree with the Host header
    return answer.refuse("path_ambiguous")
  end
  if head.place == false then
    return answer.problem(errors.of("not_found"), {}, answer.is_navigation(method, head.headers))
  end
  local request, reason = paths.parse(v.request_uri)
  if reason == "path_ambiguous" then
    return answer.refuse(reason)
  end
  if not request then
    return answer.problem(errors.of(reason), {}, answer.is_navigation(method, head.headers))
  end
  if request.kind == "control" then
    return to_control(method, head, request.path)
  end
  v.wk_app = request.name
  return to_app(request, method, head)
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
_M.metrics = metrics.tell

-- Where Lua fails here NGINX itself says so, without the request's query.
function _M.log()
  upstream.log()
  metrics.count()
end

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

-- A request that can be read in two ways. Without a reason of ours it is NGINX that refuses: chunks that are none.
_M.refused = guarded(function()
  local reason = ngx.var.wk_reason
  local problem = errors.of(reason ~= "" and reason or "request_ambiguous")
  return answer.problem(problem, {}, answer.is_navigation(ngx.req.get_method(), ngx.req.get_headers(MAX_HEADERS)))
end)

_M.control_away = guarded(function()
  local headers = ngx.req.get_headers(MAX_HEADERS)
  return answer.problem(errors.of("control_away"), {}, answer.is_navigation(ngx.req.get_method(), headers))
end)

return _M
