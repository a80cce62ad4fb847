-- SPDX-License-Identifier: GPL-3.0-or-later
-- Decisions of the server (who, which level, project's state), kept in shared memory for as long as docs/architecture.md
-- allows: `ttl` seconds while the server can be asked, ten minutes while it cannot.

local cjson = require "cjson.safe"
local control = require "gateway_control"
local errors = require "gateway_errors"
local shared = require "gateway_shared"

local STALE = 600 -- seconds a decision may be used while the server is away (docs/architecture.md, "One access model")
local ASK_TIMEOUT = 6 -- seconds; wk-gateway itself gives the server up after 5
local AWAY = 30 -- seconds the server counts as away after a failure, unless an answer comes first
local PROBE = 2 -- seconds between two attempts to ask it meanwhile, one by one
local MAX_TTL = 1

local _M = {}
local dict = ngx.shared.gateway_decisions
local state = ngx.shared.gateway_state
local read = shared.reader(dict)

local function write(key, entry)
  dict:set(key, cjson.encode(entry), STALE)
  return entry
end

local function outcome(entry)
  if entry.decision then
    return entry.decision
  end
  return nil, entry.problem
end

-- The server could not be asked: what was decided before holds for a while, but only a permission.
local function without_server(entry, now, problem)
  if entry and entry.decision and now < entry.at + STALE then
    return entry.decision
  end
  return nil, problem or errors.of(state:get("control_away") and "control_away" or "server_away")
end

local function ask(key, credential, owner, project, request_id)
  local body = { credential = credential.message, owner = owner, project = project }
  local answer, reason = control.call("POST", "/internal/decide", body, ASK_TIMEOUT, request_id)
  local content = answer and cjson.decode(answer.body)
  if answer and answer.status < 500 and content then
    state:delete("server_away")
    state:delete("control_away")
    local now = ngx.now()
    if answer.status == 200 then
      local ttl = math.min(tonumber(content.ttl) or 0, MAX_TTL)
      return write(key, { at = now, fresh = now + ttl, decision = content })
    end
    return write(key, { at = now, fresh = now + MAX_TTL, problem = errors.from_answer(answer.status, content) })
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

-- Waits for the answer another request is asking for; returns it, or nil where that one failed.
local function await(key, asking)
  local pause = 0.002
  local deadline = ngx.now() + ASK_TIMEOUT
  while ngx.now() < deadline do
    ngx.sleep(pause)
    pause = math.min(pause * 1.5, 0.05)
    local entry = read(key)
    if entry and entry.fresh > ngx.now() then
      return entry
    end
    if not dict:get(asking) then
      return nil
    end
  end
  return nil
end

-- Returns the decision {user, level, state, reason, project_page}; nil and the problem (`gateway_errors`) where the
-- server refuses the credential, or cannot be asked and had not decided before. Requests for the same thing ask once.
function _M.find(credential, owner, project)
  local key = credential.key .. "|" .. owner .. "/" .. project
  local entry = read(key)
  local now = ngx.now()
  if entry and entry.fresh > now then
    return outcome(entry)
  end
  if state:get("server_away") then
    if state:add("probe", true, PROBE) then
      ngx.timer.at(0, probe, key, credential, owner, project)
    end
    return without_server(entry, now)
  end
  local asking = "asking|" .. key
  local answer, problem
  if dict:add(asking, true, ASK_TIMEOUT) then
    answer, problem = ask(key, credential, owner, project, ngx.var.wk_request_id)
    dict:delete(asking)
  else
    answer = await(key, asking)
  end
  if answer then
    return outcome(answer)
  end
  return without_server(read(key), ngx.now(), problem)
end

return _M
