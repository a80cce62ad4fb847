-- SPDX-License-Identifier: GPL-3.0-or-later
-- Figures for Prometheus (text format 0.0.4). A worker counts in tables of its own and adds them to shared memory once a
-- second: a request costs no lock for it.

local routes = require "gateway_routes"
local sockets = require "gateway_sockets"

local FLUSH = 1 -- seconds
local ALIVE = 5 -- seconds a worker's gauge outlives its last word
local MAX_REASONS = 100 -- different reasons that are told apart; other tiers name some
local BOUNDS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30 } -- seconds
local HELP = {
  wakari_gateway_requests_total = { "counter", "Requests that ended, by the class of their status." },
  wakari_gateway_refusals_total = { "counter", "Requests answered by the gateway itself, and WebSockets it closed, by reason." },
  wakari_gateway_upgrades_total = { "counter", "WebSockets that were opened." },
  wakari_gateway_failures_total = { "counter", "Errors in the gateway's own code; gateway.log has them as failure." },
  wakari_gateway_sent_bytes_total = { "counter", "Bytes sent to clients." },
  wakari_gateway_request_seconds = { "histogram", "Time from the first byte of a request to the last of its answer, without WebSockets." },
  wakari_gateway_open_websockets = { "gauge", "WebSockets that are open now." },
  wakari_gateway_routes = { "gauge", "Apps of people that the gateway knows the node of; an estimate above a thousand." },
  wakari_gateway_connections = { "gauge", "Connections of clients and their state." },
  wakari_gateway_table_used_bytes = { "gauge", "Memory in use of the tables of decisions, routes, changes and sign-outs." },
  wakari_gateway_table_size_bytes = { "gauge", "Size of these tables." },
  wakari_gateway_part_up = { "gauge", "1 while server and control plane answer, as far as requests found out." },
}
local ORDER = {
  "wakari_gateway_requests_total", "wakari_gateway_refusals_total", "wakari_gateway_upgrades_total",
  "wakari_gateway_failures_total", "wakari_gateway_sent_bytes_total", "wakari_gateway_request_seconds",
  "wakari_gateway_open_websockets", "wakari_gateway_routes", "wakari_gateway_connections",
  "wakari_gateway_table_used_bytes", "wakari_gateway_table_size_bytes", "wakari_gateway_part_up",
}
local TABLES = { "decisions", "routes", "changed", "revoked" }

local _M = {}
local dict = ngx.shared.gateway_metrics
local state = ngx.shared.gateway_state
local pending = {}
local classes, reasons, known_reasons = {}, {}, 0

local function add(name, value)
  pending[name] = (pending[name] or 0) + value
end

local function of_class(status)
  local name = classes[status]
  if not name then
    name = ('wakari_gateway_requests_total{class="%dxx"}'):format(math.floor(status / 100))
    classes[status] = name
  end
  return name
end

local function of_reason(reason)
  local name = reasons[reason]
  if not name then
    local label = reason:match("^[a-z_]+$") and #reason <= 40 and known_reasons < MAX_REASONS and reason or "other"
    name = ('wakari_gateway_refusals_total{reason="%s"}'):format(label)
    if label ~= "other" then
      known_reasons = known_reasons + 1
      reasons[reason] = name
    end
  end
  return name
end

local function bucket_of(seconds)
  for index = 1, #BOUNDS do
    if seconds <= BOUNDS[index] then
      return "bucket|" .. index
    end
  end
  return "bucket|" .. #BOUNDS + 1
end

-- Counts the current request, in its log phase.
function _M.count()
  local v = ngx.var
  local status = ngx.status
  add(of_class(status), 1)
  add("wakari_gateway_sent_bytes_total", tonumber(v.bytes_sent) or 0)
  if status == 101 then
    add("wakari_gateway_upgrades_total", 1)
  else
    local seconds = tonumber(v.request_time) or 0
    add(bucket_of(seconds), 1)
    add("sum", seconds)
  end
  local reason = v.wk_reason
  if reason and reason ~= "" and reason ~= "ended" then
    add(of_reason(reason), 1)
  end
  if v.wk_failure and v.wk_failure ~= "" then
    add("wakari_gateway_failures_total", 1)
  end
end

local function flush()
  local counted = pending
  pending = {}
  for name, value in pairs(counted) do
    dict:incr(name, value, 0)
  end
  dict:set("sockets|" .. ngx.worker.pid(), sockets.count(), ALIVE)
end

function _M.start()
  ngx.timer.every(FLUSH, flush) -- once more when the worker ends
end

local function histogram(lines, values)
  local name, total = "wakari_gateway_request_seconds", 0
  for index = 1, #BOUNDS + 1 do
    total = total + (values["bucket|" .. index] or 0)
    lines[#lines + 1] = ('%s_bucket{le="%s"} %d'):format(name, BOUNDS[index] or "+Inf", total)
  end
  lines[#lines + 1] = ("%s_sum %.6f"):format(name, values["sum"] or 0)
  lines[#lines + 1] = ("%s_count %d"):format(name, total)
end

local function now_values()
  local values = {}
  for _, key in ipairs(dict:get_keys(0)) do
    values[key] = dict:get(key)
  end
  local open = 0
  for key, value in pairs(values) do
    if key:sub(1, 8) == "sockets|" then
      open = open + value
    end
  end
  values.wakari_gateway_open_websockets = open
  values.wakari_gateway_routes = routes.count()
  for _, kind in ipairs { "active", "reading", "writing", "waiting" } do
    values[('wakari_gateway_connections{state="%s"}'):format(kind)] = tonumber(ngx.var["connections_" .. kind])
  end
  for _, name in ipairs(TABLES) do
    local one = ngx.shared["gateway_" .. name]
    values[('wakari_gateway_table_used_bytes{table="%s"}'):format(name)] = one:capacity() - one:free_space()
    values[('wakari_gateway_table_size_bytes{table="%s"}'):format(name)] = one:capacity()
  end
  for _, part in ipairs { "server", "control" } do
    values[('wakari_gateway_part_up{part="%s"}'):format(part)] = state:get(part .. "_away") and 0 or 1
  end
  return values
end

-- Answers the current request with all figures.
function _M.tell()
  flush()
  local values, lines = now_values(), {}
  local names = {}
  for name in pairs(values) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, family in ipairs(ORDER) do
    lines[#lines + 1] = ("# HELP %s %s"):format(family, HELP[family][2])
    lines[#lines + 1] = ("# TYPE %s %s"):format(family, HELP[family][1])
    if HELP[family][1] == "histogram" then
      histogram(lines, values)
    end
    for _, name in ipairs(names) do
      if name == family or name:sub(1, #family + 1) == family .. "{" then
        lines[#lines + 1] = ("%s %s"):format(name, string.format("%.14g", values[name]))
      end
    end
  end
  ngx.header["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(table.concat(lines, "\n"), "\n")
end

return _M
