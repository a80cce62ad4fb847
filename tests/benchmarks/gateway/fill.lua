-- SPDX-License-Identifier: GPL-3.0-or-later
-- Puts routes and decisions of `count` other people into the gateway's tables, as the data plane itself writes them.

local cjson = require "cjson.safe"

local LIFE = 600 -- seconds

return function(count)
  local now = ngx.time()
  for i = 1, count do
    local user, project = "user" .. i, "project" .. i
    local decision = {
      at = now,
      fresh = now + 1,
      decision = { user = user, level = "write", state = "running", reason = "", project_page = "", ttl = 1.0 },
    }
    local route = {
      node_name = "compute1", node_host = "127.0.0.1", node_port = 5002, node_key = string.rep("k", 43),
      instance = string.format("%020x", i), permission = "write", ttl = 10.0,
      key = user .. "|" .. user .. "/" .. project .. "/notebook", fresh = now + 10,
    }
    local key = "c:sid-" .. user .. ":" .. user .. "|" .. user .. "/" .. project
    local _, problem, forced = ngx.shared.gateway_decisions:set(key, cjson.encode(decision), LIFE)
    assert(not problem and not forced, "the decisions do not fit their table")
    _, problem, forced = ngx.shared.gateway_routes:set(route.key, cjson.encode(route), LIFE)
    assert(not problem and not forced, "the routes do not fit their table")
  end
end
