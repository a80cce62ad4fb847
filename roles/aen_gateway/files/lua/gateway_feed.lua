-- SPDX-License-Identifier: GPL-3.0-or-later
-- Asks the control plane, all the time, what changed at the server. One worker does, for all of them.

local changes = require "gateway_changes"
local cjson = require "cjson.safe"
local control = require "gateway_control"

local WAIT = 0.75 -- seconds an answer may wait for a change
local TIMEOUT = 3 -- seconds; then it is asked anew, over another connection
-- Seconds the feed counts as alive after an answer: the next comes after WAIT. Where it does not, what changed is found by asking
-- (gateway_sockets.lua), so that a connection or a process that falls silent delays a change by two seconds at most.
local ALIVE = 1.25
local RETRY = 0.5 -- seconds

local _M = {}
local state = ngx.shared.gateway_state

-- Returns true while changes are told as they happen.
function _M.is_alive()
  return state:get("feed") ~= nil
end

local function ask()
  local after = state:get("feed_after")
  local body = { after = after or cjson.null, wait = WAIT }
  local answer = control.call("POST", "/internal/changes", body, TIMEOUT, nil, ngx.worker.exiting)
  local content = answer and answer.status == 200 and cjson.decode(answer.body)
  if type(content) ~= "table" or type(content.after) ~= "string" or type(content.revoke) ~= "table" then
    state:delete("feed")
    return false
  end
  changes.apply(content.revoke, content.reset == true or not after)
  state:set("feed_after", content.after)
  state:set("feed", true, ALIVE)
  return true
end

local function run(premature)
  if premature or ngx.worker.exiting() then
    state:delete("feed") -- until the next worker asks; without a master there is none
    return
  end
  local ok, good = pcall(ask)
  if not ok then
    ngx.log(ngx.ALERT, "the feed of changes failed: ", good)
    state:delete("feed")
  end
  -- A timer each: what a call needs in memory is given back.
  ngx.timer.at(ok and good and 0 or RETRY, run)
end

-- Call in init_worker_by_lua. A worker that is killed is replaced by one with the same number.
function _M.start()
  if ngx.worker.id() == 0 then
    assert(ngx.timer.at(0, run))
  end
end

return _M
