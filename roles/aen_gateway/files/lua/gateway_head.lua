-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a request's header lines say, read once: a browser sends the same bytes with every request, and the same bytes mean
-- the same. Read anew they cost 6 us a request.

local lrucache = require "resty.lrucache"
local credentials = require "gateway_credential"
local origins = require "gateway_origin"

local MAX_HEADERS = 100
local REMEMBERED = 4096 -- bytes of the longest head that is remembered
local KEPT = 2000 -- heads a worker remembers
-- Headers that change their meaning when they are repeated.
local SINGLE = {
  authorization = true, ["content-length"] = true, expect = true, host = true, origin = true,
  ["sec-fetch-mode"] = true, ["sec-fetch-site"] = true, ["sec-websocket-key"] = true, ["sec-websocket-version"] = true,
  ["transfer-encoding"] = true, upgrade = true,
}
-- Never dropped because Connection names them: framing, and what the gateway itself decides on.
local KEPT_ALWAYS = { close = true, cookie = true, host = true, ["content-length"] = true, ["keep-alive"] = true,
  origin = true, ["transfer-encoding"] = true, upgrade = true, authorization = true }

local _M = {}
local known = assert(lrucache.new(KEPT))

local function is_upgrade(headers)
  local upgrade, connection = headers["upgrade"], headers["connection"]
  return upgrade ~= nil and upgrade:lower() == "websocket"
    and connection ~= nil and ("," .. connection:lower():gsub("%s", "") .. ","):find(",upgrade,", 1, true) ~= nil
end

-- Returns true where a line of the head could be read in two ways by what stands behind us: a bare CR or LF, a line that
-- goes on (obs-fold), a name followed by a space, a control character (RFC 9112, sections 2.2, 5.1 and 5.2).
local function is_ambiguous(raw)
  -- NGINX puts its mark, here LF, at the end of each value: where spaces follow it, it stands before them.
  raw = raw:gsub("([^\r\n])\n([ \t]*\r\n)", "%1 %2")
  local lines, whole = raw:gsub("\r\n", "\n")
  local _, ends = lines:gsub("\n", "")
  return ends ~= whole
    or lines:sub(-2) ~= "\n\n"
    or lines:find("[%z\1-\8\11-\31\127]") ~= nil
    or ("\n" .. lines):find("\n[ \t]") ~= nil
    or ("\n" .. lines):find("\n[^:\n]*[ \t]+:") ~= nil
end

-- The names that must not reach a node: what the platform alone may say to it (docs/protocols.md, "Gateway"), and what
-- concerns this hop alone (RFC 9110, section 7.6.1); nil where there is none.
local function removed(headers)
  local names = {}
  for name in pairs(headers) do
    if name:sub(1, 9) == "x-wakari-" or name:sub(1, 12) == "x-forwarded-" then
      names[#names + 1] = name
    end
  end
  for name in (headers["connection"] or ""):lower():gmatch("[%w_-]+") do
    if headers[name] and not KEPT_ALWAYS[name] then
      names[#names + 1] = name
    end
  end
  if headers["upgrade"] and not is_upgrade(headers) then
    names[#names + 1] = "upgrade" -- another protocol than WebSocket: its 101 would make a tunnel nobody watches
  end
  return names[1] and names -- nil: nothing to do, without a loop that a compiled trace would leave
end

local function read_anew(raw)
  local headers, reason = ngx.req.get_headers(MAX_HEADERS)
  if reason or is_ambiguous(raw) then
    return nil
  end
  setmetatable(headers, nil) -- every name asked for is in lower case; the table's own __index tries other spellings
  if type(headers["connection"]) == "table" then
    headers["connection"] = table.concat(headers["connection"], ",") -- a list may be told in several lines
  end
  for name, value in pairs(headers) do
    if SINGLE[name] and type(value) == "table" then
      return nil
    end
  end
  local coding = headers["transfer-encoding"]
  if not headers["host"] or coding and (headers["content-length"] or coding:lower() ~= "chunked") then
    return nil
  end
  local cookie = headers["cookie"]
  local place = origins.place_of(headers["host"])
  local cookies, sessions = credentials.split_cookies(type(cookie) == "table" and table.concat(cookie, "; ") or cookie, place)
  return {
    headers = headers,
    removed = removed(headers),
    upgrade = is_upgrade(headers),
    cookies = cookies,
    sessions = sessions,
    place = place,
    grants = {},
  }
end

-- Returns {headers, upgrade, cookies, sessions, place, grants} of the current request, whose header lines are `raw`: names of headers in
-- lower case; whether it asks for a WebSocket; the Cookie header for the node; the gateway's session cookies in it; the project
-- whose origin is asked (`gateway_origin.place_of`); what `gateway_grants` remembers of it. nil where a header that may stand once is repeated, or the framing could be read in two
-- ways. The table is shared between requests: do not change it. Takes from the request what must not reach a node.
function _M.read(raw)
  local head = known:get(raw)
  if not head then
    head = read_anew(raw)
    if not head then
      return nil
    end
    if #raw <= REMEMBERED then
      known:set(raw, head)
    end
  end
  if head.removed then
    for _, name in ipairs(head.removed) do
      ngx.req.clear_header(name)
    end
  end
  return head
end

return _M
