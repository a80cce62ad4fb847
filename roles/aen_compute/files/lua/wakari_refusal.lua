-- SPDX-License-Identifier: GPL-3.0-or-later
-- The data plane's own answers, in the platform's one error shape (docs/protocols.md, "Errors").

local cjson = require "cjson.safe"

local _M = {}

-- Ends the request with this error.
function _M.refuse(status, code, message, hint)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.say(cjson.encode {
    error = { code = code, message = message, hint = hint, request_id = ngx.var.wakari_request_id },
  })
  return ngx.exit(status)
end

return _M
