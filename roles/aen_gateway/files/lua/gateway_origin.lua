-- SPDX-License-Identifier: GPL-3.0-or-later
-- Origins of projects, https://<project>--<owner>.<domain>, where the site has such a domain (docs/gateway.md, "An origin for each
-- project"). wakari.gateway.origins has the same rules. A name is read one way only; a project whose name could be read in
-- another, or does not fit a DNS label, has no origin of its own.

local LONGEST = 63 -- characters of a DNS label (RFC 1035, section 2.3.4)
local PUNYCODE = "xn" -- "xn--..." is another alphabet's name (RFC 5890, section 2.3.2.1)

local _M = {} -- domain: nil where the site has none

function _M.init(domain)
  _M.domain = domain
  _M.suffix = domain and "." .. domain
end

-- Letters, digits, single hyphens between them: so that "--" stands between two names and nowhere else.
local function is_part(name)
  return name:find("^%l[%l%d-]*$") ~= nil and not name:find("--", 1, true) and name:sub(-1) ~= "-"
end

-- Returns the label of the project's origin; nil where it has none.
function _M.label_of(owner, project)
  if not is_part(owner) or not is_part(project) or project == PUNYCODE or #owner + #project + 2 > LONGEST then
    return nil
  end
  return project .. "--" .. owner
end

-- Returns {label, owner, project} for the Host header of a project's origin; false for another name of the domain, which is
-- nobody's; nil for any other host, which is the gateway itself.
function _M.place_of(host)
  if not _M.domain then
    return nil
  end
  local name = host:lower():gsub(":%d+$", ""):gsub("%.$", "")
  if name:sub(-#_M.suffix) ~= _M.suffix then
    return nil
  end
  local label = name:sub(1, -#_M.suffix - 1)
  local project, owner = label:match("^(.-)%-%-(.*)$")
  if not project or _M.label_of(owner, project) ~= label then
    return false
  end
  return { label = label, owner = owner, project = project }
end

-- Returns the address of this label's origin: with the port that the client used.
function _M.address(label)
  local port = ngx.var.http_host:match(":(%d+)$")
  return "https://" .. label .. _M.suffix .. (port and ":" .. port or "")
end

return _M
