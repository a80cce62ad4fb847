-- SPDX-License-Identifier: GPL-3.0-or-later
-- Answers of the data plane itself: JSON for programs, pages (made by the control plane) for people.

local away = require "gateway_away"
local cjson = require "cjson.safe"
local control = require "gateway_control"
local credentials = require "gateway_credential"
local origins = require "gateway_origin"

local _M = {}

local PAGE_TIMEOUT = 2 -- seconds
local START_TIMEOUT = 6 -- seconds; the server is asked for this page, and wk-gateway gives it up after 5
local PASSED = { "set-cookie", "content-type", "content-security-policy", "cache-control", "refresh", "referrer-policy", "x-content-type-options" }

-- Returns true for a browser that opens an address for a person, as against a script's request.
function _M.is_navigation(method, headers)
  local accept, mode = headers["accept"], headers["sec-fetch-mode"]
  return (method == "GET" or method == "HEAD")
    and type(accept) == "string"
    and accept:find("text/html", 1, true) ~= nil
    and (mode == nil or mode == "navigate")
    and headers["upgrade"] == nil
end

local function send(status, body)
  ngx.status = status
  ngx.header["Content-Length"] = #body
  if ngx.req.get_method() ~= "HEAD" then
    ngx.print(body)
  end
  return ngx.exit(ngx.HTTP_OK)
end

local function json(problem)
  local error = problem.error
  local body = cjson.encode {
    error = {
      code = error.code,
      message = error.message,
      hint = error.hint,
      detail = error.detail,
      request_id = ngx.var.wk_request_id,
    },
  }
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Cache-Control"] = "no-store"
  if problem.status == 401 then
    ngx.header["WWW-Authenticate"] = "Bearer"
  elseif problem.status == 503 then
    ngx.header["Retry-After"] = "2"
  end
  return send(problem.status, body .. "\n")
end

-- Returns who asks and how the browser came here: a project that does not run may be started for them.
local function asker()
  local v = ngx.var
  local place = origins.place_of(v.http_host)
  local _, sessions = credentials.split_cookies(v.http_cookie, place)
  local found = v.wk_credential == "anonymous" and credentials.VISITOR
    or credentials.find(v.http_authorization, sessions, place)
  return found and found.message, {
    method = ngx.req.get_method(),
    site = v.http_sec_fetch_site,
    dest = v.http_sec_fetch_dest,
    purpose = v.http_sec_purpose or v.http_purpose,
    referer = v.http_referer,
    seen = v.cookie_wk_gateway_start ~= nil,
    client = v.remote_addr,
  }
end

local function page(problem, request)
  local body = {
    path = ngx.var.request_uri,
    owner = request.owner,
    project = request.project,
    app = request.app,
    status = problem.status,
    error = problem.error,
  }
  local timeout = PAGE_TIMEOUT
  if problem.error.code == "project_not_running" then
    body.credential, body.opened = asker()
    timeout = START_TIMEOUT
  end
  local answer = control.call("POST", "/internal/page", body, timeout, ngx.var.wk_request_id)
  if not answer or answer.status >= 500 then
    local headers, html = away.page(problem, ngx.var.wk_request_id)
    for name, value in pairs(headers) do
      ngx.header[name] = value
    end
    return send(problem.status, html)
  end
  for _, name in ipairs(PASSED) do
    ngx.header[name] = answer.headers[name]
  end
  return send(problem.status, answer.body)
end

-- Ends the request with the problem. `request` is what `gateway_path.parse` returned, or an empty table.
function _M.problem(problem, request, navigation)
  ngx.var.wk_reason = problem.error.code
  if navigation then
    return page(problem, request)
  end
  return json(problem)
end

-- Ends the request, and the connection with it, because what follows on it may not be what the client means: NGINX keeps no
-- connection after its own 400. The answer is made in the location @refused.
function _M.refuse(code)
  ngx.var.wk_reason = code
  return ngx.exit(ngx.HTTP_BAD_REQUEST)
end

-- Ends the request by sending the browser elsewhere on this gateway, or to the origin of a project.
function _M.redirect(location, reason)
  ngx.var.wk_reason = reason
  ngx.header["Cache-Control"] = "no-store"
  return ngx.redirect(location, 302)
end

return _M
