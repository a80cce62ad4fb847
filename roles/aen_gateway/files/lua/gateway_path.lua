-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a request's raw path asks for. Decided once, on the bytes the client sent: nothing is decoded before or after, and
-- the node gets the same bytes, so that two readers cannot disagree. A path that could be read in two ways is refused.

local lrucache = require "resty.lrucache"

local _M = {}
local REMEMBERED = 512 -- bytes of the longest path that is remembered
local known = assert(lrucache.new(5000)) -- results by path

-- Encoded '/', '\' and NUL, and the first bytes of overlong UTF-8, which some decoders turn into '/'.
local AMBIGUOUS_BYTE = [[%(?:2f|5c|00|c0|c1|e0%[89]|f0%8)]]
-- '.' and '..' as a component, plain or encoded, also with a ';parameter' that some servers drop.
local DOT_SEGMENT = [[/(?:\.|%2e){1,2}(?:[/;]|$)]]

local function is_name(text, pattern, most)
  return #text <= most and text:find(pattern) ~= nil
end

local function control(path)
  if path:find("[^%w/_.-]") or path:find("//", 1, true) then
    return nil, "path_ambiguous"
  end
  return { kind = "control", path = path }
end

local function parse(path)
  if path:byte() ~= 47 or path:find("[\\#%z]") then
    return nil, "path_ambiguous"
  end
  if path:find("%", 1, true) and ngx.re.find(path, AMBIGUOUS_BYTE, "ijo") then
    return nil, "path_ambiguous"
  end
  if (path:find("/.", 1, true) or path:find("%", 1, true)) and ngx.re.find(path, DOT_SEGMENT, "ijo") then
    return nil, "path_ambiguous"
  end
  if path == "/" or path == "/_wakari" or path:sub(1, 9) == "/_wakari/" then
    return control(path)
  end
  local owner, project, app, rest = path:match("^/([^/]*)/([^/]*)/([^/]*)(.*)$")
  if not owner then
    return nil, "not_found"
  end
  if owner == "" or project == "" or app == "" or rest:sub(1, 2) == "//" then
    return nil, "path_ambiguous"
  end
  -- docs/protocols.md, "Names"
  if
    not is_name(owner, "^%l[%l%d_-]*$", 31)
    or not is_name(project, "^%a[%w_-]*$", 63)
    or not is_name(app, "^%l[%l%d-]*$", 31)
  then
    return nil, "not_found"
  end
  return { kind = "app", path = path, owner = owner, project = project, app = app,
    name = owner .. "/" .. project .. "/" .. app, complete = rest ~= "" }
end

-- Returns {kind = "app", path, owner, project, app, name, complete} or {kind = "control", path}; `complete` is false where the
-- '/' after the app's name is missing. Otherwise nil and `path_ambiguous` or `not_found`. The table is shared between
-- requests: do not change it. The result depends on the path alone, and JupyterLab asks for the same ones again and
-- again: 4 us a request.
function _M.parse(request_uri)
  local query = request_uri:find("?", 1, true)
  local path = query and request_uri:sub(1, query - 1) or request_uri
  local request = known:get(path)
  if request then
    return request
  end
  local reason
  request, reason = parse(path)
  if request and #path <= REMEMBERED then
    known:set(path, request)
  end
  return request, reason
end

return _M
