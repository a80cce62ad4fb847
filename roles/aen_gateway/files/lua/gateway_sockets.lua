-- SPDX-License-Identifier: GPL-3.0-or-later
-- The open WebSockets of this worker. NGINX itself passes their bytes on, at its own speed; here they are looked at, and one
-- whose grant ends is closed by ending its connection under NGINX, which then ends both sides.

local changes = require "gateway_changes"
local connection = require "gateway_connection"
local credentials = require "gateway_credential"
local decisions = require "gateway_decisions"
local feed = require "gateway_feed"
local levels = require "gateway_levels"

local TICK = 0.05 -- seconds between two looks at whether something changed
local POLLED = 0.5 -- seconds between two looks at a grant while no changes are told: with a decision's 1 s, closed within 2 s
local TOLD = 10 -- the same while changes are told
local PATIENCE = 1.5 -- seconds a grant that a change overtook is held while the server is asked: longer would not be within 2 s
local ASKING = 64 -- questions under way at once: many more would only wait in the control plane

local _M = {}
local open = {}
local asking = 0

-- Watches the client's connection of the current request from now on. `grant` is what it was opened with.
function _M.add(fd, grant)
  local socket = { fd = fd, grant = grant, looked = ngx.now() }
  open[socket] = true
  return socket
end

-- Returns how many are open in this worker.
function _M.count()
  local count = 0
  for _ in pairs(open) do
    count = count + 1
  end
  return count
end

-- Call before the connection is closed by NGINX (log phase): the descriptor is another's afterwards.
function _M.remove(socket)
  open[socket] = nil
end

local function close(socket, reason)
  socket.reason = reason
  connection.close(socket.fd)
end

local function judge(socket, decision, problem)
  if not open[socket] or socket.reason then
    return
  end
  problem = problem or levels.refusal(decision, socket.grant.permission)
  if problem then
    close(socket, problem.error.code)
  end
  socket.due = nil
  socket.looked = ngx.now()
end

local function ask(_, socket)
  local grant = socket.grant
  local ok, decision, problem = pcall(decisions.find, grant.credential, grant.owner, grant.project)
  asking = asking - 1
  socket.asking = nil
  if ok then
    judge(socket, decision, problem)
  else
    ngx.log(ngx.ALERT, "a WebSocket's grant could not be looked at: ", decision)
  end
end

local function look(socket, age)
  local grant = socket.grant
  if not credentials.is_current(grant.credential) then
    return close(socket, "signed_out")
  end
  local known, decision, problem = decisions.known(grant.credential, grant.owner, grant.project, age)
  if known then
    return judge(socket, decision, problem)
  end
  if asking < ASKING and ngx.timer.at(0, ask, socket) then
    asking = asking + 1
    socket.asking = true
  end
end

local function is_overtaken(socket)
  return decisions.is_overtaken(socket.grant.credential, socket.grant.owner, socket.grant.project)
end

local function look_at_all(something_changed)
  local now = ngx.now()
  local age = feed.is_alive() and TOLD or POLLED
  for socket in pairs(open) do
    socket.due = socket.due or (something_changed or now - socket.looked >= age) and now
    if socket.due and not socket.reason then
      if now - socket.due > PATIENCE and is_overtaken(socket) then
        close(socket, "no_decision")
      elseif not socket.asking then
        look(socket, age)
      end
    end
  end
end

-- Not a timer that is started anew: a worker that ends (reload) starts none, but goes on with what runs.
local function watch()
  local seen = changes.epoch()
  while not ngx.worker.exiting() or next(open) do
    ngx.sleep(TICK)
    local epoch = changes.epoch()
    local ok, failure = pcall(look_at_all, epoch ~= seen)
    if ok then
      seen = epoch
    else
      ngx.log(ngx.ALERT, "the open WebSockets could not be looked at: ", failure)
    end
  end
end

-- Call in init_worker_by_lua.
function _M.start()
  assert(ngx.timer.at(0, watch))
end

return _M
