-- SPDX-License-Identifier: GPL-3.0-or-later
-- What NGINX asks about the other side of a decided request: which peer, what of its answer reaches the client, and what to
-- remember when it is over.

local answer = require "gateway_answer"
local balancer = require "ngx.balancer"
local connection = require "gateway_connection"
local credentials = require "gateway_credential"
local routes = require "gateway_routes"
local sockets = require "gateway_sockets"

local MAX_HEADERS = 100
-- Seconds; a WebSocket may be silent for long. A dead peer is noticed by TCP keep-alive and by the app's own pings.
local SOCKET_CONNECT, SOCKET_SEND, SOCKET_READ = 3, 300, 86400

local _M = {}

function _M.balance()
  local ctx = ngx.ctx
  local route = ctx.grant.route
  if not ctx.tried then
    ctx.tried = true
    balancer.set_more_tries(1) -- a kept connection that the node had just closed
  end
  assert(balancer.set_current_peer(route.node_host, route.node_port))
  if ctx.descriptor then
    assert(balancer.set_timeouts(SOCKET_CONNECT, SOCKET_SEND, SOCKET_READ))
  end
end

local function keep_others(cookies)
  local kept = {}
  for _, cookie in ipairs(type(cookies) == "table" and cookies or { cookies }) do
    if not credentials.sets_own_cookie(cookie) then
      kept[#kept + 1] = cookie
    end
  end
  ngx.header["Set-Cookie"] = kept
end

local function not_running(route)
  routes.forget(route.key)
  ngx.var.wk_reason = "app_not_running"
  if answer.is_navigation(ngx.req.get_method(), ngx.req.get_headers(MAX_HEADERS)) then
    ngx.status = 302 -- ask again: this time the app is opened first, behind the starting page
    ngx.header["Location"] = ngx.var.request_uri
    ngx.header["Cache-Control"] = "no-store"
  end
end

-- Answers of a node: our cookie is not an app's to set (our headers are hidden in nginx.conf).
function _M.header_filter()
  local grant = ngx.ctx.grant
  if not grant then
    return -- an answer of our own
  end
  local cookies = ngx.header["Set-Cookie"]
  if cookies then
    keep_others(cookies)
  end
  connection.notice_dead_node(grant.route.node_port)
  local status = ngx.status
  if status == 503 then
    if ngx.var.upstream_http_x_wakari_error == "app_not_running" then
      not_running(grant.route)
    end
  elseif status == 101 then
    local ctx = ngx.ctx
    if ctx.descriptor then
      ctx.socket = sockets.add(ctx.descriptor, grant)
    else
      ngx.status = 502 -- nobody asked for another protocol
    end
  end
end

-- The control plane's answers: a sign-out tells which cookie is refused from now on.
function _M.control_header_filter()
  local jti = ngx.header["X-Wakari-Revoke"]
  if jti then
    credentials.revoke(jti)
    ngx.header["X-Wakari-Revoke"] = nil
  end
end

-- The request is over; its connection is still its own.
function _M.log()
  local socket = ngx.ctx.socket
  if socket then
    sockets.remove(socket)
    ngx.var.wk_reason = socket.reason or "ended"
  end
end

return _M
