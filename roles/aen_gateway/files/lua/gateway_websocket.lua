-- SPDX-License-Identifier: GPL-3.0-or-later
-- WebSockets, spliced between browser and node here rather than by NGINX: one whose grant ends can be closed by itself.

local CHECK = 0.5 -- seconds between two looks at the grant: with a decision's 1 s, closed within two seconds
local CONNECT = 3000 -- milliseconds
local HANDSHAKE = 30000 -- milliseconds the app may take to answer the upgrade
local IDLE = 86400000 -- milliseconds; a dead peer is noticed by TCP keep-alive and by the app's own pings
local CHUNK = 65536 -- bytes read at once
local MAX_REFUSAL = 65536 -- bytes of a refusal's body that are passed on
local MAX_HEADERS = 100

-- Headers of the request that concern one hop (RFC 9110, section 7.6.1) or that the gateway sets itself.
local NOT_PASSED = {
  ["authorization"] = true, ["connection"] = true, ["content-length"] = true, ["cookie"] = true, ["expect"] = true,
  ["forwarded"] = true, ["host"] = true, ["keep-alive"] = true, ["proxy-authorization"] = true,
  ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
  ["x-real-ip"] = true, ["x-request-id"] = true,
}

local credential = require "gateway_credential"

local _M = {}

local function request_head(headers, own)
  local v = ngx.var
  local head = {
    "GET " .. v.request_uri .. " HTTP/1.1",
    "Host: " .. v.http_host,
    "Connection: Upgrade",
    "Upgrade: websocket",
  }
  for name, value in pairs(own) do
    if value ~= "" then
      head[#head + 1] = name .. ": " .. value
    end
  end
  for name, value in pairs(headers) do
    if not NOT_PASSED[name] and name:sub(1, 9) ~= "x-wakari-" and name:sub(1, 12) ~= "x-forwarded-" then
      for _, one in ipairs(type(value) == "table" and value or { value }) do
        head[#head + 1] = name .. ": " .. tostring(one)
      end
    end
  end
  return table.concat(head, "\r\n") .. "\r\n\r\n"
end

-- Reads the node's answer to the upgrade: status, lines fit for the client, length of the body where it is told.
local function read_answer(node)
  local line = node:receive("*l")
  local status = line and tonumber(line:match("^HTTP/1%.1 (%d%d%d)"))
  if not status then
    return nil
  end
  local lines, length, content_type, refused = { line }, nil, nil, nil
  for _ = 1, MAX_HEADERS do
    line = node:receive("*l")
    if not line then
      return nil
    end
    if line == "" then
      return { status = status, lines = lines, length = length, content_type = content_type, refused = refused }
    end
    local name, value = line:match("^([^:%s]+):%s*(.-)%s*$")
    name = name and name:lower()
    if name == "content-length" then
      length = tonumber(value)
    elseif name == "content-type" then
      content_type = value
    elseif name == "x-wakari-error" then
      refused = value
    end
    local own = name == "set-cookie" and credential.sets_own_cookie(value) or name and name:find("^x%-wakari%-")
    if name and not own and name ~= "x-request-id" then
      lines[#lines + 1] = line
    end
  end
  return nil
end

local function pump(from, to)
  while true do
    local data = from:receiveany(CHUNK)
    if not data or not to:send(data) then
      return "ended"
    end
  end
end

local function watch(still_allowed)
  while true do
    ngx.sleep(CHECK)
    local reason = still_allowed()
    if reason then
      return reason
    end
  end
end

-- Passes a refused upgrade (for instance 403 or 404 of the app) on as an ordinary answer.
local function refuse(node, answer)
  local body = ""
  if answer.length and answer.length > 0 and answer.length <= MAX_REFUSAL then
    body = node:receive(answer.length) or ""
  end
  node:close()
  ngx.status = answer.status
  ngx.header["Content-Type"] = answer.content_type or "text/plain"
  ngx.header["Content-Length"] = #body
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(body)
  return ngx.exit(ngx.HTTP_OK)
end

-- Splices the current request with the node at `host`:`port`. `own` holds the headers the gateway sets;
-- `still_allowed` returns nil, or the reason why the connection must be closed. Returns `node_away` where there is no answer,
-- `app_not_running` where the node has no app for it; otherwise it does not return.
function _M.run(host, port, headers, own, still_allowed)
  local node = ngx.socket.tcp()
  node:settimeouts(CONNECT, IDLE, HANDSHAKE)
  if not node:connect(host, port) or not node:send(request_head(headers, own)) then
    return "node_away"
  end
  local answer = read_answer(node)
  if not answer then
    node:close()
    return "node_away"
  end
  if answer.refused then
    node:close()
    return answer.refused
  end
  if answer.status ~= 101 then
    return refuse(node, answer)
  end
  local client = ngx.req.socket(true)
  if not client then
    node:close()
    return ngx.exit(444)
  end
  ngx.var.wk_upgraded = "1"
  node:settimeouts(CONNECT, IDLE, IDLE)
  client:settimeouts(CONNECT, IDLE, IDLE)
  answer.lines[#answer.lines + 1] = "X-Request-Id: " .. ngx.var.wk_request_id
  if client:send(table.concat(answer.lines, "\r\n") .. "\r\n\r\n") then
    local down = ngx.thread.spawn(pump, node, client)
    local up = ngx.thread.spawn(pump, client, node)
    local guard = ngx.thread.spawn(watch, still_allowed)
    local _, reason = ngx.thread.wait(down, up, guard)
    ngx.var.wk_reason = reason
  end
  node:close()
  return ngx.exit(444)
end

return _M
