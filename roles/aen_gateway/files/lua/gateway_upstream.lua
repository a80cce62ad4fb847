-- SPDX-License-Identifier: GPL-3.0-or-later
-- What NGINX asks about the other side of a decided request: which peer, and what of its answer reaches the client.

local answer = require "gateway_answer"
local balancer = require "ngx.balancer"
local credentials = require "gateway_credential"
local routes = require "gateway_routes"

local MAX_HEADERS = 100

local _M = {}

function _M.balance()
  local ctx = ngx.ctx
  local route = ctx.route
  if not ctx.tried then
    ctx.tried = true
    balancer.set_more_tries(1) -- a kept connection that the node had just closed
  end
  assert(balancer.set_current_peer(route.node_host, route.node_port))
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

-- Answers of a node: our cookie and our headers are not an app's to set. They are read once, all (proxy_buffer_size bounds
-- them), and changed only where there is something to change: 1.5 us a request.
function _M.header_filter()
  local headers = setmetatable(ngx.resp.get_headers(0), nil)
  local cookies = headers["set-cookie"]
  if cookies then
    keep_others(cookies)
  end
  local route = ngx.ctx.route
  if not route then
    return
  end
  local refused = headers["x-wakari-error"]
  if refused == "app_not_running" then
    routes.forget(route.key)
    ngx.var.wk_reason = refused
    if answer.is_navigation(ngx.req.get_method(), ngx.req.get_headers(MAX_HEADERS)) then
      ngx.status = 302 -- ask again: this time the app is opened first, behind the starting page
      ngx.header["Location"] = ngx.var.request_uri
      ngx.header["Cache-Control"] = "no-store"
    end
  end
  for name in pairs(headers) do
    if name:byte(1) == 120 and name:sub(1, 9) == "x-wakari-" then
      ngx.header[name] = nil
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

return _M
