-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who asks: the gateway's own session cookie or an API token of the server.

local ffi = require "ffi"
local changes = require "gateway_changes"
local control = require "gateway_control"
local jwt = require "wakari_jwt"

ffi.cdef [[
unsigned char *SHA256(const unsigned char *data, size_t length, unsigned char *digest);
]]

-- The platform's cookies, also as a browser sends a cookie without a name ("=wk_gateway=..."). Cookies know no ports:
-- where server and gateway share a host name, the server's session reaches us too, and must reach no app.
local OWN = "^[%s=]*wk_"
local OWN_HOST = "^[%s=]*__[Hh][Oo][Ss][Tt]%-wk_" -- of a project's origin; browsers take such a name from its own host alone
local SESSION = "^wk_gateway=(.*)$"
local HOST_SESSION = "^__Host%-wk_gateway=(.*)$"
local MAX_TOKEN = 512 -- characters of an API token

-- Somebody who has not signed in, where the site lets visitors look at public projects.
local _M = { VISITOR = { kind = "anonymous", key = "anonymous", message = { anonymous = true }, marks = {} } }
local revoked = ngx.shared.gateway_revoked
local digest = ffi.new("unsigned char[?]", 32)
local made = setmetatable({}, { __mode = "k" }) -- credentials by the claims they were made from

local function is_own(cookie)
  return cookie:find(OWN) ~= nil or cookie:find(OWN_HOST) ~= nil
end

-- Returns the Cookie header without the platform's own cookies (empty where nothing is left), and the list of the
-- session cookies in it: at a project's origin those of that origin.
function _M.split_cookies(header, place)
  if not header or not header:find("wk_", 1, true) then
    return header or "", {}
  end
  local others, sessions = {}, {}
  local session = place and HOST_SESSION or SESSION
  for part in header:gmatch("[^;]+") do
    local cookie = part:match("^%s*(.-)%s*$")
    if is_own(cookie) then
      sessions[#sessions + 1] = cookie:match(session)
    elseif cookie ~= "" then
      others[#others + 1] = cookie
    end
  end
  return table.concat(others, "; "), sessions
end

-- Returns true for a Set-Cookie value that would set a cookie of the platform's.
function _M.sets_own_cookie(value)
  return is_own(value)
end

-- Refuses the session cookie with this id from now on.
function _M.revoke(jti)
  revoked:set(jti, true, 86400) -- longer than any session cookie lives
  changes.bump()
end

local function from_cookie(token, origin)
  local settings = control.settings()
  if not settings then
    return nil, "control_away"
  end
  local claims
  for _, key in ipairs(settings.cookie_keys) do
    claims = jwt.verify(token, key, settings.audience)
    if claims then
      break
    end
  end
  if not claims or type(claims.sub) ~= "string" or type(claims.sid) ~= "string" or type(claims.jti) ~= "string" then
    return nil, "not_signed_in"
  end
  if claims.origin ~= origin then
    return nil, "not_signed_in" -- another origin's
  end
  if revoked:get(claims.jti) then
    return nil, "not_signed_in"
  end
  local credential = made[claims]
  if not credential then
    credential = {
      kind = "cookie",
      key = "c:" .. claims.sid .. ":" .. claims.sub,
      jti = claims.jti,
      message = { sid = claims.sid, user = claims.sub },
      marks = { "sid:" .. claims.sid, "user:" .. claims.sub },
    }
    made[claims] = credential
  end
  return credential
end

local function from_token(token)
  ffi.C.SHA256(token, #token, digest)
  local hex = ffi.string(digest, 32):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end)
  return { kind = "bearer", key = "b:" .. hex, message = { token = token }, marks = { "token:" .. hex } }
end

-- Returns the API token in an Authorization header; nil where there is none.
function _M.token(authorization)
  local token = authorization and authorization:match("^[Bb][Ee][Aa][Rr][Ee][Rr] +(wk_[%w_-]+)$")
  return token and #token <= MAX_TOKEN and token or nil
end

-- Returns {kind = "cookie"|"bearer", key, message, marks} from the Authorization header and the session cookies (`marks`: what
-- `gateway_changes` knows it by); nil and `not_signed_in`, `cookie_ambiguous` or `control_away` otherwise. `place`: the project
-- whose origin is asked, nil or false for none.
function _M.find(authorization, sessions, place)
  local token = _M.token(authorization)
  if token then
    return from_token(token)
  end
  if #sessions > 1 then
    return nil, "cookie_ambiguous"
  end
  if sessions[1] then
    return from_cookie(sessions[1], place and place.label or nil)
  end
  return nil, "not_signed_in"
end

-- Returns true while the credential has not been signed out at this gateway.
function _M.is_current(credential)
  return credential.jti == nil or not revoked:get(credential.jti)
end

return _M
