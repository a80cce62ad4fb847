-- SPDX-License-Identifier: GPL-3.0-or-later
-- Routes: at which node a person's app answers. Not a permission: `gateway_decisions` is asked on every request too.

local changes = require "gateway_changes"
local cjson = require "cjson.safe"
local lrucache = require "resty.lrucache"
local control = require "gateway_control"
local errors = require "gateway_errors"
local shared = require "gateway_shared"
local jwt = require "wakari_jwt"

local KEPT = 600 -- seconds a route is used while it cannot be confirmed
local TOKEN_LIFE = 60 -- seconds, docs/protocols.md "Signed requests"
local TOKEN_USE = 25 -- seconds a token for a node is used again
local COUNTED = 1024 -- keys that are counted one by one: counting locks the table for all workers
local ENTRY = 512 -- bytes a route takes in the table (nginx.conf.j2)
local OWN = 24 / 4096 -- of a table is NGINX's own: what it knows of each page (ngx_slab_page_t)

local _M = {}
local dict = ngx.shared.gateway_routes
local read = shared.reader(dict)
local tokens = assert(lrucache.new(1000))

local function key_of(user, request)
  return user .. "|" .. request.name
end

-- Asks the control plane to have the app opened; returns the route, {opening}, or nil and the problem.
local function open(key, credential, request, wait, request_id)
  local body = {
    credential = credential.message,
    owner = request.owner,
    project = request.project,
    app = request.app,
    wait = wait,
  }
  local answer = control.call("POST", "/internal/open", body, wait + 15, request_id)
  local content = answer and cjson.decode(answer.body)
  if not content then
    return nil, errors.of("control_away")
  end
  if answer.status == 200 then
    content.key = key
    content.fresh = ngx.now() + (tonumber(content.ttl) or 0)
    dict:set(key, cjson.encode(content), KEPT)
    return content
  end
  if answer.status == 202 then
    return { opening = true }
  end
  if answer.status < 500 or content.error and content.error.code == "app_failed" then
    dict:delete(key)
  end
  return nil, errors.from_answer(answer.status, content)
end

local function refresh(premature, key, credential, request)
  if not premature then
    open(key, credential, request, 60)
  end
  dict:delete("asking|" .. key)
end

-- Returns the route {node_name, node_host, node_port, node_key, instance, permission} of the app for this user;
-- {opening = true} where the app needs longer than `wait` seconds; nil and the problem otherwise. A route known for a
-- while is confirmed behind the request's back.
function _M.find(credential, user, request, wait)
  local key = key_of(user, request)
  local route = read(key)
  if not route then
    local settings = control.settings()
    if settings and settings.draining then
      return nil, errors.of("draining")
    end
    return open(key, credential, request, wait, ngx.var.wk_request_id)
  end
  if route.fresh <= ngx.now() and not ngx.worker.exiting() and dict:add("asking|" .. key, true, 75) then
    local plain = { owner = request.owner, project = request.project, app = request.app }
    local ok = ngx.timer.at(0, refresh, key, credential, plain)
    if not ok then
      dict:delete("asking|" .. key)
    end
  end
  return route
end

function _M.forget(key)
  dict:delete(key)
  changes.bump()
end

-- Forgets the route of the app for this user, where there is one.
function _M.forget_for(user, request)
  local key = key_of(user, request)
  if dict:get(key) then
    _M.forget(key)
  end
end

-- Returns how many routes there are: exactly below COUNTED, else as the table's memory tells.
function _M.count()
  local keys = dict:get_keys(COUNTED)
  if #keys == COUNTED then
    return math.floor((dict:capacity() * (1 - OWN) - dict:free_space()) / ENTRY)
  end
  local count = 0
  for _, key in ipairs(keys) do
    count = count + (key:sub(1, 7) == "asking|" and 0 or 1)
  end
  return count
end

-- Returns the signed token by which the node knows this gateway.
function _M.token_for(route)
  local settings = control.settings()
  if not settings then
    return nil
  end
  local id = route.token_id
  if not id then
    id = route.node_name .. "|" .. route.node_key
    route.token_id = id -- `read` keeps the table
  end
  local token = tokens:get(id)
  if not token then
    local now = ngx.time()
    token = assert(jwt.sign({
      iss = settings.audience,
      aud = "node:" .. route.node_name,
      iat = now,
      exp = now + TOKEN_LIFE,
      jti = ngx.var.request_id,
    }, route.node_key))
    tokens:set(id, token, TOKEN_USE)
  end
  return token
end

return _M
