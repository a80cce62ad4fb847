-- SPDX-License-Identifier: GPL-3.0-or-later
-- The data plane of a compute node: lets nothing in but its own gateway, and finds the app's Unix socket.

local balancer = require "ngx.balancer"
local cjson = require "cjson.safe"
local gateway = require "wakari_gateway"
local jwt = require "wakari_jwt"
local refuse = require("wakari_refusal").refuse

local _M = {}
local node = {}

local function read(path)
  local file = assert(io.open(path, "r"))
  local text = file:read("*a")
  file:close()
  return text
end

-- Reads, once at start (or reload), whom this node answers: docs/compute.md, "wk-compute-launcher-config.json". With `tls` the
-- gateway must show a certificate with the host of `gateway_url` too.
function _M.init(prefix, tls)
  local path = prefix .. "/etc/wakari/wk-compute-launcher-config.json"
  local config = cjson.decode(read(path))
  if type(config) ~= "table" or type(config.node_name) ~= "string" then
    error(path .. ": no JSON object with node_name; run the playbook again")
  end
  local key_file = config.node_key_file or "etc/wakari/node-key"
  if key_file:sub(1, 1) ~= "/" then
    key_file = prefix .. "/" .. key_file
  end
  node.key = jwt.read_key(key_file)
  node.audience = "node:" .. config.node_name
  if type(config.gateway_client_id) == "string" and config.gateway_client_id ~= "" then
    node.issuer = "gateway:" .. config.gateway_client_id
  end
  node.apps = (config.run_dir or "/run/wakari") .. "/apps/"
  node.tls = tls
  if tls then
    gateway.init(config.gateway_url, path)
  end
end

local function require_gateway(token)
  if node.tls and not gateway.is_this() then
    return gateway.refuse_other()
  end
  if not node.issuer then
    return refuse(401, "token_invalid", "This node belongs to no gateway yet.", "Set gateway_client_id on the node.")
  end
  local claims, reason = jwt.verify(token, node.key, node.audience, node.issuer)
  if not claims then
    return refuse(401, "token_invalid", "This node answers its own gateway only (" .. reason .. ").",
      "Check that gateway and node hold the same key and that their clocks agree.")
  end
end

-- Returns the one value of a header; nil where it is missing or given twice.
local function only(header)
  local value = ngx.req.get_headers(200)[header]
  return type(value) == "string" and value or nil
end

-- Access phase of /_wakari/: the token is in Authorization, as on every signed request.
function _M.control()
  require_gateway((only("authorization") or ""):match("^[Bb]earer (.+)$"))
end

-- Access phase of app traffic: the token and the instance are in headers of the gateway's.
function _M.app()
  require_gateway(only("x-wakari-gateway"))
  local instance = only("x-wakari-app")
  if not instance or not instance:find("^%x+$") or #instance ~= 20 or instance:lower() ~= instance then
    return refuse(400, "instance_invalid", "The request names no app instance.", "")
  end
  ngx.ctx.app_socket = "unix:" .. node.apps .. instance .. "/app.sock"
  ngx.var.wakari_instance = instance
end

-- Balancer phase: the one peer is the app's socket. Idle connections to it are kept.
function _M.balance()
  assert(balancer.set_current_peer(ngx.ctx.app_socket))
end

-- Answer where nothing listens on the socket: the gateway then asks the launcher to open the app again.
function _M.down()
  ngx.header["X-Wakari-Error"] = "app_not_running" -- docs/protocols.md: an app's own 503 does not carry it
  return refuse(503, "app_not_running", "The app is not running.", "Open it again.")
end

return _M
