-- SPDX-License-Identifier: GPL-3.0-or-later
-- What Lua in NGINX has no words for: the descriptors of a request's two connections, and what the kernel is told about them.

local base = require "resty.core.base"
local ffi = require "ffi"

-- The first fields of ngx_http_request_t, ngx_connection_t and ngx_http_upstream_t, the same since NGINX 0.8: there is no
-- other way to a descriptor from Lua. Each use checks by the peer's port that it got the right one.
ffi.cdef [[
typedef struct { void *data; void *read; void *write; int fd; } wk_connection;
typedef struct { void *read_handler; void *write_handler; wk_connection *connection; } wk_upstream;
typedef struct {
  uint32_t signature; wk_connection *connection; void *ctx; void *main_conf; void *srv_conf; void *loc_conf;
  void *read_handler; void *write_handler; void *cache; wk_upstream *upstream;
} wk_request;
int getpeername(int fd, void *address, uint32_t *length);
int getsockopt(int fd, int level, int name, void *value, uint32_t *length);
int setsockopt(int fd, int level, int name, const void *value, uint32_t length);
int shutdown(int fd, int how);
]]

local BOTH_WAYS = 2 -- SHUT_RDWR
local SOL_SOCKET, SO_KEEPALIVE = 1, 9
local IPPROTO_TCP, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT = 6, 4, 5, 6, 18
-- A node whose cable is out says nothing, not even that. What it does not acknowledge within a minute ends the connection.
local SILENT = 60000 -- milliseconds
local IDLE, INTERVAL, COUNT = 30, 10, 3 -- seconds until a silent node is asked, between two questions, questions

local _M = {}
local address = ffi.new("uint8_t[128]")
local length = ffi.new("uint32_t[1]")
local number = ffi.new("int[1]")
-- Without NGINX's cache a field is missing. No distribution's build is so; on one, dead nodes are found by the kernel's own times.
local has_cache = not ngx.config.nginx_configure():find("--without-http-cache", 1, true)

local function peer_port(fd)
  length[0] = 128
  if ffi.C.getpeername(fd, address, length) ~= 0 then
    return nil
  end
  return address[2] * 256 + address[3] -- sin_port, sin6_port
end

local function request()
  return ffi.cast("wk_request *", base.get_request())
end

-- Returns the descriptor of the client's connection. Raises an error where NGINX's layout is another.
function _M.client()
  local fd = request().connection.fd
  if peer_port(fd) ~= tonumber(ngx.var.remote_port) then
    error("the layout of this NGINX's connections is unknown: WebSockets could not be closed, so none is opened")
  end
  return fd
end

-- Ends the connection under NGINX, which then ends the request and its other side.
function _M.close(fd)
  ffi.C.shutdown(fd, BOTH_WAYS)
end

local function set(fd, level, name, value)
  number[0] = value
  ffi.C.setsockopt(fd, level, name, number, 4)
end

-- Has the kernel end the connection to the node at this port within a minute where the node is not there any more. Call
-- once it has answered. Does nothing where the kernel was told already.
function _M.notice_dead_node(port)
  local upstream = has_cache and request().upstream
  if not upstream or upstream == nil or upstream.connection == nil then
    return
  end
  local fd = upstream.connection.fd
  length[0] = 4
  ffi.C.getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, number, length)
  if number[0] == SILENT or peer_port(fd) ~= port then
    return
  end
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, SILENT)
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE)
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, INTERVAL)
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, COUNT)
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1)
end

return _M
