-- SPDX-License-Identifier: GPL-3.0-or-later
-- Signed tokens (JWT, HS256: RFC 7519, RFC 7515) inside NGINX; the same rules as wakari.core.tokens.
-- The HMAC key is the text of the key, not the bytes it encodes. Needs lua-cjson and the libcrypto that NGINX is linked with.

local ffi = require "ffi"
local cjson = require "cjson.safe"
local base64 = require "ngx.base64"
local lrucache = require "resty.lrucache"

ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_len, const unsigned char *data, size_t data_len,
                    unsigned char *out, unsigned int *out_len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]

local C = ffi.C
local DIGEST = 32 -- bytes of SHA-256
local MAX_TOKEN = 4096 -- characters; ours have about 300
local MIN_KEY = 43 -- characters: 256 bits in base64url
local CLOCK_SKEW = 30 -- seconds, docs/protocols.md "Signed requests"
local HEADER = base64.encode_base64url('{"alg":"HS256","typ":"JWT"}')

local _M = {}

-- Tokens whose signature was found good, by token: {claims, key}. Time, audience and issuer are checked at every use.
local verified = assert(lrucache.new(10000))
local digest = ffi.new("unsigned char[?]", DIGEST)

local function hmac(key, text)
  C.HMAC(C.EVP_sha256(), key, #key, text, #text, digest, nil)
  return digest
end

local function is_long_enough(key)
  return type(key) == "string" and #key >= MIN_KEY
end

local function signed_claims(token, key)
  local cached = verified:get(token)
  if cached and cached.key == key then
    return cached.claims
  end
  local signed, head, payload, signature = token:match("^(([%w_-]+)%.([%w_-]+))%.([%w_-]+)$")
  if not signed then
    return nil, "not a token"
  end
  local header = cjson.decode(base64.decode_base64url(head) or "")
  if type(header) ~= "table" or header.alg ~= "HS256" or header.crit ~= nil then
    return nil, "another algorithm than HS256"
  end
  local given = base64.decode_base64url(signature)
  if not given or #given ~= DIGEST or C.CRYPTO_memcmp(hmac(key, signed), given, DIGEST) ~= 0 then
    return nil, "wrong signature"
  end
  local claims = cjson.decode(base64.decode_base64url(payload) or "")
  if type(claims) ~= "table" then
    return nil, "no claims"
  end
  verified:set(token, { claims = claims, key = key }, 300)
  return claims
end

local function is_for(claim, audience)
  if type(claim) ~= "table" then
    return claim == audience
  end
  for _, one in ipairs(claim) do
    if one == audience then
      return true
    end
  end
  return false
end

-- Returns the claims of a token that was signed with the key for this audience (and by this issuer, where not nil);
-- otherwise nil and the reason. The table is shared between requests: do not change it.
function _M.verify(token, key, audience, issuer)
  if type(token) ~= "string" or token == "" then
    return nil, "no token"
  end
  if #token > MAX_TOKEN then
    return nil, "a token too long"
  end
  if not is_long_enough(key) then
    return nil, "no key of 256 bits"
  end
  local claims, reason = signed_claims(token, key)
  if not claims then
    return nil, reason
  end
  local now = ngx.time()
  if type(claims.exp) ~= "number" or claims.exp + CLOCK_SKEW <= now then
    return nil, "expired"
  end
  if claims.nbf ~= nil and (type(claims.nbf) ~= "number" or claims.nbf - CLOCK_SKEW > now) then
    return nil, "not valid yet"
  end
  if claims.iat ~= nil and (type(claims.iat) ~= "number" or claims.iat - CLOCK_SKEW > now) then
    return nil, "issued in the future"
  end
  if type(audience) ~= "string" or not is_for(claims.aud, audience) then
    return nil, "another audience"
  end
  if issuer ~= nil and claims.iss ~= issuer then
    return nil, "another issuer"
  end
  return claims
end

-- Returns the claims as a compact token signed with the key; nil and the reason for a key shorter than 256 bits.
function _M.sign(claims, key)
  if not is_long_enough(key) then
    return nil, "no key of 256 bits"
  end
  local payload, reason = cjson.encode(claims)
  if not payload then
    return nil, reason
  end
  local signed = HEADER .. "." .. base64.encode_base64url(payload)
  return signed .. "." .. base64.encode_base64url(ffi.string(hmac(key, signed), DIGEST))
end

-- Returns the key in a file: its text without the end of line. Raises an error where there is none of 256 bits, so
-- that NGINX does not start without one.
function _M.read_key(path)
  local file = assert(io.open(path, "r"))
  local key = (file:read("*l") or ""):match("^%s*(.-)%s*$")
  file:close()
  if not is_long_enough(key) then
    error(path .. ": holds no key of 256 bits; remove the file and run the playbook again, it makes a new one")
  end
  return key
end

return _M
