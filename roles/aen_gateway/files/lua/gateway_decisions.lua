-- SPDX-License-Identifier: GPL-3.0-or-later
-- Decisions of the server (who, which level, project's state), kept in shared memory for as long as docs/architecture.md
-- allows: `ttl` seconds while the server can be asked, ten minutes while it cannot, never longer than until something it rests
-- on changes (`gateway_changes`).

local changes = require "gateway_changes"
local cjson = require "cjson.safe"
local control = require "gateway_control"
local errors = require "gateway_errors"
local shared = require "gateway_shared"

local STALE = 600 -- seconds a decision may be used while the server is away (docs/architecture.md, "One access model")
local ASK_TIMEOUT = 6 -- seconds; wk-gateway itself gives the server up after 5
local AWAY = 30 -- seconds the server counts as away after a failure, unless an answer comes first
local PROBE = 2 -- seconds between two attempts to ask it meanwhile, one by one
local MAX_TTL = 1
local VISITOR_QUESTIONS = 50 -- a second, about visitors
local ATTEMPTS = 3 -- an answer that was overtaken by a change is asked for again

local _M = {}
local dict = ngx.shared.gateway_decisions
local state = ngx.shared.gateway_state
local read = shared.reader(dict)

local function write(key, entry)
  dict:set(key, cjson.encode(entry), STALE)
  return entry
end

-- The server could not be asked: what was decided before holds for a while, but only a permission.
local function without_server(entry, now, problem)
  if entry and entry.decision and now < entry.at + STALE then
    return entry.decision
  end
  return nil, problem or errors.of(state:get("control_away") and "control_away" or "server_away")
end

-- Visitors cost nothing to invent: what they make the gateway ask is bounded, so that it asks for people.
local function is_one_visitor_too_many(credential)
  if credential.kind ~= "anonymous" then
    return false
  end
  local count = state:incr("visitors|" .. math.floor(ngx.now()), 1, 0, 2)
  return count == nil or count > VISITOR_QUESTIONS
end

local function ask(key, credential, owner, project, request_id)
  if is_one_visitor_too_many(credential) then
    return nil, errors.of("too_many_visitors")
  end
  local body = { credential = credential.message, owner = owner, project = project }
  local at = ngx.now() -- what changes from now on may be unknown to the answer
  local answer, reason = control.call("POST", "/internal/decide", body, ASK_TIMEOUT, request_id)
  local content = answer and cjson.decode(answer.body)
  if answer and answer.status < 500 and content then
    state:delete("server_away")
    state:delete("control_away")
    local now = ngx.now()
    if answer.status == 200 then
      local ttl = math.min(tonumber(content.ttl) or 0, MAX_TTL)
      return write(key, { at = at, fresh = now + ttl, decision = content })
    end
    return write(key, { at = at, fresh = now + MAX_TTL, problem = errors.from_answer(answer.status, content) })
  end
  local code = content and content.error and content.error.code
  -- Only what concerns everybody is remembered for everybody: one question that the server cannot decide, or is slow
  -- about, must not make the others' decisions last longer.
  if code == "server_away" then
    state:set("server_away", true, AWAY)
  elseif not answer and reason ~= "timeout" then
    state:set("server_away", true, AWAY)
    state:set("control_away", true, AWAY)
  end
  return nil, content and errors.from_answer(answer.status, content)
end

local function probe(premature, key, credential, owner, project)
  if not premature then
    ask(key, credential, owner, project)
  end
end

-- Waits until another request has got its answer, or has failed.
local function await(asking)
  local pause = 0.002
  local deadline = ngx.now() + ASK_TIMEOUT
  while dict:get(asking) and ngx.now() < deadline do
    ngx.sleep(pause)
    pause = math.min(pause * 1.5, 0.05)
  end
end

-- Returns the key, and the entry that still holds (nil where there is none).
local function look_up(credential, owner, project)
  local place = owner .. "/" .. project
  local key = credential.key .. "|" .. place
  local entry = read(key)
  if entry and changes.is_void(entry, credential, place) then
    return key, nil
  end
  return key, entry
end

local function while_away(key, entry, credential, owner, project)
  if state:add("probe", true, PROBE) then
    ngx.timer.at(0, probe, key, credential, owner, project)
  end
  return without_server(entry, ngx.now())
end

-- Returns the decision {user, level, state, reason, project_page}; nil and the problem (`gateway_errors`) where the
-- server refuses the credential, or cannot be asked and had not decided before; third, until when that may be used without
-- asking here again. Requests for the same thing ask once. `request_id` may be nil.
function _M.find(credential, owner, project, request_id)
  local key, entry, problem
  for _ = 1, ATTEMPTS do
    key, entry = look_up(credential, owner, project)
    if entry and entry.fresh > ngx.now() then
      return entry.decision, entry.problem, entry.fresh
    end
    if state:get("server_away") then
      local decision
      decision, problem = while_away(key, entry, credential, owner, project)
      return decision, problem, 0
    end
    local asking = "asking|" .. key
    if dict:add(asking, true, ASK_TIMEOUT) then
      local answer
      answer, problem = ask(key, credential, owner, project, request_id)
      dict:delete(asking)
      if not answer then
        break
      end
    else
      await(asking)
      local answer = read(key)
      if not answer or answer.fresh <= ngx.now() then
        break
      end
    end
  end
  local decision
  _, entry = look_up(credential, owner, project)
  decision, problem = without_server(entry, ngx.now(), problem)
  return decision, problem, 0
end

-- Returns true where a change was told after the last decision: what that was rests on does not hold any more.
function _M.is_overtaken(credential, owner, project)
  local place = owner .. "/" .. project
  local entry = read(credential.key .. "|" .. place)
  return entry ~= nil and changes.was_told(entry, credential, place)
end

-- Returns true, the decision or nil, and the problem where one is known that was asked for at most `age` seconds ago, or where
-- the server cannot be asked; false where it must be asked (`find`, which waits).
function _M.known(credential, owner, project, age)
  local key, entry = look_up(credential, owner, project)
  local now = ngx.now()
  if entry and (entry.fresh > now or entry.at + age > now) then
    return true, entry.decision, entry.problem
  end
  if state:get("server_away") then
    return true, while_away(key, entry, credential, owner, project)
  end
  return false
end

return _M
