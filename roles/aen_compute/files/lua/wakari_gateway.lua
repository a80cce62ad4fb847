-- SPDX-License-Identifier: GPL-3.0-or-later
-- Whose certificate the other side of a connection shows. NGINX has looked whether an authority vouches for it; here its names
-- are compared with the one gateway that this node has: other hosts of the platform have certificates too.

local ffi = require "ffi"
local lrucache = require "resty.lrucache"
local refuse = require("wakari_refusal").refuse

ffi.cdef [[
typedef struct bio_st BIO;
typedef struct x509_st X509;
BIO *BIO_new_mem_buf(const void *text, int length);
int BIO_free(BIO *bio);
X509 *PEM_read_bio_X509(BIO *bio, X509 **certificate, void *callback, void *argument);
void X509_free(X509 *certificate);
int X509_check_host(X509 *certificate, const char *name, size_t length, unsigned int flags, char **found);
int X509_check_ip_asc(X509 *certificate, const char *address, unsigned int flags);
]]

local KEPT = 5000 -- connections whose answer a worker remembers
local EXACTLY = 0x2 + 0x20 -- X509_CHECK_FLAG_NO_WILDCARDS, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
local PLAYBOOK = "Run the playbook again for this node and its gateway; see docs/tls.md."

local _M = {}
local own = {}
local known = assert(lrucache.new(KEPT))

-- Takes the gateway's address; raises an error that names the settings file where it has none.
function _M.init(url, path)
  local host = type(url) == "string" and (url:match("^https?://%[([%x:.]+)%]") or url:match("^https?://([^/:%[%]]+)"))
  if not host then
    error(path .. ": gateway_url is no address, so this node cannot know its gateway's certificate; run the playbook again")
  end
  own.host = host
  own.is_address = host:find(":", 1, true) ~= nil or host:find("^[%d.]+$") ~= nil
end

local function names_gateway(pem)
  local bio = ffi.C.BIO_new_mem_buf(pem, #pem)
  if bio == nil then
    return false
  end
  local certificate = ffi.C.PEM_read_bio_X509(bio, nil, nil, nil)
  ffi.C.BIO_free(bio)
  if certificate == nil then
    return false
  end
  local found
  if own.is_address then
    found = ffi.C.X509_check_ip_asc(certificate, own.host, 0)
  else
    found = ffi.C.X509_check_host(certificate, own.host, #own.host, EXACTLY, nil)
  end
  ffi.C.X509_free(certificate)
  return found == 1
end

-- Returns whether this connection is the gateway's. Looked at once a connection: its certificate does not change.
function _M.is_this()
  local serial = ngx.var.connection
  local answer = known:get(serial)
  if answer == nil then
    answer = ngx.var.ssl_client_verify == "SUCCESS" and names_gateway(ngx.var.ssl_client_raw_cert or "")
    known:set(serial, answer)
  end
  return answer
end

-- What follows ends the request: the certificate is another host's, no authority of ours vouches for it, there is none, or the
-- other side does not even speak TLS.
function _M.refuse_other()
  return refuse(403, "gateway_unproven",
    "This node answers the gateway " .. own.host .. " alone, and the certificate shown to it has other names.", PLAYBOOK)
end

function _M.refuse_wrong()
  return refuse(403, "gateway_unproven",
    "The certificate shown to this node is over, or no authority that it trusts vouches for it.", PLAYBOOK)
end

function _M.refuse_without()
  return refuse(403, "gateway_unproven", "This node answers who shows the certificate of its gateway; none was shown.", PLAYBOOK)
end

function _M.refuse_plain()
  return refuse(403, "tls_required", "This node speaks TLS alone; its address begins with https.", PLAYBOOK)
end

return _M
