-- SPDX-License-Identifier: GPL-3.0-or-later
-- What changed at the server, as far as this gateway was told (docs/protocols.md, "Gateway"): a decision about it that is
-- older than the change is void.

local KEPT = 900 -- seconds; a decision is used for 600 at most

local _M = {}
local changed = ngx.shared.gateway_changed -- "<kind>:<name>" -> when
local state = ngx.shared.gateway_state
local KINDS = { "sid", "user", "token", "project" }

-- Returns a number that is another one after every change that could make what a worker remembers of a request wrong.
function _M.epoch()
  return state:get("epoch") or 0
end

function _M.bump()
  state:incr("epoch", 1, 0)
end

-- Makes void what was decided until now: all of it with `everything`, else what concerns the items.
function _M.apply(items, everything)
  ngx.update_time()
  local now = ngx.now()
  for _, item in ipairs(items) do
    for _, kind in ipairs(KINDS) do
      if type(item[kind]) == "string" then
        local ok, _, forced = changed:set(kind .. ":" .. item[kind], now, KEPT)
        everything = everything or not ok or forced -- the table is full: a change would be forgotten
      end
    end
  end
  if everything then
    state:set("everything_changed", now)
  end
  if everything or #items > 0 then
    state:set("changed", now)
    _M.bump()
  end
end

local function is_newer(mark, at)
  local when = changed:get(mark)
  return when ~= nil and when >= at
end

-- Returns true where it was told, by name, that something changed after this entry of `gateway_decisions` was asked for.
function _M.was_told(entry, credential, place)
  local at = entry.at
  if (state:get("changed") or 0) < at then
    return false
  end
  if is_newer("project:" .. place, at) then
    return true
  end
  for _, mark in ipairs(credential.marks) do
    if is_newer(mark, at) then
      return true
    end
  end
  local user = entry.decision and entry.decision.user
  return user ~= nil and is_newer("user:" .. user, at)
end

-- Returns true where something that this entry rests on changed, or may have, after it was asked for.
function _M.is_void(entry, credential, place)
  return (state:get("everything_changed") or 0) >= entry.at or _M.was_told(entry, credential, place)
end

return _M
