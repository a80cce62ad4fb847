-- SPDX-License-Identifier: GPL-3.0-or-later
-- Calls to the control plane (wk-gateway) over its Unix socket, and the settings it gives to the data plane.
-- Cosockets, not subrequests: a timer and an open WebSocket ask too.

local cjson = require "cjson.safe"

local CONNECT_TIMEOUT = 1000 -- milliseconds; a Unix socket answers at once or not at all
local IDLE = 30000 -- milliseconds a connection is kept; less than wk-gateway's 75 s
local SETTINGS_TTL = 5 -- seconds: a changed cookie key or registration is used that soon
local RETRY = 0.2 -- seconds until it is asked again, where it never answered yet
local MAX_HEADERS = 64
local SLICE = 250 -- milliseconds between two looks at whether the answer is still wanted

local _M = {}
local address
local known = { until_ = 0 }
local shared = ngx.shared.gateway_state

function _M.init(socket)
  address = "unix:" .. socket
end

-- Waits for the answer to begin, as long as it is wanted; returns its first byte.
local function first_byte(sock, timeout, given_up)
  local deadline = ngx.now() + timeout / 1000
  sock:settimeout(SLICE)
  while true do
    local data, reason = sock:receive(1)
    if data or reason ~= "timeout" then
      sock:settimeout(timeout)
      return data, reason
    end
    if given_up() or ngx.now() > deadline then
      return nil, "timeout"
    end
  end
end

local function read_head(sock, timeout, given_up)
  local first, line, reason = "", nil, nil
  if given_up then
    first, reason = first_byte(sock, timeout, given_up)
    if not first then
      return nil, reason
    end
  end
  line, reason = sock:receive("*l")
  if not line then
    return nil, reason
  end
  line = first .. line
  local status = tonumber(line:match("^HTTP/1%.[01] (%d%d%d)"))
  if not status then
    return nil, "not an HTTP answer"
  end
  local headers = {}
  for _ = 1, MAX_HEADERS do
    line, reason = sock:receive("*l")
    if not line then
      return nil, reason
    end
    if line == "" then
      return status, headers
    end
    local name, value = line:match("^([^:]+):%s*(.-)%s*$")
    if name then
      headers[name:lower()] = value
    end
  end
  return nil, "too many headers"
end

local function exchange(message, timeout, given_up)
  local sock = ngx.socket.tcp()
  sock:settimeouts(CONNECT_TIMEOUT, CONNECT_TIMEOUT, timeout)
  local ok, reason = sock:connect(address)
  if not ok then
    return nil, reason
  end
  local reused = sock:getreusedtimes() > 0
  local status, headers
  ok, reason = sock:send(message)
  if ok then
    status, headers = read_head(sock, timeout, given_up)
    reason = headers
  end
  if not status then
    sock:close()
    return nil, reason, reused and reason == "closed"
  end
  local length = tonumber(headers["content-length"])
  local body = ""
  if length == nil then
    sock:close()
    return nil, "an answer without a length"
  end
  if length > 0 then
    body, reason = sock:receive(length)
    if not body then
      sock:close()
      return nil, reason
    end
  end
  if headers.connection and headers.connection:lower() == "close" then
    sock:close()
  else
    sock:setkeepalive(IDLE, 64)
  end
  return { status = status, headers = headers, body = body }
end

-- Returns {status, headers, body} of the control plane's answer; nil and the reason where it gave none. `body` is
-- sent as JSON where not nil; `timeout` is in seconds. Every call may be repeated, so a kept connection that was
-- closed in the meantime is tried anew. `given_up`, where not nil, says whether the answer is wanted no more.
function _M.call(method, path, body, timeout, request_id, given_up)
  local text = body and cjson.encode(body) or ""
  local message = {
    method, " ", path, " HTTP/1.1\r\nHost: gateway\r\nX-Wakari-Data-Plane: 1\r\nContent-Length: ", #text, "\r\n",
    body and "Content-Type: application/json\r\n" or "",
    request_id and ("X-Request-Id: " .. request_id .. "\r\n") or "",
    "\r\n", text,
  }
  local answer, reason, again
  for _ = 1, 3 do
    answer, reason, again = exchange(message, timeout * 1000, given_up)
    if answer or not again then
      return answer, reason
    end
  end
  return answer, reason
end

local function fetch_settings()
  local answer = _M.call("GET", "/internal/settings", nil, 2)
  if answer and answer.status == 200 and cjson.decode(answer.body) then
    shared:set("settings", answer.body)
  end
  return cjson.decode(shared:get("settings") or "")
end

-- Returns {audience, cookie_keys, external_url}; nil while the control plane has not answered once. They outlive
-- the control plane: shared memory holds the last.
function _M.settings()
  local now = ngx.now()
  if now < known.until_ then
    return known.value
  end
  if known.value then
    known.until_ = now + SETTINGS_TTL -- one request asks, the others go on with what is known
  end
  local found = fetch_settings()
  if found then
    known.value = found
    known.until_ = ngx.now() + SETTINGS_TTL
  elseif not known.value then
    known.until_ = ngx.now() + RETRY
  end
  return known.value
end

return _M
