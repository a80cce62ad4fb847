-- SPDX-License-Identifier: GPL-3.0-or-later
-- The upstream's two moving parts: one that takes an upload without keeping it, and one that echoes WebSocket messages.

local CHUNK = 262144 -- bytes

local _M = {}

-- Reads the body to its end; answers its length. A client that goes away in the middle (wrk, when its time is over) is not
-- an error.
function _M.swallow()
  local sock = assert(ngx.req.socket())
  local left = assert(tonumber(ngx.var.http_content_length))
  local size = left
  while left > 0 do
    local data = sock:receiveany(math.min(left, CHUNK))
    if not data then
      return ngx.exit(444)
    end
    left = left - #data
  end
  ngx.say(size)
end

-- Echoes short messages (RFC 6455, section 5.2). The benchmark's client masks with zeros, so that the payload comes as it
-- goes back.
function _M.echo()
  local accept = ngx.encode_base64(ngx.sha1_bin(ngx.var.http_sec_websocket_key .. "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
  local sock = assert(ngx.req.socket(true))
  sock:settimeouts(1000, 60000, 86400000)
  sock:send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
    .. accept .. "\r\n\r\n")
  while true do
    local head = sock:receive(6)
    if not head then
      return ngx.exit(444)
    end
    local first, length = head:byte(1, 2)
    local payload = sock:receive(length - 128)
    if not payload or not sock:send(string.char(first, length - 128) .. payload) then
      return ngx.exit(444)
    end
  end
end

return _M
